package task

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestConcurrentlyRunsAllAndNeverTooManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, maxParallelTargets, 3 * maxParallelTargets} {
		var now, most, ran atomic.Int64
		Concurrently(t.Context(), n, func(context.Context, int) {
			running := now.Add(1)
			for seen := most.Load(); running > seen && !most.CompareAndSwap(seen, running); seen = most.Load() {
			}
			ran.Add(1)
			now.Add(-1)
		})
		assert.EqualValues(t, n, ran.Load())
		assert.LessOrEqual(t, most.Load(), int64(maxParallelTargets))
		assert.Zero(t, now.Load(), "none outlives it")
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Sleep(ctx, 1<<62) // or the test never ends
	Sleep(t.Context(), time.Nanosecond)
}

// 32 Targets are restored at the speed of the platform: as many calls at once as it accepts,
// and not one after the other.
func TestConcurrentlyUsesAllItsPlacesAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		Concurrently(t.Context(), 32, func(context.Context, int) { time.Sleep(time.Second) })
		assert.Equal(t, 3*time.Second, time.Since(begun), "32 calls of a second, 15 at a time")
	})
}
