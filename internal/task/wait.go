package task

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sluice/internal/shift"
)

// Wait lets a random part of a time pass, or less when the context ends.
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

// pass lets the time pass; nil is Sleep.
func (w Wait) pass(ctx context.Context, upTo time.Duration) {
	if w == nil {
		w = Sleep
	}
	w(ctx, upTo)
}

// The waits before the next tries, each a random part of what stands here. All of a list
// together stay well below the timeout of the Lambda that makes the tries.
var (
	// restoreDelays are for a throttled call that puts traffic back, see retryingRouter.
	restoreDelays = []time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second,
		4 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second,
	}
	// safetyNetDelays are for what safety-net does for one Deployment, failing for whatever reason.
	safetyNetDelays = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
	// throttleDelays are for a call that was throttled in the middle of others, see inTurn.
	throttleDelays = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}
)

// retryingRouter makes a router's throttled calls again and again, with short waits.
// It is for putting traffic back only: a shift that is throttled waits for long in
// the state machine, and that is how a rollback overtakes it in the few requests a
// second that Lambda gives to an account. Delete is none of these, and waits for no turn:
// DeleteAlias takes no RevisionId, and what was seen before a wait may be somebody else's
// after it. Who is throttled there has to look again.
type retryingRouter struct {
	RouteWriter
	wait Wait
	pace *paces
}

// retryThrottled makes a call, and makes it again while it is throttled. do waits for its turn.
func retryThrottled[T any](ctx context.Context, i retryingRouter, do func() (T, error)) (T, error) {
	for _, upTo := range restoreDelays {
		result, err := do()
		if !errors.Is(err, shift.ErrThrottled) {
			return result, err
		}
		i.wait.pass(ctx, upTo)
	}
	return do()
}

// Route implements RouteWriter.
func (i retryingRouter) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitTurn(ctx, t)
		return i.RouteWriter.Route(ctx, t)
	})
}

// SetRoute implements RouteWriter.
func (i retryingRouter) SetRoute(ctx context.Context, t shift.Target, r shift.Route) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitTurn(ctx, t)
		return i.RouteWriter.SetRoute(ctx, t, r)
	})
}

// Rotate implements RouteWriter. It goes on from what the Target is known to have: a Rotate
// may be throttled in its middle.
func (i retryingRouter) Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error) {
	return retryThrottled(ctx, i, func() (shift.Route, error) {
		i.pace.awaitTurnsOfRotate(ctx, t)
		rotated, err := i.RouteWriter.Rotate(ctx, t, found, beside)
		found = rotated
		return rotated, err
	})
}

// inTurn does something for every i below n, one after the other, until one
// fails. Lambda's control plane gives a whole account 15 requests a second (Lambda
// quotas): a state that is retried because its sixteenth call was throttled makes
// the first fifteen again, and would never get through. So once anything is done,
// what is throttled waits where it is; Step Functions does the retrying where
// nothing is lost by it.
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
