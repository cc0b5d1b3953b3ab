package stepfunctions

import (
	"encoding/json"
	"errors"
	"time"
)

// StateMachines runs executions. This package implements Step Functions' API on top of
// it: it validates the requests, splits the results into pages, and converts the errors
// below to AWS's. It never calls a method while it holds a lock, and may call several
// methods at once.
type StateMachines interface {
	// StateMachines returns all state machines.
	StateMachines() []StateMachine

	// StateMachine returns a state machine by its ARN.
	StateMachine(arn string) (StateMachine, bool)

	// Start starts an execution of an existing state machine. input is JSON. It fails
	// with ErrExecutionAlreadyExists if the machine has, or had, an execution with that
	// name.
	Start(machineARN, name, input string) (Execution, error)

	// Execution returns an execution by its ARN.
	Execution(arn string) (Execution, bool)

	// Executions returns the executions of a state machine, newest first.
	Executions(machineARN string) []Execution

	// History returns the events of an existing execution, oldest first.
	History(executionARN string) []HistoryEvent

	// Stop ends a running execution as ABORTED and returns it. None of its states runs
	// afterwards, not even a Catch.
	Stop(executionARN, errorName, cause string) (Execution, error)

	// Redrive restarts an ended execution from the state where it failed and returns
	// it. It fails with ErrExecutionNotRedrivable.
	Redrive(executionARN string) (Execution, error)

	// SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat answer the task that waits
	// with a token. They fail with ErrInvalidToken, ErrTaskDoesNotExist or
	// ErrTaskTimedOut.
	SendTaskSuccess(token, output string) error
	SendTaskFailure(token, errorName, cause string) error
	SendTaskHeartbeat(token string) error

	// TokenStateMachine returns the ARN of the state machine whose task was given a
	// token. IAM checks against that ARN. It is empty for an unknown token.
	TokenStateMachine(token string) string
}

// The errors that a StateMachines returns, wrapped or not.
var (
	// ErrExecutionAlreadyExists is returned by Start when the name is taken.
	ErrExecutionAlreadyExists = errors.New("the execution already exists")
	// ErrExecutionNotRedrivable is returned by Redrive for an execution that succeeded,
	// is too old or has no room left in its history. The API's caller receives the text
	// of the error that wraps it.
	ErrExecutionNotRedrivable = errors.New("the execution is not redrivable")
	// ErrInvalidToken is returned for a token that was never issued.
	ErrInvalidToken = errors.New("no task waits with this token")
	// ErrTaskDoesNotExist is returned for a task that was already answered, or whose
	// execution has ended.
	ErrTaskDoesNotExist = errors.New("the task no longer waits")
	// ErrTaskTimedOut is returned for a task that no longer waits because its timeout
	// or its heartbeat timeout has passed.
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

// Execution is the current state of an execution.
type Execution struct {
	ARN             string
	StateMachineARN string
	Name            string
	Status          string
	Started         time.Time
	Stopped         time.Time // zero while it runs
	Input           string    // JSON
	Output          string    // JSON; only if it succeeded
	Error           string    // only if it did not succeed
	Cause           string
	RedriveCount    int
	Redriven        time.Time // time of the last redrive; zero if never
	// NotRedrivable says why the execution cannot be redriven; empty if it can.
	NotRedrivable string
	// Unlisted means that ListExecutions does not show the execution yet. Undescribed
	// means that DescribeExecution does not know it yet. Both operations are eventually
	// consistent (API reference).
	Unlisted, Undescribed bool
}

// isRunning reports whether an execution may still change by itself.
func (e Execution) isRunning() bool {
	return e.Status == Running || e.Status == PendingRedrive
}

// HistoryEvent is one event of an execution's history.
type HistoryEvent struct {
	ID         int64
	PreviousID int64
	Time       time.Time
	Type       string // "TaskScheduled"
	// DetailsName is the name of the details' member in GetExecutionHistory
	// ("taskScheduledEventDetails"). It is empty if there are no details. Some types
	// share a name: every …StateEntered has "stateEnteredEventDetails".
	DetailsName string
	// Details is a JSON object with the member names of Step Functions' API model.
	Details json.RawMessage
}

// SetStateMachines sets the StateMachines that runs executions. Without it, every
// operation fails with NotImplemented.
func (s *Executions) SetStateMachines(machines StateMachines) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines = machines
}
