package shift

import "time"

// Fate is what became of a Target whose traffic was to be put back.
type Fate string

const (
	// LeftAlone : somebody else has written its Route or deleted it, so it was left as it is.
	LeftAlone Fate = "leftAlone"
	// Back : its traffic is back on Stable.
	Back Fate = "back"
	// WasBack : its traffic was already on Stable. Either it had never left, or somebody
	// has put it back, such as an earlier write of the restoration whose reply was lost.
	WasBack Fate = "wasBack"
	// BackBefore : an earlier try has put it back, or has found it on Stable.
	BackBefore Fate = "backBefore"
	// Gone : it did not exist before the Deployment, and does not exist now.
	Gone Fate = "gone"
)

// Undone says what became of one Target, and what Route was found there.
type Undone struct {
	Target Target  `json:"target"`
	Fate   Fate    `json:"fate"`
	Stable Version `json:"stable,omitempty"`
	// Found is the Route that was found, as people see it.
	Found string `json:"found,omitempty"`
	// Why is why a Target was left alone, if not for the Route that was found.
	Why string `json:"why,omitempty"`
	// Until is until when viewers may still see the Candidate, if they may.
	Until     time.Time `json:"viewersLagUntil,omitzero"`
	Candidate Version   `json:"candidate,omitempty"`
}

// Undo says what becomes of a Change that is restored from the given Route.
func (c Change) Undo(found Route) Undone {
	u := Undone{Target: c.Target, Fate: Back, Stable: c.Stable, Found: found.String()}
	switch {
	case c.Creates():
		return Undone{Target: c.Target, Fate: Gone}
	case found.sendsAllTo(c.Stable):
		u.Fate = WasBack
	}
	return u
}
