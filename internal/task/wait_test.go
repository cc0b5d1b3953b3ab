package task

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
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

func TestSleepTakesAPartOfItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, sleep := range []Wait{Sleep, nil} {
			begun, longest := time.Now(), time.Duration(0)
			for range 50 {
				before := time.Now()
				sleep.pass(t.Context(), time.Hour)
				longest = max(longest, time.Since(before))
			}
			assert.Less(t, longest, time.Hour)
			assert.InDelta(t, 25, time.Since(begun).Hours(), 12)
		}
	})
}

func TestASingleCallNeedsNoGoroutine(t *testing.T) {
	t.Parallel()
	ran := []int(nil)
	refuses := Together(func(context.Context, int, func(context.Context, int)) { t.Error("it is for several") })
	refuses.run(t.Context(), 1, func(_ context.Context, i int) { ran = append(ran, i) })
	assert.Equal(t, []int{0}, ran)
	Together(oneByOne).run(t.Context(), 3, func(_ context.Context, i int) { ran = append(ran, i) })
	assert.Equal(t, []int{0, 0, 1, 2}, ran)
	var all atomic.Int64
	Together(nil).run(t.Context(), 3, func(context.Context, int) { all.Add(1) })
	assert.EqualValues(t, 3, all.Load())
}

func TestAThrottledCallIsRepeatedInItsTurnUnlessItIsTheFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at, refusals int
		err          error
		calls, waits int
	}{
		"none":                             {0, 0, nil, 3, 0},
		"the first":                        {0, 1, shift.ErrThrottled, 1, 0},
		"the second, twice":                {1, 2, shift.ErrThrottled, 5, 2},
		"the third, as often as it may be": {2, 5, shift.ErrThrottled, 8, 5},
		"the third, once more":             {2, 6, shift.ErrThrottled, 8, 5},
		"the second, and not that":         {1, 1, errLost, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, waits, left := 0, []time.Duration(nil), test.refusals
			wait := Wait(func(_ context.Context, upTo time.Duration) { waits = append(waits, upTo) })
			err := wait.inTurn(t.Context(), 3, func(i int) error {
				calls++
				if i != test.at || left == 0 {
					return nil
				}
				left--
				return test.err
			})
			fails := test.refusals > 0 && (test.at == 0 || test.refusals > 5 || test.err == errLost)
			assert.Equal(t, fails, errors.Is(err, test.err) && err != nil)
			assert.Equal(t, test.calls, calls)
			assert.Equal(t, throttleDelays[:test.waits], append([]time.Duration{}, waits...))
		})
	}
}

// Each call of a restoration waits for its turn, and one that is throttled is repeated.
func TestARestoringRouterPacesAndRepeatsItsCalls(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, restoringRouter, *stage) (shift.Route, error){
		"Route": func(ctx context.Context, r restoringRouter, _ *stage) (shift.Route, error) {
			return r.Route(ctx, orders)
		},
		"SetRoute": func(ctx context.Context, r restoringRouter, s *stage) (shift.Route, error) {
			return r.SetRoute(ctx, orders, s.routes[orders])
		},
		"Rotate": func(ctx context.Context, r restoringRouter, s *stage) (shift.Route, error) {
			return r.Rotate(ctx, orders, s.routes[orders], "2")
		},
	} {
		for refusals := range 4 {
			s := newStage(t, ordersChange)
			var paused, waited []time.Duration
			pause := Pause(func(_ context.Context, d time.Duration) { paused = append(paused, d) })
			r := restoringRouter{
				RouteWriter: s.platform, delays: safetyNetDelays[:2],
				wait: func(_ context.Context, upTo time.Duration) { waited = append(waited, upTo) },
				pace: newPaces(s.platform, func() time.Time { return noon }, pause).withoutBurst(),
			}
			left := refusals
			s.before = func(shift.Target) error {
				if left == 0 {
					return nil
				}
				left--
				return shift.ErrThrottled
			}
			got, err := do(t.Context(), r, s)
			tries := min(refusals, 2) + 1
			assert.Equal(t, refusals > 2, errors.Is(err, shift.ErrThrottled), name)
			if refusals <= 2 {
				assert.Equal(t, s.routes[orders], got)
			}
			assert.Equal(t, safetyNetDelays[:tries-1], append([]time.Duration{}, waited...), name)
			assert.Len(t, paused, tries-1, name)
		}
	}
}

// A rotation that was throttled after its first write has another Revision by then.
func TestARepeatedRotationStartsFromWhatTheLastOneLeft(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	halfway := &halfRotation{platform: s.platform}
	r := restoringRouter{RouteWriter: halfway, delays: safetyNetDelays, wait: atOnce}
	got, err := r.Rotate(t.Context(), orders, s.routes[orders], "2")
	require.NoError(t, err)
	assert.Equal(t, s.routes[orders], got)
}

// halfRotation is throttled after the first write of its first Rotate.
type halfRotation struct {
	*platform
	rotations int
}

func (h *halfRotation) Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error) {
	now, err := h.platform.Rotate(ctx, t, found, beside)
	if h.rotations++; h.rotations == 1 {
		return now, shift.ErrThrottled
	}
	return now, err
}
