package task

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

// fifteen are the Rules of every kind.
type fifteen struct{}

func (fifteen) Rules(shift.Target) (shift.Rules, error) { return shift.Rules{CallsPerSecond: 15}, nil }

// perCall is the time between two calls then.
const perCall = time.Second/15 + 1

// asked notes when its calls are made.
type asked struct {
	RouteWriter
	mu sync.Mutex
	at []time.Time
}

func (a *asked) Route(context.Context, shift.Target) (shift.Route, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Now())
	return shift.Route{}, nil
}

func (*asked) Rules(shift.Target) (shift.Rules, error) { return shift.Rules{CallsPerSecond: 15}, nil }

func (a *asked) within(t *testing.T, d time.Duration, from int) int {
	t.Helper()
	n := 0
	for _, at := range a.at[from:] {
		if at.Sub(a.at[from]) < d {
			n++
		}
	}
	return n
}

// The deployments that an alarm concerns are restored together, and the targets of
// each together: all of them take their turns in the same requests.
func TestCallsTakeTurnsInTheRequestsOfTheAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		router := &asked{}
		paced := restoringRouter{RouteWriter: router, pace: newPaces(fifteen{}, nil, nil)}
		begun := time.Now()
		Concurrently(t.Context(), 10, func(ctx context.Context, _ int) {
			Concurrently(ctx, 10, func(ctx context.Context, _ int) {
				_, err := paced.Route(ctx, "lambda:orders:live")
				assert.NoError(t, err)
			})
		})
		assert.Len(t, router.at, 100)
		assert.Equal(t, 15, router.within(t, perCall, 0), "at once")
		for from := 15; from < 100; from++ {
			assert.LessOrEqual(t, router.within(t, time.Second, from), 15)
		}
		assert.Equal(t, 85*perCall, time.Since(begun), "and no longer than that takes")

		time.Sleep(time.Second)
		begun = time.Now()
		_, err := paced.Route(t.Context(), "lambda:orders:live")
		assert.NoError(t, err)
		assert.Zero(t, time.Since(begun), "nobody waits when nobody has called")
	})
}

func TestATurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun, p := time.Now(), newPace(nil, nil, shift.Rules{CallsPerSecond: 15})
		for range 100 {
			p.awaitTurns(ctx, 1)
		}
		assert.Zero(t, time.Since(begun))
	})
}

// rates are the Rules of two kinds; others have no limit.
type rates struct{}

func (rates) Rules(t shift.Target) (shift.Rules, error) {
	return shift.Rules{CallsPerSecond: map[string]int{"lambda": 15, "shop": 2}[t.Kind()]}, nil
}

func TestEachKindHasAPaceOfItsOwn(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	pause := Pause(func(_ context.Context, d time.Duration) { waits = append(waits, d) })
	clock := Clock(func() time.Time { return noon })
	turns := func(p *paces, target shift.Target, n int) []time.Duration {
		waits = []time.Duration{}
		for range n {
			p.awaitRead(t.Context(), target)
		}
		return waits
	}
	const shop = time.Second/2 + 1
	p := newPaces(rates{}, clock, pause)
	assert.Equal(t, []time.Duration{shop, 2 * shop}, turns(p, "shop:a", 4), "two at once")
	assert.Empty(t, turns(p, "lambda:orders:live", 15), "of another kind")
	assert.Equal(t, []time.Duration{perCall}, turns(p, "lambda:billing:live", 1), "of the same kind")
	assert.Empty(t, turns(p, "other:x", 100), "without a limit")
	assert.Empty(t, turns(nil, "shop:a", 100))

	assert.Equal(t, []time.Duration{shop, 2 * shop}, turns(newPaces(rates{}, clock, pause).withoutBurst(), "shop:a", 3)[:2])
	assert.Len(t, turns(newPaces(rates{}, clock, pause).withoutBurst(), "shop:a", 3), 2, "the first has its turn")
	assert.Equal(t, []time.Duration{shop, 4 * shop}, turns(newPaces(rates{}, clock, pause).withoutBurst().sharing(3), "shop:a", 3)[:2])
}

// A write of several calls takes the turn of each, so that none of them is refused after the
// others have succeeded.
func TestAWriteWaitsForTheTurnsOfAllItsCalls(t *testing.T) {
	t.Parallel()
	const call = time.Second/5 + 1
	rules := kindRules{CallsPerSecond: 5, ReadCalls: 1, WriteCalls: 2}
	for _, test := range []struct {
		name  string
		rules kindRules
		// writes and reads are made at once, in this order.
		writes, reads int
		noBurst       bool
		waits         []time.Duration
	}{
		{"writes", rules, 4, 0, false, []time.Duration{call, 3 * call}},
		{"a read after writes", rules, 2, 2, false, []time.Duration{call}},
		{"without a burst", rules, 2, 1, true, []time.Duration{call, 3 * call, 4 * call}},
		{"a read of several calls", kindRules{CallsPerSecond: 5, ReadCalls: 2}, 0, 3, false, []time.Duration{call}},
		{"a kind that says nothing", kindRules{CallsPerSecond: 5}, 3, 3, false, []time.Duration{call}},
		{"a write that takes more than a second", kindRules{CallsPerSecond: 5, WriteCalls: 6}, 2, 0, false, []time.Duration{6 * call}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			waits := []time.Duration{}
			p := newPaces(test.rules, func() time.Time { return noon }, func(_ context.Context, d time.Duration) { waits = append(waits, d) })
			if test.noBurst {
				p = p.withoutBurst()
			}
			for range test.writes {
				p.awaitWrite(t.Context(), "shop:a")
			}
			for range test.reads {
				p.awaitRead(t.Context(), "shop:a")
			}
			assert.Equal(t, test.waits, waits)
		})
	}
}

// kindRules are the Rules of every kind.
type kindRules shift.Rules

func (k kindRules) Rules(shift.Target) (shift.Rules, error) { return shift.Rules(k), nil }
