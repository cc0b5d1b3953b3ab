package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/template"
	authored "github.com/sluice-aws/sluice/internal/template/source"
)

const aboutMigrate = `Migrate shows what has to change in a CloudFormation template that shifts its
aliases with CodeDeploy, so that Sluice shifts them: one word in its section
Transform. It also shows what Sluice's macro then makes of the template, and what
to watch out for. It changes no file and calls nobody.

TEMPLATE is a template as you write it, in YAML or JSON, SAM's included; or what
CDK or the Serverless Framework make (cdk.out/….template.json, .serverless/….json).
For SAM's, it lists what shifts together; for all others, the whole change as a
diff. Where a tool makes the template, tell the tool: in CDK,
stack.addTransform('Sluice'); in serverless.yml, resources: {Transform: [Sluice]}.

How long a stack waits may depend on a parameter: --parameter gives its value.
Otherwise its default counts. A Sluice whose setting hookEndpoint is off refuses
hooks, and so does --hook-endpoint off.`

const examplesOfMigrate = `  sluice migrate template.yaml
  sluice migrate cdk.out/Shop.template.json
  sluice migrate template.yaml --parameter Speed=Linear10PercentEvery10Minutes`

// samTransform is the name of SAM's own macro.
const samTransform = "AWS::Serverless-2016-10-31"

func newMigrate() *cobra.Command {
	var macro, hookEndpoint string
	var parameters []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "migrate TEMPLATE [--macro NAME] [--hook-endpoint url|off] [--parameter NAME=VALUE]... [--json]",
		Short:                 "Show how a template moves from CodeDeploy to Sluice",
		Long:                  aboutMigrate,
		Example:               examplesOfMigrate,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("migrate needs the file of a TEMPLATE")
			case len(args) > 1:
				return fmt.Errorf("migrate takes only one TEMPLATE: remove %q", args[1])
			case hookEndpoint != flow.HookEndpointURL && hookEndpoint != flow.HookEndpointOff:
				return fmt.Errorf("--hook-endpoint is %q, but must be %s or %s", hookEndpoint, flow.HookEndpointURL, flow.HookEndpointOff)
			}
			for _, p := range parameters {
				if name, _, ok := strings.Cut(p, "="); !ok || name == "" {
					return fmt.Errorf("--parameter is %q, but must be NAME=VALUE", p)
				}
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			m, err := migrate(cmd.InOrStdin(), source(args[0]), macro, optionsOfMigrate(hookEndpoint, parameters))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), m)
			}
			return writeText(cmd.OutOrStdout(), m.print)
		}),
	}
	cmd.Flags().StringVar(&macro, "macro", flow.DefaultMacro, "`NAME` of the macro, as the stack's setting macro has it")
	cmd.Flags().StringVar(&hookEndpoint, "hook-endpoint", flow.HookEndpointURL, "the stack's setting hookEndpoint, `url|off`: off refuses hooks")
	cmd.Flags().StringArrayVar(&parameters, "parameter", nil, "value of a parameter of the template, as `NAME=VALUE`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// migration is what changes in a template.
type migration struct {
	File string `json:"file"`
	// Transform is the change of the file. It is nil if nothing needs to change, or if it has to
	// be made by hand.
	Transform *lineChange `json:"transform,omitempty"`
	// ByHand says what to write if Transform cannot.
	ByHand string           `json:"byHand,omitempty"`
	Shifts []migratedShift  `json:"shifts"`
	Notes  []string         `json:"notes"`
	Diffs  []resourceChange `json:"resources,omitempty"`
}

// lineChange is a change of a few lines. Line is that of the first one, from 1.
type lineChange struct {
	Line    int      `json:"line"`
	Removed []string `json:"removed"`
	Added   []string `json:"added"`
}

// migratedShift is a lockstep deployment.
type migratedShift struct {
	Resource string        `json:"resource"`
	Aliases  []string      `json:"aliases"`
	Config   string        `json:"deploymentConfigName"`
	Wait     shift.Seconds `json:"stackWaitsSeconds"`
}

// resourceChange is a resource before and after. Before is empty for one that is added.
type resourceChange struct {
	ID     string          `json:"id"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after"`
}

// What stands in a template for what only the stack of Sluice knows.
const (
	unknownStackShift = "arn:aws:lambda:REGION:ACCOUNT:function:" + flow.DefaultNamePrefix + "-" + flow.StackShift
	unknownEndpoint   = "https://HOOK-ENDPOINT/"
	unknownLayer      = "arn:aws:lambda:REGION:ACCOUNT:layer:HOOK-LAYER:VERSION"
)

// optionsOfMigrate are those of a macro of which the template's author only knows whether there is an
// endpoint for hooks.
func optionsOfMigrate(hookEndpoint string, parameters []string) template.Options {
	options := template.Options{StackShift: unknownStackShift, Parameters: map[string]string{}, Authored: true}
	if hookEndpoint == flow.HookEndpointURL {
		options.HookEndpoint, options.HookLayer = unknownEndpoint, unknownLayer
	}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		options.Parameters[name] = value
	}
	return options
}

func migrate(stdin io.Reader, file source, macro string, options template.Options) (migration, error) {
	text, err := file.text(stdin, authored.MaxBytes)
	if err != nil {
		return migration{}, err
	}
	parsed, err := authored.Parse(text)
	if err != nil {
		return migration{}, file.invalid(err)
	}
	isSAM := slices.Contains(parsed.Transforms(), samTransform)
	whole := parsed.JSON()
	if isSAM {
		if whole, err = template.Expand(whole, options.Parameters); err != nil {
			return migration{}, refusedTemplate(file, err)
		}
	}
	result, err := template.Rewrite(whole, options)
	if err != nil {
		return migration{}, refusedTemplate(file, err)
	}
	m := newMigration(file.String(), result)
	m.addTransform(parsed, macro)
	if !isSAM {
		m.noteSize(len(result.Text))
		for _, c := range result.Changes {
			m.Diffs = append(m.Diffs, resourceChange{c.ID, c.Before, c.After})
		}
	}
	return m, nil
}

// refusedTemplate lists each problem of a template on its line.
func refusedTemplate(file source, err error) error {
	var refused *template.RefusedError
	if !errors.As(err, &refused) {
		return file.invalid(err)
	}
	all := &invalidError{}
	for _, p := range refused.Problems {
		all.lines = append(all.lines, fmt.Sprintf("%s: %s: %s", file, p.ID, p.Text))
	}
	return all
}

func newMigration(file string, result template.Result) migration {
	m := migration{File: file, Shifts: []migratedShift{}, Notes: []string{}}
	hooks := 0
	for _, s := range result.Shifts {
		m.Shifts = append(m.Shifts, migratedShift{Resource: s.ID, Aliases: s.Aliases, Config: strings.Trim(s.Config, `"`), Wait: shift.Seconds(s.Wait.Seconds())})
		hooks += s.Hooks
	}
	if hooks > 0 {
		m.Notes = append(m.Notes, "Hooks answer Sluice where they answered CodeDeploy, with their code as it is: deploy Sluice with -c hookEndpoint=url first.")
	}
	for _, n := range result.Notes {
		m.Notes = append(m.Notes, n.ID+": "+n.Text)
	}
	return m
}

// noteSize says that a template has to be in S3.
func (m *migration) noteSize(bytes int) {
	if len(m.Shifts) > 0 && bytes > template.MaxInRequest {
		m.Notes = append(m.Notes, fmt.Sprintf("The template has %d bytes after the macro, and CloudFormation takes %d in a request: upload it to S3, as sam deploy, cdk deploy and aws cloudformation deploy --s3-bucket do.", bytes, template.MaxInRequest))
	}
}

// expanders are the macros of AWS that make aliases. Sluice has to come after them.
var expanders = []string{samTransform, "AWS::LanguageExtensions"}

// addTransform says how the template names the macro.
func (m *migration) addTransform(parsed authored.File, macro string) {
	names := parsed.Transforms()
	at := slices.Index(names, macro)
	switch {
	case len(m.Shifts) == 0:
		return
	case at >= 0:
		for _, name := range names[at:] {
			if slices.Contains(expanders, name) {
				m.ByHand = fmt.Sprintf("name %s after %s in the section Transform: CloudFormation calls the macros in the order of the list", macro, name)
			}
		}
		return
	}
	if edit, ok := parsed.AddTransform(macro); ok {
		m.Transform = &lineChange{edit.Line, slices.Clip(append([]string{}, edit.Removed...)), edit.Added}
		return
	}
	m.ByHand = fmt.Sprintf("name %s as the last one in the section Transform", macro)
}

func (m migration) print(to io.Writer) {
	if len(m.Shifts) == 0 {
		fmt.Fprintf(to, "%s: CodeDeploy shifts no alias of this template. There is nothing to change.\n", m.File)
		return
	}
	m.printTransform(to)
	fmt.Fprintln(to, "\nSluice then shifts")
	shifts := table{indent: "  "}
	for _, s := range m.Shifts {
		waits := fmt.Sprintf("the stack waits for up to %s", s.Wait)
		for _, alias := range s.Aliases {
			shifts.add(alias, waits, s.Config)
			waits = "together with " + s.Aliases[0]
		}
	}
	shifts.write(to)
	if len(m.Notes) > 0 {
		fmt.Fprintln(to, "\nTo watch out for")
		notes := table{indent: "  "}
		for _, n := range m.Notes {
			notes.add("-", n)
		}
		notes.write(to)
	}
	if len(m.Diffs) > 0 {
		fmt.Fprintln(to, "\nWhat CloudFormation gets from the macro")
	}
	for _, d := range m.Diffs {
		fmt.Fprintf(to, "\n  %s\n", d.ID)
		for _, line := range diff(indentedLines(d.Before), indentedLines(d.After)) {
			fmt.Fprintf(to, "  %s\n", line)
		}
	}
}

func (m migration) printTransform(to io.Writer) {
	switch {
	case m.Transform != nil:
		fmt.Fprintf(to, "%s:%d\n", m.File, m.Transform.Line)
		for _, line := range m.Transform.Removed {
			fmt.Fprintf(to, "- %s\n", line)
		}
		for _, line := range m.Transform.Added {
			fmt.Fprintf(to, "+ %s\n", line)
		}
	case m.ByHand != "":
		fmt.Fprintf(to, "%s: %s\n", m.File, m.ByHand)
	default:
		fmt.Fprintf(to, "%s names the macro already.\n", m.File)
	}
}

// indentedLines returns the lines of a JSON value, or none.
func indentedLines(value []byte) []string {
	if len(value) == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, value, "", "  "); err != nil {
		panic(fmt.Sprintf("indent a resource: %v", err)) // it was parsed before
	}
	return strings.Split(b.String(), "\n")
}
