package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// sweep looks after what no event has told of: Deployments whose execution is
// gone, and Targets that were restored a while ago.
func (n SafetyNet) sweep(ctx context.Context, at time.Time) error {
	return errors.Join(n.sweepOpen(ctx, at), n.lookAgain(ctx, at))
}

func (n SafetyNet) sweepOpen(ctx context.Context, at time.Time) error {
	var running map[string]bool
	open := func(ctx context.Context) ([]shift.Listed, error) {
		open, err := n.Ledger.Unannounced(ctx)
		if err != nil {
			err = fmt.Errorf("list the open deployments: %w", err)
		}
		if len(open) > 0 {
			running = n.listRunning(ctx)
		}
		return open, err
	}
	return n.forEach(ctx, open, func(ctx context.Context, d *shift.Listed) error {
		if running[d.ID] {
			return n.finishEnding(ctx, d.ID, at)
		}
		// The list may lag behind; only a terminal status condemns. One that Step
		// Functions does not know is either as old as it can be, or brand new.
		gone, err := n.Executions.Ended(ctx, d.ID)
		if errors.Is(err, shift.ErrExecutionUnknown) {
			gone, err = at.Sub(d.Since) > youngExecution, nil
		}
		if err != nil {
			return err
		}
		if !gone {
			return n.finishEnding(ctx, d.ID, at)
		}
		record, err := n.restoreNow(ctx, d.ID, []shift.Reason{shift.ExecutionEndedReason("")}, at)
		return ignoreSettling(ctx, err, record, at)
	})
}

// listRunning lists the executions that run. Without it, each is asked for by itself:
// the list only saves calls.
func (n SafetyNet) listRunning(ctx context.Context) map[string]bool {
	running, err := n.Executions.Running(ctx)
	if err != nil {
		slog.WarnContext(ctx, "executions not listed", "error", err)
	}
	return running
}

// youngExecution is how long an execution may be unknown to Step Functions, whose reads are
// eventually consistent.
const youngExecution = 10 * time.Minute

// announceAfter is how long whoever has closed a Deployment has for announcing its
// Outcome, before a sweep does. It is counted from when the closing state was entered.
const announceAfter = time.Minute

// finishEnding finishes what was begun and not ended while the execution goes on, which may
// wait for a hook, for days: a restoration, or the announcement of an Outcome.
func (n SafetyNet) finishEnding(ctx context.Context, id string, at time.Time) error {
	record, err := n.Ledger.Record(ctx, id)
	if err != nil {
		return fmt.Errorf("read the record of %s: %w", id, err)
	}
	switch {
	case record.Status == shift.StatusOpen:
		return nil
	case record.Status == shift.StatusClosed && at.Before(record.ClosedAt.Add(announceAfter)):
		return nil
	case record.Status == shift.StatusClosed:
		return announceIfPending(ctx, n.Announcer, n.Ledger, record, at)
	}
	record, err = n.restoreNow(ctx, id, record.Reasons, at)
	return ignoreSettling(ctx, err, record, at)
}

// lookAgainAfter is how long after a sweep has first seen that a Deployment was
// put back its Targets are looked at once more: later than the longest Lambda that
// can still have been running then, and a minute more for a call of it that is
// still on its way. The record's own time will not do: it is that of entering the
// state, and does not advance while the state is retried.
var lookAgainAfter = max(flow.SetWeight.Timeout, flow.Rollback.Timeout, flow.SafetyNetTimeout) + time.Minute

// lookAgain is the second line: a write of a set-weight that outlived its
// Deployment, and could not take it back itself, is taken back here.
func (n SafetyNet) lookAgain(ctx context.Context, at time.Time) error {
	suspects := func(ctx context.Context) ([]shift.Listed, error) {
		suspects, err := n.Ledger.Suspects(ctx)
		if err != nil {
			err = fmt.Errorf("list the recently closed deployments: %w", err)
		}
		return suspects, err
	}
	return n.forEach(ctx, suspects, func(ctx context.Context, d *shift.Listed) error {
		if d.Since.IsZero() {
			return n.Ledger.Suspect(ctx, d.ID, at)
		}
		if at.Before(d.Since.Add(lookAgainAfter)) {
			return nil
		}
		record, err := n.Ledger.Record(ctx, d.ID)
		if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
			return fmt.Errorf("read the record of %s: %w", d.ID, err)
		}
		last, err := n.restorer().takeBackStrays(ctx, record, n.Ledger)
		if err != nil || !last {
			return err
		}
		return n.Ledger.Acquit(ctx, d.ID)
	})
}
