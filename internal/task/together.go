package task

import (
	"context"
	"sync"
)

// Together runs do for every i below n, and returns when all have returned.
type Together func(ctx context.Context, n int, do func(ctx context.Context, i int))

// maxParallelTargets bounds how many run at the same time, as many as Lambda's control plane
// has requests a second for an account.
const maxParallelTargets = 15

// Concurrently is Together on goroutines, none of which outlives it.
func Concurrently(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	var all sync.WaitGroup
	places := make(chan struct{}, maxParallelTargets)
	for i := range n {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			do(ctx, i)
		})
	}
	all.Wait()
}

// run is t, or Concurrently for nil. One alone runs where it is.
func (t Together) run(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	switch {
	case n == 1:
		do(ctx, 0)
	case t == nil:
		Concurrently(ctx, n, do)
	default:
		t(ctx, n, do)
	}
}
