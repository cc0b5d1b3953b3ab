package proof

import "github.com/sluice-aws/sluice/internal/shift"

// I1: traffic goes to a Candidate only while a Deployment for its Target is open, or on its
// way back.

// traffic : I1 to I4, at every moment. While nobody shifts a Target it serves what it
// was left with; while somebody does, nothing but Stable and what was intended.
func (r *run) traffic(t shift.Target) {
	s, d := r.target(t), r.holder(t)
	c := d.change(t)
	switch {
	case s.foreign:
	case c == nil || !d.touched():
		r.resting(t, s)
	default:
		r.withinPlan(t, s, d, c)
	}
}

// resting : nobody shifts the Target. A straggler of the last Deployment may have
// left a zero weight, or an alias that it has created, until the second look.
func (r *run) resting(t shift.Target, s *served) {
	stray := s.rest == nil && s.alias != nil
	switch {
	case stray && r.inGrace(t), s.mayGo && s.alias == nil:
	case !sameTraffic(s.alias, s.rest):
		r.breaks("I1: %s has %v and should have %v, and nobody shifts it", t, show(s.alias), show(s.rest))
	case s.alias != nil && len(s.alias.Weights) > len(positive(s.alias.Weights)) && s.alias.RevisionID != s.initial && !r.inGrace(t):
		r.breaks("I2: %s has %v, which is a zero weight that nobody has taken away", t, show(s.alias))
	}
}
