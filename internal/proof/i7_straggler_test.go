package proof

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// What a set-weight that outlived its Deployment takes back itself.

// late is told of every write of a set-weight. What it brings about after the mark is
// its own to take back, for as long as it lives: that is within a few calls of its
// own, and need not wait for who restores, who may have died between the mark and the
// write, or for the second look, which comes minutes later.
func (r *run) late(t shift.Target, written localaws.Alias) {
	d := r.writer(t, written)
	switch c := d.change(t); {
	case c == nil, d.status == shift.StatusOpen, d.status == shift.StatusRestoring && !c.Creates(), d.outcome == shift.Promoted, shareOf(&written, c.Candidate) == 0:
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
