package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// SafetyLedger is what safety-net needs of the Ledger.
type SafetyLedger interface {
	RestoringLedger
	// Watchers lists the open Deployments that an alarm concerns.
	Watchers(ctx context.Context, alarm string) ([]shift.Listed, error)
	// MarkFired is MarkRestoring for an alarm. It returns shift.ErrAlarmIgnored for an
	// event that Open has known of, and while the alarm is ignored until it has been OK;
	// and shift.ErrDeploymentOpening while it is not known what Open has known of.
	MarkFired(ctx context.Context, id, alarm string, at time.Time, wasOK bool, reasons []shift.Reason) (shift.Record, error)
	// MarkCalmed makes an alarm count that was firing at the start, for it has been OK
	// since. It does nothing where the alarm counts already. It returns
	// shift.ErrDeploymentOpening as MarkFired does.
	MarkCalmed(ctx context.Context, id, alarm string, at time.Time) error
	// Unannounced lists the Deployments whose Outcome is not yet announced.
	Unannounced(ctx context.Context) ([]shift.Listed, error)
	// Suspects lists the closed Deployments whose Targets are to be looked at once
	// more, and since when that is known.
	Suspects(ctx context.Context) ([]shift.Listed, error)
	// Suspect notes that.
	Suspect(ctx context.Context, id string, at time.Time) error
	// Acquit ends that.
	Acquit(ctx context.Context, id string) error
	// Holder is the Deployment that holds a Target.
	Holder(ctx context.Context, t shift.Target) (shift.Holder, error)
	Claims
	// Command stores what is to be obeyed at the next poll, on condition that the
	// record is open, and that no later one stands there. It returns the one that
	// stands then.
	Command(ctx context.Context, id string, c shift.Command) (shift.Command, error)
}

// Executions knows which executions of the state machine go on.
type Executions interface {
	// Running lists the executions that run.
	Running(ctx context.Context) (map[string]bool, error)
	// Ended says whether one execution has ended for good.
	Ended(ctx context.Context, id string) (bool, error)
}

// SafetyNet puts traffic back when the state machine cannot: it stands outside
// of it, and is woken by alarms, by executions that end, and every minute.
type SafetyNet struct {
	Ledger     SafetyLedger
	Router     RouteWriter
	Executions Executions
	Announcer  Announcer
	// Together runs something for several Deployments or Targets at once; nil is
	// Concurrently.
	Together Together
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
	// Now is the clock; nil is time.Now. The events' own times will not do: they may be
	// late.
	Now Clock
	// Pause is for calls that wait for their turn; nil is on the real clock.
	Pause Pause
}

// Handle is the Lambda. Its errors make it be invoked again: everything that it
// does can be done twice.
func (n SafetyNet) Handle(ctx context.Context, raw []byte) ([]byte, error) {
	occasion, err := request.DecodeOccasion(raw)
	if errors.Is(err, request.ErrNoOccasion) {
		slog.InfoContext(ctx, "ignored", "why", err)
		return []byte("{}"), nil
	}
	n.Router = retryingRouter{RouteWriter: n.Router, wait: n.Wait, pace: newPaces(n.Router, n.Now, n.Pause)}
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
			record, err := n.restoreNow(ctx, occasion.Ended.ID, []shift.Reason{shift.ExecutionEndedReason(occasion.Ended.Status)}, now)
			return ignoreSettling(ctx, err, record, now)
		})
	case occasion.Sweep:
		return n.sweep(ctx, now)
	case occasion.Asked != nil:
		return n.retry(ctx, func() error { return n.answerQuestion(ctx, *occasion.Asked, now, answer) })
	}
	return n.retry(ctx, func() error { return n.handleCommand(ctx, *occasion.Command, now, answer) })
}

// retry tries again soon what failed for whatever reason: the next try that
// Lambda makes of an event by itself comes a minute later. It is for one Deployment
// at a time, so that one that nobody can help does not repeat what was done for all.
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

// worthRetrying says whether trying again soon may help. A command that cannot be obeyed
// stays so.
func worthRetrying(err error) bool {
	return shift.HealsSoon(err) && !errors.Is(err, flow.ErrInvalidCommand)
}

func (n SafetyNet) restorer() Restorer {
	return Restorer{Ledger: n.Ledger, Router: n.Router, Announcer: n.Announcer, Together: n.Together, Nudges: true}
}

// ignoreSettling ends with what could be done while a Target settles, which takes minutes.
// The sweeps go on with what is restoring, and so does the execution's Rollback.
func ignoreSettling(ctx context.Context, err error, record shift.Record, now time.Time) error {
	if errors.Is(err, shift.ErrRouteSettling) && record.MaySettle(now) {
		slog.InfoContext(ctx, "left to settle", "deployment", record.ID, "why", flow.Wire(err).Message)
		return nil
	}
	return err
}

// restoreNow restores a Deployment for reasons that are known now, and returns the record as it
// is then.
func (n SafetyNet) restoreNow(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
	return n.restore(ctx, nil, why, func(ctx context.Context) (shift.Record, error) {
		return n.Ledger.MarkRestoring(ctx, id, why, at)
	}, at)
}

// restore marks a Deployment and restores it, or finds that there is nothing left
// to do. It returns the record as it is then.
func (n SafetyNet) restore(ctx context.Context, targets []shift.Target, why []shift.Reason, mark Mark, at time.Time) (shift.Record, error) {
	record, _, err := n.restorer().MarkAndRestore(ctx, targets, why, mark, at)
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

// list is one of the Ledger's. What of it cannot be read is an error beside the rest.
type list func(context.Context) ([]shift.Listed, error)

// forEach does something for every Deployment of a list at once, and tries again. One that
// fails does not keep the others from being done, nor does an item that cannot be
// read: the error comes when everything else was done, and rings the alarm then. What a
// try changes of its Deployment's entry, the next try finds.
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
