package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"sluice/internal/flow"
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
	occasion, err := flow.DecodeOccasion(raw)
	if errors.Is(err, flow.ErrNoOccasion) {
		slog.InfoContext(ctx, "ignored", "why", err)
		return []byte("{}"), nil
	}
	n.Router = insistent{RouteWriter: n.Router, wait: n.Wait, pace: newPace(n.Now, n.Pause)}
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

func (n SafetyNet) act(ctx context.Context, occasion flow.Occasion, answer *flow.Answer) error {
	now := n.Now.read()
	switch {
	case occasion.Alarm != nil:
		return n.alarm(ctx, *occasion.Alarm, now)
	case occasion.Calmed != nil:
		return n.calmed(ctx, *occasion.Calmed, now)
	case occasion.Ended != nil:
		return n.retry(ctx, func() error {
			record, err := n.end(ctx, occasion.Ended.ID, []shift.Reason{shift.ExecutionEndedReason(occasion.Ended.Status)}, now)
			return unlessSettling(ctx, err, record, now)
		})
	case occasion.Sweep:
		return n.sweep(ctx, now)
	case occasion.Asked != nil:
		return n.retry(ctx, func() error { return n.asked(ctx, *occasion.Asked, now, answer) })
	}
	return n.retry(ctx, func() error { return n.command(ctx, *occasion.Command, now, answer) })
}

// retry tries again soon what failed for whatever reason: the next try that
// Lambda makes of an event by itself comes a minute later. It is for one Deployment
// at a time, so that one that nobody can help does not repeat what was done for all.
func (n SafetyNet) retry(ctx context.Context, act func() error) error {
	err := act()
	for _, upTo := range retries {
		if err == nil || ctx.Err() != nil || hopeless(err) {
			return err
		}
		slog.WarnContext(ctx, "trying again", "error", flow.Wire(err).Message)
		n.Wait.pass(ctx, upTo)
		err = act()
	}
	return err
}

// hopeless says that trying again soon will not do: a command came when there was
// nothing left to command, Lambda takes minutes to move provisioned concurrency, or
// somebody has to look at the Ledger.
func hopeless(err error) bool {
	return slices.ContainsFunc([]error{
		shift.ErrDeploymentUnknown, shift.ErrDeploymentRestoring, shift.ErrDeploymentClosed, shift.ErrRouteSettling, flow.ErrInvalidCommand, shift.ErrLedgerDamaged,
	}, func(known error) bool { return errors.Is(err, known) })
}

func (n SafetyNet) restorer() Restorer {
	return Restorer{Ledger: n.Ledger, Router: n.Router, Announcer: n.Announcer, Together: n.Together, Nudges: true}
}

// alarm restores every Deployment that watches the alarm. What fired before Open has
// read the alarm is none of its business. Targets that it has looked at in vain are
// looked at again only when there is something to restore: looking at them takes the
// requests that other restorations wait for.
func (n SafetyNet) alarm(ctx context.Context, fired flow.AlarmFired, now time.Time) error {
	fired.At = orNow(fired.At, now)
	return n.each(ctx, n.watchers(fired.Name), func(ctx context.Context, w *shift.Listed) error {
		reasons := []shift.Reason{shift.AlarmFiredReason(fired.Name, fired.Reason)}
		record, err := n.restore(ctx, w.Targets, reasons, func(ctx context.Context) (shift.Record, error) {
			return n.Ledger.MarkFired(ctx, w.ID, fired.Name, fired.At, fired.WasOK, reasons)
		}, now)
		if errors.Is(err, shift.ErrDeploymentOpening) {
			w.Targets = nil
		}
		return unlessRead(ctx, unlessSettling(ctx, err, record, now), *w, fired.Name, fired.At, now)
	})
}

// settlesIn is how long Lambda may take to move provisioned concurrency back before
// somebody is told. AWS gives no figure.
const settlesIn = 15 * time.Minute

// unlessSettling ends with what could be done while Lambda moves provisioned concurrency
// back, which takes minutes. The sweeps go on with what is restoring, and so does the
// execution's Rollback.
func unlessSettling(ctx context.Context, err error, record shift.Record, now time.Time) error {
	if errors.Is(err, shift.ErrRouteSettling) && now.Sub(record.MarkedAt) < settlesIn {
		slog.InfoContext(ctx, "left to settle", "deployment", record.ID, "why", flow.Wire(err).Message)
		return nil
	}
	return err
}

// orNow is when an alarm has changed, and now where nobody tells: then nobody has known of
// it before, and it counts.
func orNow(changed, now time.Time) time.Time {
	if changed.IsZero() {
		return now
	}
	return changed
}

// mayOpen is how long a try of Open may go on with what it has read at its beginning: as
// long as its Lambda may run, and a minute more for a call of it that is still on its way.
var mayOpen = flow.Open.Timeout + time.Minute

// unlessRead lets an alarm's event come again while a Deployment is being opened, for
// Open may have read the alarm before. Whoever opens it later than a try may take has
// read the alarm after.
func unlessRead(ctx context.Context, err error, w shift.Listed, alarm string, changed, now time.Time) error {
	if !errors.Is(err, shift.ErrDeploymentOpening) || now.Sub(changed) <= mayOpen {
		return err
	}
	slog.InfoContext(ctx, "alarm let go", "deployment", w.ID, "alarm", alarm, "changed", changed,
		"why", "the deployment is still being opened, by a try that has begun since and reads the alarm itself")
	return nil
}

func (n SafetyNet) watchers(alarm string) list {
	return func(ctx context.Context) ([]shift.Listed, error) {
		watchers, err := n.Ledger.Watchers(ctx, alarm)
		if err != nil {
			err = fmt.Errorf("find who watches the alarm %s: %w", alarm, err)
		}
		return watchers, err
	}
}

// calmed makes an alarm count that Open was told to ignore until it has been OK. The
// polls see that too, unless it is OK between two of them only.
func (n SafetyNet) calmed(ctx context.Context, alarm flow.AlarmCalmed, now time.Time) error {
	alarm.At = orNow(alarm.At, now)
	return n.each(ctx, n.watchers(alarm.Name), func(ctx context.Context, w *shift.Listed) error {
		err := n.Ledger.MarkCalmed(ctx, w.ID, alarm.Name, alarm.At)
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			return nil
		}
		return unlessRead(ctx, err, *w, alarm.Name, alarm.At, now)
	})
}

// end restores a Deployment for reasons that are known now, and returns the record as it
// is then.
func (n SafetyNet) end(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
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
			running = n.running(ctx)
		}
		return open, err
	}
	return n.each(ctx, open, func(ctx context.Context, d *shift.Listed) error {
		if running[d.ID] {
			return n.goOn(ctx, d.ID, at)
		}
		// The list may lag behind; only a terminal status condemns. One that Step
		// Functions does not know is either as old as it can be, or brand new.
		gone, err := n.Executions.Ended(ctx, d.ID)
		if errors.Is(err, shift.ErrExecutionUnknown) {
			gone, err = at.Sub(d.Since) > young, nil
		}
		if err != nil {
			return err
		}
		if !gone {
			return n.goOn(ctx, d.ID, at)
		}
		record, err := n.end(ctx, d.ID, []shift.Reason{shift.ExecutionEndedReason("")}, at)
		return unlessSettling(ctx, err, record, at)
	})
}

// running lists the executions that run. Without it, each is asked for by itself:
// the list only saves calls.
func (n SafetyNet) running(ctx context.Context) map[string]bool {
	running, err := n.Executions.Running(ctx)
	if err != nil {
		slog.WarnContext(ctx, "executions not listed", "error", err)
	}
	return running
}

// young is how long an execution may be unknown to Step Functions, whose reads are
// eventually consistent.
const young = 10 * time.Minute

// announceAfter is how long whoever has closed a Deployment has for announcing its
// Outcome, before a sweep does. It is counted from when the closing state was entered.
const announceAfter = time.Minute

// goOn finishes what was begun and not ended while the execution goes on, which may
// wait for a hook, for days: a restoration, or the announcement of an Outcome.
func (n SafetyNet) goOn(ctx context.Context, id string, at time.Time) error {
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
	record, err = n.end(ctx, id, record.Reasons, at)
	return unlessSettling(ctx, err, record, at)
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
	return n.each(ctx, suspects, func(ctx context.Context, d *shift.Listed) error {
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

// asked answers who holds a Target, and what time it is.
func (n SafetyNet) asked(ctx context.Context, q flow.Asked, now time.Time, answer *flow.Answer) error {
	holder, err := n.Ledger.Holder(ctx, q.Target)
	if err != nil {
		return fmt.Errorf("find who holds %s: %w", q.Target, err)
	}
	if err := holder.CheckMeant(q.Target, now); err != nil {
		return err
	}
	answer.DeploymentID, answer.At = holder.DeploymentID, now
	return nil
}

// command does what a person asks. Abort is done at once; the rest is obeyed at
// the next poll. Which Deployment is meant is asked once: when a try has closed it
// and failed after that, nobody holds the Target any more.
func (n SafetyNet) command(ctx context.Context, c flow.Commanded, now time.Time, answer *flow.Answer) error {
	if c.Command.At.After(now) {
		c.Command.At = now // whose clock is fast has no last word for the time to come
	}
	if answer.DeploymentID == "" {
		id, err := n.meant(ctx, c)
		if err != nil {
			return err
		}
		answer.DeploymentID = id
	}
	id := answer.DeploymentID
	slog.InfoContext(ctx, "commanded", "deployment", id, "target", c.Target, "command", c.Command.Order, "reason", c.Command.Reason, "given", c.Command.At)
	if c.Command.Order == shift.Abort {
		return n.abort(ctx, id, c.Command.Reason, now, answer)
	}
	stands, err := n.Ledger.Command(ctx, id, c.Command)
	if err != nil {
		return fmt.Errorf("tell %s to %s: %w", id, c.Command.Order, err)
	}
	if stands.Precedence() != c.Command.Precedence() {
		slog.InfoContext(ctx, "a later command stands", "deployment", id, "command", stands.Order, "given", stands.At)
		answer.Instead = stands.Order
	}
	return nil
}

// meant is the Deployment that a command is for.
func (n SafetyNet) meant(ctx context.Context, c flow.Commanded) (string, error) {
	if c.DeploymentID == "" {
		holder, err := n.Ledger.Holder(ctx, c.Target)
		if err != nil {
			return "", fmt.Errorf("find who holds %s: %w", c.Target, err)
		}
		return holder.DeploymentID, holder.CheckMeant(c.Target, c.Command.At)
	}
	record, err := n.Ledger.Record(ctx, c.DeploymentID)
	if err == nil && !record.Concerns(c.Target) {
		err = fmt.Errorf("%w: %s has nothing to do with %s", flow.ErrInvalidCommand, c.DeploymentID, c.Target)
	}
	return c.DeploymentID, err
}

// abort puts a Deployment back. One that was put back already answers how that has
// ended, one that has got through that it has.
func (n SafetyNet) abort(ctx context.Context, id, reason string, now time.Time, answer *flow.Answer) error {
	record, err := n.end(ctx, id, []shift.Reason{{Name: shift.Aborted, Text: reason}}, now)
	answer.Outcome, answer.Reasons, answer.Cause = record.Outcome, record.Reasons, record.Cause
	if err == nil && (record.Outcome == shift.Promoted || record.Outcome == shift.Unchanged) {
		return fmt.Errorf("abort %s: %w", id, record.CheckOpen())
	}
	return unlessSettling(ctx, err, record, now)
}

// list is one of the Ledger's. What of it cannot be read is an error beside the rest.
type list func(context.Context) ([]shift.Listed, error)

// each does something for every Deployment of a list at once, and tries again. One that
// fails does not keep the others from being done, nor does an item that cannot be
// read: the error comes when everything else was done, and rings the alarm then. What a
// try changes of its Deployment's entry, the next try finds.
func (n SafetyNet) each(ctx context.Context, from list, do func(context.Context, *shift.Listed) error) error {
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
