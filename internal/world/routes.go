package world

import (
	"maps"
	"slices"
	"time"

	"sluice/internal/localaws"
	"sluice/internal/shift"
)

// Routed is one change of a Target's traffic.
type Routed struct {
	Seconds   float64      `json:"seconds"`
	Target    shift.Target `json:"target"`
	Stable    string       `json:"stable"`
	Candidate string       `json:"candidate"`
	Percent   shift.Weight `json:"percent"`
}

// routes records how the traffic of each Target changes, as seen from outside.
type routes struct {
	clock *clock
	began time.Time
	list  []Routed
	last  map[shift.Target]seen
	tell  func(Routed) // called with each change
}

// seen is the last known route of a Target.
type seen struct {
	stable     string // the version that served all traffic before
	candidate  string // the version that is being introduced, or was last
	percent    shift.Weight
	introduced []string // all versions that were ever a candidate
}

func newRoutes(c *clock) *routes {
	return &routes{clock: c, began: c.now, last: map[shift.Target]seen{}, tell: func(Routed) {}}
}

func (r *routes) begin(t shift.Target, alias localaws.Alias, exists bool) {
	if exists {
		r.last[t] = seen{stable: alias.FunctionVersion}
	}
}

func (r *routes) reroute(t shift.Target, alias *localaws.Alias) {
	before := r.last[t]
	now := before
	switch {
	case alias == nil: // without an alias there is no traffic
		now.percent = shift.None
	case len(alias.Weights) > 0:
		now.candidate = slices.Collect(maps.Keys(alias.Weights))[0]
		now.stable, now.percent = alias.FunctionVersion, toWeight(alias.Weights[now.candidate])
	case alias.FunctionVersion == before.stable:
		now.percent = shift.None
	case alias.FunctionVersion == before.candidate:
		now.percent = shift.All
	default:
		if before.percent == shift.All {
			now.stable = before.candidate
		}
		now.candidate, now.percent = alias.FunctionVersion, shift.All
	}
	if now.percent != shift.None && !slices.Contains(now.introduced, now.candidate) {
		now.introduced = append(slices.Clone(now.introduced), now.candidate)
	}
	r.last[t] = now
	if now.percent == before.percent && (now.percent == shift.None || now.candidate == before.candidate) {
		return
	}
	changed := Routed{
		Seconds: r.clock.now.Sub(r.began).Seconds(), Target: t, Stable: now.stable, Candidate: now.candidate, Percent: now.percent,
	}
	r.list = append(r.list, changed)
	r.tell(changed)
}

// isCandidate says whether a version was introduced since the world began.
func (r *routes) isCandidate(t shift.Target, version string) bool {
	return slices.Contains(r.last[t].introduced, version)
}

func toWeight(share float64) shift.Weight {
	return shift.Weight(share*float64(shift.All) + 0.5)
}
