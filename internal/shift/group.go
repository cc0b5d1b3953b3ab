package shift

import (
	"fmt"
	"slices"
	"strings"
)

// Group is a set of Targets that share one statement.
type Group[K comparable] struct {
	Of      K
	Targets []Target
}

// GroupBy groups the Targets of a list by their key, in the order in which the keys first
// appear.
func GroupBy[T any, K comparable](list []T, of func(T) (Target, K)) []Group[K] {
	var groups []Group[K]
	for _, item := range list {
		target, key := of(item)
		i := slices.IndexFunc(groups, func(g Group[K]) bool { return g.Of == key })
		if i < 0 {
			i = len(groups)
			groups = append(groups, Group[K]{Of: key})
		}
		groups[i].Targets = append(groups[i].Targets, target)
	}
	return groups
}

// MaxClauses is how many groups get a clause of their own, where there is room.
const MaxClauses = 4

// TellGroups returns a clause for each group. With more than most groups, the last clause
// counts the Targets that are left.
func TellGroups[K comparable](groups []Group[K], most int, clause func(Group[K]) string, rest string) []string {
	shown := len(groups)
	if shown > most {
		shown = max(most-1, 0)
	}
	var clauses []string
	for _, g := range groups[:shown] {
		clauses = append(clauses, clause(g))
	}
	left := 0
	for _, g := range groups[shown:] {
		left += len(g.Targets)
	}
	switch {
	case left > 0 && shown > 0:
		clauses = append(clauses, fmt.Sprintf("%d more targets %s", left, rest))
	case left > 0:
		clauses = append(clauses, fmt.Sprintf("%d targets %s", left, rest))
	}
	return clauses
}

// allNames is the largest number of Targets that are all named. Of more Targets, the first
// firstNames are named.
const (
	allNames   = 3
	firstNames = 2
)

// NameTargets names a few Targets, or the first of many and how many more there are.
func NameTargets(targets []Target) string {
	if len(targets) > allNames {
		return fmt.Sprintf("%s and %d more", commas(targets[:firstNames]), len(targets)-firstNames)
	}
	last := len(targets) - 1
	if last < 1 {
		return commas(targets)
	}
	return commas(targets[:last]) + " and " + string(targets[last])
}

// Names returns the names of the Group's Targets.
func (g Group[K]) Names() string { return NameTargets(g.Targets) }

// Say chooses the words for one Target, or for several.
func (g Group[K]) Say(one, many string) string {
	if len(g.Targets) == 1 {
		return one
	}
	return many
}

func commas(targets []Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
