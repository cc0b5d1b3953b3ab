package proof

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Why traffic has to come back: each reason makes promises for the roads that it opens.

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
// what it is when Open describes it, or the ledger says that it was firing and it has been OK
// since.
func (r *run) begins(d *standing) {
	asked, err := request.DecodeInput([]byte(r.base.input), d.id)
	if err != nil || asked.Options.AlarmsAtStart != shift.IgnoreUntilOK {
		return
	}
	for _, alarm := range d.deployment.Alarms {
		if r.firing[alarm] || slices.Contains(d.deployment.FiringAtStart, alarm) {
			r.ignored[ignoring{d.id, alarm}] = r.firing[alarm]
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
	r.stepsOnce(was, d)
	if d.status != shift.StatusRestoring || was.status == shift.StatusRestoring {
		return
	}
	d.marked, d.markedBy = r.w.Now(), r.at.Actor
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
	if p.Waiting {
		r.waitsEnd(id, p)
	}
	for _, alarm := range d.deployment.Alarms {
		if r.firing[alarm] {
			r.byPoll(promise{id: id, alarm: alarm, why: alarm + " fires"})
		}
	}
	if d.status == shift.StatusRestoring {
		r.byPoll(promise{id: id, why: x.Name() + " is to be restored"})
	}
}
