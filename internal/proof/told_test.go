package proof

import (
	"time"

	"sluice/internal/shift"
	"sluice/internal/world"
)

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
