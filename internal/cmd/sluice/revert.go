package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutRevert = `Revert puts back everything that the last promoted deployment of TARGET has
shifted: all of its targets go back to what served before, at once, without
alarms and hooks. It starts an execution of Sluice's state machine for that, and
says first what will happen. With --dry-run it only says it. What the targets
serve now, and whether the versions are still there, is seen only by the revert
itself: it may be refused where --dry-run promised it.

A revert is refused when something newer was promoted since, when somebody has
moved a target by hand, when a version is gone, and when the time for it is over:
72 hours after the promotion, unless the stack's setting revertHours says
otherwise. A deployment that is still open is put back by 'sluice abort'.

A revert is a deployment like any other. To undo it, give the name of its
execution in place of TARGET.

` + aboutSubject + `

Revert needs dynamodb:Query and dynamodb:GetItem on the ledger's table, and the
permissions of 'sluice start'; with --wait also those of 'sluice watch'.`

const examplesOfRevert = `  sluice revert orders --reason 'customers call'
  sluice revert orders --dry-run
  sluice revert revert-orders-live-20261121T061031Z --reason 'it was not us'`

// revertOptions are the options of revert.
type revertOptions struct {
	account
	reason string
	dryRun bool
	wait   bool
	outputOptions
}

func newRevert(env environment) *cobra.Command {
	r := revertOptions{account: account{environment: env}}
	cmd := &cobra.Command{
		Use:                   "revert TARGET [--reason TEXT] [--dry-run] [--wait] [--json]",
		Short:                 "Put back what the last promoted deployment has shifted",
		Long:                  aboutRevert,
		Example:               examplesOfRevert,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     r.completeTargets(true),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneSubject(cmd, args); err != nil {
				return err
			}
			if r.dryRun && r.wait {
				return errors.New("--dry-run starts nothing that --wait could wait for")
			}
			return r.checkWatching(r.wait)
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error { return r.revert(cmd, args[0]) }),
	}
	cmd.Flags().StringVar(&r.reason, "reason", "", "say why; `TEXT` is kept in the deployment's record")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "only say what would happen")
	cmd.Flags().BoolVar(&r.wait, "wait", false, "watch until it ends; the exit status says how")
	cmd.Flags().BoolVar(&r.asJSON, "json", false, "print JSON; with --wait, only after the end")
	r.addWatchFlags(cmd)
	r.addMachineFlag(cmd)
	r.addTableFlag(cmd)
	r.addFlags(cmd)
	return cmd
}

func (r revertOptions) revert(cmd *cobra.Command, text string) error {
	s, err := parseSubject(text)
	if err != nil {
		return err
	}
	if err := r.files.check(); err != nil {
		return err
	}
	var f finder
	var planned operator.Revert
	err = r.beforeStart(cmd, r.patience, func(ctx context.Context) (err error) {
		if f, err = r.newFinder(ctx, s); err == nil {
			planned, err = f.planRevert(ctx, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.carryOut(cmd, f, planned)
}

// carryOut says what will happen, and starts the execution that does it.
func (r revertOptions) carryOut(cmd *cobra.Command, f finder, planned operator.Revert) error {
	if !r.asJSON || r.dryRun {
		if err := r.say(cmd.OutOrStdout(), planned); err != nil || r.dryRun {
			return err
		}
	}
	input, err := planned.Input(cmp.Or(r.reason, noReason))
	if err != nil {
		return err
	}
	l := launch{cfg: f.cfg, name: planned.Name(r.now()), input: input, answered: true} // the ledger's table was read
	err = r.beforeStart(cmd, r.patience, func(ctx context.Context) (err error) {
		l.machine, err = f.findMachine(ctx, stepfunctions.FromConfig(f.cfg), f.cfg)
		return err
	})
	if err != nil {
		return err
	}
	x, err := r.startOnce(cmd, l, r.outputOptions)
	if err != nil {
		return err
	}
	switch {
	case r.wait:
		w := newWatcher(cmd, r.account, f.cfg, x, r.outputOptions)
		w.justStarted = true
		return w.watch(cmd.Context())
	case r.asJSON:
		return writeJSON(cmd.OutOrStdout(), struct {
			operator.Revert
			location
		}{planned, newLocation(x, f.cfg)})
	}
	return writeText(cmd.OutOrStdout(), newLocation(x, f.cfg).print)
}

// say says what will happen.
func (r revertOptions) say(to io.Writer, planned operator.Revert) error {
	if r.asJSON {
		return writeJSON(to, planned)
	}
	return writeText(to, func(to io.Writer) {
		t := &table{indent: gutter}
		t.add("reverts", fmt.Sprintf("%s, promoted at %s", planned.Of.Name(), planned.PromotedAt.UTC().Format(time.DateTime)))
		for _, line := range planned.Says() {
			t.add("target", line)
		}
		t.write(to)
	})
}

// planRevert says what the revert of the deployment that a subject names will do.
func (f finder) planRevert(ctx context.Context, s subject) (operator.Revert, error) {
	id, err := f.findReverted(ctx, s)
	switch {
	case errors.Is(err, operator.ErrNothingPromoted):
		return operator.Revert{}, fmt.Errorf("%w in the last 90 days, so there is nothing to revert: 'sluice history %s' lists the deployments", err, s.text)
	case err != nil:
		return operator.Revert{}, err
	}
	planned, err := operator.PlanRevert(ctx, f.ledger, id, f.now())
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown):
		return planned, f.notFound(s)
	case err != nil && !errors.Is(err, shift.ErrRevertRefused):
		return planned, f.explainLedger(err)
	}
	return planned, err
}

// findReverted returns the deployment that a subject names: the last one that was promoted at a
// target, or else that of an execution.
func (f finder) findReverted(ctx context.Context, s subject) (string, error) {
	if s.target == "" {
		record, err := f.record(ctx, s)
		return record.ID, err
	}
	id, err := operator.LastPromoted(ctx, f.ledger, s.target)
	if s.name != "" && errors.Is(err, operator.ErrNothingPromoted) {
		if record, unknown := f.record(ctx, s); unknown == nil {
			return record.ID, nil
		}
	}
	if err != nil && !errors.Is(err, operator.ErrNothingPromoted) && !errors.Is(err, shift.ErrRevertRefused) {
		err = f.explainLedger(err)
	}
	return id, err
}
