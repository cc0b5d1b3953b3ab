package picture

import (
	"time"

	"sluice/internal/shift"
)

// StepTaken is a Step of the Plan, and what came of it.
type StepTaken struct {
	shift.Step
	Number int
	// Taken says whether traffic was shifted to it; the rest is nothing otherwise.
	Taken   bool
	Began   time.Duration
	Baked   time.Duration
	Checks  int
	Verdict shift.Verdict // of the last check, if there was any
}

// Steps are those of the Plan, with what came of each until now.
func (r *Run) Steps() []StepTaken {
	steps := make([]StepTaken, r.Plan.Len())
	for i, s := range r.Plan.Steps {
		steps[i] = StepTaken{Step: s, Number: i + 1}
	}
	before := 0
	for _, p := range r.Positions {
		if p.Step < 1 || p.Step > len(steps) {
			continue
		}
		s := &steps[p.Step-1]
		if !s.Taken {
			s.Taken, s.Began, before = true, p.At, p.Checks
		}
		s.Baked, s.Checks, s.Verdict = p.Baked.Duration(), p.Checks-before, p.Verdict
	}
	if r.End != nil && len(r.Positions) > 0 {
		if p := r.Positions[len(r.Positions)-1]; p.Step >= 1 && p.Step <= len(steps) {
			steps[p.Step-1].Baked += r.unread(p)
		}
	}
	return steps
}

// unread is for how long it has baked after the last Position: an execution that is
// stopped, or finds that it was put back, makes none of it.
func (r *Run) unread(p Position) time.Duration {
	for i, s := range r.Stages {
		if s.State != bakeState || s.At < p.At {
			continue
		}
		left := r.End.At
		if i+1 < len(r.Stages) {
			left = r.Stages[i+1].At
		}
		return r.bakes(p, s, left)
	}
	return 0
}

// bakes is for how long it has baked in a stage until some time: no longer than it
// was to, nor than until the traffic was taken away, and not in a pause.
func (r *Run) bakes(p Position, in Stage, until time.Duration) time.Duration {
	if p.Waiting {
		return 0
	}
	if r.Closed != nil {
		until = min(until, r.Closed.At)
	}
	return min(max(until-in.At, 0), p.Wait.Duration()).Truncate(time.Second)
}
