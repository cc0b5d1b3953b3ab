package proof

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// I6: a Route that Sluice did not write is never overwritten: the Outcome is Stranded, and the
// cause says what was found.

// i6 : a Route that Sluice did not write is never overwritten, unless it cannot be
// told from one that Sluice did write.
func (r *run) i6(t shift.Target, s *served, c localaws.AliasChange) {
	switch d := r.holder(t); {
	case !s.foreign, sameTraffic(c.Before, c.After):
		// A write that only changes the RevisionId takes nothing from anybody.
	case c.After == nil && t.Kind() == shift.KindLambda && r.hasLooked(t) && !r.knew(t, c.Before):
		// DeleteAlias takes no RevisionId, so an alias that Sluice has made can be
		// edited between the last look of who deletes it and its going.
		s.mayGo = true
	case d != nil && (explains(d, t, c.Before) || r.settles(d, t, c.Before)):
	case r.couldNotTell(t, s, c):
		if d == nil {
			s.rest = c.After
		}
	default:
		r.breaks("I6: %s overwrote what a stranger had made of %s: %v", c.Actor, t, show(c.Before))
	}
}

// couldNotTell says whether the Lambda that writes could not know that somebody else has written.
func (r *run) couldNotTell(t shift.Target, s *served, c localaws.AliasChange) bool {
	if r.knew(t, c.Before) {
		// It looked like Sluice's own to a restorer, and another one has closed the record since.
		return explains(r.heldWhenSeen(t), t, c.Before)
	}
	// A batch deletes records by all but their weights. Somebody who edits a weight alone, between
	// the read and the batch, is overwritten.
	return t.Kind() == shift.KindRoute53 && differsInWeights(s.settled, c.Before)
}

// differsInWeights says whether an edit has changed nothing but weights.
func differsInWeights(settled, edited *localaws.Alias) bool {
	versions := func(a *localaws.Alias) []string { return slices.Sorted(maps.Keys(a.Weights)) }
	return settled != nil && edited != nil && settled.FunctionVersion == edited.FunctionVersion && slices.Equal(versions(settled), versions(edited))
}

// endsAsEdited : a Deployment that ends at a Target which a stranger has edited says so, if it
// has seen it.
func (r *run) endsAsEdited(d *standing, t shift.Target, s *served) {
	switch {
	case d.backBefore(t):
		// It was back, and the ledger says so; who edits it later might as well have come
		// after the end.
	case d.outcome != shift.Stranded && r.knew(t, s.alias):
		r.breaks("I6: %s is closed as %s by whom has seen that a stranger has %s at %v", nameOf(d.id), d.outcome, t, show(s.alias))
	case d.outcome == shift.Stranded && !strings.Contains(d.cause, string(t)):
		r.breaks("I6: %s ended as Stranded, and does not say so of %s: %s", nameOf(d.id), t, d.cause)
	}
}

// accept : what a Deployment has found and begins from is its Stable, whoever wrote it:
// a stranger, or a straggler of an earlier one.
func (r *run) accept(d *standing) {
	for _, c := range d.deployment.Changes {
		s := r.target(c.Target)
		if stray := s.rest == nil && s.alias != nil; (s.foreign || stray) && serves(s.alias, c.Before()) {
			s.foreign, s.settled, s.rest = false, s.alias, s.alias
		}
	}
}

// misreads notes the Targets that Open has read outdated: it goes by what the last Deployment
// has changed a moment ago. Its first write is refused then, and it ends as Stranded. Nobody's
// traffic is moved.
func (r *run) misreads(d *standing) {
	if r.reads == nil || r.reads.lag == 0 {
		return
	}
	for _, c := range d.deployment.Changes {
		if s := r.target(c.Target); !s.foreign && !serves(s.alias, c.Before()) {
			d.outdated[c.Target], d.met[c.Target] = s.alias, true
		}
	}
}

// looked notes what a Lambda reads of an alias.
func (r *run) looked(t shift.Target) {
	s, revision := r.target(t), ""
	if s.alias != nil {
		revision = s.alias.RevisionID
	}
	r.sees(t, revision)
	r.refresh(t, true)
	d := r.holder(t)
	if d == nil {
		return
	}
	switch c := d.change(t); {
	case slices.Contains(restorers, r.at.Actor):
		if s.foreign || s.edited && remembersEdits(c) {
			d.met[t] = true
		}
	case s.foreign && r.goesOnWith(d, t, s.alias):
		s.foreign, s.settled = false, s.alias // who goes on with it can but take it for Sluice's
	}
}

// findsDeleted says whether the safety net has asked for the tags of a function that was deleted, whose
// alias it may not look at.
func (r *run) findsDeleted(m world.Moment) bool {
	return m.Actor == flow.SafetyNet && m.Action == "lambda:ListTags" && m.Refused == "ResourceNotFoundException"
}

// remembersEdits says whether an edit of a Target shows after it was put back: Lambda may still be
// moving provisioned concurrency, and the name of who has created a key is gone.
func remembersEdits(c *shift.Change) bool {
	return c != nil && (c.Settles || c.Creates() && c.Target.Kind() == shift.KindCloudFront)
}

// lookedAtPast notes a stale read: who deletes by it has looked, and has not seen what came since.
func (r *run) lookedAtPast(shown *localaws.Alias, t shift.Target) {
	revision := ""
	if shown != nil {
		revision = shown.RevisionID
	}
	r.sees(t, revision)
	r.refresh(t, true)
}

// goesOnWith says whether the Lambda that runs goes on with what it finds at a Target:
// set-weight with what its Deployment has intended, close-deployment with the whole of it.
func (r *run) goesOnWith(d *standing, t shift.Target, found *localaws.Alias) bool {
	switch c := d.change(t); r.at.Actor {
	case flow.SetWeight.Function:
		return explains(d, t, found)
	case flow.Close.Function:
		return c != nil && serves(found, c.At(shift.All))
	}
	return false
}

// refresh notes whether the Lambda that runs has looked at a Target since it wrote it.
func (r *run) refresh(t shift.Target, looked bool) {
	if r.w.Current() == nil {
		return
	}
	self := r.w.Current()
	if r.fresh[self] == nil {
		r.fresh[self] = map[shift.Target]bool{}
	}
	r.fresh[self][t] = looked
}

// hasLooked says whether the Lambda that runs has looked at a Target since it wrote it.
func (r *run) hasLooked(t shift.Target) bool {
	return r.w.Current() != nil && r.fresh[r.w.Current()][t]
}

func (r *run) sees(t shift.Target, revision string) {
	if r.w.Current() == nil {
		return
	}
	self := r.w.Current()
	if r.saw[self] == nil {
		r.saw[self], r.sawFor[self] = map[shift.Target]string{}, map[shift.Target]*standing{}
	}
	if d := r.holder(t); d != nil || r.saw[self][t] != revision {
		r.sawFor[self][t] = d
	}
	r.saw[self][t] = revision
}

// heldWhenSeen is the Deployment that held a Target when the Lambda that runs has last seen it; nil
// if none did.
func (r *run) heldWhenSeen(t shift.Target) *standing {
	if r.w.Current() == nil {
		return nil
	}
	return r.sawFor[r.w.Current()][t]
}

// knew says whether the Lambda that runs has seen a Target as it is now.
func (r *run) knew(t shift.Target, now *localaws.Alias) bool {
	if r.w.Current() == nil {
		return false
	}
	saw, looked := r.saw[r.w.Current()][t]
	return looked && now != nil && saw == now.RevisionID
}
