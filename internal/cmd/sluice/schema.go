package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/jsonschema"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/world"
)

const aboutSchema = `Schema prints the JSON Schema (draft 7) of a deployment's file, or of a
scenario's. Editors complete, explain and check a file that names its schema, in
JSON as "$schema", and in YAML as the first line:

  # yaml-language-server: $schema=URL

'sluice init' writes the URL of its release's schema; a command that was built
in a clone writes that of the branch main, which may have later fields. Without
the network, save the schema beside the file and name it as
"./deployment.schema.json". Sluice itself ignores $schema.

The schema knows names, types, words and limits. What depends on several fields,
'sluice plan' and 'sluice check' find.`

const examplesOfSchema = `  sluice schema > deployment.schema.json
  sluice schema scenario > scenario.schema.json`

// schemas are what the command prints, by its argument.
var schemas = map[string]func() *jsonschema.Schema{"deployment": request.Schema, "scenario": world.Schema}

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:                   "schema [deployment | scenario]",
		Short:                 "Print the JSON Schema of the files, for editors",
		Long:                  aboutSchema,
		Example:               examplesOfSchema,
		DisableFlagsInUseLine: true,
		ValidArgs:             sortedKeys(schemas),
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("schema takes only one argument: remove %q", args[1])
			case len(args) == 1 && schemas[args[0]] == nil:
				return fmt.Errorf("there is no schema of %q: write deployment or scenario", args[0])
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			of := "deployment"
			if len(args) == 1 {
				of = args[0]
			}
			return write(cmd.OutOrStdout(), schemas[of]().Text())
		}),
	}
}
