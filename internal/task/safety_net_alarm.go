package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// handleAlarm restores every Deployment that watches the alarm. What fired before Open has
// read the alarm is none of its business. Targets that it has looked at in vain are
// looked at again only when there is something to restore: looking at them takes the
// requests that other restorations wait for.
func (n SafetyNet) handleAlarm(ctx context.Context, fired request.AlarmFired, now time.Time) error {
	fired.At = orNow(fired.At, now)
	return n.forEach(ctx, n.watchers(fired.Name), func(ctx context.Context, w *shift.Listed) error {
		reasons := []shift.Reason{shift.AlarmFiredReason(fired.Name, fired.Reason)}
		record, err := n.restore(ctx, w.Targets, reasons, func(ctx context.Context) (shift.Record, error) {
			return n.Ledger.MarkFired(ctx, w.ID, fired.Name, fired.At, fired.WasOK, reasons)
		}, now)
		if errors.Is(err, shift.ErrDeploymentOpening) {
			w.Targets = nil
		}
		return ignoreOpening(ctx, ignoreSettling(ctx, err, record, now), *w, fired.Name, fired.At, now)
	})
}

// orNow returns the time of the alarm's change, or now if the event has none; an alarm
// without a time counts as new.
func orNow(changed, now time.Time) time.Time {
	if changed.IsZero() {
		return now
	}
	return changed
}

// longestOpen is how long a try of Open may go on with what it read at its beginning: as
// long as its Lambda may run, and a minute more for a call of it that is still on its way.
var longestOpen = flow.Open.Timeout + time.Minute

// ignoreOpening lets an alarm's event come again while a Deployment is being opened, for
// Open may have read the alarm before. Whoever opens it later than a try may take has
// read the alarm after.
func ignoreOpening(ctx context.Context, err error, w shift.Listed, alarm string, changed, now time.Time) error {
	if !errors.Is(err, shift.ErrDeploymentOpening) || !shift.ReadByOpen(changed, now, longestOpen) {
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

// handleAlarmOK makes an alarm count that Open was told to ignore until it has been OK. The
// polls see that too, unless it is OK between two of them only.
func (n SafetyNet) handleAlarmOK(ctx context.Context, alarm request.AlarmCalmed, now time.Time) error {
	alarm.At = orNow(alarm.At, now)
	return n.forEach(ctx, n.watchers(alarm.Name), func(ctx context.Context, w *shift.Listed) error {
		err := n.Ledger.MarkCalmed(ctx, w.ID, alarm.Name, alarm.At)
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			return nil
		}
		return ignoreOpening(ctx, err, *w, alarm.Name, alarm.At, now)
	})
}
