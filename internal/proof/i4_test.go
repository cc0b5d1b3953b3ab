package proof

import (
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// I4: a Weight never exceeds the current Step of the Plan, and only grows until a rollback.

// withinPlan : while a Deployment shifts a Target, it serves nothing but Stable and what was
// intended, and its Candidate never gets less until a rollback.
func (r *run) withinPlan(t shift.Target, s *served, d *standing, c *shift.Change) {
	if !explains(d, t, s.alias) && !d.misread(t, s.alias) {
		r.breaks("I4: %s has %v, and %s has intended step %d of %v", t, show(s.alias), nameOf(d.id), d.intent, d.deployment.Plan.Steps)
		return
	}
	share := shareOf(s.alias, c.Candidate)
	if d.status == shift.StatusOpen && share < s.highest[d.id] {
		r.breaks("I4: %s has %v, which is less than the %s that its candidate had, and %s is open", t, show(s.alias), s.highest[d.id], nameOf(d.id))
	}
	s.highest[d.id] = max(share, s.highest[d.id])
}

// stepsOnce : a Deployment intends one Step after the other, unless somebody promotes it.
func (r *run) stepsOnce(was standing, d *standing) {
	if d.intent != was.intent && d.intent != was.intent+1 && r.said[d.id].Order != shift.Promote {
		r.breaks("I4: %s went from step %d to %d, and nobody has promoted it", nameOf(d.id), was.intent, d.intent)
	}
}

// explains says whether a Target may serve that because of what a Deployment has
// intended: Stable, or any Step up to the intended one.
func explains(d *standing, t shift.Target, now *localaws.Alias) bool {
	c := d.change(t)
	if c == nil {
		return false
	}
	if serves(now, c.Before()) {
		return true
	}
	for step := 1; step <= min(d.intent, d.deployment.Plan.Len()); step++ {
		if serves(now, c.At(d.deployment.Plan.Step(step).Weight)) {
			return true
		}
	}
	return false
}

// settles says whether a Target may look like that because Lambda is moving the
// provisioned concurrency of what a Deployment has intended: to the Candidate, or back
// from it. Until it has, the version that served before has all traffic, as a weight. A
// stranger who makes the alias look so cannot be told from Lambda. Provisioned concurrency
// may have been there when Open looked, or have been added since.
func (r *run) settles(d *standing, t shift.Target, now *localaws.Alias) bool {
	c := d.change(t)
	if c == nil || now == nil || !c.Settles && !r.provisioned[t] || d.intent < d.deployment.Plan.Len() {
		return false
	}
	there := localaws.Alias{FunctionVersion: string(c.Candidate), Weights: map[string]float64{string(c.Stable): 1}}
	back := localaws.Alias{FunctionVersion: string(c.Stable), Weights: map[string]float64{string(c.Candidate): 1}}
	return sameTraffic(now, &there) || sameTraffic(now, &back)
}
