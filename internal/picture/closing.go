package picture

import (
	"slices"
	"sort"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Closing is how the Ledger closed a deployment. The safety net can close one without
// the execution, which finds out at its next poll.
type Closing struct {
	At      time.Duration
	Outcome shift.Outcome
	Reasons []shift.Reason
	Cause   string
}

// NewClosing returns the Closing of a closed record.
func NewClosing(r shift.Record, at time.Duration) Closing {
	return Closing{At: at, Outcome: r.Outcome, Reasons: r.Reasons, Cause: r.Cause}
}

// SafetyNet is the State of the Moment at which the safety net closed a deployment.
const SafetyNet = "SafetyNet"

// Close records how the deployment was closed. It adds a Moment if the execution did
// not close the deployment itself.
func (r *Run) Close(c Closing) {
	if r.Closed != nil {
		return
	}
	c.At = max(c.At, 0)
	r.Closed = &c
	if !c.isFailure() || r.closedByExecution(c.At) {
		return
	}
	m := Moment{At: c.At, Execution: r.Execution, State: SafetyNet, Weight: c.weight()}
	m.noteAll(shift.Texts(c.Reasons))
	m.note("%s", r.closingText(c))
	at := sort.Search(len(r.Moments), func(i int) bool { return r.Moments[i].At > c.At })
	m.stages = sort.Search(len(r.Stages), func(i int) bool { return r.Stages[i].At > c.At })
	m.positions = sort.Search(len(r.Positions), func(i int) bool { return r.Positions[i].At > c.At })
	r.Moments = slices.Insert(r.Moments, at, m)
}

// RestoredAt returns when all traffic was back on Stable. It is the observed time if
// there is one, or else the Ledger's: the time at which the successful attempt to
// restore began.
func (r *Run) RestoredAt() (time.Duration, bool) {
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

// BackText says when the traffic was back, if that was not when the execution ended. It may
// be earlier or later: the safety net continues after an execution has given up.
func (r *Run) BackText() string {
	back, known := r.RestoredAt()
	if !known || r.End != nil && (r.End.At-back).Abs() < time.Second {
		return ""
	}
	return ", the traffic was back at " + Clock(back)
}

// isFailure reports whether the deployment failed.
func (c Closing) isFailure() bool { return c.Outcome != shift.Promoted && c.Outcome != shift.Unchanged }

// weight returns the Candidate's share after the closing.
func (c Closing) weight() Share {
	if c.Outcome == shift.RolledBack {
		return shareOf(shift.None)
	}
	return Share{}
}

// names reports whether the alarm is a reason for the closing.
func (c Closing) names(alarm string) bool {
	return alarmStateIn(c.Reasons, alarm) == shift.AlarmFiring
}

// maxClockSkew is how far the clocks of a Lambda and of Step Functions may differ.
const maxClockSkew = time.Second

// closedByExecution reports whether the execution itself closed the deployment, at the
// given time.
func (r *Run) closedByExecution(at time.Duration) bool {
	return !r.executionLeftItOpen(at) && slices.ContainsFunc(r.Stages, func(s Stage) bool {
		return s.At <= at+maxClockSkew && (s.State == flow.Rollback.State || s.State == flow.Close.State)
	})
}

// closingText says where the traffic is after the closing, and when the execution ends.
func (r *Run) closingText(c Closing) string {
	text := map[shift.Outcome]string{
		shift.RolledBack: "the traffic is back",
		shift.Rejected:   "no traffic had been moved",
		shift.Stranded:   "a person must look at the targets",
	}[c.Outcome]
	if r.executionLeftItOpen(c.At) {
		return text
	}
	return text + "; " + r.whenItEnds(c.At)
}

// whenItEnds says when the execution will notice that its deployment was closed.
func (r *Run) whenItEnds(closed time.Duration) string {
	stage, _ := lastBefore(r.Stages, closed, func(s Stage) time.Duration { return s.At })
	switch stage.State {
	case flow.BakeState:
		return "the execution ends at its next poll"
	case "":
		return "the execution ends soon"
	}
	return "the execution ends after " + stage.State
}

// executionLeftItOpen reports whether the execution had ended before a time without
// closing the deployment.
func (r *Run) executionLeftItOpen(at time.Duration) bool {
	over := false
	for _, m := range r.momentsUntil(at) {
		if m.Execution == r.Execution {
			over = m.State == flow.RollbackIncomplete || m.State == operator.Aborted || m.State == operator.TimedOut || m.State == operator.Failed
		}
	}
	return over
}
