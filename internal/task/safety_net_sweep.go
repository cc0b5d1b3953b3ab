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

// sweep finds what no event has reported: Deployments whose execution has ended, and
// restored Targets that must be checked once more.
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
		// The list may be outdated, so only a terminal status counts. An execution that
		// Step Functions does not know has either expired or only just started.
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

// listRunning lists the running executions, to save a call for each of them. If it fails,
// every execution is looked up by itself.
func (n SafetyNet) listRunning(ctx context.Context) map[string]bool {
	running, err := n.Executions.Running(ctx)
	if err != nil {
		slog.WarnContext(ctx, "executions not listed", "error", err)
	}
	return running
}

// youngExecution is how long a new execution may be unknown to Step Functions, whose reads
// are eventually consistent.
const youngExecution = 10 * time.Minute

// announceAfter is how long whoever closed a Deployment has to announce its Outcome before
// a sweep announces it. It is counted from when the closing state was entered.
const announceAfter = time.Minute

// finishEnding completes a restoration or an announcement that was begun while the
// execution is still running. The execution may be waiting for a hook for days.
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

// lookAgainAfter is how long after a sweep first saw a closed Deployment its Targets are
// checked once more. It is longer than the timeout of any Lambda that may still have been
// running then, and a minute more for a call that is still in flight. The record's own time
// would not do: it is when the state was entered, and does not advance while the state is
// retried.
var lookAgainAfter = max(flow.SetWeight.Timeout, flow.Rollback.Timeout, flow.SafetyNetTimeout) + time.Minute

// lookAgain takes back late writes: those of a set-weight that outlived its Deployment and
// could not undo them itself.
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
