package picture

import (
	"slices"
	"sort"
	"time"

	"sluice/internal/flow"
	"sluice/internal/operator"
	"sluice/internal/shift"
)

// Closing is how the Ledger has closed a deployment. The safety net does so without
// waiting for the execution, which learns of it at its next poll.
type Closing struct {
	At      time.Duration
	Outcome shift.Outcome
	Reasons []shift.Reason
	Cause   string
}

// NewClosing is that of a closed record.
func NewClosing(r shift.Record, at time.Duration) Closing {
	return Closing{At: at, Outcome: r.Outcome, Reasons: r.Reasons, Cause: r.Cause}
}

// SafetyNet is the State of the moment at which the safety net has closed a deployment.
const SafetyNet = "SafetyNet"

// Close takes in how the deployment was closed. It makes a moment of it where the
// execution did not do so itself.
func (r *Run) Close(c Closing) {
	if r.Closed != nil {
		return
	}
	c.At = max(c.At, 0)
	r.Closed = &c
	if !c.undoes() || r.closesItself(c.At) {
		return
	}
	m := Moment{At: c.At, Execution: r.Execution, State: SafetyNet, Weight: c.weight()}
	m.list(shift.Texts(c.Reasons))
	m.note("%s", r.closed(c))
	at := sort.Search(len(r.Moments), func(i int) bool { return r.Moments[i].At > c.At })
	m.stages = sort.Search(len(r.Stages), func(i int) bool { return r.Stages[i].At > c.At })
	m.positions = sort.Search(len(r.Positions), func(i int) bool { return r.Positions[i].At > c.At })
	r.Moments = slices.Insert(r.Moments, at, m)
}

// Back is when the traffic was back on Stable: as it was observed, or else as the
// Ledger says, whose time is that at which the last try to put it back began.
func (r *Run) Back() (time.Duration, bool) {
	if r.Closed == nil || r.Closed.Outcome != shift.RolledBack {
		return 0, false
	}
	back := r.Closed.At
	if r.Observed != nil {
		for _, w := range r.Observed.Weights {
			if w.Weight == shift.None {
				back = max(back, w.At)
			}
		}
	}
	return back, true
}

// undoes says whether the deployment has not come to a good end.
func (c Closing) undoes() bool { return c.Outcome != shift.Promoted && c.Outcome != shift.Unchanged }

// weight is the Candidate's share since then.
func (c Closing) weight() Share {
	if c.Outcome == shift.RolledBack {
		return shareOf(shift.None)
	}
	return Share{}
}

// fired says whether the alarm is why it was closed.
func (c Closing) fired(alarm string) bool {
	return alarmIn(c.Reasons, alarm) == shift.AlarmFiring
}

// sameTime is how far the clock of a Lambda may be from that of Step Functions.
const sameTime = time.Second

// closesItself says whether the execution closes the deployment at a time.
func (r *Run) closesItself(at time.Duration) bool {
	return !r.wasEnded(at) && slices.ContainsFunc(r.Stages, func(s Stage) bool {
		return s.At <= at+sameTime && (s.State == flow.Rollback.State || s.State == flow.Close.State)
	})
}

// closed says what it means that the deployment is closed.
func (r *Run) closed(c Closing) string {
	text := map[shift.Outcome]string{
		shift.RolledBack: "the traffic is back",
		shift.Rejected:   "no traffic had been moved",
		shift.Stranded:   "a person must look at the targets",
	}[c.Outcome]
	if r.wasEnded(c.At) {
		return text
	}
	return text + "; " + r.endsWhen(c.At)
}

// endsWhen says when an execution ends whose deployment was closed at a time.
func (r *Run) endsWhen(closed time.Duration) string {
	stage, _ := last(r.Stages, closed, func(s Stage) time.Duration { return s.At })
	switch stage.State {
	case bakeState:
		return "the execution ends at its next poll"
	case "":
		return "the execution ends soon"
	}
	return "the execution ends after " + stage.State
}

// wasEnded says whether the execution was over at a time, and had left the deployment
// open.
func (r *Run) wasEnded(at time.Duration) bool {
	over := false
	for _, m := range r.upTo(at) {
		if m.Execution == r.Execution {
			over = m.State == flow.RollbackIncomplete || m.State == operator.Aborted || m.State == operator.TimedOut || m.State == operator.Failed
		}
	}
	return over
}
