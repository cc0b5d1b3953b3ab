package dashboard

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// deployment is what is known of one deployment. The poller writes it, with its lock.
type deployment struct {
	id string
	// listed says that the Ledger lists it as not yet announced.
	listed bool
	// execution is what the list of executions says. It is zero if it is not listed there.
	execution operator.Listed
	since     time.Time // when it was opened, or started

	record shift.Record // zero if the Ledger has none
	// recordRead is when it was read last, by this machine's clock; zero if never.
	recordRead  time.Time
	recordError string
	// readUnits is about how many read units of DynamoDB a read of the record takes.
	readUnits int

	run   *picture.Run
	began time.Time
	last  operator.Event
	input string // of the execution
	// historyRead is when the history was read last. due is when the next event is expected,
	// by AWS's clock. idle counts the reads that have found nothing since.
	historyRead  time.Time
	due          time.Time
	idle         int
	historyError string
	// stale says that the record has changed since: the history may have more to tell.
	stale bool

	alarms map[string]shift.Alarm
	// told is what came of the last thing that a person has asked for here.
	told string
	// looked is when somebody has looked at its own page.
	looked time.Time
	// found is when a search has found it last.
	found time.Time
	// version counts the changes.
	version int
}

func newDeployment(id string) *deployment {
	return &deployment{id: id, run: picture.NewRun(), alarms: map[string]shift.Alarm{}}
}

// isOpen reports whether it belongs to those that are not over.
func (d *deployment) isOpen() bool {
	if d.record.Status != "" {
		return d.record.Status != shift.StatusClosed
	}
	return d.listed || d.execution.Status != "" && d.execution.Ended.IsZero() && !d.last.Ends()
}

// learnRecord takes a record that was read, and reports whether it is news.
func (d *deployment) learnRecord(r shift.Record, problem string) bool {
	if problem == d.recordError && alike(r, d.record) {
		return false
	}
	if problem == "" {
		d.record, d.readUnits = r, readUnits(r)
		if d.since.IsZero() {
			d.since = r.OpenedAt
		}
	}
	d.recordError = problem
	d.stale, d.idle = true, 0
	return true
}

// unitBytes is what a strongly consistent read reads with one unit (DynamoDB, read consistency).
const unitBytes = 4096

// readUnits returns how many read units a record takes. Its JSON is about as long as its item.
func readUnits(r shift.Record) int {
	text, _ := json.Marshal(r)
	return (len(text) + unitBytes - 1) / unitBytes
}

// alike compares what of a record can change.
func alike(a, b shift.Record) bool {
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}

// learnEvents takes the next events of the execution's history.
func (d *deployment) learnEvents(events []operator.Event) {
	for _, e := range events {
		if d.began.IsZero() {
			d.began = e.At
			if d.since.IsZero() {
				d.since = e.At
			}
		}
		if d.input == "" && e.EnteredType() != "" {
			d.input = string(e.Data) // the first state's input is the execution's
		}
		d.last = e
		d.run.Add(operator.Execution(d.id).Name(), e.At.Sub(d.began), e)
	}
	d.close()
	d.end()
	d.due = d.nextEvent()
}

// close tells the run how the Ledger has closed the deployment. It is called only when the history
// was read after the record, so that a closing by the execution itself is known.
func (d *deployment) close() {
	if d.record.Status != shift.StatusClosed || d.began.IsZero() || d.run.Closed != nil {
		return
	}
	d.run.Close(picture.NewClosing(d.record, d.record.ClosedAt.Sub(d.began)))
}

// statuses of executions, by the event that ends them.
var statuses = map[string]string{
	operator.Succeeded: "SUCCEEDED", operator.Failed: "FAILED", operator.Aborted: "ABORTED", operator.TimedOut: "TIMED_OUT",
}

// end tells the run how the execution ended. Where it does not say the Outcome, the Ledger does.
func (d *deployment) end() {
	if !d.last.Ends() {
		d.run.End = nil
		return
	}
	end := &picture.End{
		At: d.last.At.Sub(d.began), Status: statuses[d.last.Type], Error: d.last.Failure.Error, Cause: d.last.Failure.Cause,
	}
	var summary shift.Summary
	switch {
	case d.last.Type == operator.Succeeded && json.Unmarshal(d.last.Data, &summary) == nil:
		end.Outcome, end.Cause = summary.Outcome, summary.Reason
	case slices.Contains([]shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded}, shift.Outcome(end.Error)):
		end.Outcome = shift.Outcome(end.Error)
	case d.record.Status == shift.StatusClosed:
		end.Outcome, end.Cause = d.record.Outcome, d.record.Cause
	}
	d.run.End = end
}

// nextEvent returns when the execution's next event is expected, by AWS's clock. It is zero if
// that is not known: a task is at work.
func (d *deployment) nextEvent() time.Time {
	stages, positions := d.run.Stages, d.run.Positions
	if turn := d.turn(); turn != nil && stages[len(stages)-1].State == flow.TurnState {
		return d.began.Add(stages[len(stages)-1].At + turn.Wait.Duration())
	}
	if len(stages) == 0 || len(positions) == 0 || stages[len(stages)-1].State != flow.BakeState {
		return time.Time{}
	}
	return d.began.Add(stages[len(stages)-1].At + positions[len(positions)-1].Wait.Duration())
}

// turn is where it stands in the queue; nil if it does not wait for its turn.
func (d *deployment) turn() *shift.Turn {
	if d.record.Status != "" || !d.isOpen() || len(d.run.Stages) == 0 {
		return nil
	}
	return d.run.Turn
}

// progress returns the last Progress that is known.
func (d *deployment) progress() shift.Progress {
	if n := len(d.run.Positions); n > 0 {
		return d.run.Positions[n-1].Progress
	}
	return shift.Progress{}
}

func (d *deployment) stand() operator.Stand {
	return operator.Stand{Record: d.record, Progress: d.progress(), Queued: d.turn() != nil}
}

// moves returns what it shifts.
func (d *deployment) moves() []shift.Move {
	if moves := d.record.Moves(); len(moves) > 0 {
		return moves
	}
	return d.run.Changes
}

// outcome returns its Outcome, or "".
func (d *deployment) outcome() shift.Outcome {
	if d.record.Outcome != "" {
		return d.record.Outcome
	}
	if d.run.End != nil {
		return d.run.End.Outcome
	}
	return ""
}

// endedAt returns when it ended, as far as that is known.
func (d *deployment) endedAt() time.Time {
	switch {
	case !d.record.ClosedAt.IsZero():
		return d.record.ClosedAt
	case !d.execution.Ended.IsZero():
		return d.execution.Ended
	case d.last.Ends():
		return d.last.At
	}
	return time.Time{}
}

// alarmNames are the alarms that it watches.
func (d *deployment) alarmNames() []string {
	if d.record.Deployment != nil {
		return d.record.Deployment.Alarms
	}
	return d.run.Alarms
}

// plan returns its Plan, which has no Steps before it is made.
func (d *deployment) plan() shift.Plan {
	if d.record.Deployment != nil {
		return d.record.Deployment.Plan
	}
	return d.run.Plan
}

// weight returns the Candidate's share, as far as it is known.
func (d *deployment) weight(live picture.Live) picture.Share {
	switch {
	case d.outcome() == shift.Promoted:
		return picture.Share{Weight: shift.All, Known: true}
	case d.outcome() == shift.RolledBack || d.outcome() == shift.Rejected:
		return picture.Share{Known: true}
	case live.Weight.Known || d.record.Deployment == nil:
		return live.Weight
	case d.record.Intent >= 1 && d.record.Intent <= d.plan().Len():
		return picture.Share{Weight: d.plan().Step(d.record.Intent).Weight, Known: true}
	}
	return picture.Share{Known: true}
}

// stateNames say for people what the machine's states do.
var stateNames = map[string]string{
	flow.Publish.State:          "publishing the version",
	flow.Open.State:             "opening",
	flow.SetWeight.State:        "shifting traffic",
	flow.CheckAlarms.State:      "checking",
	flow.BeforeHook.State:       "waiting for a hook before traffic",
	flow.AfterHook.State:        "waiting for a hook after traffic",
	flow.Close.State:            "closing",
	flow.Rollback.State:         "putting the traffic back",
	flow.BakeState:              "baking",
	flow.TurnState:              "waiting for its turn",
	string(shift.BeforeTraffic): "asking the hooks before traffic",
	string(shift.AfterTraffic):  "asking the hooks after traffic",
}
