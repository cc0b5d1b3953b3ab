package task

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Wait waits for a random part of a duration, or until the context ends.
type Wait func(ctx context.Context, upTo time.Duration)

// Sleep is Wait on the real clock.
func Sleep(ctx context.Context, upTo time.Duration) {
	sleepFor(ctx, time.Duration(rand.Int64N(int64(upTo))))
}

func sleepFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// pass waits; a nil Wait is Sleep.
func (w Wait) pass(ctx context.Context, upTo time.Duration) {
	if w == nil {
		w = Sleep
	}
	w(ctx, upTo)
}

// The longest waits before each further try. The real wait is a random part of it. The sum
// of each list stays well below the timeout of the Lambda that waits.
var (
	// insistentDelays are for calls that must not fail because of a short disturbance: those
	// that put traffic back (see restoringRouter), and the answer for a hook that has passed.
	insistentDelays = []time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second,
		4 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second,
	}
	// safetyNetDelays are for any error while the safety net handles one Deployment.
	safetyNetDelays = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
	// throttleDelays are for a call that is throttled in a sequence of calls; see inTurn.
	throttleDelays = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}
)

// restoringRouter is for putting traffic back: its calls wait for their turns, and if delays
// are given, it repeats throttled calls with short waits. A throttled shift waits much
// longer, in the state machine, so that a rollback gets the few requests per second that
// Lambda accepts from an account.
//
// Delete is neither repeated nor paced. DeleteAlias takes no RevisionId, so after a wait it
// might delete somebody else's alias. A caller whose Delete is throttled must read the
// Target again.
type restoringRouter struct {
	RouteWriter
	wait   Wait
	pace   *paces
	delays []time.Duration
}

// retryThrottled repeats a call while it is throttled. do waits for its turn.
func retryThrottled[T any](ctx context.Context, i restoringRouter, do func() (T, error)) (T, error) {
	for _, upTo := range i.delays {
		result, err := do()
		if !errors.Is(err, shift.ErrThrottled) {
			return result, err
		}
		i.wait.pass(ctx, upTo)
	}
	return do()
}

// Route implements RouteWriter.
func (i restoringRouter) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitRead(ctx, t)
		return i.RouteWriter.Route(ctx, t)
	})
}

// SetRoute implements RouteWriter.
func (i restoringRouter) SetRoute(ctx context.Context, t shift.Target, r shift.Route) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitWrite(ctx, t)
		return i.RouteWriter.SetRoute(ctx, t, r)
	})
}

// Rotate implements RouteWriter. It waits for the turn of one write, since a Rotate needs more
// than one only on a platform that keeps the Revision of what is written again. It may be
// throttled after its first call, so each repetition starts from the Route that the Target is
// known to have.
func (i restoringRouter) Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitWrite(ctx, t)
		rotated, err := i.RouteWriter.Rotate(ctx, t, found, beside)
		found = rotated
		return rotated, err
	})
}

// inTurn calls do for every i below n, one after the other, until one fails. A throttled
// call is repeated here, except the first one.
//
// Lambda's control plane accepts 15 requests per second from an account (Lambda quotas). If
// the whole state were retried because its sixteenth call was throttled, it would repeat
// the first fifteen and be throttled again. The first call is left to the retries of the
// state, because nothing is lost then.
func (w Wait) inTurn(ctx context.Context, n int, do func(i int) error) error {
	for i := range n {
		err := do(i)
		for try := 0; i > 0 && try < len(throttleDelays) && errors.Is(err, shift.ErrThrottled); try++ {
			w.pass(ctx, throttleDelays[try])
			err = do(i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
