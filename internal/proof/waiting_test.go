package proof

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/world"
)

// A Deployment that has ended keeps no execution waiting: if the execution waits for a hook, the
// next sweep ends that. The wait may be days.

// awaited notes whether an execution waits for a hook's answer.
func (r *run) awaited(x *asl.Execution, e asl.Event) {
	if e.Type == asl.TaskSubmitted {
		r.awaits[x.ARN()] = r.w.Now()
		r.endsWaiting(x.ARN())
		return
	}
	delete(r.awaits, x.ARN())
}

// endsWaiting promises that the execution of a Deployment waits no more, if both its record is
// closed and it waits.
func (r *run) endsWaiting(id string) {
	since, waits := r.awaits[id]
	if d := r.deployments[id]; r.patient || !waits || d == nil || !d.finished() {
		return
	}
	p := promise{road: bySweep, id: id, made: r.w.Now(), due: r.w.Now().Add(world.SweepEvery + soon)}
	r.w.At(p.due, func() { r.waitsNoMore(p, since) })
}

func (r *run) waitsNoMore(p promise, since time.Time) {
	x, known := r.w.Machine().Execution(p.id)
	if now, waits := r.awaits[p.id]; !known || !waits || !now.Equal(since) || x.Status() != asl.Running {
		return
	}
	due, _ := r.delayed(p)
	due = later(due, r.w.ListedFrom(x).Add(world.SweepEvery+soon))
	if r.unlisted(p.made) {
		due = due.Add(world.SweepEvery) // a sweep that cannot list the executions ends no waiting
	}
	if due.After(r.w.Now()) {
		r.w.At(due, func() { r.waitsNoMore(p, since) })
		return
	}
	r.breaks("%s has ended as %s, and %s after that its execution waits for a hook", nameOf(p.id), r.deployments[p.id].outcome, due.Sub(p.made))
}

// unlisted says whether the safety net has failed to list the executions since then.
func (r *run) unlisted(since time.Time) bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool { return s.action == "states:ListExecutions" && !s.at.Before(since) })
}
