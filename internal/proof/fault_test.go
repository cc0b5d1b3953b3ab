package proof

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// fault is one thing that goes wrong. It strikes before or after the effect of a call.
type fault struct {
	name   string
	after  bool
	strike func(r *run) error
	class  class
	// pace is how long every further call of a slowed or forsaken Lambda takes.
	pace time.Duration
	// lasts is how long a permission is denied. all says that every Lambda has lost it, so
	// that the fault also strikes the Lambdas that restore.
	lasts time.Duration
	all   bool
	// of is the Target that the fault needs. Some bases do not have it.
	of shift.Target
	// besides says that somebody else deploys the same function.
	besides bool
	// spares says that the fault changes no outcome, although it is not a fault of a call.
	spares bool
	// carry delivers an event, if it is a fault of an event's delivery.
	carry func(r *run, p world.Parcel)
}

// class says what a fault does to the Lambda that it strikes, and so how long the fault may
// delay it.
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
	lagging      // reads of aliases are stale from here on, for everybody
)

func answered(with func() error) func(*run) error { return func(*run) error { return with() } }

func done(do func(*run)) func(*run) error {
	return func(r *run) error { do(r); return nil }
}

func zombie(pace time.Duration) func(*run) error {
	return done(func(r *run) { r.stop(); r.w.Slow(pace) })
}

func forsake(pace time.Duration) func(*run) error {
	return done(func(r *run) { r.w.Forsake(pace) })
}

const (
	putBack             = "edited by a stranger and put back"
	creates             = "a second deployment that creates its alias"
	provisions          = "provisioned concurrency is added"
	provisionsForAWhile = "provisioned concurrency comes and goes"
)

var faults = slices.Concat(faultsOfCalls, strangersAtFrontEnds)

var faultsOfCalls = []fault{
	{name: "throttled", class: failing, strike: func(r *run) error { return localaws.Throttled(service(r.at.Action)) }},
	{name: "service error", class: failing, strike: func(r *run) error { return localaws.ServiceFailure(service(r.at.Action)) }},
	{name: "access denied", class: failing, strike: func(r *run) error { return accessDenied(r.at) }},
	{name: "connection lost", class: failing, strike: answered(func() error { return world.ErrConnectionLost })},
	{name: "reply lost", class: failing, after: true, strike: answered(func() error { return world.ErrConnectionLost })},
	{name: "slower than the Lambda may be, and lost", class: hung, strike: done(func(r *run) { r.w.Hang(false) })},
	{name: "slower than the Lambda may be, and late", class: hung, strike: done(func(r *run) { r.w.Hang(true) })},
	{name: "killed before", class: killed, strike: done(func(r *run) { r.w.Kill() })},
	{name: "killed after", class: killed, after: true, strike: done(func(r *run) { r.w.Kill() })},
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
	{name: "edited by a stranger", of: ordersLive, strike: edit(toAnotherVersion)},
	{name: "edited by a stranger after", of: ordersLive, after: true, strike: edit(toAnotherVersion)},
	{name: "the last of three edited by a stranger", of: stockLive, strike: editOf(stockLive, toAnotherVersion)},
	{name: "the last of three weighted by a stranger after", of: stockLive, after: true, strike: editOf(stockLive, toAnotherWeight)},
	{name: putBack, of: ordersLive, spares: true, strike: done(func(r *run) { r.editAndPutBack() })},
	{name: "moved to Stable by a stranger", of: ordersLive, strike: edit(toStable)},
	{name: "moved to the Candidate by a stranger", of: ordersLive, strike: edit(toCandidate)},
	{name: "weighted by a stranger", of: ordersLive, strike: edit(toAnotherWeight)},
	{name: "weighted by a stranger after", of: ordersLive, after: true, strike: edit(toAnotherWeight)},
	{name: "deleted by a stranger", of: ordersLive, strike: done(func(r *run) { r.w.Cloud().DeleteAlias("orders", "live") })},
	{name: "deleted by a stranger after", of: ordersLive, after: true, strike: done(func(r *run) { r.w.Cloud().DeleteAlias("orders", "live") })},
	{name: "a second deployment", besides: true, strike: done(func(r *run) { r.another("fail") })},
	{name: "a second deployment that waits", besides: true, strike: done(func(r *run) { r.another("wait") })},
	{name: "a second deployment of another version", besides: true, strike: done(func(r *run) { r.anotherVersion(false) })},
	{name: "a second deployment of another version that is put back", besides: true, strike: done(func(r *run) { r.anotherVersion(true) })},
	{name: creates, besides: true, strike: done(func(r *run) { r.anotherThatCreates() })},
	{name: "a sweep", spares: true, strike: done(func(r *run) { r.w.Sweep() })},
	{name: provisions, of: ordersLive, spares: true, strike: done(func(r *run) { r.provision() })},
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

// deny removes the permission for the current call and for all later ones. Rollback gives up
// after an hour. If the permission is missing for longer, the safety net restores the traffic, if
// necessary after the permission is back.
func deny(lasts time.Duration, all bool) func(*run) error {
	return func(r *run) error {
		d := denial{r.at.Actor, r.at.Action, r.w.Now().Add(lasts)}
		if all {
			d.actor = ""
		}
		r.denials = append(r.denials, d)
		return accessDenied(r.at)
	}
}

// denied says whether any Lambda lacks a permission, or lacked one within the last hour.
func (r *run) denied() bool {
	return slices.ContainsFunc(r.denials, func(d denial) bool { return r.w.Now().Before(d.until.Add(time.Hour)) })
}

// denies says whether a call lacks its permission.
func (r *run) denies(m world.Moment) bool {
	return slices.ContainsFunc(r.denials, func(d denial) bool {
		return (d.actor == "" || d.actor == m.Actor) && d.action == m.Action && r.w.Now().Before(d.until)
	})
}

// accessDenied returns the error of a call for which the role lacks the permission.
func accessDenied(m world.Moment) error {
	return localaws.AccessDenied(localaws.Call{
		Actor: m.Actor, Service: service(m.Action), Operation: m.Action[strings.IndexByte(m.Action, ':')+1:],
	})
}

// theStop stops the execution. A Lambda that runs for it keeps running.
var theStop = fault{name: "stopped", strike: done(func(r *run) { r.stop() })}

// begun is for how long an execution that has begun is not seen.
const begun = 5 * time.Minute

// between are the faults that need no call. They strike when a state is entered, and 20 seconds
// later, which is in the middle of a Bake.
var between = slices.Concat(faultsOfStates, beforeCalls(strangersAtFrontEnds))

// beforeCalls are the faults that need no call to strike after.
func beforeCalls(all []fault) []fault {
	return slices.DeleteFunc(slices.Clone(all), func(f fault) bool { return f.after })
}

var faultsOfStates = []fault{
	theStop,
	{name: "edited by a stranger", of: ordersLive, strike: edit(toAnotherVersion)},
	{name: putBack, of: ordersLive, spares: true, strike: done(func(r *run) { r.editAndPutBack() })},
	{name: "moved to Stable by a stranger", of: ordersLive, strike: edit(toStable)},
	{name: "moved to the Candidate by a stranger", of: ordersLive, strike: edit(toCandidate)},
	{name: "weighted by a stranger", of: ordersLive, strike: edit(toAnotherWeight)},
	{name: "deleted by a stranger", of: ordersLive, strike: done(func(r *run) { r.w.Cloud().DeleteAlias("orders", "live") })},
	{name: "a second deployment", besides: true, strike: done(func(r *run) { r.another("fail") })},
	{name: "a second deployment that waits", besides: true, strike: done(func(r *run) { r.another("wait") })},
	{name: "a second deployment of another version", besides: true, strike: done(func(r *run) { r.anotherVersion(false) })},
	{name: "a second deployment of another version that is put back", besides: true, strike: done(func(r *run) { r.anotherVersion(true) })},
	{name: creates, besides: true, strike: done(func(r *run) { r.anotherThatCreates() })},
	{name: "a sweep", spares: true, strike: done(func(r *run) { r.w.Sweep() })},
	{name: provisions, of: ordersLive, spares: true, strike: done(func(r *run) { r.provision() })},
	{name: provisionsForAWhile, of: ordersLive, spares: true, strike: done(func(r *run) {
		r.provision()
		r.w.HappenAfter(45*time.Second, func() { r.w.Cloud().RemoveProvisionedConcurrency("orders", "live") })
	})},
	{name: "a forged set-weight", of: ordersLive, strike: done(func(r *run) { r.forge() })},
	{name: "reads of aliases lag by 3 s", of: ordersLive, class: lagging, spares: true, strike: done(func(r *run) { r.reads.lag = 3 * time.Second })},
	{name: "executions are listed late", spares: true, strike: done(func(r *run) { r.w.SetLag(world.Lag{Listed: begun}) })},
	{name: "executions are listed late, and known late", spares: true, strike: done(func(r *run) { r.w.SetLag(world.Lag{Listed: begun, Known: begun}) })},
	{name: "started twice", besides: true, spares: true, strike: func(r *run) error {
		x, err := r.w.Start("main", json.RawMessage(r.base.input))
		if err == nil && x != r.main {
			return errors.New("the same name and input gave another execution")
		}
		return nil
	}},
}

// onTheWay are the faults in the delivery of an event to the safety net: of an alarm, of an
// execution's end, of a sweep, of a command.
var onTheWay = []fault{
	{name: "lost", class: misdelivered, carry: func(*run, world.Parcel) {}},
	{name: "5 seconds late", class: misdelivered, spares: true, carry: belated(5 * time.Second)},
	{name: "100 seconds late", class: misdelivered, spares: true, carry: belated(100 * time.Second)},
	{name: "9 minutes late", class: misdelivered, carry: belated(9 * time.Minute)},
	{name: "doubled", spares: true, carry: func(r *run, p world.Parcel) {
		r.arrive(p, 0)
		r.arrive(p, 0)
		p.Arrive(p.Delivery.Delay + 3*time.Second)
	}},
	{name: "twice, the second time 100 seconds late", spares: true, carry: func(r *run, p world.Parcel) {
		r.arrive(p, 0)
		p.Arrive(p.Delivery.Delay + 100*time.Second)
	}},
	{name: "after its follower", class: misdelivered, carry: func(r *run, p world.Parcel) { r.held = append(r.held, p) }},
}

func belated(by time.Duration) func(*run, world.Parcel) {
	return func(r *run, p world.Parcel) { r.arrive(p, by) }
}

// service returns the service of an action, as the cloud names it.
func service(action string) string { return action[:strings.IndexByte(action, ':')] }

func (r *run) stop() {
	for _, x := range r.w.Machine().Executions() {
		if r.isMain(x) && x.Status() == asl.Running {
			_ = r.w.Machine().Stop(x.ARN(), "", "")
		}
	}
}

// ordersLive is the Target that strangers edit, and stockLive the last of three.
const (
	ordersLive = shift.Target("lambda:orders:live")
	stockLive  = shift.Target("lambda:stock:live")
)

// edit has a stranger write the alias, once there is one. What is being shifted may
// not be known yet.
func edit(make func(alias *localaws.Alias, c shift.Change)) func(*run) error {
	return editOf(ordersLive, make)
}

func editOf(t shift.Target, make func(alias *localaws.Alias, c shift.Change)) func(*run) error {
	return done(func(r *run) {
		function, name, _ := flow.SplitLambdaTarget(t)
		alias, exists := r.w.Cloud().Alias(function, name)
		if !exists {
			return
		}
		c := shift.Change{Stable: shift.Version(alias.FunctionVersion), Candidate: shift.Version(alias.FunctionVersion)}
		shifted := r.holder(t).change(t)
		if shifted == nil && r.main != nil { // whoever repairs something does so afterwards
			shifted = r.deployments[r.main.ARN()].change(t)
		}
		if shifted != nil {
			c = *shifted
		}
		alias.RevisionID = ""
		make(&alias, c)
		_, _ = r.w.Cloud().UpdateAlias(alias) // Lambda refuses what makes no sense
	})
}

func toAnotherVersion(alias *localaws.Alias, _ shift.Change) {
	alias.FunctionVersion, alias.Weights = "1", nil
}

func toStable(alias *localaws.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Stable), nil
}

func toCandidate(alias *localaws.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Candidate), nil
}

// toAnotherWeight sets a weight that no plan of the bases has.
func toAnotherWeight(alias *localaws.Alias, c shift.Change) {
	alias.FunctionVersion, alias.Weights = string(c.Stable), map[string]float64{string(c.Candidate): 0.33}
}

// editAndPutBack puts back what was written: what Lambda makes of the weights by itself
// is not the stranger's.
func (r *run) editAndPutBack() {
	if alias := r.target(ordersLive).alias; alias != nil {
		before := *alias
		_ = edit(toAnotherVersion)(r)
		before.RevisionID = ""
		_, _ = r.w.Cloud().UpdateAlias(before)
	}
}

// provision gives the alias provisioned concurrency, as Application Auto Scaling does on a
// schedule. Lambda refuses that while the alias has weights.
func (r *run) provision() {
	r.provisioned[ordersLive] = true
	_ = r.w.Cloud().ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 1, Settle: 10 * time.Second})
}

// forge has somebody invoke set-weight under the id of the main deployment, with a Change
// that nobody has asked for, and the Revision that the alias has by now.
func (r *run) forge() {
	alias := r.target(ordersLive).alias
	if alias == nil || len(r.w.Executions()) == 0 {
		return
	}
	id := r.w.Executions()[0].ARN()
	payload, _ := json.Marshal(flow.Call[flow.Document]{State: flow.SetWeight.State, ExecutionID: id, Document: flow.Document{Deployment: &shift.Deployment{
		ID: id, Plan: shift.Plan{Steps: []shift.Step{{Weight: shift.All}}},
		Changes: []shift.Change{{Target: ordersLive, Stable: shift.Version(alias.FunctionVersion), Candidate: "1", Revision: shift.Revision(alias.RevisionID)}},
	}}})
	r.w.InvokeLambda(flow.SetWeight.Function, payload, func(json.RawMessage, *asl.Failure) {})
}

// another has somebody start a second deployment of the same function, by the same
// plan: what it writes looks like what the first one has intended.
func (r *run) another(whenHeld string) { r.second(map[string]any{"whenHeld": whenHeld}, false) }

// anotherThatCreates has somebody start a second deployment, which waits for its turn, and
// creates the alias if it is missing by then.
func (r *run) anotherThatCreates() {
	r.second(map[string]any{"whenHeld": "wait", "createAlias": true, "strategy": "AllAtOnce"}, false)
}

// anotherVersion has somebody start a second deployment, which waits for its turn, of a
// version that is not the first one's, as a rule. Where it is to be put back, that is by
// a hook when it has all traffic.
func (r *run) anotherVersion(back bool) {
	input := map[string]any{"whenHeld": "wait", "version": "1"}
	if back {
		input["hooks"] = map[string]any{"afterTraffic": []map[string]any{{"function": refusing}}}
	}
	r.second(input, back)
}

// refusing is a hook that always fails.
const refusing = "refusing"

// second starts a second deployment, by the first one's plan if the input has none.
func (r *run) second(input map[string]any, refused bool) {
	r.others++
	asked := map[string]json.RawMessage{"strategy": json.RawMessage(`{"canary": {"percent": 10, "bakeMinutes": 2}}`)}
	_ = json.Unmarshal([]byte(r.base.input), &asked)
	if r.has(ordersLive) {
		input["function"] = "orders"
	} else {
		input["targets"] = frontEndsOf(r.base.input, input["version"] != nil)
		delete(input, "version")
	}
	if input["strategy"] == nil {
		input["strategy"] = asked["strategy"]
	}
	text, _ := json.Marshal(input)
	name := fmt.Sprintf("second-%d", r.others)
	r.refused[name] = refused
	r.w.StartSoon(name, text)
}
