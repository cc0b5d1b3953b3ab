package proof

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// I8: every Outcome is announced at least once, as it is, and repeats carry the same id.

// announced : I8, an Outcome is told as it is, and repeats carry the same id.
func (r *run) announced(events []localaws.Event) {
	for _, e := range events {
		var a shift.Announcement
		if err := json.Unmarshal([]byte(e.Detail), &a); err != nil {
			r.breaks("I8: an announcement cannot be read: %v", err)
		}
		r.identifies(a)
		r.transcript.add("announced", "%s of %s", a.State, nameOf(a.DeploymentID))
		if d := r.deployments[a.DeploymentID]; outcomes[shift.Outcome(a.State)] && (d == nil || d.outcome != shift.Outcome(a.State)) {
			r.breaks("I8: %s was announced of %s, which has not ended so", a.State, nameOf(a.DeploymentID))
		}
	}
}

// identifies : repeats of an announcement carry its id, and nothing else does.
func (r *run) identifies(a shift.Announcement) {
	before, repeated := r.told[a.ID]
	if repeated && (before.DeploymentID != a.DeploymentID || before.State != a.State || before.Step != a.Step) {
		r.breaks("I8: %s is the id of %s and of %s", a.ID, before.State, a.State)
	}
	what := fmt.Sprintf("%s of step %d of %s", a.State, a.Step, a.DeploymentID)
	if id, told := r.ids[what]; told && id != a.ID {
		r.breaks("I8: %s was told as %s and as %s", what, id, a.ID)
	}
	r.told[a.ID], r.ids[what] = a, a.ID
}

var outcomes = map[shift.Outcome]bool{
	shift.Promoted: true, shift.Unchanged: true, shift.Rejected: true, shift.RolledBack: true, shift.Stranded: true,
}

// heard says whether the Outcome of a Deployment was announced, with the id that
// every repeat of it has.
func (r *run) heard(id string) bool {
	d := r.deployments[id]
	if d == nil {
		return false
	}
	_, told := r.told[explain.AnnounceOutcome(shift.Record{ID: id, Outcome: d.outcome}, world.Epoch).ID]
	return told
}

// listed is told when a Deployment comes onto the list of those that the safety net cares
// for, and when it goes: nobody may be forgotten whose Outcome nobody was told.
func (r *run) listed(id string, is bool) {
	if is {
		r.unannounced[id] = true
		return
	}
	delete(r.unannounced, id)
	if !r.heard(id) {
		r.breaks("I8: nobody was told how %s ended, and the safety net has forgotten it", nameOf(id))
	}
}

// toldWithin is how long nobody may be told how a Deployment has ended, when whoever has
// closed it could not: a minute is theirs, and then the next sweep does it, whether the
// execution goes on or not.
const toldWithin = time.Minute + world.SweepEvery + soon

// tells : I8, in time. It is told of every write of a record.
func (r *run) tells(was standing, d *standing) {
	if r.patient || !d.finished() || was.status == shift.StatusClosed {
		return
	}
	now := r.w.Now()
	p := promise{road: bySweep, id: d.id, made: now, due: now.Add(toldWithin)}
	r.w.At(p.due, func() { r.toldBy(p) })
}

// toldBy breaks I8 when nobody was told by a time, or by when it can be.
func (r *run) toldBy(p promise) {
	due, barred := r.delayed(p)
	switch {
	case r.heard(p.id), barred:
	case due.After(r.w.Now()):
		r.w.At(due, func() { r.toldBy(p) })
	default:
		r.breaks("I8: %s has ended, and %s after that nobody was told", nameOf(p.id), due.Sub(p.made))
	}
}
