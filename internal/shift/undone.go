package shift

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

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

// String says it to people.
func (u Undone) String() string { return tellFate(GroupBy([]Undone{u}, Undone.fate)[0]) }

// fate is the Target, and what is to be said of it.
func (u Undone) fate() (Target, Undone) {
	t := u.Target
	u.Target = ""
	return t, u
}

// TellUndone says what became of the Targets, in so many characters: those that
// fared alike together, and those that a person must look at first. Of many it names
// the first ones and counts the rest.
func TellUndone(list []Undone, room int) []string {
	isAlone := func(g Group[Undone]) bool { return g.Of.Fate == LeftAlone }
	groups := GroupBy(list, Undone.fate)
	alone := slices.DeleteFunc(slices.Clone(groups), func(g Group[Undone]) bool { return !isAlone(g) })
	others := slices.DeleteFunc(groups, isAlone)
	var clauses []string
	for most := MaxClauses; most >= 0; most-- {
		clauses = slices.Concat(
			TellGroups(alone, most, tellFate, "were left alone: they have what Sluice did not write"),
			TellGroups(others, most, tellFate, "are as they were before"),
		)
		if utf8.RuneCountInString(joined(clauses)) <= room {
			break
		}
	}
	return clauses
}

// tellFate says what became of Targets that fared alike.
func tellFate(g Group[Undone]) string {
	text, u := g.Names()+" ", g.Of
	switch u.Fate {
	case LeftAlone:
		return text + fmt.Sprintf(g.Say("was left alone: it has %s, which Sluice did not write", "were left alone: they have %s, which Sluice did not write"), u.Found)
	case Gone:
		return text + g.Say("does not exist, as before", "do not exist, as before")
	case BackBefore:
		return text + g.Say("is as it was before, as an earlier try has made sure", "are as they were before, as an earlier try has made sure")
	case WasBack:
		return text + fmt.Sprintf(g.Say("is on %s", "are on %s"), u.Stable)
	}
	return text + fmt.Sprintf(g.Say("is back on %s (it had %s)", "are back on %s (they had %s)"), u.Stable, u.Found)
}
