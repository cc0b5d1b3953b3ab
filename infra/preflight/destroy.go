package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/cdksettings"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// abandonOpen is the argument that only reports what would be an error.
const abandonOpen = "--abandon-open"

// checkDestroy refuses to destroy a stack in the middle of a shift, or while other stacks need it.
// Without the state machine an execution ends and no Catch sees it. The safety net is deleted right
// after it, and may not get to put the traffic back. Without stack-shift, CloudFormation can
// neither update nor delete a stack that has its custom resource.
func checkDestroy(ctx context.Context, l load, args []string, notes io.Writer) error {
	cfg, err := l.account(ctx)
	if err != nil {
		return err
	}
	abandon := slices.Contains(args, abandonOpen)
	set, err := cdksettings.Read(args)
	if err != nil {
		return err
	}
	ledger := dynamo.FromConfig(cfg, set.NamePrefix())
	err = joined(checkNothingOpen(ctx, ledger, cfg.Region, set.NamePrefix()), checkNoStacks(ctx, ledger, cfg.Region, set.NamePrefix()))
	if err != nil && abandon {
		fmt.Fprintf(notes, "%v\n\nABANDON_OPEN is set: going on.\n", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w\n\nTo destroy the stack all the same: make destroy ABANDON_OPEN=1", err)
	}
	return nil
}

// joined returns an error with both texts, a line apart, or nil if there are none.
func joined(all ...error) error {
	all = slices.DeleteFunc(all, func(err error) bool { return err == nil })
	if len(all) < 2 {
		return errors.Join(all...)
	}
	return fmt.Errorf("%w\n\n%w", all[0], all[1])
}

// checkNoStacks returns an error that lists the stacks whose aliases Sluice shifts. Without a table
// there are none.
func checkNoStacks(ctx context.Context, ledger *dynamo.Ledger, region, prefix string) error {
	stacks, err := ledger.Stacks(ctx)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return fmt.Errorf("cannot tell which stacks %s shifts in %s: %w\nIt takes dynamodb:Scan on the table", prefix, region, err)
	case len(stacks) == 0:
		return nil
	}
	return fmt.Errorf("stacks of CloudFormation in %s need %s:\n  %s\nWithout it, they can be neither updated nor deleted. "+
		"Move them back first, as the section \"Before Sluice goes\" of infra/migrate/README.md says", region, prefix, strings.Join(stacks, "\n  "))
}

// checkNothingOpen returns an error that lists the deployments that are not over. Without a
// table there are none.
func checkNothingOpen(ctx context.Context, ledger *dynamo.Ledger, region, prefix string) error {
	open, err := operator.OpenDeployments(ctx, ledger)
	suspect, errSuspect := operator.SuspectDeployments(ctx, ledger)
	suspect = slices.DeleteFunc(suspect, func(s operator.Standing) bool {
		return slices.ContainsFunc(open, func(o operator.Standing) bool { return o.ID == s.ID })
	})
	var problems []string
	var missing *types.ResourceNotFoundException
	if err = errors.Join(err, errSuspect); err != nil && !errors.As(err, &missing) {
		problems = append(problems, fmt.Sprintf("cannot tell whether a deployment is open in the table %s in %s: %v\nIt takes dynamodb:Query and dynamodb:GetItem on the table.", prefix, region, err))
	}
	if all := slices.Concat(lines(open, prefix, describeOpen), lines(suspect, prefix, describeSuspect)); len(all) > 0 {
		problems = append(problems, fmt.Sprintf("deployments of %s in %s are not over:\n%s\nIf the stack went now, the safety net might not get to put their traffic back. Do what is said above, and then make destroy again.",
			prefix, region, strings.Join(all, "\n")))
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n\n"))
	}
	return nil
}

func lines(all []operator.Standing, prefix string, describe func(operator.Standing, string) string) []string {
	var list []string
	for _, d := range all {
		list = append(list, fmt.Sprintf("  %s: %s\n    %s", targets(d), describe(d, prefix), d.ID))
	}
	return list
}

func targets(d operator.Standing) string {
	var all []string
	for _, a := range d.Arrivals {
		all = append(all, string(a.Target))
	}
	if len(all) == 0 {
		return "a deployment"
	}
	return strings.Join(all, ", ")
}

// describeOpen says where a deployment stands and what to do.
func describeOpen(d operator.Standing, prefix string) string {
	since := d.Since.UTC().Format(time.DateTime)
	switch {
	case d.Status == shift.StatusRestoring:
		return "it is being put back; wait until it is, or see why in the log of " + prefix + "-" + flow.SafetyNet
	case d.Status == shift.StatusClosed:
		return fmt.Sprintf("it has ended as %s, which is not announced yet; wait two minutes", d.Outcome)
	case len(d.Arrivals) == 0:
		return fmt.Sprintf("it is open since %s (UTC), and the ledger has no record of it; wait for the safety net", since)
	}
	named := ""
	if prefix != flow.DefaultNamePrefix {
		named = " --name-prefix " + prefix
	}
	return fmt.Sprintf("it is open since %s (UTC); wait until it has ended, or put it back: bin/sluice abort %s%s", since, d.Arrivals[0].Target, named)
}

// describeSuspect says what the safety net has yet to do for a deployment that was put back.
func describeSuspect(operator.Standing, string) string {
	return "it was put back, and the safety net looks for late writes once more; wait 6 minutes"
}
