package asl

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Status is an execution's status in the Step Functions API. PENDING_REDRIVE,
// which only children of a distributed map have, does not occur here.
type Status string

// The statuses of an execution.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
	Aborted   Status = "ABORTED"
)

// longestExecution is how long an execution may run (Step Functions developer
// guide, Service quotas).
const longestExecution = 365 * 24 * time.Hour

// Execution is one run of a state machine.
type Execution struct {
	machine    *Machine
	definition *Definition // the machine's when the execution began
	arn, name  string
	started    time.Time
	stopped    time.Time
	redriven   time.Time
	status     Status
	text       json.RawMessage // the input as it was given
	input      Document
	output     Document
	failure    Failure

	events      []Event
	path        []string
	transitions int
	redrives    int

	root     *walk
	deadline func() // cancels the execution's own timeout
	steps    []func()
	stepping bool
}

// ARN is the execution's ARN, which names it everywhere.
func (ex *Execution) ARN() string { return ex.arn }

// Name is the name that Start was given.
func (ex *Execution) Name() string { return ex.name }

// Status is how the execution stands.
func (ex *Execution) Status() Status { return ex.status }

// Input is the input that Start was given, without insignificant space.
func (ex *Execution) Input() json.RawMessage { return json.RawMessage(ex.input) }

// Output is the output of an execution that succeeded, else nil.
func (ex *Execution) Output() json.RawMessage { return json.RawMessage(ex.output) }

// Failure is why an execution failed or was stopped, as DescribeExecution gives
// it: empty for one that timed out, whose States.Timeout only its history has.
func (ex *Execution) Failure() Failure { return ex.failure }

// Started is when Start was called.
func (ex *Execution) Started() time.Time { return ex.started }

// Stopped is when the execution ended last; zero while it runs.
func (ex *Execution) Stopped() time.Time { return ex.stopped }

// Redriven is when the execution was redriven last, or zero.
func (ex *Execution) Redriven() time.Time { return ex.redriven }

// RedriveCount is how often the execution was redriven.
func (ex *Execution) RedriveCount() int { return ex.redrives }

// Transitions is how many state transitions AWS would bill: states entered,
// retries, and redrives (Step Functions developer guide, Handling errors;
// redrive).
func (ex *Execution) Transitions() int { return ex.transitions }

// Path is the names of the states entered, in order, those inside a Map by
// their own names. A retry does not enter its state again. The caller must not
// change it.
func (ex *Execution) Path() []string { return slices.Clip(ex.path) }

// History is the events so far, oldest first. The caller must not change them.
func (ex *Execution) History() []Event { return slices.Clip(ex.events) }

func (ex *Execution) running() bool { return ex.status == Running }

// do runs a step of the execution: at once, or after the step that is running
// now. What a step does to an execution that has ended is dropped.
func (ex *Execution) do(step func()) {
	ex.steps = append(ex.steps, step)
	if ex.stepping {
		return
	}
	ex.stepping = true
	for len(ex.steps) > 0 {
		next := ex.steps[0]
		ex.steps = ex.steps[1:]
		if ex.running() {
			next()
		}
	}
	ex.stepping, ex.steps = false, nil
}

// record adds an event to the history of a running execution and returns its
// ID. The event that reaches the limit becomes the failure of the execution.
func (ex *Execution) record(e Event) int64 {
	if !ex.running() {
		return 0
	}
	if len(ex.events) == maxEvents-1 {
		ex.fail(Failure{
			Error: errorRuntime,
			Cause: fmt.Sprintf("The execution reached the maximum number of history events (%d).", maxEvents),
		}, int64(len(ex.events)))
		return 0
	}
	return ex.add(e)
}

// add numbers and dates an event.
func (ex *Execution) add(e Event) int64 {
	e.ID = int64(len(ex.events)) + 1
	e.Timestamp = ex.machine.host.Now()
	ex.events = append(ex.events, e)
	if e.StateEntered != nil {
		ex.path = append(ex.path, e.StateEntered.Name)
		ex.transitions++
	}
	if ex.machine.options.OnEvent != nil {
		ex.machine.options.OnEvent(ex, e)
	}
	return e.ID
}

// fail ends the execution as FAILED.
func (ex *Execution) fail(f Failure, previous int64) {
	if !ex.running() {
		return
	}
	ex.failure = f
	ex.end(Failed, Event{
		Type:            ExecutionFailed,
		PreviousEventID: previous,
		ExecutionFailed: &FailureDetails{Error: f.Error, Cause: f.Cause},
	})
}

// timeOut ends the execution as TIMED_OUT, whatever goes on in it: no Catch
// runs (seen in AWS: floci-io/floci#2733).
func (ex *Execution) timeOut() {
	ex.end(TimedOut, Event{
		Type:              ExecutionTimedOut,
		ExecutionTimedOut: &FailureDetails{Error: errorTimeout},
	})
}

// end closes a running execution with its last event. Its timers are cancelled;
// the Lambda functions that it started know nothing of it.
func (ex *Execution) end(status Status, last Event) {
	if !ex.running() {
		return
	}
	ex.status, ex.stopped, ex.steps = status, ex.machine.host.Now(), nil
	ex.root.close()
	ex.deadline()
	ex.add(last)
	if ex.machine.options.OnEnd != nil {
		ex.machine.options.OnEnd(ex)
	}
}

// run starts the clock of the execution's own timeout, and then lets it go on
// from where it stands once the caller has returned to the Host.
func (ex *Execution) run() {
	limit := longestExecution
	if fixed := ex.definition.timeout; fixed > 0 {
		limit = min(limit, fixed)
	}
	host := ex.machine.host
	timeout := host.After(limit, func() { ex.do(ex.timeOut) })
	resume := host.After(0, func() { ex.do(ex.root.resume) })
	ex.deadline = func() { timeout(); resume() }
}
