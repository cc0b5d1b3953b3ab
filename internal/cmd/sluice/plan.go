package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutPlan = `Plan shows what a deployment does if nothing goes wrong: when each step begins,
its weight, how long it bakes and how often it is judged. It also shows the size
of the execution, its cost, and warnings.

With --rpm N it also says how soon a candidate that fails in 1, 5 or 20% more
of its requests is found at each step, if the target serves N requests a minute,
and what could go unseen. With --traffic it asks CloudWatch for the requests of
the last 3 hours, and needs cloudwatch:GetMetricData. Without a file, the
strategy is planned as with "judge": "enforce".

STRATEGY is a name in the style of CodeDeploy, such as Canary10Percent5Minutes
or Linear10PercentEvery1Minute, with any numbers. A deployment's file can
describe other steps.` + aboutFiles

const examplesOfPlan = `  sluice plan AllAtOnce
  sluice plan Canary5Percent90Minutes
  sluice plan Canary10Percent10Minutes --rpm 200
  sluice plan -f deployment.json
  sluice plan -f deployment.json --traffic
  sluice plan -f appspec.yaml --strategy Canary10Percent5Minutes
  echo '{"function": "orders", "strategy": {"exponential":
    {"startPercent": 1, "factor": 2, "everyMinutes": 10}}}' | sluice plan -f -`

func newPlan(env environment) *cobra.Command {
	a := account{environment: env}
	var from string
	var spec appSpecFlags
	var traffic trafficFlags
	var check, asJSON bool
	cmd := &cobra.Command{
		Use:                   "plan (STRATEGY | -f FILE) [--rpm N | --traffic] [--check] [--json]",
		Short:                 "Show what a strategy or a deployment takes and costs",
		Long:                  aboutPlan,
		Example:               examplesOfPlan,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     completeStrategies,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := checkPlanArgs(args, source(from), spec, check); err != nil {
				return err
			}
			return traffic.check(cmd, args)
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			expected, err := plan(cmd, args, source(from), spec, a, traffic)
			if err != nil {
				return err
			}
			if check {
				found, err := a.checkAlarms(cmd.Context(), expected.release, expected.plan)
				if err != nil {
					return err
				}
				expected.addFindings(found)
			}
			expected.addTimes(env.now())
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), expected)
			}
			return writeText(cmd.OutOrStdout(), expected.print)
		}),
	}
	cmd.Flags().StringVarP(&from, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&check, "check", false, "also look at the alarms in AWS, as 'sluice check'")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	spec.addTo(cmd)
	traffic.addTo(cmd)
	a.addFlags(cmd)
	return cmd
}

// checkPlanArgs checks the arguments of plan, before any file is read.
func checkPlanArgs(args []string, from source, spec appSpecFlags, check bool) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("plan takes only one STRATEGY: remove %q", args[1])
	case len(args) == 1 && from != "":
		return errors.New("plan takes a STRATEGY or a file, not both")
	case len(args) == 0 && from == "":
		return errors.New("plan needs a STRATEGY or a deployment's file: -f FILE")
	case len(args) == 1 && len(spec.fields()) > 0:
		return errors.New("--strategy, --alarm and --hook-mode go with the file of an AppSpec: give it with -f")
	case len(args) == 1 && check:
		return errors.New("--check looks at the alarms that a file names: give it with -f")
	}
	return nil
}

var errConfiguredByTags = errors.New(`trigger: a deployment that an event starts is configured by the function's tags, which are not in this file: plan the strategy that the tags name`)

// plan estimates a named strategy, or the deployment in a file.
func plan(cmd *cobra.Command, args []string, from source, spec appSpecFlags, a account, traffic trafficFlags) (estimate, error) {
	release, f, err := plannedRelease(cmd, args, from, spec, traffic)
	if err != nil {
		return estimate{}, err
	}
	e, err := newEstimate(release, len(args) == 0)
	switch {
	case err != nil && len(args) == 1:
		return estimate{}, f.invalid(err)
	case err != nil:
		return estimate{}, f.invalid(fmt.Errorf("strategy: %w", err))
	case !traffic.isAsked():
		return e, nil
	case onlyFrontEnds(release):
		return estimate{}, f.invalid(errOnlyFunctions)
	case !release.Judging.On():
		return estimate{}, f.invalid(errNothingCompared)
	}
	e.Outlooks, err = traffic.outlooks(cmd, a, e.plan, release)
	return e, err
}

// plannedRelease reads what is planned: a strategy alone, or the deployment in a file. It also
// returns the file, which names in messages what was read.
func plannedRelease(cmd *cobra.Command, args []string, from source, spec appSpecFlags, traffic trafficFlags) (shift.Release, file, error) {
	if len(args) == 1 {
		argument := file{name: "STRATEGY"}
		steps, err := request.Strategy(args[0])
		if err != nil {
			return shift.Release{}, argument, argument.invalid(err)
		}
		r := shift.Release{Strategy: args[0], Steps: steps}
		if traffic.isAsked() {
			r.Judging = shift.DefaultJudging()
		}
		return r, argument, nil
	}
	f, err := spec.read(from, cmd.InOrStdin())
	if err != nil {
		return shift.Release{}, f, err
	}
	release, err := f.release("")
	if err != nil {
		return shift.Release{}, f, f.invalid(err)
	}
	if release.Trigger == shift.Event {
		return shift.Release{}, f, f.invalid(errConfiguredByTags)
	}
	return release, f, nil
}
