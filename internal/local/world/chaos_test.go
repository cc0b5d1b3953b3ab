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

	"sluice/internal/flow"
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
}

const chaosFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}}}`

var bases = []base{
	{"canary promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted},
	{"canary with an alarm that is polled",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack},
	{"linear",
		`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted},
	{"hooks at both points",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
		  "beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}],
		  "afterTraffic": [{"function": "check", "mode": "callback", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 5}, "check": {"afterSeconds": 5}}}`, shift.Promoted},
	{"a failing hook when all traffic is shifted",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"check": {"result": "fail", "afterSeconds": 5}}}`, shift.RolledBack},
	{"three targets with an alarm",
		`{"targets": [{"function": "orders"}, {"function": "payments"}, {"function": "stock"}],
		  "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "payments": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "stock": {"versions": 2, "aliases": {"live": {"version": "2"}}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack},
	{"alarm fast path",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack},
	{"abort",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.RolledBack},
	{"pause, then promote",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 300, "do": "promote", "target": "lambda:orders:live", "reason": "looks good"}]}`, shift.Promoted},
	{"redrive",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "stopExecution"}, {"atSeconds": 200, "do": "redriveExecution"}]}`, shift.RolledBack},
	{"started by an event, configured by a parameter",
		`{"trigger": "event", "function": "orders", "version": "2"}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:config": "/sluice/orders"}}},
		  "parameters": {"/sluice/orders": {"strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}}}`, shift.Promoted},
	{"an alarm that fired before it was read",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 0.1, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 0.2, "do": "setAlarmState", "alarm": "a", "state": "OK"}]}`, shift.Promoted},
	{"an alias that is created, with an alarm",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack},
}

// fault is one thing that goes wrong. It strikes before a call has its effect, or
// after.
type fault struct {
	name   string
	after  bool
	strike func(r *run) error
	class  class
	// pace is what every further call takes of a Lambda that is slowed or forsaken.
	pace time.Duration
	// lasts is how long a permission is denied, and all that everybody has lost it:
	// then it is those who restore that it strikes.
	lasts time.Duration
	all   bool
	// carry delivers an event, if it is one's that the fault is of.
	carry func(r *run, p Parcel)
}

// class is what a fault does to the Lambda that it strikes, which says what it
// costs in time.
type class int

const (
	unharmed class = iota // something happens beside it
	failing               // its call fails, or it hears so
	killed
	hung         // it is killed when its time is over
	slowed       // its calls take longer from here on
	forsaken     // Step Functions, or Lambda, takes it for dead
	denied       // it has lost a permission
	misdelivered // the event comes late, or never
)

func answered(with func() error) func(*run) error { return func(*run) error { return with() } }

func done(do func(*run)) func(*run) error {
	return func(r *run) error { do(r); return nil }
}

func zombie(pace time.Duration) func(*run) error {
	return done(func(r *run) { r.stop(); r.w.slow(pace) })
}

func forsake(pace time.Duration) func(*run) error {
	return done(func(r *run) { r.w.forsake(pace) })
}

var faults = []fault{
	{name: "throttled", class: failing, strike: func(r *run) error { return cloud.Throttled(service(r.at.Action)) }},
	{name: "service error", class: failing, strike: func(r *run) error { return cloud.ServiceFailure(service(r.at.Action)) }},
	{name: "access denied", class: failing, strike: func(r *run) error { return accessDenied(r.at) }},
	{name: "connection lost", class: failing, strike: answered(func() error { return errConnectionLost })},
	{name: "reply lost", class: failing, after: true, strike: answered(func() error { return errConnectionLost })},
	{name: "slower than the Lambda may be, and lost", class: hung, strike: done(func(r *run) { r.w.hang(false) })},
	{name: "slower than the Lambda may be, and late", class: hung, strike: done(func(r *run) { r.w.hang(true) })},
	{name: "killed before", class: killed, strike: done(func(r *run) { r.w.kill() })},
	{name: "killed after", class: killed, after: true, strike: done(func(r *run) { r.w.kill() })},
	{name: "stopped", class: slowed, strike: zombie(0)},
	{name: "stopped, a zombie at 0.2 s a call", class: slowed, pace: 200 * time.Millisecond, strike: zombie(200 * time.Millisecond)},
	{name: "stopped, a zombie at 0.6 s a call", class: slowed, pace: 600 * time.Millisecond, strike: zombie(600 * time.Millisecond)},
	{name: "stopped, a zombie at 2 s a call", class: slowed, pace: 2 * time.Second, strike: zombie(2 * time.Second)},
	{name: "stopped, a zombie at 25 s a call", class: slowed, pace: 25 * time.Second, strike: zombie(25 * time.Second)},
	{name: "stopped after", class: slowed, pace: 600 * time.Millisecond, after: true, strike: zombie(600 * time.Millisecond)},
	{name: "forsaken, and gone on at once", class: forsaken, strike: forsake(0)},
	{name: "forsaken, and gone on at 0.6 s a call", class: forsaken, pace: 600 * time.Millisecond, strike: forsake(600 * time.Millisecond)},
	{name: "forsaken, and gone on at 3 s a call", class: forsaken, pace: 3 * time.Second, strike: forsake(3 * time.Second)},
	{name: "forsaken, and gone on at 25 s a call", class: forsaken, pace: 25 * time.Second, strike: forsake(25 * time.Second)},
	{name: "edited by a stranger", strike: edit(toAnotherVersion)},
	{name: "edited by a stranger after", after: true, strike: edit(toAnotherVersion)},
	{name: "edited by a stranger and put back", strike: done(func(r *run) { r.editAndPutBack() })},
	{name: "moved to Stable by a stranger", strike: edit(toStable)},
	{name: "moved to the Candidate by a stranger", strike: edit(toCandidate)},
	{name: "weighted by a stranger", strike: edit(toAnotherWeight)},
	{name: "weighted by a stranger after", after: true, strike: edit(toAnotherWeight)},
	{name: "deleted by a stranger", strike: done(func(r *run) { r.w.cloud.DeleteAlias("orders", "live") })},
	{name: "deleted by a stranger after", after: true, strike: done(func(r *run) { r.w.cloud.DeleteAlias("orders", "live") })},
	{name: "a second deployment", strike: done(func(r *run) { r.another("fail") })},
	{name: "a second deployment that waits", strike: done(func(r *run) { r.another("wait") })},
	{name: "a sweep", strike: done(func(r *run) { r.w.sweepNow() })},
	{name: "a permission lost for 20 minutes", class: denied, lasts: 20 * time.Minute, strike: deny(20*time.Minute, false)},
	{name: "a permission lost by all for 100 minutes", class: denied, lasts: 100 * time.Minute, strike: deny(100*time.Minute, true), all: true},
}

// restorers are the Lambdas that put traffic back.
var restorers = []string{flow.Rollback.Function, flow.SafetyNet}

// denial is a permission that the role of a Lambda has lost, or every role.
type denial struct {
	actor, action string // no actor is all of them
	until         time.Time
}

// deny takes away the permission for the call that is made, and for every later one.
// Rollback gives up after an hour; what is lost for longer is the safety net's to
// heal, if need be when the permission is back.
func deny(lasts time.Duration, all bool) func(*run) error {
	return func(r *run) error {
		d := denial{r.at.Actor, r.at.Action, r.w.clock.now.Add(lasts)}
		if all {
			d.actor = ""
		}
		r.denials = append(r.denials, d)
		return accessDenied(r.at)
	}
}

// denied says whether anybody lacks a permission, or did an hour ago.
func (r *run) denied() bool {
	return slices.ContainsFunc(r.denials, func(d denial) bool { return r.w.clock.now.Before(d.until.Add(time.Hour)) })
}

// denies says whether a call lacks its permission.
func (r *run) denies(m Moment) bool {
	return slices.ContainsFunc(r.denials, func(d denial) bool {
		return (d.actor == "" || d.actor == m.Actor) && d.action == m.Action && r.w.clock.now.Before(d.until)
	})
}

// accessDenied is what IAM answers whose role lacks the permission for a call.
func accessDenied(m Moment) error {
	return cloud.AccessDenied(cloud.Call{
		Actor: m.Actor, Service: service(m.Action), Operation: m.Action[strings.IndexByte(m.Action, ':')+1:],
	})
}

// between are the faults that need no call: they strike when a state is entered, and
// 20 seconds later, which in a Bake is in the middle of it.
var between = []fault{
	{name: "stopped", strike: done(func(r *run) { r.stop() })},
	{name: "edited by a stranger", strike: edit(toAnotherVersion)},
	{name: "edited by a stranger and put back", strike: done(func(r *run) { r.editAndPutBack() })},
	{name: "moved to Stable by a stranger", strike: edit(toStable)},
	{name: "moved to the Candidate by a stranger", strike: edit(toCandidate)},
	{name: "weighted by a stranger", strike: edit(toAnotherWeight)},
	{name: "deleted by a stranger", strike: done(func(r *run) { r.w.cloud.DeleteAlias("orders", "live") })},
	{name: "a second deployment", strike: done(func(r *run) { r.another("fail") })},
	{name: "a second deployment that waits", strike: done(func(r *run) { r.another("wait") })},
	{name: "a sweep", strike: done(func(r *run) { r.w.sweepNow() })},
	{name: "started twice", strike: func(r *run) error {
		x, err := r.w.Start("main", json.RawMessage(r.base.input))
		if err == nil && x != r.main {
			return errors.New("the same name and input gave another execution")
		}
		return nil
	}},
}

// onTheWay are the faults of an event for the safety net: an alarm's, that of an
// execution's end, a sweep, a command. A fault that returns false has seen to the
// delivery itself.
var onTheWay = []fault{
	{name: "lost", class: misdelivered, carry: func(*run, Parcel) {}},
	{name: "5 seconds late", class: misdelivered, carry: belated(5 * time.Second)},
	{name: "100 seconds late", class: misdelivered, carry: belated(100 * time.Second)},
	{name: "9 minutes late", class: misdelivered, carry: belated(9 * time.Minute)},
	{name: "doubled", carry: func(r *run, p Parcel) {
		r.arrive(p, 0)
		r.arrive(p, 0)
		p.arrive(p.Delivery.Delay + 3*time.Second)
	}},
	{name: "after its follower", class: misdelivered, carry: func(r *run, p Parcel) { r.held = append(r.held, p) }},
}

func belated(by time.Duration) func(*run, Parcel) {
	return func(r *run, p Parcel) { r.arrive(p, by) }
}

// service is how the cloud names the service of an action.
func service(action string) string { return action[:strings.IndexByte(action, ':')] }

// strike is a fault at a moment: at a call by its number, at the nth call of an
// action by a Lambda, at a boundary, which is a state that is entered, or of an
// event by its number.
type strike struct {
	number        int
	actor, action string
	nth           int
	boundary      int
	later         time.Duration // after the boundary
	event         int
	kind          string // of the event, for people
	fault         fault
}

func (s strike) String() string {
	switch {
	case s.number > 0:
		return fmt.Sprintf("call %d: %s", s.number, s.fault.name)
	case s.nth > 0:
		return fmt.Sprintf("%s %s %d: %s", s.actor, s.action, s.nth, s.fault.name)
	case s.event > 0:
		return fmt.Sprintf("event %d, %s: %s", s.event, s.kind, s.fault.name)
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
	moments []Moment // every call, before it had its effect
	parcels []Parcel // every event
	held    []Parcel // those that wait for their follower
	states  int
	others  int            // second deployments
	made    map[string]int // calls so far, by Lambda and action
	denials []denial
	// intended are the Lambdas that have recorded an intent, for a guard.
	intended []*actor
	// marked is what Deployment a Lambda has marked, for a guard.
	marked map[*actor]string
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
	r := &run{w: w, base: b, strikes: strikes, weaken: weaken, made: map[string]int{}, marked: map[*actor]string{}}
	defer w.Close()
	r.observe()
	w.meddle(r.moment)
	w.weaken = r.weaken.on(r)
	w.courier = r.courier
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

// harmless says whether no Deployment may end otherwise for a fault, when it
// strikes alone. A hook is asked once, so a Lambda that dies while asking it fails
// it; and a person's command that is lost is not obeyed.
func (r *run) harmless(s strike) bool {
	switch s.fault.class {
	case failing, killed, hung, forsaken:
		return !r.hit(flow.BeforeHook.Function)
	case misdelivered:
		return s.kind != flow.CommandDetailType
	case unharmed:
		return slices.Contains([]string{"edited by a stranger and put back", "a sweep", "started twice", "doubled"}, s.fault.name)
	}
	return false
}

// expected : nothing rolls back that nobody has provoked, and what was provoked
// does.
func (r *run) expected() error {
	if len(r.strikes) > 1 || len(r.strikes) == 1 && !r.harmless(r.strikes[0]) || r.outcome() == r.base.outcome {
		return nil
	}
	return fmt.Errorf("it ended as %s, and nothing has kept it from ending as %s", r.outcome(), r.base.outcome)
}

// settle lets everything come to its end: the zombies and the second look too, and
// what waits for a permission to come back.
func (r *run) settle() error {
	for more := true; more; more = r.w.running() || r.unsettled() && r.denied() {
		if err := r.w.Run(); err != nil {
			return err
		}
		for rest := r.w.clock.now.Add(10 * time.Minute); r.w.clock.now.Before(rest); {
			r.w.clock.step()
		}
	}
	return r.violated
}

// unsettled says whether the safety net has something left to do.
func (r *run) unsettled() bool { return len(r.unannounced) > 0 || r.suspects > 0 }

// hit says whether a fault has struck a Lambda.
func (r *run) hit(actor string) bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool { return s.actor == actor })
}

func (r *run) moment(m Moment) error {
	r.at = m
	if !m.After {
		r.moments = append(r.moments, m)
	}
	if m.After && m.Action == "lambda:GetAlias" {
		_, function, _ := strings.Cut(m.Resource, ":function:")
		r.looked(shift.LambdaTarget(function, "live"))
	}
	return r.meddleAt(m)
}

func (r *run) meddleAt(m Moment) error {
	if !m.After {
		r.made[m.Actor+" "+m.Action]++
	}
	if !m.After && r.denies(m) {
		return accessDenied(m)
	}
	for _, s := range r.strikes {
		here := s.number == m.Number || s.nth > 0 && s.actor == m.Actor && s.action == m.Action && s.nth == r.made[m.Actor+" "+m.Action]
		if here && s.fault.after == m.After {
			r.struck = append(r.struck, struck{fault: s.fault, actor: m.Actor, action: m.Action, at: r.w.clock.now})
			return s.fault.strike(r)
		}
	}
	return nil
}

// courier delivers every event that is not lost by the scenario.
func (r *run) courier(p Parcel) bool {
	followed := r.held
	r.held = nil
	carry := func(r *run, p Parcel) { r.arrive(p, 0) }
	for _, s := range r.strikes {
		if s.event > 0 && s.event == p.Number {
			r.struck = append(r.struck, struck{fault: s.fault, sweep: p.Kind == flow.SweepDetailType, at: r.w.clock.now})
			carry = s.fault.carry
		}
	}
	r.provoked(p)
	if p.Delivery.Lost {
		return true
	}
	r.parcels = append(r.parcels, p)
	carry(r, p)
	for _, before := range followed {
		r.arrive(before, p.Delivery.Delay-before.Delivery.Delay+time.Millisecond)
	}
	return true
}

// arrive has an event delivered, later than it should be.
func (r *run) arrive(p Parcel, late time.Duration) {
	r.promised(p, late)
	p.arrive(p.Delivery.Delay + late)
}

func (r *run) boundary(x *asl.Execution) {
	if x.Name() != "main" {
		return
	}
	r.states++
	for _, s := range r.strikes {
		if s.boundary == r.states {
			r.w.clock.after(s.later, nature, func() {
				r.struck = append(r.struck, struck{fault: s.fault, at: r.w.clock.now})
				if err := s.fault.strike(r); err != nil {
					r.breaks("%w", err)
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

// ordersLive is the Target that strangers edit.
const ordersLive = shift.Target("lambda:orders:live")

// edit has a stranger write the alias, once there is one. What is being shifted may
// not be known yet.
func edit(make func(alias *cloud.Alias, c shift.Change)) func(*run) error {
	return done(func(r *run) {
		alias, exists := r.w.cloud.Alias("orders", "live")
		if !exists {
			return
		}
		c := shift.Change{Stable: shift.Version(alias.FunctionVersion), Candidate: shift.Version(alias.FunctionVersion)}
		if shifted := r.holder(ordersLive).change(ordersLive); shifted != nil {
			c = *shifted
		}
		alias.RevisionID = ""
		make(&alias, c)
		_, _ = r.w.cloud.UpdateAlias(alias) // Lambda refuses what makes no sense
	})
}

func toAnotherVersion(alias *cloud.Alias, _ shift.Change) {
	alias.FunctionVersion, alias.Weights = "1", nil
}

func toStable(alias *cloud.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Stable), nil
}

func toCandidate(alias *cloud.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Candidate), nil
}

// toAnotherWeight is one that no plan of the bases has.
func toAnotherWeight(alias *cloud.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Stable), map[string]float64{string(c.Candidate): 0.33}
}

func (r *run) editAndPutBack() {
	if before, exists := r.w.cloud.Alias("orders", "live"); exists {
		_ = edit(toAnotherVersion)(r)
		before.RevisionID = ""
		_, _ = r.w.cloud.UpdateAlias(before)
	}
}

// another has somebody start a second deployment of the same function, by the same
// plan: what it writes looks like what the first one has intended.
func (r *run) another(whenHeld string) {
	r.others++
	asked := map[string]json.RawMessage{"strategy": json.RawMessage(`{"canary": {"percent": 10, "bakeMinutes": 2}}`)}
	_ = json.Unmarshal([]byte(r.base.input), &asked)
	second, _ := json.Marshal(map[string]any{"function": "orders", "strategy": asked["strategy"], "whenHeld": whenHeld})
	r.w.another(fmt.Sprintf("second-%d", r.others), second)
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
	for _, m := range undisturbed.moments {
		for _, f := range faults {
			if !f.all || slices.Contains(restorers, m.Actor) {
				all = append(all, strike{number: m.Number, fault: f})
			}
		}
	}
	all = append(all, undisturbed.misdeliveries()...)
	for n := 1; n <= undisturbed.states; n++ {
		for _, f := range between {
			all = append(all, strike{boundary: n, fault: f}, strike{boundary: n, later: 20 * time.Second, fault: f})
		}
	}
	return all
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

// TestChaosDelivery stops the execution at every state, and then loses, delays,
// doubles or exchanges every event that there is. Without CHAOS it does so with
// every 30th.
func TestChaosDelivery(t *testing.T) {
	slice := 30
	if whole() {
		slice = 1
	}
	stop := between[0]
	var runs atomic.Int64
	for _, b := range bases {
		undisturbed, err := play(b, guard{})
		require.NoError(t, undisturbed.story(err))
		for state := 1; state <= undisturbed.states; state++ {
			stopped, err := play(b, guard{}, strike{boundary: state, fault: stop})
			require.NoError(t, stopped.story(err))
			events := stopped.misdeliveries()
			explore(t, len(events)/slice, func(n int) error {
				runs.Add(1)
				r, err := play(b, guard{}, strike{boundary: state, fault: stop}, events[n*slice+state%slice])
				return r.story(err)
			})
		}
	}
	t.Logf("%d runs with a stop and an event that goes astray", runs.Load())
}

// misdeliveries are the faults of every event of a run.
func (r *run) misdeliveries() []strike {
	var all []strike
	for _, p := range r.parcels {
		for _, f := range onTheWay {
			all = append(all, strike{event: p.Number, kind: p.Kind, fault: f})
		}
	}
	return all
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
