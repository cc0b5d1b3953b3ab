package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/inspection"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutCheck = `Check looks in AWS at everything that a deployment's file names, and says what
would not work as it is meant to, before anything is published. It asks the checks
with which a deployment starts, and looks further:

  targets      functions, aliases, tags, versions, who holds the target now
  alarms       that do not exist, that fire, or that cannot fire as meant
  hooks        that do not exist, and the function for synthetic requests
  permissions  of Sluice's roles, by IAM's simulation
  callers      event sources, URLs and permissions that go around the alias
  concurrency  reserved and provisioned
  traffic      of the last week: is it enough for the plan?

Each finding has its path in the file and says what to do. Notes keep nobody from
deploying. What your credentials may not read is said, and no failure. Nothing is
started, published or changed.

It reads with lambda:Get* and List*, cloudwatch:DescribeAlarms and GetMetricData,
dynamodb:GetItem on the ledger's table, and iam:SimulatePrincipalPolicy; hooks
take a dry run of lambda:InvokeFunction. If there are findings, it ends with
status 1, and for a file that is not valid with status 2.`

const examplesOfCheck = `  sluice check -f deployment.json
  sluice check -f appspec.yaml --strategy Canary10Percent5Minutes --alarm orders-5xx
  sluice check -f deployment.json --json | jq -r '.findings[] | "\(.path): \(.text)"'`

func newCheck(env environment) *cobra.Command {
	a := account{environment: env}
	var from string
	var spec appSpecFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "check -f FILE [--json]",
		Short:                 "Check in AWS what a deployment's file names",
		Long:                  aboutCheck + aboutFiles,
		Example:               examplesOfCheck,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("check takes no arguments, but got %q: give the deployment's file with -f", args[0])
			case from == "":
				return errors.New("check needs a deployment's file: -f FILE")
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			c, err := a.check(cmd, source(from), spec)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), c)
			} else {
				err = writeText(cmd.OutOrStdout(), c.print)
			}
			if err == nil && len(c.Findings) > 0 {
				return badEndingError{}
			}
			return err
		}),
	}
	cmd.Flags().StringVarP(&from, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	spec.addTo(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// checked is what a check has found.
type checked struct {
	Targets []shift.Target `json:"targets"`
	Alarms  []string       `json:"alarms"` // those that were looked at
	Hooks   []string       `json:"hooks"`
	inspection.Report
}

// check looks at all that a deployment's file names.
func (a account) check(cmd *cobra.Command, from source, spec appSpecFlags) (checked, error) {
	release, f, err := plannedRelease(cmd, nil, from, spec, trafficFlags{})
	if err != nil {
		return checked{}, err
	}
	e, err := newEstimate(release, true)
	if err != nil {
		return checked{}, f.invalid(fmt.Errorf("strategy: %w", err))
	}
	cfg, err := a.configure(cmd.Context(), "")
	if err != nil {
		return checked{}, err
	}
	report := inspection.NewReport()
	a.inspect(cmd.Context(), cfg, release, f, report)
	alarms, err := a.checkAlarms(cmd.Context(), release, e.plan)
	if err != nil {
		report.Add("alarms", err)
	}
	for _, found := range alarms.Findings {
		if i := slices.Index(release.Alarms, found.Subject); found.Name != shift.AlarmNotRead || i < 0 {
			report.Find(alarmPath(i), found) // the alarms of the file that cannot be read are found already
		}
	}
	c := checked{Targets: e.Targets, Alarms: alarms.Alarms, Hooks: append([]string{}, release.Hooks.Functions()...), Report: *report}
	for _, list := range [][]inspection.Finding{c.Findings, c.Notes, c.Unchecked} {
		for i := range list {
			list[i].Path = f.pathIn(list[i].Path, release)
		}
	}
	return c, nil
}

func alarmPath(i int) string {
	if i < 0 {
		return "alarms"
	}
	return fmt.Sprintf("alarms[%d]", i)
}

// pathIn returns a path as the file has it: a single target may stand in the root, and an AppSpec
// has none of the paths of targets.
func (f file) pathIn(path string, release shift.Release) string {
	rest, isTarget := strings.CutPrefix(path, "targets[")
	if _, many := f.positions["targets"]; !isTarget || many {
		return path
	}
	number, _, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(number)
	if err != nil || i >= len(release.Arrivals) {
		return path
	}
	target := release.Arrivals[i].Target
	if kind, known := flow.KindOf(target); known && !f.appSpec {
		return kind.Field
	}
	return string(target)
}

// checkedAlarms is what was found about alarms alone.
type checkedAlarms struct {
	Alarms   []string // those that were looked at
	Findings []shift.Reason
}

// checkAlarms looks at the alarms that a release names, and at the alarms that these join.
func (a account) checkAlarms(ctx context.Context, release shift.Release, p shift.Plan) (checkedAlarms, error) {
	c := checkedAlarms{Alarms: []string{}}
	if len(release.Alarms) == 0 {
		return c, nil
	}
	cfg, err := a.configure(ctx, "")
	if err != nil {
		return c, err
	}
	alarms, err := readAlarms(ctx, cfg, release.Alarms)
	if err != nil {
		return c, err
	}
	for _, read := range alarms {
		c.Alarms = append(c.Alarms, read.Name)
		if read.State == shift.AlarmMissing || read.State == shift.AlarmUnreadable {
			c.Findings = append(c.Findings, shift.Reason{Name: shift.AlarmNotRead, Subject: read.Name, Text: fmt.Sprintf("alarm %s: %s", shift.AlarmTitle(read.Name), read.Reason)})
		}
	}
	c.Findings = append(c.Findings, shift.AlarmWarnings(alarms, release.Moves(), p.Steps)...)
	return c, nil
}

// maxNesting bounds how deep alarms on other alarms are followed.
const maxNesting = 3

// readAlarms reads alarms, and then those that alarms on other alarms join, each once.
func readAlarms(ctx context.Context, cfg aws.Config, names []string) ([]shift.Alarm, error) {
	gate := alarm.FromConfig(cfg)
	var all []shift.Alarm
	var seen []string
	for range maxNesting {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(seen, name) })
		read, err := gate.Alarms(ctx, names)
		if err != nil {
			return nil, fmt.Errorf("read the alarms: %w", err)
		}
		all, seen, names = append(all, read...), append(seen, names...), nil
		for _, a := range read {
			for _, child := range a.Definition.Children {
				if known := childOf(a.Name, child, cfg.Region); !slices.Contains(names, known) {
					names = append(names, known)
				}
			}
		}
	}
	return all, nil
}

// childOf returns what an alarm is known by that another alarm joins, which is in the same region.
func childOf(alarm, child, home string) string {
	if a, is := shift.ParseAlarmARN(child); is {
		if a.Region == home {
			return a.Name
		}
		return child
	}
	if a, is := shift.ParseAlarmARN(alarm); is {
		return fmt.Sprintf("arn:%s:cloudwatch:%s:%s:alarm:%s", a.Partition, a.Region, a.Account, child)
	}
	return child
}

func (c checked) print(to io.Writer) {
	t := &table{indent: gutter}
	t.add("names", fmt.Sprintf("%s, %s, %s", several(len(c.Targets), "target"), several(len(c.Alarms), "alarm"), several(len(c.Hooks), "hook")))
	t.write(to)
	printFindings(to, "Problems", c.Findings)
	printFindings(to, "Notes", c.Notes)
	printFindings(to, "Not checked", c.Unchecked)
	t = &table{indent: gutter}
	fmt.Fprintln(to)
	t.add("result", c.result())
	t.write(to)
}

// several counts things.
func several(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (c checked) result() string {
	switch n := len(c.Findings); {
	case n == 0 && len(c.Unchecked) > 0:
		return "nothing found in what could be checked"
	case n == 0:
		return "nothing found"
	case n == 1:
		return "1 problem: fix it before you start the deployment. Nothing was changed."
	default:
		return fmt.Sprintf("%d problems: fix them before you start the deployment. Nothing was changed.", n)
	}
}

// printFindings prints each finding below its path.
func printFindings(to io.Writer, title string, list []inspection.Finding) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(to, "\n%s:\n", title)
	t := &table{indent: gutter}
	for _, f := range list {
		head := cmp.Or(f.Path, "deployment")
		if f.Name != inspection.NotChecked {
			head += ": " + f.Name
		}
		t.add(head)
		t.addWide(f.Text)
	}
	t.write(to)
}
