package task

import (
	"context"
	"time"
)

// Clock returns the current time. In a Lambda that is AWS's.
type Clock func() time.Time

// read returns the current time. A nil Clock is time.Now.
func (c Clock) read() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}

// Timeout returns a context that ends after a duration.
type Timeout func(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc)

// bound bounds a context. A nil Timeout is context.WithTimeout.
func (t Timeout) bound(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	if t == nil {
		return context.WithTimeout(ctx, after)
	}
	return t(ctx, after)
}
