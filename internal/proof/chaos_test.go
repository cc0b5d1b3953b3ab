package proof

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The fault simulation. A base scenario runs once without faults, to count the moments at which
// a fault can strike: before and after every AWS call of every Lambda, at every state boundary,
// and during the delivery of every event. Then it runs again for each moment and each fault, and
// the invariants are checked after every step of the world.
//
//	make chaos                                                   every single fault, then pairs for CHAOS_SECONDS
//	go test ./internal/proof -run TestChaosPairs -seed=N   one of them again, exactly

var (
	chaosSeed   = flag.Uint64("seed", 0, "replay what a violation has named")
	chaosTriple = flag.Uint64("triple", 0, "replay the three faults that a violation has named")
)

// single lists every fault at every moment of a base.
func single(t testing.TB, b base) []strike {
	undisturbed, err := play(b, guard{})
	require.NoError(t, undisturbed.story(err), "%s, undisturbed", b.name)
	if !isStacks(b) { // a stack ends as its story says
		require.Equal(t, b.outcome, undisturbed.outcome(), "%s, undisturbed", b.name)
	}
	return every(undisturbed)
}

// errEnough ends an exploration early.
var errEnough = errors.New("enough")

// explore calls one for 0 to n-1 on all cores, and collects the violations.
func explore(t *testing.T, n int, one func(i int) error) {
	t.Helper()
	var (
		next   atomic.Int64
		failed atomic.Int64
		all    sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() > 5 {
					return
				}
				err := one(i)
				if errors.Is(err, errEnough) {
					return
				}
				if err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// whole says whether to run everything, or only the part that fits into the daily tests.
func whole(t testing.TB) bool {
	t.Helper()
	chaos := os.Getenv("CHAOS")
	require.Contains(t, []string{"", "slice", "all"}, chaos, "CHAOS says what is to be run")
	return chaos == "all"
}

// each returns every nth of a list.
func each[T any](list []T, n int) (chosen []T) {
	for i := 0; i < len(list); i += n {
		chosen = append(chosen, list[i])
	}
	return chosen
}

// TestChaosSingleFaults runs every fault at every moment of every base scenario.
// Without CHAOS=all it runs each 512th, another slice for each base, and fewer with front
// ends.
func TestChaosSingleFaults(t *testing.T) {
	slice := 512
	if whole(t) {
		slice = 1
	}
	var runs atomic.Int64
	for i, b := range bases {
		slice := slice
		if b.hasFrontEnd() && !whole(t) {
			slice *= frontEndsRarer
		}
		all := strikesOf(t, b)
		chosen := (len(all) - i%slice + slice - 1) / slice
		t.Run(b.name, func(t *testing.T) {
			explore(t, chosen, func(n int) error {
				n = i%slice + n*slice
				r, err := play(b, guard{}, all[n])
				if err == nil && len(r.struck) != 1 {
					err = fmt.Errorf("it has struck %d times, and there is its moment", len(r.struck))
				}
				if err != nil {
					return fmt.Errorf("seed %d: %w", singleSeed(i, n), r.story(err))
				}
				runs.Add(1)
				return nil
			})
		})
	}
	t.Logf("%d runs with a single fault", runs.Load())
	if whole(t) && !t.Failed() {
		require.GreaterOrEqual(t, runs.Load(), int64(5000), "that are all")
	}
}

// frontEndsRarer is how much fewer of the faults are played with front ends in the daily tests: such
// a run has more calls, and viewers, and takes several times as long.
const frontEndsRarer = 6

// Seeds of single faults are above those of pairs. They encode the base and the fault.
const (
	singles    = 1 << 32
	perBase    = 1 << 20
	singlesEnd = singles + 1<<26
)

// Seeds of a stop with a misdelivered event are above those.
const (
	strays    = singlesEnd
	perState  = 1 << 12
	straysEnd = strays + 1<<26
)

func straySeed(base, state, event int) uint64 {
	return strays + uint64(base)*perBase + uint64(state)*perState + uint64(event)
}

// stopAt stops the execution when a state is entered, by its number.
func stopAt(state int) strike { return strike{boundary: state, fault: theStop} }

func singleSeed(base, strike int) uint64 { return singles + uint64(base)*perBase + uint64(strike) }

// TestChaosDelivery stops the execution at every state, and then loses, delays, duplicates or
// reorders every event. Without CHAOS=all it does so with every 90th event, counted through
// every third state of a base.
func TestChaosDelivery(t *testing.T) {
	slice, rarer := 90, 3
	if whole(t) {
		slice, rarer = 1, 1
	}
	var runs atomic.Int64
	for i, b := range bases {
		undisturbed, err := play(b, guard{})
		require.NoError(t, undisturbed.story(err))
		var all []astray
		step := rarer
		if b.hasFrontEnd() && !whole(t) {
			step = frontEndsRarer
		}
		for state := 1; state <= undisturbed.states; state += step {
			stopped, err := play(b, guard{}, stopAt(state))
			require.NoError(t, stopped.story(err))
			for n, event := range stopped.misdeliveries() {
				all = append(all, astray{state, n, event})
			}
		}
		require.NotEmpty(t, all, b.name)
		first := i % min(slice, len(all))
		explore(t, (len(all)-first+slice-1)/slice, func(n int) error {
			runs.Add(1)
			of := all[first+n*slice]
			r, err := play(b, guard{}, stopAt(of.state), of.event)
			// What goes astray before the stop may keep the state from being reached: a
			// resume that is lost, for one.
			if err == nil && len(r.struck) != 2 && r.states >= of.state {
				err = fmt.Errorf("it was struck %d times, and there are both moments", len(r.struck))
			}
			if err != nil {
				return fmt.Errorf("seed %d: %w", straySeed(i, of.state, of.number), r.story(err))
			}
			return nil
		})
	}
	t.Logf("%d runs with a stop and an event that goes astray", runs.Load())
}

// astray is a misdelivered event, by its number among the events of a run that was stopped at a
// state.
type astray struct {
	state, number int
	event         strike
}

// TestChaosPairs draws two faults at a time, for CHAOS_SECONDS.
func TestChaosPairs(t *testing.T) {
	allowed, _ := strconv.Atoi(os.Getenv("CHAOS_SECONDS"))
	if *chaosSeed != 0 {
		r, err := pair(t, *chaosSeed)
		require.NoError(t, r.story(err))
		return
	}
	t.Logf("%d pairs of faults", bySeed(t, allowed, pair))
}

// TestChaosTriples draws three faults at a time, for CHAOS_SECONDS. Each of the last two may
// strike something that exists only because of those before it.
func TestChaosTriples(t *testing.T) {
	if *chaosTriple != 0 {
		r, err := triple(t, *chaosTriple)
		require.NoError(t, r.story(err))
		return
	}
	allowed, _ := strconv.Atoi(os.Getenv("CHAOS_SECONDS"))
	t.Logf("%d triples of faults", bySeed(t, allowed, triple))
}

// bySeed plays what is drawn by seeds, for some seconds, and returns how many it has played.
func bySeed(t *testing.T, seconds int, draw func(testing.TB, uint64) (*run, error)) int64 {
	t.Helper()
	var runs atomic.Int64
	begin := uint64(1) // the same ones each time, so that a change is judged and not chance
	if whole(t) {
		begin = uint64(time.Now().UnixNano()) // another part of them each time
	}
	if seconds == 0 {
		seconds = 2
	}
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	explore(t, 1<<30, func(i int) error {
		if time.Now().After(until) {
			return errEnough
		}
		runs.Add(1)
		seed := begin + uint64(i)
		r, err := draw(t, seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, r.story(err))
		}
		return nil
	})
	return runs.Load()
}

// triple runs the three faults of a seed.
func triple(t testing.TB, seed uint64) (*run, error) {
	random := rand.New(rand.NewPCG(seed, 11))
	b := drawBase(random)
	all := strikesOf(t, b)
	strikes := []strike{all[random.IntN(len(all))]}
	for {
		r, err := play(b, guard{}, strikes...)
		if err != nil || len(strikes) == 3 {
			return r, err
		}
		all = every(r)
		if near := soonAfter(strikes[len(strikes)-1], all); random.IntN(3) > 0 && len(near) > 0 {
			all = near // races are likely there
		}
		strikes = append(strikes, all[random.IntN(len(all))])
	}
}

// drawBase draws a base, and an answer of AWS to a write that changes nothing.
func drawBase(random *rand.Rand) base {
	all := withBothAnswers()
	return all[random.IntN(len(all))]
}

// pair runs the two faults of a seed.
func pair(t testing.TB, seed uint64) (*run, error) {
	if singles <= seed && seed < singlesEnd { // a single one
		b := bases[(seed-singles)/perBase]
		return play(b, guard{}, strikesOf(t, b)[(seed-singles)%perBase])
	}
	if strays <= seed && seed < straysEnd { // a stop and an event
		b, stop := bases[(seed-strays)/perBase], stopAt(int((seed-strays)%perBase/perState))
		stopped, err := play(b, guard{}, stop)
		require.NoError(t, stopped.story(err))
		return play(b, guard{}, stop, stopped.misdeliveries()[(seed-strays)%perState])
	}
	random := rand.New(rand.NewPCG(seed, 7))
	return pairOf(t, drawBase(random), random)
}

// pairOf runs two faults on a base.
func pairOf(t testing.TB, b base, random *rand.Rand) (*run, error) {
	all := strikesOf(t, b)
	first := all[random.IntN(len(all))]
	disturbed, err := play(b, guard{}, first)
	if err != nil {
		return disturbed, err
	}
	// The second fault may strike something that exists only because of the first. Half of the
	// second faults strike soon after the first, where races are likely.
	all = every(disturbed)
	if near := soonAfter(first, all); random.IntN(2) == 0 && len(near) > 0 {
		all = near
	}
	return play(b, guard{}, first, all[random.IntN(len(all))])
}

// soonAfter returns the faults at the calls shortly after a fault, or just before it.
func soonAfter(first strike, all []strike) []strike {
	return slices.DeleteFunc(slices.Clone(all), func(s strike) bool {
		return first.number == 0 || s.number < first.number-3 || s.number > first.number+15
	})
}

var (
	strikesLock sync.Mutex
	strikesMade = map[string][]strike{}
)

func strikesOf(t testing.TB, b base) []strike {
	strikesLock.Lock()
	defer strikesLock.Unlock()
	if strikesMade[b.name] == nil {
		strikesMade[b.name] = single(t, b)
	}
	return strikesMade[b.name]
}
