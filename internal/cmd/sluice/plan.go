package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"sluice/internal/request"
	"sluice/internal/shift"
)

const aboutPlan = `Plan shows what a deployment does when nothing goes wrong: when each step
begins, at which weight, how long it bakes and how often it is judged meanwhile;
then how large the execution gets, what it costs, and what to beware of.
STRATEGY is one of CodeDeploy's names, such as Canary10Percent5Minutes or
Linear10PercentEvery1Minute, with these or any other numbers. A deployment's
file may have steps of any shape.`

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
		Short:                 "Show what a strategy or a deployment takes, and costs",
		Long:                  aboutPlan,
		Example:               examplesOfPlan,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("plan takes one STRATEGY, and %q is one too many", args[1])
			case len(args) == 1 && file != "":
				return errors.New("plan takes a STRATEGY or a file, not both")
			case len(args) == 0 && file == "":
				return errors.New("plan needs a STRATEGY, or a deployment's file: -f FILE")
			}
			return nil
		},
		RunE: does(func(cmd *cobra.Command, args []string) error {
			expected, err := plan(cmd, args, source(file))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), expected)
			}
			return writeText(cmd.OutOrStdout(), expected.text)
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the same as JSON")
	return cmd
}

var errConfiguredByTags = errors.New(`trigger: what an event starts is configured by the function's tags, which are not in this file: plan the strategy that they name`)

// plan makes the forecast of a named strategy, or of the deployment in a file.
func plan(cmd *cobra.Command, args []string, file source) (expectation, error) {
	if len(args) == 1 {
		return planStrategy(args[0])
	}
	text, err := file.read(cmd.InOrStdin())
	if err != nil {
		return expectation{}, err
	}
	release, err := request.DecodeInput(text, "")
	if err != nil {
		return expectation{}, invalid(file.String(), err)
	}
	if release.Trigger == shift.Event {
		return expectation{}, invalid(file.String(), errConfiguredByTags)
	}
	return newExpectation(release, true)
}

func planStrategy(name string) (expectation, error) {
	steps, err := request.Strategy(name)
	if err != nil {
		return expectation{}, invalid("STRATEGY", err)
	}
	f, err := newExpectation(shift.Release{Strategy: name, Steps: steps}, false)
	if err != nil {
		return expectation{}, invalid("STRATEGY", err)
	}
	return f, nil
}
