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

// End is how a record ends whose Targets were put back: what became of each of those that
// were still to be restored.
func (r Record) End(results []Undone, at time.Time) (Ending, []Undone) {
	ending := Ending{Outcome: Rejected, Reasons: r.Reasons, At: at}
	if r.Touched() {
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

// maxSettlingTime is how long a platform may go on moving traffic back by itself before somebody
// is told. AWS gives no figure.
const maxSettlingTime = 15 * time.Minute

// MaySettle says whether the Targets may still settle by themselves, and nobody needs to
// be told.
func (r Record) MaySettle(now time.Time) bool { return now.Sub(r.MarkedAt) < maxSettlingTime }

// HealsSoon says whether an error of a restoration may be gone a few seconds later. It is
// not worth trying again when there is nothing left to put back, when a platform takes
// minutes to settle, or when somebody has to look at the Ledger.
func HealsSoon(err error) bool {
	return !slices.ContainsFunc([]error{
		ErrDeploymentUnknown, ErrDeploymentRestoring, ErrDeploymentClosed, ErrRouteSettling, ErrLedgerDamaged,
	}, func(known error) bool { return errors.Is(err, known) })
}

// Claim is what an entry of a Target's history says of what a straggler left there.
type Claim int

const (
	// NoClaim : whoever had the Target has not built on it.
	NoClaim Claim = iota
	// ClaimPending : whoever has the Target has yet to say what was found there.
	ClaimPending
	// Claimed : whoever had the Target since has taken it for its own.
	Claimed
)

// Claims says whether the Deployment of an entry has taken for its own what a straggler of
// a closed one has left at a Target. record is that of the entry; nil when it has expired
// before the entry, and nobody knows what it said.
func (a Arrived) Claims(t Target, closed Record, record *Record) Claim {
	switch {
	case !a.Since(closed):
		return NoClaim
	case record == nil, record.Adopts(t):
		return Claimed
	case record.Opening():
		return ClaimPending
	}
	return NoClaim
}
