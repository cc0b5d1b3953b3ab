package task

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"sluice/internal/shift"
)

func TestConcurrentlyRunsAllAndNeverTooManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, atOnce, 3 * atOnce} {
		var now, most, ran atomic.Int64
		Concurrently(t.Context(), n, func(context.Context, int) {
			running := now.Add(1)
			for seen := most.Load(); running > seen && !most.CompareAndSwap(seen, running); seen = most.Load() {
			}
			ran.Add(1)
			now.Add(-1)
		})
		assert.EqualValues(t, n, ran.Load())
		assert.LessOrEqual(t, most.Load(), int64(atOnce))
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

// busy counts how many of its calls are on their way at once.
type busy struct {
	RouteWriter
	now, most, made atomic.Int64
}

func (b *busy) Route(context.Context, shift.Target) (shift.Route, error) {
	running := b.now.Add(1)
	for seen := b.most.Load(); running > seen && !b.most.CompareAndSwap(seen, running); seen = b.most.Load() {
	}
	time.Sleep(time.Millisecond) // or none would meet another
	b.now.Add(-1)
	b.made.Add(1)
	return shift.Route{}, nil
}

// The deployments that an alarm concerns are restored together, and the targets of
// each together.
func TestNestedTogethersDoNotMultiplyTheCallsOnTheirWay(t *testing.T) {
	t.Parallel()
	router := &busy{}
	shared := insistent{RouteWriter: router, places: new(places)}
	Concurrently(t.Context(), atOnce, func(ctx context.Context, _ int) {
		Concurrently(ctx, atOnce, func(ctx context.Context, _ int) {
			_, err := shared.Route(ctx, "lambda:orders:live")
			assert.NoError(t, err)
		})
	})
	assert.EqualValues(t, atOnce*atOnce, router.made.Load())
	assert.LessOrEqual(t, router.most.Load(), int64(atOnce))
	assert.Greater(t, router.most.Load(), int64(1), "and yet they run together")
}
