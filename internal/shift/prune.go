package shift

import (
	"fmt"
	"slices"
	"time"
)

// Old versions of a function may be deleted, but for those that something needs. Lambda refuses to
// delete a version that an alias refers to, so no mistake here takes a version that serves.

// Need is a version that must stay, and why.
type Need struct {
	Version Version
	Why     string
}

// Pruned says what becomes of a version: it stays for a reason, or goes.
type Pruned struct {
	Version Version `json:"version"`
	// Stays is why the version stays; empty for one that goes.
	Stays string `json:"stays,omitempty"`
	// Deleted says that it is gone.
	Deleted bool `json:"deleted,omitempty"`
}

// Prune says what becomes of the published versions of a function, the newest first: the newest
// ones stay, as many as are to be kept, and all that are needed.
func Prune(versions []Version, keep int, needs []Need) []Pruned {
	versions = slices.DeleteFunc(slices.Clone(versions), func(v Version) bool { return !v.IsNumber() })
	slices.SortFunc(versions, func(a, b Version) int {
		switch {
		case a.Before(b):
			return 1
		case b.Before(a):
			return -1
		}
		return 0
	})
	pruned := make([]Pruned, len(versions))
	for i, v := range versions {
		pruned[i].Version = v
		if n := slices.IndexFunc(needs, func(n Need) bool { return n.Version == v }); n >= 0 {
			pruned[i].Stays = needs[n].Why
		} else if i < keep {
			pruned[i].Stays = fmt.Sprintf("it is one of the %d newest", keep)
		}
	}
	return pruned
}

// Needs returns the versions that a Deployment needs of some Targets: while it goes on, and as
// long as it can be reverted. One that is Stranded keeps its versions for as long, and for
// DefaultRevertWindow at least, for whoever looks after it. window is for how long a Deployment can
// be reverted that does not say so itself.
func (r Record) Needs(is func(Target) bool, now time.Time, window Seconds) []Need {
	name, why := MakerOf(r.ID), ""
	switch until := r.neededUntil(window); {
	case r.Status != StatusClosed:
		why = fmt.Sprintf("the deployment %s goes on with it", name)
	case !now.Before(until):
		return nil
	case r.Outcome == Promoted:
		why = fmt.Sprintf("the deployment %s can be reverted until %s", name, until.UTC().Format(time.DateTime))
	case r.Outcome == Stranded:
		why = fmt.Sprintf("the deployment %s is stranded, and whoever looks after it may need it until %s", name, until.UTC().Format(time.DateTime))
	default:
		return nil
	}
	var needs []Need
	for _, m := range r.Moves() {
		if is(m.Target) {
			needs = append(needs, Need{m.Stable, why}, Need{m.Candidate, why})
		}
	}
	return needs
}

// neededUntil returns until when the versions of a closed Deployment may be needed.
func (r Record) neededUntil(window Seconds) time.Time {
	until := r.RevertUntil(window)
	if least := r.ClosedAt.Add(DefaultRevertWindow.Duration()); r.Outcome == Stranded && until.Before(least) {
		return least
	}
	return until
}

// Needs returns the versions that a Deployment waits with.
func (w Waiting) Needs(is func(Target) bool) []Need {
	var needs []Need
	for _, a := range w.Arrivals {
		if is(a.Target) {
			needs = append(needs, Need{a.Candidate, fmt.Sprintf("the deployment %s waits with it", MakerOf(w.ID))})
		}
	}
	return needs
}
