package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"sluice/internal/gate/alarm"
	"sluice/internal/shift"
)

const aboutCheck = `Check looks in AWS at what a deployment's file names, and says what would not
work as it is meant to: alarms that do not exist, and alarms that cannot fire in
time, or for the candidate, by their definitions. Each finding says what to write
instead. Nothing is started or changed.

It needs cloudwatch:DescribeAlarms. If there are findings, it ends with status 1.`

const examplesOfCheck = `  sluice check -f deployment.json
  sluice check -f appspec.yaml --strategy Canary10Percent5Minutes --alarm orders-5xx
  sluice check -f deployment.json --json | jq -r .findings[].text`

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
			c, err := check(cmd, a, source(from), spec)
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
	a.addFlags(cmd)
	return cmd
}

// checked is what a check has found.
type checked struct {
	Alarms   []string       `json:"alarms"` // those that were looked at
	Findings []shift.Reason `json:"findings"`
}

// check looks at what a deployment's file names.
func check(cmd *cobra.Command, a account, from source, spec appSpecFlags) (checked, error) {
	release, f, err := plannedRelease(cmd, nil, from, spec, trafficFlags{})
	if err != nil {
		return checked{}, err
	}
	e, err := newEstimate(release, true)
	if err != nil {
		return checked{}, f.invalid(fmt.Errorf("strategy: %w", err))
	}
	return a.checkAlarms(cmd.Context(), release, e.plan)
}

// checkAlarms looks at the alarms that a release names, and at the alarms that these join.
func (a account) checkAlarms(ctx context.Context, release shift.Release, p shift.Plan) (checked, error) {
	c := checked{Alarms: []string{}, Findings: []shift.Reason{}}
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
	t.add("alarms", fmt.Sprintf("%d checked", len(c.Alarms)))
	for _, f := range c.Findings {
		t.add(f.Name, f.Text)
	}
	if len(c.Findings) == 0 {
		t.add("result", "nothing found")
	}
	t.write(to)
}
