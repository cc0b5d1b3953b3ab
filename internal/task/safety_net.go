package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// SafetyLedger is what safety-net needs of the Ledger.
type SafetyLedger interface {
	RejectingLedger
	// Watchers lists the open Deployments that watch an alarm.
	Watchers(ctx context.Context, alarm string) ([]shift.Listed, error)
	// MarkFired is MarkRestoring for an alarm. It returns shift.ErrAlarmIgnored for a
	// change that Open already knew of, and for an alarm that is ignored until it has been
	// OK. It returns shift.ErrDeploymentOpening until Open has recorded what it read.
	MarkFired(ctx context.Context, id, alarm string, at time.Time, wasOK bool, reasons []shift.Reason) (shift.Record, error)
	// MarkCalmed makes an alarm count that was firing at the start and has been OK since.
	// It does nothing if the alarm counts already. It returns shift.ErrDeploymentOpening as
	// MarkFired does.
	MarkCalmed(ctx context.Context, id, alarm string, at time.Time) error
	// Unannounced lists the Deployments whose Outcome was not announced yet.
	Unannounced(ctx context.Context) ([]shift.Listed, error)
	// Suspects lists the closed Deployments whose Targets must be checked once more, and
	// when a sweep first saw each of them.
	Suspects(ctx context.Context) ([]shift.Listed, error)
	// Suspect records since when such a Deployment is waiting for that check, unless that
	// has changed since it was listed. It returns whether it has recorded it.
	Suspect(ctx context.Context, listed shift.Listed, at time.Time) (bool, error)
	// Acquit takes a Deployment off that list, and releases the Targets that it has kept
	// locked, unless since when it waits has changed since it was listed.
	Acquit(ctx context.Context, listed shift.Listed, quarantined []shift.Target) error
	// Holder returns the Deployment that holds a Target.
	Holder(ctx context.Context, t shift.Target) (shift.Holder, error)
	// Lease makes a holder the only one who works off the queue of restorations until the
	// given time, unless another one is. It returns whether it has.
	Lease(ctx context.Context, holder string, now, until time.Time) (bool, error)
	// Release ends a lease. Doing so again does no harm.
	Release(ctx context.Context, holder string) error
	// Command stores an order that is obeyed at the next poll, on condition that the record
	// is open and holds no later order. It returns the order that is stored afterwards.
	Command(ctx context.Context, id string, c shift.Command) (shift.Command, error)
	// AnswerStep stores an answer about the Step that people were asked about last, if it is
	// the first one. The same answer may arrive again. It returns shift.ErrNotAsked for any
	// other.
	AnswerStep(ctx context.Context, id string, step int, c shift.Command) (shift.Record, error)
	// SetFreeze stores a freeze of the account, unless a later one stands. It returns the one
	// that stands.
	SetFreeze(ctx context.Context, f shift.Freeze) (shift.Freeze, error)
	// Queue lists the Deployments that wait for their turn, and Dequeue takes one out of the queue.
	Queue(ctx context.Context) ([]shift.Waiting, error)
	Dequeue(ctx context.Context, id string) error
}

// Executions reads the state of the state machine's executions.
type Executions interface {
	// Running lists the running executions.
	Running(ctx context.Context) (map[string]bool, error)
	// Ended says whether an execution has ended and cannot continue.
	Ended(ctx context.Context, id string) (bool, error)
	// AwaitedHook returns the task token of the hook that an execution waits for, or "" if it
	// does not wait for one.
	AwaitedHook(ctx context.Context, id string) (token string, err error)
}

// HookFailer ends the state that waits for a hook: the hook has failed with this error and cause. It
// returns shift.ErrHookNotAwaited if the state has ended.
type HookFailer interface {
	Fail(ctx context.Context, token, name, cause string) error
}

// SafetyNet puts traffic back when the state machine cannot. It runs outside of the state
// machine: on alarms, on executions that end, and every minute.
type SafetyNet struct {
	Ledger     SafetyLedger
	Router     RouteWriter
	Executions Executions
	States     HookFailer
	Announcer  Announcer
	// Together runs a function for several Deployments or Targets at once; nil is
	// Concurrently.
	Together Together
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
	// Now is the clock; nil is time.Now. The times of events would not do, because events
	// may be late.
	Now Clock
	// Pause is for calls that wait for their turn; nil is the real clock.
	Pause Pause
}

// Handle is the Lambda's handler. If it returns an error, it is invoked again: everything
// that it does may safely be repeated.
func (n SafetyNet) Handle(ctx context.Context, raw []byte) ([]byte, error) {
	occasion, err := request.DecodeOccasion(raw)
	if errors.Is(err, request.ErrNoOccasion) {
		slog.InfoContext(ctx, "ignored", "why", err)
		return []byte("{}"), nil
	}
	n.Router = restoringRouter{RouteWriter: n.Router, wait: n.Wait, pace: newPaces(n.Router, n.Now, n.Pause)}
	var answer flow.Answer
	if err == nil {
		err = n.act(ctx, occasion, &answer)
	}
	if err != nil {
		return nil, flow.Wire(err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, flow.Wire(err)
	}
	return text, nil
}

func (n SafetyNet) act(ctx context.Context, occasion request.Occasion, answer *flow.Answer) error {
	now := n.Now.read()
	switch {
	case occasion.Alarm != nil:
		return n.handleAlarm(ctx, *occasion.Alarm, now)
	case occasion.Calmed != nil:
		return n.handleAlarmOK(ctx, *occasion.Calmed, now)
	case occasion.Ended != nil:
		return n.retry(ctx, func() error {
			record, err := n.restoreOrReject(ctx, occasion.Ended.ID, []shift.Reason{shift.ExecutionEndedReason(occasion.Ended.Status)}, now)
			return n.queueIfThrottled(ctx, ignoreSettling(ctx, err, record, now), record, now)
		})
	case occasion.Sweep:
		return n.sweep(ctx, now)
	case occasion.Freeze != nil:
		return n.retry(ctx, func() error { return n.freeze(ctx, *occasion.Freeze, now, answer) })
	case occasion.Asked != nil:
		return n.retry(ctx, func() error { return n.answerQuestion(ctx, *occasion.Asked, now, answer) })
	}
	return n.retry(ctx, func() error { return n.handleCommand(ctx, *occasion.Command, now, answer) })
}

// retry repeats act after any error that may heal soon. Lambda itself repeats an event only
// after a minute. It is called for one Deployment at a time, so that a Deployment that
// keeps failing does not repeat the work for all others.
func (n SafetyNet) retry(ctx context.Context, act func() error) error {
	err := act()
	for _, upTo := range safetyNetDelays {
		if err == nil || ctx.Err() != nil || !worthRetrying(err) {
			return err
		}
		slog.WarnContext(ctx, "trying again", "error", flow.Wire(err).Message)
		n.Wait.pass(ctx, upTo)
		err = act()
	}
	return err
}

// worthRetrying says whether a repetition may help. It does not help a command that cannot
// be obeyed.
func worthRetrying(err error) bool {
	return shift.HealsSoon(err) && !errors.Is(err, flow.ErrInvalidCommand)
}

func (n SafetyNet) restorer() Restorer {
	return Restorer{Ledger: n.Ledger, Router: n.Router, Announcer: n.Announcer, Together: n.Together, Now: n.Now, Pause: n.Pause, Nudges: true}
}

// ignoreSettling drops the error that a Target is still settling, unless that takes too
// long. Settling takes minutes. The sweeps and the execution's Rollback continue until it
// is done.
func ignoreSettling(ctx context.Context, err error, record shift.Record, now time.Time) error {
	if errors.Is(err, shift.ErrRouteSettling) && record.MaySettle(now) {
		slog.InfoContext(ctx, "left to settle", "deployment", record.ID, "why", flow.Wire(err).Message)
		return nil
	}
	return err
}

// restoreNow restores a Deployment for known reasons, and returns its record as it is
// afterwards.
func (n SafetyNet) restoreNow(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
	return n.restore(ctx, why, func(ctx context.Context) (shift.Record, error) {
		return n.Ledger.MarkRestoring(ctx, id, why, at)
	}, at)
}

// restore marks a Deployment and restores it, or finds that nothing is left to do. It
// returns the record as it is afterwards.
func (n SafetyNet) restore(ctx context.Context, why []shift.Reason, mark Mark, at time.Time) (shift.Record, error) {
	record, _, err := n.restorer().MarkAndRestore(ctx, why, mark, at)
	return n.ignoreEnded(ctx, record, err, at)
}

// markOnly marks a Deployment, and leaves it to the queue of restorations.
func (n SafetyNet) markOnly(ctx context.Context, _ []shift.Reason, mark Mark, at time.Time) (shift.Record, error) {
	record, err := mark(ctx)
	return n.ignoreEnded(ctx, record, err, at)
}

// ignoreEnded drops the error that nothing is left to restore.
func (n SafetyNet) ignoreEnded(ctx context.Context, record shift.Record, err error, at time.Time) (shift.Record, error) {
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown), errors.Is(err, shift.ErrAlarmIgnored):
		return record, nil
	case errors.Is(err, shift.ErrDeploymentClosed) && record.Status == shift.StatusClosed:
		return record, announceIfPending(ctx, n.Announcer, n.Ledger, record, at)
	case errors.Is(err, shift.ErrDeploymentClosed):
		return record, nil // somebody else was faster
	}
	return record, err
}

// list reads one of the Ledger's lists. If some items cannot be read, it returns an error
// and the other items.
type list func(context.Context) ([]shift.Listed, error)

// forEach calls do for all Deployments of a list at once, and repeats what fails. Neither a
// Deployment that fails nor an item that cannot be read keeps the others from being
// handled. The error is returned after all of them, and raises the safety net's alarm. A
// repetition sees the changes that an earlier try made to its entry.
func (n SafetyNet) forEach(ctx context.Context, from list, do func(context.Context, *shift.Listed) error) error {
	var listed []shift.Listed
	unlisted := n.retry(ctx, func() (err error) {
		listed, err = from(ctx)
		return err
	})
	if errors.Is(unlisted, shift.ErrLedgerDamaged) {
		slog.ErrorContext(ctx, "the ledger is damaged", "error", flow.Wire(unlisted).Message)
	}
	problems := make([]error, len(listed))
	n.Together.run(ctx, len(listed), func(ctx context.Context, i int) {
		if err := n.retry(ctx, func() error { return do(ctx, &listed[i]) }); err != nil {
			problems[i] = fmt.Errorf("%s: %w", listed[i].ID, err)
		}
	})
	return errors.Join(append(problems, unlisted)...)
}
