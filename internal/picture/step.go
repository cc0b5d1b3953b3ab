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
	return steps
}
