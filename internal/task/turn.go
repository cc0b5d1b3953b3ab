package task

import (
	"context"
	"errors"
	"time"

	"sluice/internal/shift"
)

// stay is the waits before the next tries of a call that was throttled in the
// middle of others.
var stay = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
}

// inTurn does something for every i below n, one after the other, until one
// fails. Lambda's control plane gives a whole account 15 requests a second (Lambda
// quotas): a state that is retried because its sixteenth call was throttled makes
// the first fifteen again, and would never get through. So once anything is done,
// what is throttled waits where it is; Step Functions does the retrying where
// nothing is lost by it.
func (w Wait) inTurn(ctx context.Context, n int, do func(i int) error) error {
	if w == nil {
		w = Sleep
	}
	for i := range n {
		err := do(i)
		for try := 0; i > 0 && try < len(stay) && errors.Is(err, shift.ErrThrottled); try++ {
			w(ctx, stay[try])
			err = do(i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
