package stepfunctions

import (
	"encoding/json"
	"errors"
	"time"
)

// StateMachines runs executions. This package speaks Step Functions' API for it:
// the requests that reach a StateMachines are valid, its answers are paged, and its
// errors below become AWS's. No method is called while a lock is held, and several
// may be called at once.
type StateMachines interface {
	// StateMachines returns all state machines.
	StateMachines() []StateMachine

	// StateMachine returns a state machine by its ARN.
	StateMachine(arn string) (StateMachine, bool)

	// Start starts an execution of a state machine that exists. input is
	// JSON. It fails with ErrExecutionAlreadyExists if the machine has, or
	// had, an execution of that name.
	Start(machineARN, name, input string) (Execution, error)

	// Execution returns an execution by its ARN.
	Execution(arn string) (Execution, bool)

	// Executions returns the executions of a state machine, the one started
	// last first.
	Executions(machineARN string) []Execution

	// History returns the events of an execution that exists, in their order.
	History(executionARN string) []HistoryEvent

	// Stop ends a running execution as ABORTED and returns it. Nothing of it
	// runs on, not even a Catch.
	Stop(executionARN, errorName, cause string) (Execution, error)

	// Redrive starts an ended execution again where it failed and returns it.
	// It fails with ErrExecutionNotRedrivable.
	Redrive(executionARN string) (Execution, error)

	// SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat answer a task
	// that waits with a token. They fail with ErrInvalidToken,
	// ErrTaskDoesNotExist or ErrTaskTimedOut.
	SendTaskSuccess(token, output string) error
	SendTaskFailure(token, errorName, cause string) error
	SendTaskHeartbeat(token string) error

	// TokenStateMachine returns the ARN of the state machine whose task got a
	// token, because that is what IAM checks; empty if nobody knows it.
	TokenStateMachine(token string) string
}

// The errors that a StateMachines returns, wrapped or not.
var (
	// ErrExecutionAlreadyExists is returned by Start when the name is taken.
	ErrExecutionAlreadyExists = errors.New("the execution already exists")
	// ErrExecutionNotRedrivable is returned by Redrive for an execution that
	// succeeded, is too old or has no room left in its history. What it is
	// wrapped in is the message that the caller reads.
	ErrExecutionNotRedrivable = errors.New("the execution is not redrivable")
	// ErrInvalidToken is returned for a token that was never issued.
	ErrInvalidToken = errors.New("no task waits with this token")
	// ErrTaskDoesNotExist is returned for a task that was answered already,
	// or whose execution has ended.
	ErrTaskDoesNotExist = errors.New("the task does not wait any more")
	// ErrTaskTimedOut is returned for a task that no longer waits because its
	// time, or the time between two heartbeats, was over.
	ErrTaskTimedOut = errors.New("the task has timed out")
)

// StateMachine is a Standard state machine.
type StateMachine struct {
	ARN        string
	Name       string
	Definition string // ASL, JSON
	RoleARN    string
	Created    time.Time
}

// The statuses of an execution (ExecutionStatus in Step Functions' API model).
const (
	Running        = "RUNNING"
	Succeeded      = "SUCCEEDED"
	Failed         = "FAILED"
	TimedOut       = "TIMED_OUT"
	Aborted        = "ABORTED"
	PendingRedrive = "PENDING_REDRIVE"
)

// Execution is an execution as it stands.
type Execution struct {
	ARN             string
	StateMachineARN string
	Name            string
	Status          string
	Started         time.Time
	Stopped         time.Time // zero while it runs
	Input           string    // JSON
	Output          string    // JSON, when it succeeded
	Error           string    // when it did not
	Cause           string
	RedriveCount    int
	Redriven        time.Time // when last; zero if never
	// NotRedrivable says why it cannot be redriven; empty if it can.
	NotRedrivable string
	// Unlisted and Undescribed say that ListExecutions does not show it yet, or that
	// DescribeExecution does not know it yet: both are eventually consistent (API reference).
	Unlisted, Undescribed bool
}

// isRunning tells whether an execution may still change by itself.
func (e Execution) isRunning() bool {
	return e.Status == Running || e.Status == PendingRedrive
}

// HistoryEvent is one event of an execution's history.
type HistoryEvent struct {
	ID         int64
	PreviousID int64
	Time       time.Time
	Type       string // "TaskScheduled"
	// DetailsName is the member that the details are under in
	// GetExecutionHistory ("taskScheduledEventDetails"); empty is no details.
	// Some types share one: every …StateEntered has "stateEnteredEventDetails".
	DetailsName string
	// Details is a JSON object in the names of Step Functions' API model.
	Details json.RawMessage
}

// SetStateMachines sets who runs executions. Without it, Step Functions knows
// no state machine.
func (s *Executions) SetStateMachines(machines StateMachines) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines = machines
}
