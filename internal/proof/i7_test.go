package proof

import (
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// I7, with its time bounds. Traffic is restored in several ways, which this package calls roads:
// the safety net after an event, the safety net's sweeps, the next poll of the alarms, and the
// state machine's own Rollback. Each road promises its own time. A promise is made when there is
// a reason to restore the traffic. It is kept or broken independently of the other roads. Only a
// fault that strikes a road delays it, by the time that this fault is known to cost there, or
// bars it.

// road is a way in which traffic is restored.
type road int

const (
	byEvent    road = iota // the safety net, woken by an event
	bySweep                // its sweep
	byPoll                 // CheckAlarms at the end of the Bake, then Rollback
	byRollback             // Rollback, once it is entered
	byLookingAgain
)

func (r road) String() string {
	return [...]string{"the event", "the sweep", "the poll", "Rollback", "the second look"}[r]
}

const (
	// soon is what a road takes from where it begins: five calls of 50 ms, a
	// Revision or two that have changed meanwhile, and as long again to spare. With
	// the half second that an event takes this is I7's two seconds.
	soon = 1500 * time.Millisecond
	// lookedAgain is when a second look is over: a sweep sees the suspect first, one
	// that is late enough acts.
	lookAgainAfter = flow.SafetyNetTimeout + time.Minute
	lookedAgain    = world.SweepEvery + lookAgainAfter + world.SweepEvery + soon
)

// frontEndsLater is how much longer it takes to restore front ends: each call of Route 53 and of
// CloudFront takes a quarter of a second here, and a key takes three calls for each write.
const frontEndsLater = 2500 * time.Millisecond

// promise says that the traffic of a Deployment is restored by a time.
type promise struct {
	road      road
	id        string
	why       string
	made, due time.Time
	// alarm has to go on firing for what was promised.
	alarm string
	// ended says that it was promised because the execution had ended.
	ended bool
}

// promises are the promises of a run, and what can delay them.
type promises struct {
	// patient is for a world whose delays nobody knows, such as a storm: no promise is made.
	patient bool
	struck  []struck
	// baking is until when an execution bakes, and firing which alarms are in ALARM.
	baking map[string]time.Time
	firing map[string]bool
	// early are the alarms' events that a Deployment may not have been opened for yet.
	early []early
	// read is when each open-deployment has read the alarms.
	read map[*world.Actor]time.Time
	// since is when the one that has described a Deployment has read them.
	since map[string]time.Time
	// ignored are the alarms that were firing when a Deployment began that was told to
	// ignore them until they have been OK: true until then.
	ignored map[ignoring]bool
	// awaits is since when an execution waits for a hook's answer.
	awaits map[string]time.Time
}

// ignoring is an alarm that a Deployment ignores, or has.
type ignoring struct{ id, alarm string }

// early is an event of an alarm that has fired, and when it comes.
type early struct {
	alarm          string
	fired, arrives time.Time
}

// struck is a fault that has struck, and whom.
type struck struct {
	fault         fault
	actor, action string
	event         string // the kind of the event that it has struck
	at            time.Time
}

func (r *run) promise(p promise) {
	if d := r.deployments[p.id]; r.patient || d == nil || d.finished() {
		return
	}
	if p.made.IsZero() {
		p.made = r.w.Now()
	}
	r.w.At(p.due, func() { r.fallsDue(p) })
}

// fallsDue breaks a promise that is not kept by its time, or by when it can be.
func (r *run) fallsDue(p promise) {
	if !r.stands(p) {
		return
	}
	due, barred := r.delayed(p)
	switch t := r.exposed(p.id); {
	case barred || t == "":
	case r.target(t).created.After(p.made):
		// A CreateAlias that was on its way has no RevisionId to be refused for. What
		// it has made is the next sweep's to take away, or the second look's.
		if p.road == bySweep {
			p.due = r.target(t).created.Add(world.SweepEvery + soon)
			r.promise(p)
		}
	case due.After(r.w.Now()):
		r.w.At(due, func() { r.fallsDue(p) })
	default:
		r.breaks("I7: %s, and %s after that the traffic of %s is not back by %s", p.why, due.Sub(p.made), t, p.road)
	}
}

// stands says whether a promise still means anything.
func (r *run) stands(p promise) bool {
	d := r.deployments[p.id]
	x, known := r.w.Machine().Execution(p.id)
	runs := known && x.Status() == asl.Running
	switch {
	case d.finished(), p.ended && runs: // it was redriven
		return false
	case p.road == byPoll && p.alarm != "" && !r.firing[p.alarm] && d.status == shift.StatusOpen:
		return false
	}
	return runs || p.road != byPoll && p.road != byRollback
}

// exposed is a Target whose Candidate has traffic that it should not have; "" when
// there is none.
func (r *run) exposed(id string) shift.Target {
	d := r.deployments[id]
	if d.deployment == nil {
		return ""
	}
	for _, c := range d.deployment.Changes {
		if s := r.target(c.Target); !s.foreign && r.holders[c.Target] == id && shareOf(s.alias, c.Candidate) > 0 {
			return c.Target
		}
	}
	return ""
}
