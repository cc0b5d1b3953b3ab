package proof

import "github.com/sluice-aws/sluice/internal/shift"

// I5: at most one Deployment of a Target is open.

// locked : I5, at most one Deployment of a Target is open or on its way back, and it
// is the one that holds the lock. A Deployment that may have created the Target keeps the lock
// until the second look, because a late deletion cannot be refused.
func (r *run) locked(t shift.Target) {
	switch open := r.unfinished[t]; {
	case len(open) > 1:
		r.breaks("I5: %s and %s are both open for %s", nameOf(open[0]), nameOf(open[1]), t)
	case len(open) == 1 && r.holders[t] != open[0]:
		r.breaks("I5: %s is open for %s, and the lock is with %q", nameOf(open[0]), t, nameOf(r.holders[t]))
	case len(open) == 0 && r.holders[t] != "" && !r.quarantines(r.deployments[r.holders[t]], t):
		r.breaks("I5: %s holds %s and is not open", nameOf(r.holders[t]), t)
	}
	for id := range r.suspects {
		if d := r.deployments[id]; r.quarantines(d, t) && r.holders[t] != id {
			r.breaks("I5: %s may still delete %s, and has not kept its lock", nameOf(id), t)
		}
	}
}

// quarantines says whether a Deployment that has ended may still delete a Target.
func (r *run) quarantines(d *standing, t shift.Target) bool {
	c := d.change(t)
	return c != nil && c.Creates() && d.finished() && d.touched() && d.outcome != shift.Promoted && r.suspects[d.id]
}
