package proof

import (
	"fmt"
	"slices"
	"time"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/request"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// I7, with its bounds. Traffic comes back on several roads, each of which promises a
// time of its own: the safety net that an event wakes, its sweeps, the next poll of
// the alarms, and the state machine's own Rollback. A promise is made when there is
// a reason to bring the traffic back, and is kept or broken by itself, whatever the
// other roads do. Only a fault that strikes a road delays it, by what that fault is
// known to cost there, or bars it.

// road is a way on which traffic comes back.
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

// promise is that the traffic of a Deployment is back by a time.
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

// promises are those of a run, and what can delay them.
type promises struct {
	// patient is for a storm, whose bound is another one.
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
	sweep         bool // it was a sweep that was lost or late
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

// delayed is when a promise falls due with all that has struck its road.
func (r *run) delayed(p promise) (due time.Time, barred bool) {
	due = p.due
	tries := 0
	for _, s := range r.struck {
		if s.at.Add(s.fault.lasts).Before(p.made) { // it is over
			continue
		}
		by, bars := r.delay(p, s, due, tries)
		if bars {
			return due, true
		}
		if by > 0 {
			tries++
		}
		due = due.Add(by)
	}
	return due, false
}

func (r *run) delay(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	switch {
	case p.road == byPoll || p.road == byRollback:
		return delayInMachine(p, s, due, tries)
	case s.sweep && p.road != byEvent && s.fault.class == misdelivered:
		return world.SweepEvery, false
	case s.actor != flow.SafetyNet && !s.fault.all:
		return 0, false
	case p.road == byEvent:
		return delayOfEvent(s, tries)
	}
	return delayOfSweep(p, s, due, tries)
}

// manyCalls is how many calls a Lambda that restores makes at most before the
// traffic of a Target is back: the look, the mark, two writes, and the same again
// when somebody has come between.
const manyCalls = 8

// delayOfEvent : what fails is tried again by safety-net itself, after half a second
// at first. One that dies is invoked again by Lambda, a minute later and two minutes
// after that; then the event is lost.
func delayOfEvent(s struck, tries int) (by time.Duration, bars bool) {
	died := world.AsyncRetries[min(tries, 1)] + soon
	switch f := s.fault; f.class {
	case failing:
		return 500*time.Millisecond<<tries + soon/2, false
	case killed:
		return died, tries > 1
	case hung:
		return flow.SafetyNetTimeout + died, tries > 1
	case slowed:
		return min(manyCalls*f.pace, flow.SafetyNetTimeout+died), false
	case forsaken:
		return min(manyCalls*f.pace, died), false
	case denied:
		return 0, true
	}
	return 0, false
}

// delayOfSweep : each sweep is an invocation of its own.
func delayOfSweep(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	switch f := s.fault; f.class {
	case failing:
		return 500*time.Millisecond<<tries + soon/2, false
	case killed, hung:
		return world.SweepEvery, false
	case slowed, forsaken:
		return min(manyCalls*f.pace, world.SweepEvery), false
	case denied:
		again := world.SweepEvery + soon
		if p.road == byLookingAgain {
			again = lookedAgain
		}
		return max(0, s.at.Add(f.lasts).Add(again).Sub(due)), false
	}
	return 0, false
}

// delayInMachine : Step Functions tries again what fails or dies, by the rules of
// the state. An alarm that cannot be read is none of them: it is read again at the
// next poll, which promises for itself.
func delayInMachine(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	spec := flow.Rollback.Spec
	switch {
	case s.fault.all:
	case s.actor == flow.CheckAlarms.Function && p.road == byPoll:
		spec = flow.CheckAlarms.Spec
		if s.fault.class == denied || s.action == "cloudwatch:DescribeAlarms" {
			return 0, true
		}
	case s.actor != flow.Rollback.Function:
		return 0, false
	}
	rule := spec.Retries[len(spec.Retries)-1]
	again := float64(rule.Interval)
	for range tries {
		again = min(again*rule.Backoff, float64(rule.MaxDelay))
	}
	retried := time.Duration(again) + soon/2
	switch f := s.fault; f.class {
	case failing, killed, forsaken:
		return retried, false
	case hung:
		return spec.Timeout + retried, false
	case slowed:
		return min(manyCalls*f.pace, spec.Timeout+retried), false
	case denied:
		return max(0, s.at.Add(f.lasts).Add(rule.MaxDelay+soon).Sub(due)), false
	}
	return 0, false
}

// provoked is told of every event for the safety net as it begins its way, even of
// one that the scenario loses: what has happened is a reason, and the other roads
// are open.
func (r *run) provoked(p world.Parcel) {
	switch p.Kind {
	case flow.AlarmDetailType:
		alarm, fires := alarmOf(p)
		r.firing[alarm] = fires
		r.calms(alarm, fires)
		for _, of := range r.reasons(p) {
			r.byPoll(of)
		}
	case flow.ExecutionDetailType:
		for _, of := range r.reasons(p) {
			of.road, of.due = bySweep, r.w.Now().Add(world.SweepEvery+soon)
			r.promise(of)
		}
	}
}

// promised is told of every event that is on its way.
func (r *run) promised(p world.Parcel, late time.Duration) {
	if p.Kind == flow.AlarmDetailType {
		if alarm, fires := alarmOf(p); fires {
			r.early = append(r.early, early{alarm, changedAt(p), r.w.Now().Add(p.Delivery.Delay + late)})
		}
	}
	for _, of := range r.reasons(p) {
		of.road, of.due = byEvent, r.w.Now().Add(p.Delivery.Delay+late+soon)
		r.promise(of)
	}
}

// reasons are why an event puts traffic back: promises without their road.
func (r *run) reasons(p world.Parcel) []promise {
	switch p.Kind {
	case flow.AlarmDetailType:
		if alarm, fires := alarmOf(p); fires {
			return r.fires(alarm, changedAt(p))
		}
	case flow.ExecutionDetailType:
		id := fmt.Sprint(p.Detail["executionArn"])
		return []promise{{id: id, why: fmt.Sprintf("%s has ended as %v", nameOf(id), p.Detail["status"]), ended: true}}
	case flow.CommandDetailType:
		t, order := p.Detail["target"].(shift.Target), p.Detail["command"]
		if d := r.holder(t); d != nil && order == shift.Abort {
			return []promise{{id: d.id, why: "a person wants it back"}}
		}
	}
	return nil
}

// changedAt is when the alarm that an event is of has changed: the event may be late.
func changedAt(p world.Parcel) time.Time {
	at, _ := time.Parse("2006-01-02T15:04:05.000-0700", p.Detail["state"].(map[string]any)["timestamp"].(string))
	return at
}

// alarmOf is the alarm that an event is of, and whether it fires now.
func alarmOf(p world.Parcel) (name string, fires bool) {
	return fmt.Sprint(p.Detail["alarmName"]), p.Detail["state"].(map[string]any)["value"] == localaws.AlarmAlarm
}

// opened : what has fired since Open has read it, before it has said so. The event may
// have come already: then safety-net asks again, and at the latest when Lambda invokes
// it again, a minute after it has given up, and two minutes after that.
func (r *run) opened(d *standing) {
	if r.w.Current() == nil {
		return
	}
	now, read := r.w.Now(), r.read[r.w.Current()]
	r.since[d.id] = read
	for _, e := range r.early {
		if !slices.Contains(d.deployment.Alarms, e.alarm) || !e.fired.After(read) || now.Sub(e.fired) > flow.Open.Timeout+world.MaxInFlight {
			continue
		}
		p := promise{road: byEvent, id: d.id, alarm: e.alarm, why: e.alarm + " has fired while it was opened", made: e.fired, due: e.arrives.Add(soon)}
		switch {
		case e.arrives.After(now):
		case now.Sub(e.arrives) < world.AsyncRetries[0]:
			p.due = now.Add(world.AsyncRetries[0] + soon)
		default:
			p.due = now.Add(world.AsyncRetries[1] + soon)
		}
		r.promise(p)
	}
}

// begins notes what a Deployment ignores. What the alarm was when Open has read it is
// what it is when Open describes it, or the scenario is one where that matters.
func (r *run) begins(d *standing) {
	asked, err := request.DecodeInput([]byte(r.base.input), d.id)
	if err != nil || asked.Options.AlarmsAtStart != shift.IgnoreUntilOK {
		return
	}
	for _, alarm := range d.deployment.Alarms {
		if r.firing[alarm] {
			r.ignored[ignoring{d.id, alarm}] = true
		}
	}
}

// calms : an alarm that is ignored counts from when it has been OK.
func (r *run) calms(alarm string, fires bool) {
	for of := range r.ignored {
		if of.alarm == alarm && !fires {
			r.ignored[of] = false
		}
	}
}

// fires : an alarm has gone to ALARM. Open has to have read it before: otherwise it
// is Open's affair, or that of opened. While it is ignored it is nobody's.
func (r *run) fires(alarm string, at time.Time) []promise {
	var of []promise
	for _, x := range r.w.Executions() {
		d := r.deployments[x.ARN()]
		if d != nil && d.deployment != nil && slices.Contains(d.deployment.Alarms, alarm) && at.After(r.since[d.id]) && !r.ignored[ignoring{d.id, alarm}] {
			of = append(of, promise{id: d.id, alarm: alarm, why: alarm + " fires"})
		}
	}
	return of
}

// byPoll promises what the next poll does, if there is one.
func (r *run) byPoll(of promise) {
	if ignores, began := r.ignored[ignoring{of.id, of.alarm}]; began && (ignores || r.unheard()) {
		return
	}
	if until, bakes := r.baking[of.id]; bakes {
		of.road, of.due = byPoll, until.Add(soon)
		r.promise(of)
	}
}

// unheard says whether a fault may have kept Sluice from noting that an alarm was OK:
// the safety net its event, or a poll from reading it, or from coming before it fired
// again. Who has not noted it cannot know then that the alarm counts.
func (r *run) unheard() bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool {
		return s.fault.class == denied || s.fault.class != unharmed && s.actor != flow.Rollback.Function
	})
}

// moved is told of every change of a record.
func (r *run) moved(was standing, d *standing) {
	if d.intent > 0 && was.intent == 0 {
		d.began = r.w.Now()
	}
	if d.intent != was.intent && d.intent != was.intent+1 && r.said[d.id].Order != shift.Promote {
		r.breaks("I4: %s went from step %d to %d, and nobody has promoted it", nameOf(d.id), was.intent, d.intent)
	}
	if d.status != shift.StatusRestoring || was.status == shift.StatusRestoring {
		return
	}
	d.marked = r.w.Now()
	why := nameOf(d.id) + " is to be restored"
	r.promise(promise{road: bySweep, id: d.id, why: why, due: r.w.Now().Add(world.SweepEvery + soon)})
	r.byPoll(promise{id: d.id, why: why})
}

// entered is told of every state that is entered.
func (r *run) entered(x *asl.Execution, e *asl.StateEnteredDetails) {
	if e.Name != "Bake" {
		delete(r.baking, x.ARN())
	}
	if e.Name == flow.Rollback.State {
		r.promise(promise{road: byRollback, id: x.ARN(), why: x.Name() + " rolls back", due: r.w.Now().Add(soon)})
	}
}

// judged is told of every Progress.
func (r *run) judged(x *asl.Execution, p shift.Progress) {
	if p.Next != shift.NextBake {
		return
	}
	id := x.ARN()
	r.baking[id] = r.w.Now().Add(p.Wait.Duration())
	d := r.deployments[id]
	for _, alarm := range d.deployment.Alarms {
		if r.firing[alarm] {
			r.byPoll(promise{id: id, alarm: alarm, why: alarm + " fires"})
		}
	}
	if d.status == shift.StatusRestoring {
		r.byPoll(promise{id: id, why: x.Name() + " is to be restored"})
	}
}

// secondLook is when nothing of a Deployment that was put back can be left.
func (r *run) secondLook(d *standing) *promise {
	now := r.w.Now()
	p := &promise{road: byLookingAgain, id: d.id, made: now, due: now.Add(lookedAgain)}
	for _, t := range d.targets {
		r.lookAt(t, p)
	}
	return p
}

// lookAt has a Target looked at when its grace is over.
func (r *run) lookAt(t shift.Target, p *promise) {
	due, _ := r.delayed(*p)
	r.w.At(due, func() {
		if later, _ := r.delayed(*p); later.After(due) {
			r.lookAt(t, p)
		}
		r.touched[t] = true
	})
}

// inGrace says whether a straggler may have left something at a Target.
func (r *run) inGrace(t shift.Target) bool {
	p := r.grace[t]
	if p == nil {
		return false
	}
	due, _ := r.delayed(*p)
	return r.w.Now().Before(due)
}

// late is told of every write of a set-weight. What it brings about after the mark is
// its own to take back, for as long as it lives: that is within a few calls of its
// own, and need not wait for who restores, who may have died between the mark and the
// write, or for the second look, which comes minutes later.
func (r *run) late(t shift.Target, written localaws.Alias) {
	d := r.writer(t, written)
	switch c := d.change(t); {
	case c == nil, d.status == shift.StatusOpen, d.outcome == shift.Promoted, shareOf(&written, c.Candidate) == 0:
	case c.Settles && written.FunctionVersion == string(c.Candidate):
		// Lambda changes the Revision by itself then, and the undo is refused: it is the net's.
	default:
		r.takesBack(t, written.RevisionID, r.w.Current(), r.w.Now())
	}
}

// writer is the Deployment that a set-weight has written an alias for: it holds the
// Target, or its name stands at what it has created.
func (r *run) writer(t shift.Target, written localaws.Alias) *standing {
	if d := r.holder(t); d != nil {
		return d
	}
	for id, d := range r.deployments {
		if written.Description == "Created by Sluice in execution "+shift.MakerOf(id) {
			return d
		}
	}
	return nil
}

// takesBack looks for a late write when its writer can have taken it back, at the pace
// that the writer has by then.
func (r *run) takesBack(t shift.Target, revision string, writer *world.Actor, made time.Time) {
	due := made.Add(soon + manyCalls*writer.Pace())
	r.w.At(due, func() {
		switch alias := r.target(t).alias; {
		case alias == nil, alias.RevisionID != revision, writer.IsKilled(), r.failed(flow.SetWeight.Function, made):
		case r.target(t).created.Equal(made) && r.takenSince(t, made):
			// No Revision fences off a DeleteAlias: what the next Deployment may have found
			// is left to it, or to the second look when it has not.
		case made.Add(soon + manyCalls*writer.Pace()).After(r.w.Now()):
			r.takesBack(t, revision, writer, made)
		default:
			r.breaks("I7: a set-weight gave %s %v when it was to be restored, lives, and has not taken it back after %s", t, show(alias), due.Sub(made))
		}
	})
}

// takenSince says whether a Deployment has taken a Target since then.
func (r *run) takenSince(t shift.Target, then time.Time) bool {
	for id, d := range r.deployments {
		if slices.Contains(d.targets, t) && !r.begun[id].Before(then) {
			return true
		}
	}
	return false
}

// failed says whether a fault has struck a call of a Lambda since then.
func (r *run) failed(actor string, since time.Time) bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool {
		return (s.actor == actor || s.fault.all) && (s.fault.class == denied || !s.at.Before(since) && (s.fault.class == failing || s.fault.class == hung))
	})
}
