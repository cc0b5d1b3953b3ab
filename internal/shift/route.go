package shift

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Route is what a router says now: Additional takes Weight of the traffic, and Serving
// takes the rest.
type Route struct {
	Serving    Version
	Additional Version // empty when there is none
	Weight     Weight  // of Additional
	Revision   Revision
	// Settling says that the platform is still moving traffic to Serving by itself. Until
	// it is done, Additional has all traffic.
	Settling bool
	// Maker names the Deployment that created the Target, if the router can tell. It is
	// only written when a Target is created.
	Maker string
	// Detail is opaque data that the router needs to write the Route again, of at most
	// MaxRouteDetail bytes.
	Detail string
	// Lag is how long after a write viewers may still see the Route before, if the Target
	// itself tells and that is longer than its kind's Rules say.
	Lag Seconds
	// Receipt is by what the router can tell later whether a write has reached all viewers. It
	// comes with the Route after a write, if the router needs it.
	Receipt string
}

// MaxRouteDetail is how many bytes of Detail a Route has at most. They are kept with the
// Deployment, which flows through the state machine.
const MaxRouteDetail = 4 << 10

// CheckDetail returns ErrDocumentTooLarge for a Route with a Detail that cannot be kept.
func (r Route) CheckDetail(t Target) error {
	if len(r.Detail) <= MaxRouteDetail {
		return nil
	}
	return fmt.Errorf("%w: to put %s back as it was, %d bytes would have to be kept, and at most %d are: simplify what it has now", ErrDocumentTooLarge, t, len(r.Detail), MaxRouteDetail)
}

// Same says whether two Routes send traffic alike. Their Revisions and Details do not matter.
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

// IsWhole says whether all traffic goes to the serving version. That includes an additional
// version with zero weight, which some tools, and a restoration that was interrupted, leave
// behind.
func (r Route) IsWhole() bool { return r.Additional == "" || r.Weight == None }

// sendsAllTo says whether the Route sends all traffic to one version.
func (r Route) sendsAllTo(v Version) bool { return r.Serving == v && r.IsWhole() }

// Change is a Target with its Stable and its Candidate.
type Change struct {
	Target    Target  `json:"target"`
	Stable    Version `json:"stable"` // empty when the Target did not exist
	Candidate Version `json:"candidate"`
	// Revision is that of the Route when the Deployment was opened. It guards the first write.
	Revision Revision `json:"revision"`
	// Detail is the router's own, as it gave it with the Candidate.
	Detail string `json:"detail,omitempty"`
	// Note is what people should know of the Candidate, in one sentence, or empty. (Earlier
	// versions wrote something else as "note".)
	Note string `json:"candidateNote,omitempty"`
	// RouteDetail is the Detail of the Route when the Deployment was opened, if the router
	// needs it for its writes.
	RouteDetail string `json:"routeDetail,omitempty"`
	// Maker is written to a Target that the Deployment creates, so that it can be
	// recognized.
	Maker string `json:"maker,omitempty"`
	// Settles says that the platform may go on moving traffic by itself after the serving
	// version has changed.
	Settles bool `json:"settles,omitempty"`
	// Lag is how long after a write viewers may still see the previous Route.
	Lag Seconds `json:"lagSeconds,omitempty"`
	// Judged says that the Candidate's requests are compared with Stable's.
	Judged bool `json:"judged,omitempty"`
}

// Creates says whether the Deployment creates the Target.
func (c Change) Creates() bool { return c.Stable == "" }

// Before returns the Route that the Target had before the Deployment.
func (c Change) Before() Route { return Route{Serving: c.Stable, Detail: c.RouteDetail} }

// At returns the Route that gives the Candidate this Weight. Below 100 % Stable remains the
// serving version, so that clearing the weights undoes the shift. A Target that the
// Deployment creates serves the Candidate at every Weight, because it has no other version.
func (c Change) At(w Weight) Route {
	switch {
	case c.Creates(), w == All:
		return Route{Serving: c.Candidate, Maker: c.Maker, Detail: c.RouteDetail}
	case w == None:
		return c.Before()
	}
	return Route{Serving: c.Stable, Additional: c.Candidate, Weight: w, Detail: c.RouteDetail}
}

// Settling says whether the platform is still moving traffic by itself until the given
// version serves alone.
func (c Change) Settling(found Route, serving Version) bool {
	other := c.Stable
	if serving == c.Stable {
		other = c.Candidate
	}
	return c.Settles && found.Settling && found.Serving == serving && found.Additional == other
}

// CheckServes returns ErrRouteSettling while the platform is still moving traffic to the
// given version, and ErrRouteChanged if the Target serves anything else.
func (c Change) CheckServes(found Route, v Version) error {
	switch {
	case found.Same(Route{Serving: v}):
		return nil
	case c.Settling(found, v):
		return fmt.Errorf("%w: %s has %s, and is still moving by itself; if this does not end, clear the weights by hand", ErrRouteSettling, c.Target, found)
	}
	return fmt.Errorf("%w: %s has %s, and should have 100%% on %s", ErrRouteChanged, c.Target, found, v)
}

// Landing is what a refused write of a Route means.
type Landing int

const (
	// RouteForeign : somebody else wrote the Route; it must not be overwritten.
	RouteForeign Landing = iota
	// RouteLanded : an earlier try of the same write had its effect.
	RouteLanded
	// RouteUntouched : the Route still sends traffic as before the write, but has another
	// Revision. The write may be tried again with that Revision.
	RouteUntouched
)

// Landing judges the Route that is found after a write was refused for its Revision. The
// write was to take the Plan from Step from to Step to. from is 0 for the first write,
// which expects the Route before the Deployment.
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

// Restoration says how to bring a Route back to Stable.
type Restoration struct {
	// Ours is false if no intent explains the Route. Such a Route is left alone.
	Ours bool
	// Write is the Route to write, or nil.
	Write *Route
	// Rotate says that the Target is already on Stable. It only needs a new Revision, so
	// that a write still in flight is refused.
	Rotate bool
	// Delete says that the Target did not exist before and is to be deleted.
	Delete bool
}

// Restoration plans the way back from a Route, if writes of the Plan's Steps up to intent
// may have happened. intent is 0 if none may have.
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

// Stray plans what to do with a Route that is found some time after the restoration. It
// only removes what a late write of the Deployment itself can have left.
//
// All traffic on the Candidate cannot be a late write: every restoration changes the
// Revision, so such a write is refused. Somebody else has shifted the traffic since, and it
// is left alone. Nothing at the Target would tell whose write it was, either.
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

// isOwnCreation says whether this Deployment created the Target, and nobody has changed it
// since.
func (c Change) isOwnCreation(found Route) bool {
	return found.Same(c.At(All)) && found.Maker == c.Maker
}

// MakerOf returns the name under which a Deployment marks what it creates: the name of its
// execution.
func MakerOf(id string) string { return id[strings.LastIndexByte(id, ':')+1:] }

// UnmarshalJSON reads a Change. Earlier versions, which had only one kind of Target, wrote
// the ARN of a function and the description of what they create.
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
	return Route{Serving: c.Stable, Additional: c.Candidate, Weight: None, Detail: c.RouteDetail}
}

func (c Change) isExplained(found Route, plan Plan, intent int) bool {
	if found.sendsAllTo(c.Stable) {
		return true // the Route from before the Deployment, or an interrupted restoration
	}
	if intent >= plan.Len() && c.Settling(found, c.Stable) {
		return true // an interrupted restoration that settles: the serving version was put back
	}
	for number := 1; number <= min(intent, plan.Len()); number++ {
		wanted := c.At(plan.Step(number).Weight)
		if found.Same(wanted) || wanted.Additional == "" && c.Settling(found, wanted.Serving) {
			return true
		}
	}
	return false
}
