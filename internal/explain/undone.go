package explain

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Fate says what became of one Target.
func Fate(u shift.Undone) string { return tellFate(shift.GroupBy([]shift.Undone{u}, splitTarget)[0]) }

// splitTarget separates the Target from what is to be said of it.
func splitTarget(u shift.Undone) (shift.Target, shift.Undone) {
	t := u.Target
	u.Target = ""
	return t, u
}

// Undone says what became of the Targets, in at most room characters. Targets with the same
// fate are named together, and those that a person must look at come first. Of many
// Targets, it names the first ones and counts the rest.
func Undone(list []shift.Undone, room int) []string {
	isAlone := func(g shift.Group[shift.Undone]) bool { return g.Of.Fate == shift.LeftAlone }
	groups := shift.GroupBy(list, splitTarget)
	alone := slices.DeleteFunc(slices.Clone(groups), func(g shift.Group[shift.Undone]) bool { return !isAlone(g) })
	others := slices.DeleteFunc(groups, isAlone)
	var clauses []string
	for most := shift.MaxClauses; most >= 0; most-- {
		clauses = slices.Concat(
			shift.TellGroups(alone, most, tellFate, "were left alone: they are not as Sluice left them"),
			shift.TellGroups(others, most, tellFate, "are as they were before"),
		)
		if utf8.RuneCountInString(join(clauses)) <= room {
			break
		}
	}
	return clauses
}

// tellFate says what became of Targets with the same fate.
func tellFate(g shift.Group[shift.Undone]) string {
	text := tellRoute(g)
	if until := g.Of.UntilText(); until != "" {
		text += ", and " + until
	}
	return text
}

func tellRoute(g shift.Group[shift.Undone]) string {
	text, u := g.Names()+" ", g.Of
	switch u.Fate {
	case shift.LeftAlone:
		if u.Why != "" {
			return text + g.Say("was left alone: ", "were left alone: ") + u.Why
		}
		if u.Found == (shift.Route{}).String() {
			return text + g.Say("was left alone: it does not exist any more", "were left alone: they do not exist any more")
		}
		return text + fmt.Sprintf(g.Say("was left alone: it has %s, which Sluice did not write", "were left alone: they have %s, which Sluice did not write"), u.Found)
	case shift.Gone:
		return text + g.Say("does not exist, as before", "do not exist, as before")
	case shift.BackBefore:
		return text + g.Say("is as it was before, as an earlier try has made sure", "are as they were before, as an earlier try has made sure")
	case shift.WasBack:
		return text + fmt.Sprintf(g.Say("is on %s", "are on %s"), u.Stable)
	}
	return text + fmt.Sprintf(g.Say("is back on %s (it had %s)", "are back on %s (they had %s)"), u.Stable, u.Found)
}
