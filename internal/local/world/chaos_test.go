package world

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sluice/internal/local/asl"
	"sluice/internal/local/cloud"
	"sluice/internal/shift"
)

// The fault simulation. A base scenario is run once undisturbed, to count the
// moments at which the world may act: before and after every AWS call of every
// Lambda, and at every state boundary. Then it is run again for each moment and
// each fault, and the invariants are checked on the way and at the end.
//
//	make chaos                                    every single fault, then pairs for CHAOS_SECONDS
//	go test ./internal/local/world -run TestChaosPair -seed=N   one of them again, exactly

var chaosSeed = flag.Uint64("seed", 0, "replay what a violation has named")

// base is a deployment that the faults disturb, and how it ends when none does.
type base struct {
	name, input, scenario string
	outcome               shift.Outcome
	// provoked is when something happens that is to put the traffic back; 0 for
	// never.
	provoked time.Duration
}

const chaosFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}}}`

var bases = []base{
	{"canary promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, 0},
	{"canary with an alarm that is polled",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, 90 * time.Second},
	{"linear",
		`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, 0},
	{"hooks at both points",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
		  "beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}],
		  "afterTraffic": [{"function": "check", "mode": "callback", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 5}, "check": {"afterSeconds": 5}}}`, shift.Promoted, 0},
	{"a failing hook when all traffic is shifted",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"check": {"result": "fail", "afterSeconds": 5}}}`, shift.RolledBack, 0},
	{"three targets with an alarm",
		`{"targets": [{"function": "orders"}, {"function": "payments"}, {"function": "stock"}],
		  "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "payments": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "stock": {"versions": 2, "aliases": {"live": {"version": "2"}}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, 90 * time.Second},
	{"alarm fast path",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, 70 * time.Second},
	{"abort",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.RolledBack, 70 * time.Second},
	{"pause, then promote",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 300, "do": "promote", "target": "lambda:orders:live", "reason": "looks good"}]}`, shift.Promoted, 0},
	{"redrive",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "stopExecution"}, {"atSeconds": 200, "do": "redriveExecution"}]}`, shift.RolledBack, 90 * time.Second},
	{"started by an event, configured by a parameter",
		`{"trigger": "event", "function": "orders", "version": "2"}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:config": "/sluice/orders"}}},
		  "parameters": {"/sluice/orders": {"strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}}}`, shift.Promoted, 0},
	{"an alias that is created, with an alarm",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, 90 * time.Second},
}

// fault is one thing that goes wrong. It strikes before a call has its effect, or
// after.
type fault struct {
	name   string
	after  bool
	strike func(r *run) error
}

func answered(with func() error) func(*run) error { return func(*run) error { return with() } }

func done(do func(*run)) func(*run) error {
	return func(r *run) error { do(r); return nil }
}

func zombie(pace time.Duration) func(*run) error {
	return done(func(r *run) { r.stop(); r.w.slow(pace) })
}

var faults = []fault{
	{"throttled", false, func(r *run) error { return cloud.Throttled(service(r.at.Action)) }},
	{"service error", false, func(r *run) error { return cloud.ServiceFailure(service(r.at.Action)) }},
	{"access denied", false, func(r *run) error {
		return cloud.AccessDenied(cloud.Call{Actor: r.at.Actor, Service: service(r.at.Action), Operation: r.at.Action[strings.IndexByte(r.at.Action, ':')+1:]})
	}},
	{"connection lost", false, answered(func() error { return errConnectionLost })},
	{"reply lost", true, answered(func() error { return errConnectionLost })},
	{"slower than the Lambda may be, and lost", false, done(func(r *run) { r.w.hang(false) })},
	{"slower than the Lambda may be, and late", false, done(func(r *run) { r.w.hang(true) })},
	{"killed before", false, done(func(r *run) { r.w.kill() })},
	{"killed after", true, done(func(r *run) { r.w.kill() })},
	{"stopped", false, zombie(0)},
	{"stopped, a zombie at 0.2 s a call", false, zombie(200 * time.Millisecond)},
	{"stopped, a zombie at 0.6 s a call", false, zombie(600 * time.Millisecond)},
	{"stopped, a zombie at 2 s a call", false, zombie(2 * time.Second)},
	{"stopped, a zombie at 25 s a call", false, zombie(25 * time.Second)},
	{"stopped after", true, zombie(600 * time.Millisecond)},
	{"forsaken, and gone on at once", false, done(func(r *run) { r.w.forsake(0) })},
	{"forsaken, and gone on at 0.6 s a call", false, done(func(r *run) { r.w.forsake(600 * time.Millisecond) })},
	{"forsaken, and gone on at 3 s a call", false, done(func(r *run) { r.w.forsake(3 * time.Second) })},
	{"forsaken, and gone on at 25 s a call", false, done(func(r *run) { r.w.forsake(25 * time.Second) })},
	{"edited by a stranger", false, done(func(r *run) { r.edit() })},
	{"edited by a stranger after", true, done(func(r *run) { r.edit() })},
	{"edited by a stranger and put back", false, done(func(r *run) { r.editAndPutBack() })},
	{"a second deployment", false, done(func(r *run) { r.another("fail") })},
	{"a second deployment that waits", false, done(func(r *run) { r.another("wait") })},
	{"a sweep", false, done(func(r *run) { r.w.sweepNow() })},
}

// between are the faults that need no call: they strike when a state is entered, and
// 20 seconds later, which in a Bake is in the middle of it.
var between = []fault{
	{"stopped", false, done(func(r *run) { r.stop() })},
	{"edited by a stranger", false, done(func(r *run) { r.edit() })},
	{"edited by a stranger and put back", false, done(func(r *run) { r.editAndPutBack() })},
	{"a second deployment", false, done(func(r *run) { r.another("fail") })},
	{"a second deployment that waits", false, done(func(r *run) { r.another("wait") })},
	{"a sweep", false, done(func(r *run) { r.w.sweepNow() })},
	{"started twice", false, func(r *run) error {
		x, err := r.w.Start("main", json.RawMessage(r.base.input))
		if err == nil && x != r.main {
			return errors.New("the same name and input gave another execution")
		}
		return nil
	}},
}

// service is how the cloud names the service of an action.
func service(action string) string { return action[:strings.IndexByte(action, ':')] }

// strike is a fault at a moment: at a call by its number, at the nth call of an
// action by a Lambda, or at a boundary, which is a state that is entered.
type strike struct {
	number        int
	actor, action string
	nth           int
	boundary      int
	later         time.Duration // after the boundary
	fault         fault
}

func (s strike) String() string {
	switch {
	case s.number > 0:
		return fmt.Sprintf("call %d: %s", s.number, s.fault.name)
	case s.nth > 0:
		return fmt.Sprintf("%s %s %d: %s", s.actor, s.action, s.nth, s.fault.name)
	}
	return fmt.Sprintf("state %d and %s: %s", s.boundary, s.later, s.fault.name)
}

// run is one run of a base scenario with its faults.
type run struct {
	w       *World
	main    *asl.Execution
	base    base
	strikes []strike
	weaken  guard
	at      Moment
	states  int
	others  int            // second deployments
	made    map[string]int // calls so far, by Lambda and action
	hit     []string       // actors that a fault has struck
	// intended are the Lambdas that have recorded an intent, for a guard.
	intended []*actor
	invariants
}

// play runs a base with faults, and checks.
func play(b base, weaken guard, strikes ...strike) (*run, error) {
	s, err := DecodeScenario([]byte(b.scenario))
	if err != nil {
		return nil, err
	}
	s.Latency = 50 * time.Millisecond // so that what happens at once still has an order
	w, err := New(s, json.RawMessage(b.input))
	if err != nil {
		return nil, err
	}
	r := &run{w: w, base: b, strikes: strikes, weaken: weaken, made: map[string]int{}}
	defer w.Close()
	r.observe()
	w.meddle(r.moment)
	w.weaken = r.weaken.on(r)
	w.watch = func(_ time.Duration, x *asl.Execution, e asl.Event) { r.boundary(x, e) }
	if r.main, err = w.Start("main", json.RawMessage(b.input)); err != nil {
		return r, err
	}
	if err := r.settle(); err != nil {
		return r, err
	}
	if err := r.final(); err != nil {
		return r, err
	}
	return r, r.expected()
}

// outcome is that of the main execution's Deployment.
func (r *run) outcome() shift.Outcome { return shift.Outcome(r.w.outcome(r.main.ARN())) }

// harmless are the faults that no Deployment may end otherwise for, when one of
// them strikes alone.
var harmless = []string{
	"throttled", "service error", "access denied", "connection lost", "reply lost",
	"slower than the Lambda may be, and lost", "slower than the Lambda may be, and late", "killed before", "killed after",
	"forsaken, and gone on at once", "forsaken, and gone on at 0.6 s a call", "forsaken, and gone on at 3 s a call", "forsaken, and gone on at 25 s a call",
	"edited by a stranger and put back", "a sweep", "started twice",
}

// expected : nothing rolls back that nobody has provoked, and what was provoked
// does. A hook is asked once, so a Lambda that dies while asking it fails it.
func (r *run) expected() error {
	for _, s := range r.strikes {
		if !slices.Contains(harmless, s.fault.name) || len(r.strikes) > 1 || slices.Contains(r.hit, "run-hooks") {
			return nil
		}
	}
	if r.outcome() != r.base.outcome {
		return fmt.Errorf("it ended as %s, and nothing has kept it from ending as %s", r.outcome(), r.base.outcome)
	}
	if r.base.provoked == 0 {
		return nil
	}
	// One Lambda that hangs, and its retry, on top of the next poll.
	bound := sweepEvery + 2*longest
	for t, back := range r.restored {
		if late := back.Sub(epoch.Add(r.base.provoked)); late > bound {
			return fmt.Errorf("I7: the traffic of %s came back %s after it should have, and %s are allowed", t, late, bound)
		}
	}
	return nil
}

// settle lets everything come to its end, the zombies and the second look too.
func (r *run) settle() error {
	if err := r.w.Run(); err != nil {
		return err
	}
	for until := r.w.clock.now.Add(10 * time.Minute); r.w.clock.now.Before(until); {
		r.w.clock.step()
	}
	return r.violated
}

func (r *run) moment(m Moment) error {
	r.at = m
	if !m.After {
		r.made[m.Actor+" "+m.Action]++
	}
	for _, s := range r.strikes {
		here := s.number == m.Number || s.nth > 0 && s.actor == m.Actor && s.action == m.Action && s.nth == r.made[m.Actor+" "+m.Action]
		if here && s.fault.after == m.After {
			r.hit = append(r.hit, m.Actor)
			return s.fault.strike(r)
		}
	}
	return nil
}

func (r *run) boundary(x *asl.Execution, e asl.Event) {
	if e.StateEntered == nil || x.Name() != "main" {
		return
	}
	r.states++
	for _, s := range r.strikes {
		if s.boundary == r.states {
			r.w.clock.after(s.later, nature, func() {
				if err := s.fault.strike(r); err != nil && r.violated == nil {
					r.violated = err
				}
			})
		}
	}
}

func (r *run) stop() {
	for _, x := range r.w.machine.Executions() {
		if x.Name() == "main" && x.Status() == asl.Running {
			_ = r.w.machine.Stop(x.ARN(), "", "")
		}
	}
}

const strangersVersion = "1"

func (r *run) edit() {
	if alias, exists := r.w.cloud.Alias("orders", "live"); exists {
		alias.FunctionVersion, alias.Weights, alias.RevisionID = strangersVersion, nil, ""
		_, _ = r.w.cloud.UpdateAlias(alias)
	}
}

func (r *run) editAndPutBack() {
	if alias, exists := r.w.cloud.Alias("orders", "live"); exists {
		before := alias
		r.edit()
		before.RevisionID = ""
		_, _ = r.w.cloud.UpdateAlias(before)
	}
}

func (r *run) another(whenHeld string) {
	r.others++
	name := fmt.Sprintf("second-%d", r.others)
	r.w.another(name, json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 5, "bakeMinutes": 1}}, "whenHeld": "`+whenHeld+`"}`))
}

// single lists every fault at every moment of a base.
func single(t testing.TB, b base) []strike {
	undisturbed, err := play(b, guard{})
	require.NoError(t, undisturbed.story(err), "%s, undisturbed", b.name)
	require.Equal(t, b.outcome, undisturbed.outcome(), "%s, undisturbed", b.name)
	return every(undisturbed)
}

// every lists every fault at every moment of a run.
func every(undisturbed *run) []strike {
	var all []strike
	for n := 1; n <= undisturbed.w.moments; n++ {
		for _, f := range faults {
			all = append(all, strike{number: n, fault: f})
		}
	}
	for n := 1; n <= undisturbed.states; n++ {
		for _, f := range between {
			all = append(all, strike{boundary: n, fault: f}, strike{boundary: n, later: 20 * time.Second, fault: f})
		}
	}
	return all
}

// deliveries are ways in which the events that wake the safety net can fail.
var deliveries = []string{
	`"alarms": {"lost": true}`, `"alarms": {"copies": 3}`, `"alarms": {"delayMs": 100000}`,
	`"executions": {"lost": true}`, `"executions": {"copies": 3}`, `"executions": {"delayMs": 100000}`, `"sweeps": {"copies": 2}`,
}

// errEnough ends an exploration that has seen enough.
var errEnough = errors.New("enough")

// explore runs something for many on all cores, and gathers the violations.
func explore(t *testing.T, n int, one func(i int) error) {
	t.Helper()
	var (
		next   atomic.Int64
		failed atomic.Int64
		all    sync.WaitGroup
	)
	for range 2 {
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

// whole says whether everything is to be run, or only what fits into the daily
// tests.
func whole() bool { return os.Getenv("CHAOS") != "" }

// TestChaosSingleFaults runs every fault at every moment of every base scenario.
// Without CHAOS it runs each eleventh, another slice for each base.
func TestChaosSingleFaults(t *testing.T) {
	slice := 11
	if whole() {
		slice = 1
	}
	runs := 0
	for i, b := range bases {
		all := strikesOf(t, b)
		chosen := (len(all) - i%slice + slice - 1) / slice
		runs += chosen
		t.Run(b.name, func(t *testing.T) {
			explore(t, chosen, func(n int) error {
				n = i%slice + n*slice
				r, err := play(b, guard{}, all[n])
				if err != nil {
					return fmt.Errorf("seed %d: %w", singleSeed(i, n), r.story(err))
				}
				return nil
			})
		})
	}
	t.Logf("%d runs with a single fault", runs)
}

// Seeds of single faults stand above those of pairs: they count the bases and the
// faults of each.
const (
	singles    = 1 << 32
	perBase    = 1 << 20
	singlesEnd = singles + 1<<26
)

func singleSeed(base, strike int) uint64 { return singles + uint64(base)*perBase + uint64(strike) }

// TestChaosDelivery loses, doubles and delays what wakes the safety net, with the
// execution stopped at every state.
func TestChaosDelivery(t *testing.T) {
	for i, b := range bases {
		undisturbed, err := play(b, guard{})
		require.NoError(t, err)
		for j, d := range deliveries {
			if strings.Contains(b.scenario, `"delivery"`) || !whole() && (i+j)%4 != 0 {
				continue
			}
			late := b
			late.name, late.scenario = b.name+" with "+d, strings.TrimSuffix(b.scenario, "}")+`, "delivery": {`+d+`}}`
			explore(t, undisturbed.states+1, func(i int) error {
				var strikes []strike
				if i > 0 {
					strikes = append(strikes, strike{boundary: i, fault: between[0]})
				}
				r, err := play(late, guard{}, strikes...)
				return r.story(err)
			})
		}
	}
}

// TestChaosPairs draws two faults at a time, for CHAOS_SECONDS.
func TestChaosPairs(t *testing.T) {
	allowed, _ := strconv.Atoi(os.Getenv("CHAOS_SECONDS"))
	if *chaosSeed != 0 {
		r, err := pair(t, *chaosSeed)
		require.NoError(t, r.story(err))
		return
	}
	var runs atomic.Int64
	begin := uint64(1)
	if allowed == 0 {
		allowed = 5
	} else {
		begin = uint64(time.Now().UnixNano()) // another part of them each time
	}
	until := time.Now().Add(time.Duration(allowed) * time.Second)
	explore(t, 1<<30, func(i int) error {
		if time.Now().After(until) {
			return errEnough
		}
		runs.Add(1)
		seed := begin + uint64(i)
		r, err := pair(t, seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, r.story(err))
		}
		return nil
	})
	t.Logf("%d pairs of faults", runs.Load())
}

// pair runs the two faults that a seed stands for, or the single one.
func pair(t testing.TB, seed uint64) (*run, error) {
	if singles <= seed && seed < singlesEnd { // a single one
		b := bases[(seed-singles)/perBase]
		return play(b, guard{}, strikesOf(t, b)[(seed-singles)%perBase])
	}
	random := rand.New(rand.NewPCG(seed, 7))
	b := bases[random.IntN(len(bases))]
	all := strikesOf(t, b)
	first := all[random.IntN(len(all))]
	disturbed, err := play(b, guard{}, first)
	if err != nil {
		return disturbed, err
	}
	// The second may strike what only the first has brought about.
	all = every(disturbed)
	return play(b, guard{}, first, all[random.IntN(len(all))])
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
