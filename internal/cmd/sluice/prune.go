package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/prune"
	"github.com/sluice-aws/sluice/internal/prune/lambdaversions"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutPrune = `Prune says which old versions of TARGET's function would be deleted, and why the
others stay. With --delete it deletes them.

The N newest versions stay, and all that something needs: an alias, with or
without a weight; provisioned concurrency; an event source; a deployment that is
open or waits for its turn; and one that can still be reverted. $LATEST is never
deleted, nor a version that Lambda wants to keep, such as one that is replicated
for CloudFront. Sluice's own functions are refused: an execution that runs may
call any of their versions. Targets of other kinds have no versions that Sluice could delete.

A deployment does the same when it was promoted, if its input has keepVersions.

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone.

Prune needs dynamodb:Query and dynamodb:GetItem on the ledger's table, and
lambda:ListVersionsByFunction, ListAliases, ListProvisionedConcurrencyConfigs and
ListEventSourceMappings; with --delete also lambda:DeleteFunction on the versions.`

const examplesOfPrune = `  sluice prune orders --keep 5
  sluice prune orders --keep 5 --delete
  sluice prune orders --keep 5 --json | jq -r '.[] | select(.stays == null) | .version'`

func newPrune(env environment) *cobra.Command {
	a := account{environment: env}
	var keep int
	var del, asJSON bool
	cmd := &cobra.Command{
		Use:                   "prune TARGET --keep N [--delete] [--json]",
		Short:                 "Delete old versions of a function",
		Long:                  aboutPrune,
		Example:               examplesOfPrune,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(true),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneSubject(cmd, args); err != nil {
				return err
			}
			function, err := prunedFunction(args[0])
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(function, a.namePrefix()+"-"):
				return fmt.Errorf("%s is one of Sluice's own functions: executions that run may call any version of it, so all of them stay", function)
			}
			if keep < 1 {
				return errors.New("prune needs --keep N: how many of the newest versions stay, at least 1")
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			function, err := prunedFunction(args[0])
			if err != nil {
				return err
			}
			f, err := a.newFinder(cmd.Context(), subject{})
			if err != nil {
				return err
			}
			p := prune.Pruner{Ledger: f.ledger, Functions: lambdaversions.FromConfig(f.cfg), Window: shift.MaxRevertWindow}
			pruned, err := p.Plan(cmd.Context(), function, keep, a.now())
			if err != nil {
				return err
			}
			if del {
				pruned, err = p.Delete(cmd.Context(), function, pruned)
			}
			if asJSON {
				return errors.Join(err, writeJSON(cmd.OutOrStdout(), pruned))
			}
			return errors.Join(err, writeText(cmd.OutOrStdout(), func(to io.Writer) { printPruned(to, function, pruned, del) }))
		}),
	}
	cmd.Flags().IntVar(&keep, "keep", 0, "keep the `N` newest versions")
	cmd.Flags().BoolVar(&del, "delete", false, "delete them; without it nothing is deleted")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// prunedFunction returns the function whose versions are meant.
func prunedFunction(text string) (string, error) {
	s, err := parseSubject(text)
	if err != nil {
		return "", err
	}
	function, _, err := flow.SplitLambdaTarget(s.target)
	if err != nil {
		return "", fmt.Errorf("%q has no versions that Sluice could delete: prune is for functions, such as orders or lambda:orders:live", shift.BoundText(text, 80))
	}
	return function, nil
}

func printPruned(to io.Writer, function string, pruned []shift.Pruned, del bool) {
	t := &table{indent: gutter, right: map[int]bool{0: true}}
	t.add("VERSION", "", "WHY")
	var gone int
	for _, v := range pruned {
		switch {
		case v.Stays != "":
			t.add(string(v.Version), "stays", v.Stays)
			continue
		case v.Deleted:
			t.add(string(v.Version), "deleted", "")
		case del:
			t.add(string(v.Version), "not deleted", "")
		default:
			t.add(string(v.Version), "would go", "")
		}
		gone++
	}
	t.write(to)
	if gone > 0 && !del {
		fmt.Fprintf(to, "\n%sNothing was deleted. With --delete, %s of %s go.\n", gutter, strings.TrimSpace(fmt.Sprintf("%d of the %d versions", gone, len(pruned))), function)
	}
}
