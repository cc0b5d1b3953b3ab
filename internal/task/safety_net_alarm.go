package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// handleAlarm restores every Deployment that watches the alarm. It ignores a change that
// Open has already read. If many watch it, all of them are marked first, so that none of them
// shifts further while the others are restored.
func (n SafetyNet) handleAlarm(ctx context.Context, fired request.AlarmFired, now time.Time) error {
	fired.At = orNow(fired.At, now)
	many := false
	watchers := func(ctx context.Context) ([]shift.Listed, error) {
		watchers, err := n.watchers(fired.Name)(ctx)
		many = len(watchers) > maxParallelTargets
		return watchers, err
	}
	var throttled atomic.Bool
	err := n.forEach(ctx, watchers, func(ctx context.Context, w *shift.Listed) error {
		reasons := []shift.Reason{shift.AlarmFiredReason(fired.Name, fired.Reason)}
		mark := func(ctx context.Context) (shift.Record, error) {
			return n.Ledger.MarkFired(ctx, w.ID, fired.Name, fired.At, fired.WasOK, reasons)
		}
		restore := n.restore
		if many {
			restore = n.markOnly
		}
		record, err := restore(ctx, reasons, mark, now)
		if isQueued(record, err) {
			throttled.Store(true)
			return nil
		}
		return ignoreOpening(ctx, ignoreSettling(ctx, err, record, now), *w, fired.Name, fired.At, now)
	})
	if many || throttled.Load() {
		err = errors.Join(err, n.workOffQueue(ctx, now))
	}
	return err
}

// orNow returns the time of the alarm's change, or now if the event has none; an alarm
// without a time counts as new.
func orNow(changed, now time.Time) time.Time {
	if changed.IsZero() {
		return now
	}
	return changed
}

// longestOpen is how long a try of Open may use what it read at its beginning: the timeout
// of its Lambda, and a minute more for a call that is still in flight.
var longestOpen = flow.Open.Timeout + time.Minute

// ignoreOpening returns the error that a Deployment is still being opened only while Open
// may have read the alarm before its change. The event is then delivered again. After
// longestOpen, the try of Open that is running reads the alarm after its change, and the
// error is dropped.
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

// handleAlarmOK makes an alarm count that was ignored until it has been OK. The polls do
// the same, but they miss an alarm that is OK only between two of them.
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
