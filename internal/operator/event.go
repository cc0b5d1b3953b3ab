package operator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"sluice/internal/flow"
)

// Event is an entry of an execution's history, as far as a person is told of it.
type Event struct {
	// ID counts an execution's events from 1.
	ID   int64
	At   time.Time
	Type string // as Step Functions names it, such as TaskStateEntered
	// State is the one that is entered or left; empty in all other events.
	State string
	// Data is what a state is entered or left with, and the output of an execution.
	Data json.RawMessage
	// Failure is set in the events that tell of one, and of an end from outside.
	Failure flow.Failure
}

// Types of events that are about no state.
const (
	Succeeded       = "ExecutionSucceeded"
	Failed          = "ExecutionFailed"
	Aborted         = "ExecutionAborted"
	TimedOut        = "ExecutionTimedOut"
	Redriven        = "ExecutionRedriven"
	MapFailed       = "MapStateFailed"
	IterationFailed = "MapIterationFailed"
)

// Ends says whether the execution is over with it, unless somebody redrives it.
func (e Event) Ends() bool {
	return slices.Contains([]string{Succeeded, Failed, Aborted, TimedOut}, e.Type)
}

// entered and exited are what the types of events about a state end in, behind the
// state's type.
const (
	entered = "StateEntered"
	exited  = "StateExited"
)

// Enters is the type of the state that is entered, such as Task; "" in an event
// that is no entering.
func (e Event) Enters() string { return before(e.Type, entered) }

// Leaves is the same for a state that is left.
func (e Event) Leaves() string { return before(e.Type, exited) }

func before(text, end string) string {
	kind, found := strings.CutSuffix(text, end)
	if !found {
		return ""
	}
	return kind
}

// tryFails are the types with which a try of a task fails, whether its Lambda is
// called by its ARN or by a service integration. What could not even be scheduled,
// started or submitted has failed as well.
var tryFails = []string{
	"LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionScheduleFailed", "LambdaFunctionStartFailed",
	"TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed",
}

// TryFails says whether a try of a task fails with it.
func (e Event) TryFails() bool { return slices.Contains(tryFails, e.Type) }

// TrySucceeds says whether a try of a task succeeds with it.
func (e Event) TrySucceeds() bool {
	return e.Type == "LambdaFunctionSucceeded" || e.Type == "TaskSucceeded"
}
