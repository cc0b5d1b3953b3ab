package shift

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Route is what a router says now: Serving takes all traffic that Additional
// does not, and Additional takes Weight.
type Route struct {
	Serving    Version
	Additional Version // empty when there is none
	Weight     Weight  // of Additional
	Revision   Revision
	// Settling says that the platform is still moving the traffic to Serving, by itself:
	// until it has, Additional has all of it.
	Settling bool
	// Maker names the Deployment that created the Target, where its router can tell. It is
	// written only when a Target is created.
	Maker string
	// Detail is what else the router needs to write the Route again. Nobody else reads it.
	Detail string
}

// Same says whether two Routes send traffic alike, whatever their Revisions.
func (r Route) Same(other Route) bool {
	return r.Serving == other.Serving && r.Additional == other.Additional && r.Weight == other.Weight
}

// String shows the Route to people.
func (r Route) String() string {
	switch {
	case r.Serving == "" && r.Additional == "":
		return "nothing"
	case r.Additional == "":
		return "100% on " + string(r.Serving)
	}
	return fmt.Sprintf("%s on %s, the rest on %s", r.Weight, r.Additional, r.Serving)
}

// IsWhole says whether all traffic goes to the serving version. A zero weight divides
// nothing, though some tools, and a restoration that was cut short, leave one behind.
func (r Route) IsWhole() bool { return r.Additional == "" || r.Weight == None }

// sendsAllTo says whether the Route sends all traffic to one version.
func (r Route) sendsAllTo(v Version) bool { return r.Serving == v && r.IsWhole() }

// Change is a Target with its Stable and its Candidate.
type Change struct {
	Target    Target  `json:"target"`
	Stable    Version `json:"stable"` // empty when the Target did not exist
	Candidate Version `json:"candidate"`
	// Revision is the one that the Route had when the Deployment was opened.
	Revision Revision `json:"revision"`
	// Detail is the router's own, as it gave it with the Candidate.
	Detail string `json:"detail,omitempty"`
	// Maker marks a Target that the Deployment creates as its own.
	Maker string `json:"maker,omitempty"`
	// Settles says that the platform goes on moving traffic by itself for a while after
	// the serving version has changed.
	Settles bool `json:"settles,omitempty"`
	// Lag is how long viewers may go on seeing the Route before.
	Lag Seconds `json:"lagSeconds,omitempty"`
}

// Creates says that the Target comes into being with this Deployment.
func (c Change) Creates() bool { return c.Stable == "" }

// Before is the Route that the Change found.
func (c Change) Before() Route { return Route{Serving: c.Stable} }

// At is the Route that gives the Candidate its Weight. Up to 100 % Stable stays
// the serving version, so that undoing is clearing the weights. A Target that
// comes into being has nothing else to serve, whatever the Weight.
func (c Change) At(w Weight) Route {
	switch {
	case c.Creates(), w == All:
		return Route{Serving: c.Candidate, Maker: c.Maker, Detail: c.Detail}
	case w == None:
		return c.Before()
	}
	return Route{Serving: c.Stable, Additional: c.Candidate, Weight: w}
}

// Settling says whether the Route is on its way to serve one version alone, and the
// platform moves the traffic there by itself.
func (c Change) Settling(found Route, serving Version) bool {
	other := c.Stable
	if serving == c.Stable {
		other = c.Candidate
	}
	return c.Settles && found.Settling && found.Serving == serving && found.Additional == other
}

// CheckServes returns ErrRouteSettling while the Target is on its way to serve
// one version alone, and ErrRouteChanged when it serves something else.
func (c Change) CheckServes(found Route, v Version) error {
	switch {
	case found.Same(Route{Serving: v}):
		return nil
	case c.Settling(found, v):
		return fmt.Errorf("%w: %s has %s, and is still moving by itself; if this does not end, clear the weights by hand", ErrRouteSettling, c.Target, found)
	}
	return fmt.Errorf("%w: %s has %s, and should have 100%% on %s", ErrRouteChanged, c.Target, found, v)
}

// Passed says whether the Route is one that the Deployment has left behind on its
// way to the Plan's last Step.
func (c Change) Passed(found Route, plan Plan) bool {
	return found.Same(c.Before()) || c.isExplained(found, plan, plan.Len()-1)
}

// Landing is what a refused write of a Route means.
type Landing int

const (
	// RouteForeign : somebody else wrote the Route; it must not be overwritten.
	RouteForeign Landing = iota
	// RouteLanded : an earlier try of the same write had its effect.
	RouteLanded
	// RouteUntouched : the Route still sends traffic as before the write, with another
	// Revision; the write may be tried again with that one.
	RouteUntouched
)

// Landing judges the Route that is found after a write was refused for its
// Revision: the write wanted the Plan's Step to, and expected the Step from (0:
// what was there before the first).
func (c Change) Landing(found Route, plan Plan, from, to int) Landing {
	wanted := c.At(plan.Step(to).Weight)
	untouched := found.sendsAllTo(c.Stable)
	if from > 0 {
		untouched = found.Same(c.At(plan.Step(from).Weight))
	}
	switch {
	case c.Creates() && !c.isOwnCreation(found):
		return RouteForeign
	case found.Same(wanted), wanted.Additional == "" && c.Settling(found, wanted.Serving):
		return RouteLanded
	case untouched:
		return RouteUntouched
	}
	return RouteForeign
}

// Restoration says how to bring a found Route back to Stable.
type Restoration struct {
	// Ours is false when no intent explains the Route; then it is left alone.
	Ours bool
	// Write is the Route to write; nil for none.
	Write *Route
	// Rotate says that the Target is on Stable already, and needs nothing but another
	// Revision, so that a write still on its way is refused.
	Rotate bool
	// Delete says that the Target did not exist before and goes again.
	Delete bool
}

// Restoration plans the way back from a found Route, when writes of the Plan's
// Steps up to intent may have happened (0: none).
func (c Change) Restoration(found Route, exists bool, plan Plan, intent int) Restoration {
	switch {
	case c.Creates() && !exists:
		return Restoration{Ours: true}
	case c.Creates() && c.isOwnCreation(found):
		return Restoration{Ours: true, Delete: true}
	case c.Creates(), !exists:
		return Restoration{}
	case found.Same(c.Before()):
		return Restoration{Ours: true, Rotate: true}
	case c.isExplained(found, plan, intent):
		return c.writeBefore()
	}
	return Restoration{}
}

// Stray says what to do about a Route that is found when the Deployment has long
// been put back: take away what only a straggler of its own can have left. All
// traffic on the Candidate is none of that: a write of it is refused for its Revision,
// which every restoration makes sure of, so somebody else has brought it there since;
// and were it otherwise, nothing at the Target would tell who it was.
func (c Change) Stray(found Route) Restoration {
	switch {
	case c.Creates():
		return Restoration{Ours: c.isOwnCreation(found), Delete: true}
	case found.Same(c.zeroWeight()):
		return c.writeBefore()
	}
	return Restoration{}
}

func (c Change) writeBefore() Restoration {
	before := c.Before()
	return Restoration{Ours: true, Write: &before}
}

// isOwnCreation says whether a Target that did not exist was created by this very
// Deployment, and has not been changed since.
func (c Change) isOwnCreation(found Route) bool {
	return found.Same(c.At(All)) && found.Maker == c.Maker
}

// MakerOf names a Deployment as the maker of what it creates: by its execution's name.
func MakerOf(id string) string { return id[strings.LastIndexByte(id, ':')+1:] }

// UnmarshalJSON reads a Change. Those that were written before there was more than one
// kind of Target hold the ARN of a function, and the description of what they create.
func (c *Change) UnmarshalJSON(data []byte) error {
	type plain Change
	read := struct {
		*plain
		FunctionARN string `json:"functionArn"`
		Note        string `json:"note"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	c.Detail = cmp.Or(c.Detail, read.FunctionARN)
	c.Maker = cmp.Or(c.Maker, read.Note[strings.LastIndexByte(read.Note, ' ')+1:])
	return nil
}

func (c Change) zeroWeight() Route {
	return Route{Serving: c.Stable, Additional: c.Candidate, Weight: None}
}

func (c Change) isExplained(found Route, plan Plan, intent int) bool {
	if found.sendsAllTo(c.Stable) {
		return true // as it was found, or a restoration that was cut short
	}
	if intent >= plan.Len() && c.Settling(found, c.Stable) {
		return true // a restoration that settles: FunctionVersion had moved, and moved back
	}
	for number := 1; number <= min(intent, plan.Len()); number++ {
		wanted := c.At(plan.Step(number).Weight)
		if found.Same(wanted) || wanted.Additional == "" && c.Settling(found, wanted.Serving) {
			return true
		}
	}
	return false
}
