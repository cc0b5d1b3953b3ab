package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"sluice/internal/request"
	"sluice/internal/shift"
)

const aboutPlan = `Plan shows what a deployment does if nothing goes wrong: when each step begins,
its weight, how long it bakes and how often it is judged. It also shows the size
of the execution, its cost, and warnings.

STRATEGY is a name in the style of CodeDeploy, such as Canary10Percent5Minutes
or Linear10PercentEvery1Minute, with any numbers. A deployment's file can
describe other steps.`

const examplesOfPlan = `  sluice plan AllAtOnce
  sluice plan Canary5Percent90Minutes
  sluice plan -f deployment.json
  echo '{"function": "orders", "strategy": {"exponential":
    {"startPercent": 1, "factor": 2, "everyMinutes": 10}}}' | sluice plan -f -`

func newPlan() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "plan (STRATEGY | -f FILE) [--json]",
		Short:                 "Show what a strategy or a deployment takes and costs",
		Long:                  aboutPlan,
		Example:               examplesOfPlan,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("plan takes only one STRATEGY: remove %q", args[1])
			case len(args) == 1 && file != "":
				return errors.New("plan takes a STRATEGY or a file, not both")
			case len(args) == 0 && file == "":
				return errors.New("plan needs a STRATEGY or a deployment's file: -f FILE")
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			expected, err := plan(cmd, args, source(file))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), expected)
			}
			return writeText(cmd.OutOrStdout(), expected.print)
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

var errConfiguredByTags = errors.New(`trigger: a deployment that an event starts is configured by the function's tags, which are not in this file: plan the strategy that the tags name`)

// plan estimates a named strategy, or the deployment in a file.
func plan(cmd *cobra.Command, args []string, file source) (estimate, error) {
	if len(args) == 1 {
		return planStrategy(args[0])
	}
	text, err := file.read(cmd.InOrStdin())
	if err != nil {
		return estimate{}, err
	}
	release, err := request.DecodeInput(text, "")
	if err != nil {
		return estimate{}, invalid(file.String(), err)
	}
	if release.Trigger == shift.Event {
		return estimate{}, invalid(file.String(), errConfiguredByTags)
	}
	return newEstimate(release, true)
}

func planStrategy(name string) (estimate, error) {
	steps, err := request.Strategy(name)
	if err != nil {
		return estimate{}, invalid("STRATEGY", err)
	}
	f, err := newEstimate(shift.Release{Strategy: name, Steps: steps}, false)
	if err != nil {
		return estimate{}, invalid("STRATEGY", err)
	}
	return f, nil
}
