package world

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Routed is one change of a Target's traffic.
type Routed struct {
	Seconds float64      `json:"seconds"`
	Target  shift.Target `json:"target"`
	// Kind is "site", "name" or "switch"; empty for a function.
	Kind      string       `json:"kind,omitempty"`
	Stable    string       `json:"stable"`
	Candidate string       `json:"candidate"`
	Percent   shift.Weight `json:"percent"`
	// IsOurs says that Sluice has made the change, and not somebody else.
	IsOurs bool `json:"-"`
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
	first      string   // the version that served when the world began
	introduced []string // all versions that Sluice has given traffic, but for first
}

func newRoutes(c *clock) *routes {
	return &routes{clock: c, began: c.now, last: map[shift.Target]seen{}, tell: func(Routed) {}}
}

func (r *routes) begin(t shift.Target, d Division) {
	if d.Serving != "" {
		r.last[t] = seen{stable: d.Serving, first: d.Serving}
	}
}

// reroute records a change of what a control plane has. ours says that Sluice made it.
func (r *routes) reroute(t shift.Target, d Division, ours bool) {
	before := r.last[t]
	now := before
	switch {
	case !d.Exists: // without an alias there is no traffic
		now.percent = shift.None
	case d.Additional != "":
		now.stable, now.candidate, now.percent = d.Serving, d.Additional, d.Weight
	case d.Serving == before.stable:
		now.percent = shift.None
	case d.Serving == before.candidate:
		now.percent = shift.All
	default:
		if before.percent == shift.All {
			now.stable = before.candidate
		}
		now.candidate, now.percent = d.Serving, shift.All
	}
	if ours && now.percent != shift.None {
		now.introduce(now.candidate)
	}
	r.last[t] = now
	if now.percent == before.percent && (now.percent == shift.None || now.candidate == before.candidate) {
		return
	}
	changed := Routed{
		Seconds: r.clock.now.Sub(r.began).Seconds(), Target: t, Kind: kindNoun(t), Stable: now.stable, Candidate: now.candidate, Percent: now.percent, IsOurs: ours,
	}
	r.list = append(r.list, changed)
	r.tell(changed)
}

// whole returns the version that has served all of a Target's traffic last.
func (r *routes) whole(t shift.Target) string {
	if last := r.last[t]; last.percent == shift.All {
		return last.candidate
	}
	return r.last[t].stable
}

// kindNoun returns what a front end is; empty for a function.
func kindNoun(t shift.Target) string {
	if !isFrontEnd(t) {
		return ""
	}
	kind, _ := flow.KindOf(t)
	return kind.Noun
}

// introduce makes a version the latest one that Sluice has introduced.
func (s *seen) introduce(version string) {
	s.introduced = append(slices.DeleteFunc(slices.Clone(s.introduced), func(v string) bool { return v == version }), version)
}

// introducing returns the version that Sluice introduced last; empty if there is none.
func (s seen) introducing() string {
	if len(s.introduced) == 0 {
		return ""
	}
	return s.introduced[len(s.introduced)-1]
}

// role returns what a version is at a Target.
func (r *routes) role(t shift.Target, version string) Role {
	switch last := r.last[t]; {
	case slices.Contains(last.introduced, version):
		return RoleCandidate
	case version == last.first:
		return RoleStable
	}
	return RoleOther
}

func toWeight(share float64) shift.Weight {
	return shift.Weight(share*float64(shift.All) + 0.5)
}
