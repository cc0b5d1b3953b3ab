package picture

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// StepResult is a Step of the Plan, and how it went.
type StepResult struct {
	shift.Step
	Number int
	// Taken says whether traffic was shifted to the Step. If not, the fields below are
	// zero.
	Taken  bool
	Began  time.Duration
	Baked  time.Duration
	Checks int
	Judged bool
	// Verdict is that of the last check. It is Fail if an alarm ended the Step without one.
	Verdict shift.Verdict
}

// Steps returns every Step of the Plan, and how each has gone so far.
func (r *Run) Steps() []StepResult {
	steps := make([]StepResult, r.Plan.Len())
	for i, s := range r.Plan.Steps {
		steps[i] = StepResult{Step: s, Number: i + 1}
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
		s.Judged = s.Checks > 0
	}
	if s, taken := r.lastStep(steps); taken && r.endedByAlarm() {
		s.Judged, s.Verdict = true, shift.Fail
	}
	if s, taken := r.lastStep(steps); taken && r.End != nil {
		s.Baked += r.bakedAfter(r.Positions[len(r.Positions)-1])
	}
	return steps
}

// lastStep returns the Step that was taken last.
func (r *Run) lastStep(steps []StepResult) (s *StepResult, taken bool) {
	if len(r.Positions) == 0 {
		return nil, false
	}
	n := r.Positions[len(r.Positions)-1].Step
	if n < 1 || n > len(steps) {
		return nil, false
	}
	return &steps[n-1], true
}

// endedByAlarm reports whether an alarm is why the deployment failed.
func (r *Run) endedByAlarm() bool {
	reasons := r.rollbackReasons
	if r.Closed != nil && r.Closed.isFailure() {
		reasons = r.Closed.Reasons
	}
	return slices.ContainsFunc(reasons, func(why shift.Reason) bool { return why.Name == shift.AlarmFired })
}

// bakedAfter returns the time baked after the last Position. An execution that was
// stopped, or that found its deployment restored, has not reported that time.
func (r *Run) bakedAfter(p Position) time.Duration {
	for i, s := range r.Stages {
		if s.State != flow.BakeState || s.At < p.At {
			continue
		}
		left := r.End.At
		if i+1 < len(r.Stages) {
			left = r.Stages[i+1].At
		}
		return r.bakedIn(p, s, left)
	}
	return 0
}

// bakedIn returns the time baked in a Wait state until a given time. It never exceeds
// the planned wait, ends when the traffic was taken back, and is zero during a pause.
func (r *Run) bakedIn(p Position, in Stage, until time.Duration) time.Duration {
	if p.Waiting {
		return 0
	}
	if r.Closed != nil {
		until = min(until, r.Closed.At)
	}
	return min(max(until-in.At, 0), p.Wait.Duration()).Truncate(time.Second)
}
