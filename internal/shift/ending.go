package shift

import (
	"errors"
	"slices"
	"time"
)

// Ending is how a record is closed.
type Ending struct {
	Outcome Outcome
	// Cause is one plain text for people; Reasons are what it was made of.
	Cause   string
	Reasons []Reason
	At      time.Time
}

// End decides how a record ends after its Targets were restored. results has an entry for
// each Target that was still to be restored. It returns the Ending, and what became of all
// Targets. at may be when an abort was asked for. The record may have been opened since then, and it
// ends no earlier than that.
func (r Record) End(results []Undone, at time.Time) (Ending, []Undone) {
	if at.Before(r.OpenedAt) {
		at = r.OpenedAt
	}
	ending := Ending{Outcome: Rejected, Reasons: r.Reasons, At: at}
	if r.HasIntent() {
		ending.Outcome = RolledBack
	}
	undone := make([]Undone, 0, len(r.Restored)+len(results))
	for _, t := range r.Restored {
		undone = append(undone, Undone{Target: t, Fate: BackBefore})
	}
	for _, u := range results {
		if u.Fate == LeftAlone {
			ending.Outcome = Stranded
		}
		undone = append(undone, u)
	}
	return ending, undone
}

// maxSettlingTime is how long a platform may take to move traffic back by itself before a
// person is told. AWS gives no figure.
const maxSettlingTime = 15 * time.Minute

// MaySettle says whether the Targets may still settle by themselves, so that nobody needs
// to be told yet.
func (r Record) MaySettle(now time.Time) bool { return now.Sub(r.MarkedAt) < maxSettlingTime }

// IsOverdue says whether the Targets should have been restored by now, so that somebody needs
// to be told.
func (r Record) IsOverdue(now time.Time) bool {
	return r.Status == StatusRestoring && !r.MaySettle(now)
}

// HealsSoon says whether a restoration that failed with this error is worth trying again
// within seconds. It is not when nothing is left to restore, when the platform takes
// minutes to settle, when a person has to look at the Ledger, or when only newer code can
// read it.
func HealsSoon(err error) bool {
	return !slices.ContainsFunc([]error{
		ErrDeploymentUnknown, ErrDeploymentRestoring, ErrDeploymentClosed, ErrRouteSettling, ErrLedgerDamaged, ErrSchemaTooNew,
	}, func(known error) bool { return errors.Is(err, known) })
}
