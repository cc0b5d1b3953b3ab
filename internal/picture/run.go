package picture

import (
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// Run is what is known about a deployment. All its times count from the start of the
// execution.
type Run struct {
	// Execution is the name of the execution that the Run is about. Moments of other
	// executions appear in the Run where they affected this deployment.
	Execution string
	Changes   []shift.Move
	Strategy  string
	Plan      shift.Plan
	Alarms    []string
	// Warnings are about alarms that cannot fire as they are meant to.
	Warnings  []string
	Moments   []Moment
	Stages    []Stage
	Positions []Position
	// Turn is where the deployment stands in the queue. It is nil unless it waits for its turn.
	Turn *shift.Turn
	End  *End // nil until the execution has ended
	// Closed is how the Ledger closed the deployment. It is nil while the deployment is
	// open, or if the Ledger was not read.
	Closed *Closing

	// Observed is set only by a simulation.
	Observed *Observed

	timeline  *timeline
	published bool // Publish has completed the release
	// rollbackReasons are the reasons that the Rollback state gave, if any.
	rollbackReasons []shift.Reason
	// opened is when Open read the alarms. firing lists those that were in ALARM then.
	opened time.Duration
	firing []string
}

// Stage is the entry into a Task or Wait state.
type Stage struct {
	At    time.Duration
	State string
	// Step is the Step that the state works on, or the last one taken; 0 before the first.
	Step int
}

// Position is the deployment's Progress from a time on.
type Position struct {
	At time.Duration
	shift.Progress
}

// End is how an execution ended, and the Outcome of its deployment.
type End struct {
	At time.Duration
	// Outcome is empty if the deployment has none (yet).
	Outcome shift.Outcome
	Status  string
	Error   string
	// Cause says why it ended, and what a person can do.
	Cause string
}

// Observed is what a simulation saw of the world around a deployment.
type Observed struct {
	Alarms  []AlarmChange
	Traffic []Minute
	Weights []WeightChange
	// Until is the time at which the observation ended: the last Minute may be incomplete.
	Until time.Duration
}

// AlarmChange is an alarm's transition to a State.
type AlarmChange struct {
	At     time.Duration
	Name   string
	State  shift.AlarmState
	Reason string
}

// Minute counts the requests for a Target that one version served in the minute that
// starts at Begins.
type Minute struct {
	Begins           time.Duration
	Target           shift.Target
	Candidate        bool
	Other            bool // it is neither Stable nor the Candidate
	Requests, Errors int64
}

// WeightChange is a change of the Candidate's share of a Target's traffic.
type WeightChange struct {
	At     time.Duration
	Target shift.Target
	Weight shift.Weight
}

// NewRun returns an empty Run.
func NewRun() *Run {
	r := &Run{}
	r.timeline = &timeline{visits: map[string]*visit{}, learn: r.learn}
	return r
}

// Add adds an event of an execution's history. at is the time since the start. The
// first execution added is the one that the Run is about.
func (r *Run) Add(execution string, at time.Duration, e operator.Event) {
	if r.Execution == "" {
		r.Execution = execution
	}
	kind := e.EnteredType()
	if execution == r.Execution && kind != "" && kind != "Choice" && kind != "Pass" {
		if len(r.Stages) == 0 {
			r.readRequest(e.Data)
		}
		r.Stages = append(r.Stages, Stage{At: at, State: e.State, Step: r.stepOf(e.State)})
	}
	if m, ok := r.timeline.add(execution, at, e); ok {
		m.stages, m.positions = len(r.Stages), len(r.Positions)
		r.Moments = append(r.Moments, m)
	}
}

// readRequest takes the changes from the execution's input. They stand until Publish
// has completed the release; Publish may also refuse them.
func (r *Run) readRequest(input []byte) {
	release, err := request.Reader{FrontEnds: request.AnyFrontEnd, YAML: strictyaml.Convert}.Input(input)
	if err == nil {
		r.Changes = release.Moves()
	}
}

// stepOf returns the Step that a state entered now works on: the next one for
// SetWeight, else the last one taken.
func (r *Run) stepOf(state string) int {
	stands := shift.Progress{NextStep: 1}
	if n := len(r.Positions); n > 0 {
		stands = r.Positions[n-1].Progress
	}
	if state == flow.SetWeight.State {
		return stands.NextStep
	}
	return stands.Step
}

// Until returns the Run as it was after that many Moments. Several Moments may have the
// same time.
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

// learn updates the Run from a document that an execution's state has returned.
func (r *Run) learn(execution string, at time.Duration, state string, d document) {
	if execution != r.Execution {
		return
	}
	if d.Release != nil && !r.published {
		r.published, r.Changes = true, d.Release.Moves()
		r.Strategy, r.Alarms = d.Release.Strategy, d.Release.Alarms
	}
	if d.Deployment != nil {
		r.Turn = d.Deployment.Turn
	}
	if isOpened(d.Deployment) && r.Plan.Len() == 0 {
		r.learnOpening(at, *d.Deployment)
	}
	if d.Rollback != nil {
		r.rollbackReasons = d.Rollback.Reasons
	}
	if d.Progress != nil && (len(r.Positions) == 0 || hasMoved(r.Positions[len(r.Positions)-1].Progress, *d.Progress)) {
		r.Positions = append(r.Positions, Position{At: at, Progress: *d.Progress})
	}
}

// isOpened reports whether Open has made a plan: it does not, if there is nothing to shift or others
// are before it.
func isOpened(d *shift.Deployment) bool { return d != nil && d.Unchanged == nil && d.Turn == nil }

// learnOpening updates the Run from what Open has found.
func (r *Run) learnOpening(at time.Duration, d shift.Deployment) {
	r.Changes, r.Plan, r.Alarms = d.Moves(), d.Plan, d.Alarms
	r.opened, r.firing = at, d.FiringAtStart
	for _, w := range d.Warnings {
		r.Warnings = append(r.Warnings, w.Text)
	}
}

// Explanation says why the deployment ended as it did, and what a person can do next.
func (r *Run) Explanation() (why, next string) {
	switch {
	case r.End != nil && len(r.rollbackReasons) > 0:
		return explain.SplitCause(r.End.Outcome, r.rollbackReasons, r.End.Cause)
	case r.End != nil && r.Closed != nil:
		return explain.SplitCause(r.End.Outcome, r.Closed.Reasons, r.End.Cause)
	case r.End != nil:
		return explain.SplitCause(r.End.Outcome, nil, r.End.Cause)
	case r.Closed != nil:
		return explain.SplitCause(r.Closed.Outcome, r.Closed.Reasons, r.Closed.Cause)
	}
	return "", ""
}

// hasMoved reports whether the deployment has taken a step or made a check since
// before.
func hasMoved(before, now shift.Progress) bool {
	return before.Step != now.Step || before.Checks != now.Checks
}

// Targets returns the targets that the deployment shifts.
func (r *Run) Targets() []shift.Target {
	targets := make([]shift.Target, len(r.Changes))
	for i, c := range r.Changes {
		targets[i] = c.Target
	}
	return targets
}
