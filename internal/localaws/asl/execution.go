package asl

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Status is an execution's status in the Step Functions API. PENDING_REDRIVE does not
// occur here, because only children of a distributed map have it.
type Status string

// The statuses of an execution.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
	Aborted   Status = "ABORTED"
)

// maxExecutionTime is the longest time that an execution may run (Step Functions
// developer guide, Service quotas).
const maxExecutionTime = 365 * 24 * time.Hour

// Execution is one run of a state machine.
type Execution struct {
	machine    *Machine
	definition *Definition // the machine's definition when the execution began
	arn, name  string
	started    time.Time
	stopped    time.Time
	redriven   time.Time
	status     Status
	rawInput   json.RawMessage // the input passed to Start
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

// ARN returns the execution's ARN.
func (ex *Execution) ARN() string { return ex.arn }

// Name returns the name that was passed to Start.
func (ex *Execution) Name() string { return ex.name }

// Status returns the execution's status.
func (ex *Execution) Status() Status { return ex.status }

// Input returns the input that was passed to Start, without insignificant space.
func (ex *Execution) Input() json.RawMessage { return json.RawMessage(ex.input) }

// Output returns the output of an execution that succeeded, otherwise nil.
func (ex *Execution) Output() json.RawMessage { return json.RawMessage(ex.output) }

// Failure returns why an execution failed or was stopped, as DescribeExecution does. It
// is empty for an execution that timed out: States.Timeout is only in its history.
func (ex *Execution) Failure() Failure { return ex.failure }

// Started returns the time when Start was called.
func (ex *Execution) Started() time.Time { return ex.started }

// Stopped returns the time when the execution last ended; zero while it runs.
func (ex *Execution) Stopped() time.Time { return ex.stopped }

// Redriven returns the time of the last redrive; zero if there was none.
func (ex *Execution) Redriven() time.Time { return ex.redriven }

// RedriveCount returns the number of redrives.
func (ex *Execution) RedriveCount() int { return ex.redrives }

// Transitions returns the number of state transitions that AWS would bill: states
// entered, retries, and redrives (Step Functions developer guide, Handling errors;
// redrive).
func (ex *Execution) Transitions() int { return ex.transitions }

// Path returns the names of the entered states in order. States inside a Map have their
// own names. A retry does not enter its state again. The caller must not change the
// slice.
func (ex *Execution) Path() []string { return slices.Clip(ex.path) }

// History returns the events so far, oldest first. The caller must not change them.
func (ex *Execution) History() []Event { return slices.Clip(ex.events) }

func (ex *Execution) isRunning() bool { return ex.status == Running }

// do runs a step of the execution at once, or after the step that is running now. It
// drops the step if the execution has ended.
func (ex *Execution) do(step func()) {
	ex.steps = append(ex.steps, step)
	if ex.stepping {
		return
	}
	ex.stepping = true
	for len(ex.steps) > 0 {
		next := ex.steps[0]
		ex.steps = ex.steps[1:]
		if ex.isRunning() {
			next()
		}
	}
	ex.stepping, ex.steps = false, nil
}

// record adds an event to the history of a running execution and returns its ID.
// Instead of the event that would reach maxEvents, it records the failure of the
// execution.
func (ex *Execution) record(e Event) int64 {
	if !ex.isRunning() {
		return 0
	}
	if len(ex.events) == maxEvents-1 {
		ex.fail(Failure{
			Error: errorRuntime,
			Cause: fmt.Sprintf("The execution reached the maximum number of history events (%d).", maxEvents),
		}, int64(len(ex.events)))
		return 0
	}
	return ex.appendEvent(e)
}

// appendEvent adds an event to the history, with the next ID and the current time.
func (ex *Execution) appendEvent(e Event) int64 {
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
	if !ex.isRunning() {
		return
	}
	ex.failure = f
	ex.end(Failed, Event{
		Type:            ExecutionFailed,
		PreviousEventID: previous,
		ExecutionFailed: &FailureDetails{Error: f.Error, Cause: f.Cause},
	})
}

// timeOut ends the execution as TIMED_OUT in any state. No Catch runs (seen in AWS:
// floci-io/floci#2733).
func (ex *Execution) timeOut() {
	ex.end(TimedOut, Event{
		Type:              ExecutionTimedOut,
		ExecutionTimedOut: &FailureDetails{Error: errorTimeout},
	})
}

// end ends a running execution with its last event and cancels its timers. The Lambda
// functions that it started keep running.
func (ex *Execution) end(status Status, last Event) {
	if !ex.isRunning() {
		return
	}
	ex.status, ex.stopped, ex.steps = status, ex.machine.host.Now(), nil
	ex.root.close()
	ex.deadline()
	ex.appendEvent(last)
	if ex.machine.options.OnEnd != nil {
		ex.machine.options.OnEnd(ex)
	}
}

// run starts the execution's own timeout. The execution continues from its current
// state once the caller has returned to the Host.
func (ex *Execution) run() {
	limit := maxExecutionTime
	if fixed := ex.definition.timeout; fixed > 0 {
		limit = min(limit, fixed)
	}
	host := ex.machine.host
	timeout := host.After(limit, func() { ex.do(ex.timeOut) })
	resume := host.After(0, func() { ex.do(ex.root.resume) })
	ex.deadline = func() { timeout(); resume() }
}
