package shift

// Fate is what became of a Target whose traffic was to be put back.
type Fate string

const (
	// LeftAlone : somebody else has written its Route, and it stays so.
	LeftAlone Fate = "leftAlone"
	// Back : its traffic is back on Stable.
	Back Fate = "back"
	// WasBack : its traffic was on Stable when it was looked at. Whether it had never left,
	// or somebody has put it back, nobody knows: perhaps an earlier write of the restoration,
	// whose reply was lost or which had to settle first.
	WasBack Fate = "wasBack"
	// BackBefore : an earlier try has put it back, or has seen that it was.
	BackBefore Fate = "backBefore"
	// Gone : it did not exist before, and does not exist now, whether or not it did between.
	Gone Fate = "gone"
)

// Undone is what became of one Target, and what was found there.
type Undone struct {
	Target Target  `json:"target"`
	Fate   Fate    `json:"fate"`
	Stable Version `json:"stable,omitempty"`
	// Found is the Route that it had, as it is shown to people.
	Found string `json:"found,omitempty"`
}

// Undo is what becomes of a Change that is put back from a Route.
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
