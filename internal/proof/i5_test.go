package proof

import "sluice/internal/shift"

// I5: at most one Deployment of a Target is open.

// locked : I5, at most one Deployment of a Target is open or on its way back, and it
// is the one that holds the lock.
func (r *run) locked(t shift.Target) {
	switch open := r.unfinished[t]; {
	case len(open) > 1:
		r.breaks("I5: %s and %s are both open for %s", nameOf(open[0]), nameOf(open[1]), t)
	case len(open) == 1 && r.holders[t] != open[0]:
		r.breaks("I5: %s is open for %s, and the lock is with %q", nameOf(open[0]), t, nameOf(r.holders[t]))
	case len(open) == 0 && r.holders[t] != "":
		r.breaks("I5: %s holds %s and is not open", nameOf(r.holders[t]), t)
	}
}
