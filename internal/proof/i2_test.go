package proof

import (
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// I2: after Rejected or RolledBack every Target sends all traffic to Stable, with no
// additional weights, and stays so.

// ends is told of a Deployment that ends, for each of its Targets: I2 and I3, and I6 where
// somebody else has come between. From here on the Target has to serve what it serves now.
func (r *run) ends(d *standing, t shift.Target) {
	c, s := d.change(t), r.target(t)
	r.strands(d)
	if r.found(d, t, s) {
		return
	}
	if c == nil || !d.touched() {
		return
	}
	wanted := c.Before()
	if d.outcome == shift.Promoted {
		wanted = promoted(c)
	} else {
		r.grace[t] = r.secondLook(d)
	}
	switch {
	case serves(s.alias, wanted):
		r.hasMoved(d, t, wanted)
		r.keepsForm(d, t)
		s.foreign, s.settled, s.rest, s.mayGo, s.edited = false, s.alias, aliasOf(wanted), false, false
		return
	case s.foreign:
		r.endsAsEdited(d, t, s)
	case d.createsLate(c, s):
		// A CreateAlias that was on its way has no RevisionId to be refused for. Only one
		// that comes after the mark cannot be seen: every intent is older than the mark,
		// so what a restorer finds after it is all that it has to take away.
		s.rest = nil
		return
	case r.strandedBy(d, t, s):
	default:
		r.breaks("%s: after %s, %s has %v and should have %s", atRest(d.outcome), d.outcome, t, show(s.alias), wanted)
	}
	s.rest, s.settled, s.edited = s.alias, s.alias, false
}

// hasMoved : no Deployment ends while Lambda is still moving provisioned concurrency, unless a
// stranger's edit has made it do so. Lambda sets weights for that which no write tells of.
func (r *run) hasMoved(d *standing, t shift.Target, wanted shift.Route) {
	if t.Kind() != shift.KindLambda || r.target(t).edited {
		return
	}
	function, name, _ := flow.SplitLambdaTarget(t)
	if alias, exists := r.w.Cloud().Alias(function, name); exists && !serves(&alias, wanted) {
		r.breaks("%s: after %s, %s still has %v: Lambda moves its provisioned concurrency", atRest(d.outcome), d.outcome, t, show(&alias))
	}
}

// keepsForm : a name has its records in the form in which they were found, such as one simple
// record. The form that a stranger has given them is the one that the next Deployment finds.
func (r *run) keepsForm(d *standing, t shift.Target) {
	form := r.formOf(t)
	if r.target(t).edited {
		r.forms[t] = form
	}
	if form != r.forms[t] {
		r.breaks("I2: after %s, %s is left with %s, and had %s", d.outcome, t, form, r.forms[t])
	}
}

// strandedBy says whether a Deployment ended as Stranded for something that is over: one edit
// that was seen, while another has put back what Sluice had written, or an outdated read.
func (r *run) strandedBy(d *standing, t shift.Target, s *served) bool {
	return d.outcome == shift.Stranded && (d.misread(t, s.alias) || s.edited && strings.Contains(d.cause, string(t)))
}

// found reports whether a Deployment ended as Unchanged because the Target served its
// Candidate already. Somebody was told so, and so it has to stay.
func (r *run) found(d *standing, t shift.Target, s *served) bool {
	looked := d.outcome == shift.Unchanged && !strings.HasPrefix(d.cause, "DeployedBefore")
	if !looked || !serves(s.alias, shift.Route{Serving: d.candidates[t]}) {
		return false
	}
	s.foreign, s.settled, s.rest = false, s.alias, s.alias
	return true
}

// createsLate reports whether an alias was created after its Deployment was marked as
// restoring.
func (d *standing) createsLate(c *shift.Change, s *served) bool {
	return c.Creates() && d.outcome != shift.Promoted && s.created.After(d.marked)
}

// strands : only who has met a stranger ends as Stranded. Where there is provisioned
// concurrency, an edit that was put back is still met: Lambda goes on serving what it was
// until it has moved the concurrency back.
func (r *run) strands(d *standing) {
	moving := func(t shift.Target) bool { return r.provisioned[t] && r.target(t).edited }
	if d.outcome == shift.Stranded && len(d.met) == 0 && !slices.ContainsFunc(d.targets, moving) {
		r.breaks("I2: %s ended as Stranded, and nobody who restores it has met a stranger: %s", nameOf(d.id), d.cause)
	}
}

// secondLook is when nothing of a Deployment that was put back can be left.
func (r *run) secondLook(d *standing) *promise {
	now := r.w.Now()
	p := &promise{road: byLookingAgain, id: d.id, made: now, due: now.Add(lookedAgain)}
	for _, t := range d.targets {
		r.lookAt(t, p)
	}
	return p
}

// lookAt has a Target looked at when its grace is over.
func (r *run) lookAt(t shift.Target, p *promise) {
	due, _ := r.delayed(*p)
	r.w.At(due, func() {
		if later, _ := r.delayed(*p); later.After(due) {
			r.lookAt(t, p)
		}
		r.touched[t] = true
	})
}

// inGrace says whether a straggler may have left something at a Target.
func (r *run) inGrace(t shift.Target) bool {
	p := r.grace[t]
	if p == nil || r.strict {
		return false
	}
	due, _ := r.delayed(*p)
	return r.w.Now().Before(due)
}
