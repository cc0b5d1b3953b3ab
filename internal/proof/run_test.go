package proof

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// strike is a fault at a moment: at a call by its number, at the nth call of an action by a
// Lambda, at a boundary (when a state is entered), or in the delivery of an event by its number.
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
	w       *world.World
	main    *asl.Execution
	base    base
	strikes []strike
	weaken  guard
	at      world.Moment
	moments []world.Moment // every call, before it had its effect
	parcels []world.Parcel // every event
	held    []world.Parcel // those that wait for their follower
	states  int
	others  int             // second deployments
	refused map[string]bool // those with a hook that cannot but fail, by their names
	made    map[string]int  // calls so far, by Lambda and action
	denials []denial
	reads   *staleReads // of aliases
	// transcript is nil for a run that is not recorded.
	transcript *transcript
	// intended are the Lambdas that have recorded an intent, for a guard.
	intended []*world.Actor
	// readEarly is what each Lambda would have read in another order, for a guard.
	readEarly map[*world.Actor]earlyRead
	// marked is what Deployment a Lambda has marked, for a guard.
	marked map[*world.Actor]string
	// stack is nil if no stack of CloudFormation starts the deployment.
	stack  *stack
	wanted requests
	observer
	commands
	answering
}

// play runs a base with faults, and checks the invariants.
func play(b base, weaken guard, strikes ...strike) (*run, error) {
	r, err := newRun(b, weaken, strikes...)
	if err != nil {
		return nil, err
	}
	return r, r.play()
}

// newRun makes the world of a base, and schedules its faults.
func newRun(b base, weaken guard, strikes ...strike) (*run, error) {
	if of, is := stackOrders[b.name]; is {
		return newStackRun(b, of, weaken, strikes...)
	}
	s, err := world.DecodeScenario([]byte(b.scenario))
	if err != nil {
		return nil, err
	}
	s.Kinds, s.KeepsRevisions = b.kinds, b.keeps
	s.Open = true // for the hook below
	s.Functions[refusing] = world.Setup{Tags: map[string]string{flow.TagHook: "true"}}
	s.Latency = 50 * time.Millisecond // so that what happens at once still has an order
	w, err := world.New(s, json.RawMessage(b.input))
	if err != nil {
		return nil, err
	}
	w.SetHook(refusing, world.HookBehaviour{Result: world.HookFails})
	if b.name == nameShiftedBefore {
		if err := leaveGuard(w); err != nil {
			return nil, err
		}
	}
	return attach(w, b, weaken, strikes...), nil
}

// attach observes a world, and has its faults strike.
func attach(w *world.World, b base, weaken guard, strikes ...strike) *run {
	r := &run{w: w, base: b, strikes: strikes, weaken: weaken, refused: map[string]bool{}, made: map[string]int{}, marked: map[*world.Actor]string{}, readEarly: map[*world.Actor]earlyRead{}, commands: newCommands(), answering: newAnswering()}
	r.observe()
	r.reads = newStaleReads(w)
	r.reads.onShown = r.lookedAtPast
	w.OnMoment(r.moment)
	w.Intercept(r.intercept(r.weaken.on(r)))
	w.OnParcel(r.courier)
	return r
}

// intercept lets a guard's absence change a call, and answers stale reads.
func (r *run) intercept(weaken interceptor) interceptor {
	if weaken == nil {
		return r.reads.answer
	}
	return func(w *world.World, actor string, request *http.Request) (*http.Response, error) {
		if answer, err := weaken(w, actor, request); answer != nil || err != nil {
			return answer, err
		}
		return r.reads.answer(w, actor, request)
	}
}

// play plays the run to its end, and checks the invariants.
func (r *run) play() (err error) {
	defer r.w.Close()
	if r.stack != nil {
		return r.playStack()
	}
	if r.main, err = r.w.Start("main", json.RawMessage(r.base.input)); err != nil {
		return err
	}
	if err := r.settle(); err != nil {
		return err
	}
	if err := r.final(); err != nil {
		return err
	}
	return r.expected()
}

// outcome returns the Outcome of the main execution's Deployment.
func (r *run) outcome() shift.Outcome {
	if r.stack != nil {
		return shift.Outcome(r.stack.status())
	}
	return shift.Outcome(r.w.Outcome(r.main.ARN()))
}

// isMain says whether an execution is the one that the base is about.
func (r *run) isMain(x *asl.Execution) bool {
	if r.stack != nil {
		return strings.HasPrefix(x.Name(), flow.StackExecutionPrefix)
	}
	return x.Name() == "main"
}

// harmless says whether no Deployment may end otherwise for a fault. A hook is asked
// once, so a Lambda that dies while asking it fails it; and a person's command that is
// lost, or comes when all is over, is not obeyed.
func (r *run) harmless(s strike) bool {
	switch s.fault.class {
	case failing, killed, hung, forsaken:
		return !r.hit(flow.BeforeHook.Function) && !r.mayNotAsk()
	case misdelivered:
		// What a person asks must not come when there is nothing left to ask it of, and a freeze not
		// when nothing is left to hold.
		return s.kind != flow.CommandDetailType && s.kind != flow.FreezeDetailType || s.fault.spares
	case unharmed, lagging:
		if s.fault.name == putBack && r.isProvisioned() {
			return false // Lambda goes on sending traffic to the stranger's version for a while
		}
		if s.fault.name == switchEdited && !r.hasBegun() {
			return false // Open waits until all edges have what the stranger wrote
		}
		return s.fault.spares
	}
	return false
}

// hasBegun says whether the main Deployment had begun to shift when the first fault struck.
func (r *run) hasBegun() bool {
	d := r.deployments[r.main.ARN()]
	return d != nil && !d.began.IsZero() && len(r.struck) > 0 && r.struck[0].at.After(d.began)
}

// mayNotAsk says whether publish-version was denied to look for a hook or an uploaded release: one
// that may not be seen is as good as none, and its name is what a person has to look at.
func (r *run) mayNotAsk() bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool {
		return s.fault.name == "access denied" && s.actor == flow.Publish.Function && slices.Contains([]string{"lambda:InvokeFunction", "s3:GetObject"}, s.action)
	})
}

// isProvisioned says whether the alias has provisioned concurrency, or may get it.
func (r *run) isProvisioned() bool {
	return len(r.w.Scenario().Functions["orders"].Provisioned) > 0 ||
		slices.ContainsFunc(r.strikes, func(s strike) bool { return slices.Contains([]string{provisions, provisionsForAWhile}, s.fault.name) })
}

// expected : nothing rolls back that nobody has provoked, and what was provoked
// does.
func (r *run) expected() error {
	if err := r.spared(); err != nil {
		return err
	}
	for _, s := range r.strikes {
		if !r.harmless(s) {
			return nil
		}
	}
	o := r.outcome()
	if o == r.base.outcome || o == r.base.or && r.unheard() || len(r.strikes) > 1 && r.beganLate() {
		return nil
	}
	return fmt.Errorf("it ended as %s, and nothing has kept it from ending as %s", r.outcome(), r.base.outcome)
}

// beganLate says whether two faults together, such as two Lambdas that hung for their
// minute each, have held the main execution up until the scenario's first event had come
// and gone: an alarm then keeps it from being opened, and an abort finds nobody. One
// fault alone does not, but where a base says so. What is to happen in the first second is
// to come before it begins.
func (r *run) beganLate() bool {
	i := slices.IndexFunc(r.w.Scenario().Events, func(h world.Happening) bool { return h.At > time.Second })
	d := r.deployments[r.main.ARN()]
	if i < 0 || d == nil {
		return false
	}
	began := d.began
	if began.IsZero() {
		began = d.closed
	}
	return began.After(r.w.Began().Add(r.w.Scenario().Events[i].At))
}

// spared : a second Deployment watches no alarm, and nobody stops it. So nothing puts
// it back but a hook that cannot but fail, a person's abort that was given while it held
// the Target, a stranger there, a permission that is lost, or an approval that nobody gives.
func (r *run) spared() error {
	if r.strangers > 0 || len(r.denials) > 0 {
		return nil
	}
	for _, x := range r.w.Executions() {
		d := r.deployments[x.ARN()]
		if x == r.main || d == nil || r.mayBeAborted(d.id) || r.endsWell(x, d) || strings.HasPrefix(d.cause, "Approval") {
			continue
		}
		return fmt.Errorf("nobody has asked for it, and %s ended as %s: %s", x.Name(), d.outcome, d.cause)
	}
	return nil
}

// endsWell says whether a second Deployment has ended as it should. One with a hook that cannot
// but fail is put back, as is one whose Candidate is found to fail requests. One whose Open has
// read a Target outdated is Stranded.
func (r *run) endsWell(x *asl.Execution, d *standing) bool {
	switch d.outcome {
	case shift.RolledBack:
		isWorse := r.w.Scenario().Candidate.ErrorRate > 0 && strings.HasPrefix(d.cause, string(shift.CandidateWorse))
		return r.refused[x.Name()] || isWorse || strings.HasPrefix(d.cause, "superseded by") // order_test says whether it was asked for
	case shift.Stranded:
		return len(d.outdated) > 0
	}
	return true
}

// rest is what the zombies and the second look take at most after the last
// execution has ended.
const rest = 10 * time.Minute

// settle lets everything come to its end: the zombies and the second look too, and
// what waits for a permission to come back.
func (r *run) settle() error {
	for more := true; more; more = r.unsettled() && r.denied() {
		if err := r.w.Run(); err != nil {
			return err
		}
		for until := r.w.Now().Add(rest); r.w.Now().Before(until); {
			r.w.Step()
			if r.w.AnyRunning() { // one has begun late
				until = r.w.Now().Add(rest)
			}
		}
		if r.w.Problem() != nil {
			return r.w.Problem()
		}
	}
	return r.violated
}

// unsettled says whether the safety net has something left to do.
func (r *run) unsettled() bool { return len(r.unannounced) > 0 || len(r.suspects) > 0 }

// hit says whether a fault has already struck a Lambda.
func (r *run) hit(actor string) bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool { return s.actor == actor })
}

func (r *run) moment(m world.Moment) error {
	r.at = m
	if !m.After {
		self := r.w.Current()
		r.sent[self] = r.w.Now().Add(-r.w.Scenario().Latency - self.Pace())
		r.moments = append(r.moments, m)
	}
	if m.After && (m.Action == "lambda:GetAlias" || r.findsDeleted(m)) {
		r.looked(liveOf(m.Resource))
	}
	r.lookedAtFrontEnd(m)
	return r.meddleAt(m)
}

func (r *run) meddleAt(m world.Moment) error {
	if r.isBefore() {
		return nil
	}
	if !m.After {
		r.made[m.Actor+" "+m.Action]++
	}
	if !m.After && r.denies(m) {
		return accessDenied(m)
	}
	for _, s := range r.strikes {
		if r.strikesAt(s, m) {
			r.struck = append(r.struck, struck{fault: s.fault, actor: m.Actor, action: m.Action, at: r.w.Now()})
			r.transcript.struck(m.Actor+" at "+m.Action+": ", s.fault)
			return s.fault.strike(r)
		}
	}
	return nil
}

// strikesAt says whether a fault strikes at a moment.
func (r *run) strikesAt(s strike, m world.Moment) bool {
	here := s.number == m.Number || s.nth > 0 && s.actor == m.Actor && s.action == m.Action && s.nth == r.made[m.Actor+" "+m.Action]
	return here && s.fault.after == m.After
}

// courier delivers every event that is not lost by the scenario.
func (r *run) courier(p world.Parcel) bool {
	followed := r.held
	r.held = nil
	carry := func(r *run, p world.Parcel) { r.arrive(p, 0) }
	for _, s := range r.strikes {
		if s.event > 0 && s.event == p.Number {
			r.struck = append(r.struck, struck{fault: s.fault, event: p.Kind, at: r.w.Now()})
			r.transcript.struck(p.Kind+": ", s.fault)
			carry = s.fault.carry
		}
	}
	r.provoked(p)
	r.commanded(p)
	r.wanted.hear(r, p)
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
func (r *run) arrive(p world.Parcel, late time.Duration) {
	r.promised(p, late)
	p.Arrive(p.Delivery.Delay + late)
}

func (r *run) boundary(x *asl.Execution) {
	if !r.isMain(x) || r.isBefore() {
		return
	}
	r.states++
	for _, s := range r.strikes {
		if s.boundary == r.states {
			r.w.HappenAfter(s.later, func() {
				r.struck = append(r.struck, struck{fault: s.fault, at: r.w.Now()})
				r.transcript.struck("", s.fault)
				if err := s.fault.strike(r); err != nil {
					r.breaks("%w", err)
				}
			})
		}
	}
}

// every lists every fault at every moment of a run.
func every(undisturbed *run) []strike {
	var all []strike
	for _, m := range undisturbed.moments {
		for _, f := range faults {
			if (!f.all || slices.Contains(restorers, m.Actor)) && undisturbed.suits(f) {
				all = append(all, strike{number: m.Number, fault: f})
			}
		}
	}
	all = append(all, undisturbed.misdeliveries()...)
	for n := 1; n <= undisturbed.states; n++ {
		for _, f := range between {
			if undisturbed.suits(f) {
				all = append(all, strike{boundary: n, fault: f}, strike{boundary: n, later: 20 * time.Second, fault: f})
			}
		}
	}
	return all
}

// suits says whether a fault can strike the run. Who shifts the aliases of a stack besides it has
// stories of their own.
func (r *run) suits(f fault) bool {
	if r.stack == nil {
		return r.has(f.of)
	}
	return f.of == "" && !f.besides || f.class == lagging
}

// has says whether the run shifts a Target; "" is none that a fault needs.
func (r *run) has(t shift.Target) bool { return t == "" || r.served[t] != nil }

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
