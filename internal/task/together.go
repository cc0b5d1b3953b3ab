package task

import (
	"context"
	"sync"
)

// Together calls do for every i below n, and returns when all calls have returned.
type Together func(ctx context.Context, n int, do func(ctx context.Context, i int))

// maxParallelTargets is how many calls run at the same time: as many as Lambda's control
// plane accepts per second from an account.
const maxParallelTargets = 15

// Concurrently is a Together that uses goroutines. None of them outlives it.
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

// run calls t, or Concurrently if t is nil. A single call runs without either.
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
