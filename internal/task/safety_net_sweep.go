package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// sweep finds what no event has reported: Deployments whose execution has ended, executions
// that wait although their Deployment has ended, and restored Targets that must be checked once
// more.
func (n SafetyNet) sweep(ctx context.Context, at time.Time) error {
	waiting := awaited{executions: n.Executions, states: n.States}
	others, err := n.sweepOpen(ctx, at, &waiting)
	return errors.Join(err, n.endWaiting(ctx, others, &waiting), n.sweepQueue(ctx, others, at), n.lookAgain(ctx, at))
}

// sweepOpen looks after the Deployments that are open. It returns the other executions that are
// running.
func (n SafetyNet) sweepOpen(ctx context.Context, at time.Time, waiting *awaited) (others map[string]bool, err error) {
	var running map[string]bool
	open := func(ctx context.Context) (open []shift.Listed, err error) {
		open, running, err = n.listOpen(ctx)
		others = maps.Clone(running)
		for _, d := range open {
			delete(others, d.ID)
		}
		return open, err
	}
	var restoring atomic.Bool
	err = n.forEach(ctx, open, func(ctx context.Context, d *shift.Listed) error {
		record, err := n.findEnding(ctx, d, running, at)
		if record.Status == shift.StatusRestoring && (at.Sub(record.MarkedAt) >= patience || record.MarkedAt.Equal(at)) {
			restoring.Store(true) // by this sweep, or by somebody who has had time to finish
		}
		if err == nil && record.IsOverdue(at) { // whoever works off the queue meets the reason
			err = fmt.Errorf("%w: it was to be put back at %s", shift.ErrDeploymentRestoring, record.MarkedAt.UTC().Format(time.RFC3339))
		}
		if running[d.ID] {
			err = errors.Join(err, waiting.end(ctx, record))
		}
		return err
	})
	if restoring.Load() {
		err = errors.Join(err, n.workOffQueue(ctx, at))
	}
	return others, err
}

// listOpen lists the open Deployments, and after them the running executions.
func (n SafetyNet) listOpen(ctx context.Context) ([]shift.Listed, map[string]bool, error) {
	open, err := n.Ledger.Unannounced(ctx)
	if err != nil {
		err = fmt.Errorf("list the open deployments: %w", err)
	}
	if err != nil && len(open) == 0 {
		return nil, nil, err
	}
	return open, n.listRunning(ctx), err
}

// findEnding marks a Deployment whose execution has ended, and completes an announcement that
// was begun. It returns the record. One that is restoring is left to the queue of
// restorations, even if the execution is still running: that may be waiting for a hook, which
// the sweeps end only when the Deployment is closed.
func (n SafetyNet) findEnding(ctx context.Context, d *shift.Listed, running map[string]bool, at time.Time) (shift.Record, error) {
	if running[d.ID] {
		return n.finishEnding(ctx, d.ID, at)
	}
	gone, err := n.hasEnded(ctx, *d, at)
	if err != nil {
		return shift.Record{}, err
	}
	if !gone {
		return n.finishEnding(ctx, d.ID, at)
	}
	why := []shift.Reason{shift.ExecutionEndedReason("")}
	return n.markOnly(ctx, why, func(ctx context.Context) (shift.Record, error) {
		return n.Ledger.MarkRestoring(ctx, d.ID, why, at)
	}, at)
}

// hasEnded says whether the execution of a Deployment has ended. The list of running executions
// may be outdated, so only a terminal status counts. An execution that Step Functions does not know
// has either expired or only just started.
func (n SafetyNet) hasEnded(ctx context.Context, d shift.Listed, at time.Time) (bool, error) {
	gone, err := n.Executions.Ended(ctx, d.ID)
	if errors.Is(err, shift.ErrExecutionUnknown) {
		return at.Sub(d.Since) > youngExecution, nil
	}
	return gone, err
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

// finishEnding completes the announcement of a Deployment that is closed. Whoever closed it
// may have died before.
func (n SafetyNet) finishEnding(ctx context.Context, id string, at time.Time) (shift.Record, error) {
	record, err := n.Ledger.Record(ctx, id)
	if err != nil {
		return record, fmt.Errorf("read the record of %s: %w", id, err)
	}
	if record.Status == shift.StatusClosed && !at.Before(record.ClosedAt.Add(announceAfter)) {
		err = announceIfPending(ctx, n.Announcer, n.Ledger, record, at)
	}
	return record, err
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
			_, err := n.Ledger.Suspect(ctx, *d, at)
			return err
		}
		if at.Before(d.Since.Add(lookAgainAfter)) {
			return nil
		}
		return n.lookAgainAt(ctx, d, at)
	})
}

// giveUpAfter is for how long after its end the second check of a Deployment is tried. The
// function may have lost the tag that permits to read it. Each failure is logged.
// Only the last one is an error, which raises the safety net's alarm once.
const giveUpAfter = 24 * time.Hour

var errStrayRemains = errors.New("what it has left could not be removed")

// lookAgainAt checks the Targets of one closed Deployment, and releases those that it has
// kept locked.
func (n SafetyNet) lookAgainAt(ctx context.Context, d *shift.Listed, at time.Time) error {
	record, err := n.Ledger.Record(ctx, d.ID)
	if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
		return fmt.Errorf("read the record of %s: %w", d.ID, err)
	}
	isLast := at.Sub(record.ClosedAt) >= giveUpAfter
	last, err := n.restorer().takeBackStrays(ctx, record, func(ctx context.Context) (bool, error) {
		if isLast { // each try before has begun the quarantine anew, and has not deleted it
			return false, errStrayRemains
		}
		return n.Ledger.Suspect(ctx, *d, n.Now.read())
	})
	if err != nil && !isLast {
		slog.WarnContext(ctx, "second look failed", "deployment", d.ID, "since", d.Since, "error", err)
		return nil // the next sweep tries again
	}
	if err == nil && !last {
		return nil
	}
	if err != nil {
		err = fmt.Errorf("the targets of %s could not be checked for a day, and are not checked any more: see what they serve: %w", d.ID, err)
	}
	return errors.Join(err, n.Ledger.Acquit(ctx, *d, record.Quarantined()))
}
