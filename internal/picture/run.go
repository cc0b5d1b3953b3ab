package picture

import (
	"time"

	"sluice/internal/explain"
	"sluice/internal/flow"
	"sluice/internal/operator"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// Run is a deployment as far as it is known. All times in it count from the
// beginning of its execution.
type Run struct {
	// Execution is the name of the one that is told of; others that are seen are
	// there for what they did to it.
	Execution string
	Changes   []shift.Move
	Strategy  string
	Plan      shift.Plan
	Alarms    []string
	Moments   []Moment
	Stages    []Stage
	Positions []Position
	End       *End // nil until it has ended
	// Closed is what the Ledger says, where it was asked; nil as long as it has not
	// closed the deployment.
	Closed *Closing

	// What only a simulation knows.
	Observed *Observed

	timeline *timeline
	settled  bool // by Publish
	// undoneFor is why Rollback put the traffic back, where it says so.
	undoneFor []shift.Reason
	// opened is when Open had read the alarms, of which these fired.
	opened time.Duration
	firing []string
}

// Stage is the entering of a state that does something, or waits.
type Stage struct {
	At    time.Duration
	State string
	// Step is the one that it takes, or else that was taken last; 0 before the first.
	Step int
}

// Position is where the deployment stood from then on.
type Position struct {
	At time.Duration
	shift.Progress
}

// End is how an execution ended, and what came of its deployment.
type End struct {
	At time.Duration
	// Outcome is empty when there is none (yet).
	Outcome shift.Outcome
	Status  string
	Error   string
	// Cause is why, and what a person can do.
	Cause string
}

// Observed is what was seen of the world around a deployment.
type Observed struct {
	Alarms  []AlarmChange
	Traffic []Minute
	Weights []WeightChange
	// Until is how long was observed: the last Minute may not be whole.
	Until time.Duration
}

// AlarmChange is an alarm's coming into a State.
type AlarmChange struct {
	At     time.Duration
	Name   string
	State  shift.AlarmState
	Reason string
}

// Minute is what a version served of a Target's requests in the minute that begins
// then.
type Minute struct {
	Begins           time.Duration
	Target           shift.Target
	Candidate        bool
	Requests, Errors int64
}

// WeightChange is a change of the Candidate's share of a Target's traffic.
type WeightChange struct {
	At     time.Duration
	Target shift.Target
	Weight shift.Weight
}

// NewRun is a Run of which nothing is known yet.
func NewRun() *Run {
	r := &Run{}
	r.timeline = &timeline{visits: map[string]*visit{}, learn: r.learn}
	return r
}

// See takes in an event of an execution's history. at is how long after the
// beginning it happened. The first execution that is seen is the one that the Run
// tells of.
func (r *Run) See(execution string, at time.Duration, e operator.Event) {
	if r.Execution == "" {
		r.Execution = execution
	}
	kind := e.Enters()
	if execution == r.Execution && kind != "" && kind != "Choice" && kind != "Pass" {
		if len(r.Stages) == 0 {
			r.ask(e.Data)
		}
		r.Stages = append(r.Stages, Stage{At: at, State: e.State, Step: r.step(e.State)})
	}
	if m, worthIt := r.timeline.see(execution, at, e); worthIt {
		m.stages, m.positions = len(r.Stages), len(r.Positions)
		r.Moments = append(r.Moments, m)
	}
}

// ask takes in what is asked for, until Publish has settled it: it may refuse to.
func (r *Run) ask(input []byte) {
	release, err := request.DecodeInput(input, "")
	if err == nil {
		r.Changes = release.Moves()
	}
}

// step is the one that a state takes which is entered now, or that was taken before.
func (r *Run) step(state string) int {
	stands := shift.Progress{NextStep: 1}
	if n := len(r.Positions); n > 0 {
		stands = r.Positions[n-1].Progress
	}
	if state == flow.SetWeight.State {
		return stands.NextStep
	}
	return stands.Step
}

// Until is the Run as it was when only so many of its Moments had happened. Several
// may happen at the same time.
func (r *Run) Until(moments int) *Run {
	before := *r
	if moments >= len(r.Moments) {
		return &before
	}
	before.End, before.Positions = nil, nil
	if moments > 0 {
		before.Positions = r.Positions[:r.Moments[moments-1].positions]
	}
	before.Moments, before.Stages = r.Moments[:moments], r.Stages[:r.Moments[moments].stages]
	return &before
}

// learn takes in what an execution has made of its document.
func (r *Run) learn(execution string, at time.Duration, state string, d document) {
	if execution != r.Execution {
		return
	}
	if d.Release != nil && !r.settled {
		r.settled, r.Changes = true, d.Release.Moves()
		r.Strategy, r.Alarms = d.Release.Strategy, d.Release.Alarms
	}
	if d.Deployment != nil && d.Deployment.Unchanged == nil && r.Plan.Len() == 0 {
		r.Changes, r.Plan, r.Alarms = d.Deployment.Moves(), d.Deployment.Plan, d.Deployment.Alarms
		r.opened, r.firing = at, d.Deployment.FiringAtStart
	}
	if d.Rollback != nil {
		r.undoneFor = d.Rollback.Reasons
	}
	if d.Progress != nil && (len(r.Positions) == 0 || moved(r.Positions[len(r.Positions)-1].Progress, *d.Progress)) {
		r.Positions = append(r.Positions, Position{At: at, Progress: *d.Progress})
	}
}

// Ended is why the deployment ended so, and what a person can do about it.
func (r *Run) Ended() (why, next string) {
	switch {
	case r.End != nil && len(r.undoneFor) > 0:
		return explain.Apart(r.End.Outcome, r.undoneFor, r.End.Cause)
	case r.End != nil && r.Closed != nil:
		return explain.Apart(r.End.Outcome, r.Closed.Reasons, r.End.Cause)
	case r.End != nil:
		return explain.Apart(r.End.Outcome, nil, r.End.Cause)
	case r.Closed != nil:
		return explain.Apart(r.Closed.Outcome, r.Closed.Reasons, r.Closed.Cause)
	}
	return "", ""
}

// moved says whether the deployment stands elsewhere than before.
func moved(before, now shift.Progress) bool {
	return before.Step != now.Step || before.Checks != now.Checks
}

// Targets are what is shifted.
func (r *Run) Targets() []shift.Target {
	targets := make([]shift.Target, len(r.Changes))
	for i, c := range r.Changes {
		targets[i] = c.Target
	}
	return targets
}
