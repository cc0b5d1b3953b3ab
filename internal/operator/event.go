package operator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
)

// Event is an entry of an execution's history, with the fields that a person is shown.
type Event struct {
	// ID numbers an execution's events from 1.
	ID   int64
	At   time.Time
	Type string // the type in Step Functions, such as TaskStateEntered
	// State is the state that was entered or exited. It is empty in all other events.
	State string
	// Data is the input of a state that was entered, the output of one that was
	// exited, or the output of an execution that succeeded.
	Data json.RawMessage
	// Failure is set in events about a failure, and if the execution was aborted or
	// timed out.
	Failure flow.Failure
}

// Types of events that do not enter or exit a state.
const (
	Succeeded       = "ExecutionSucceeded"
	Failed          = "ExecutionFailed"
	Aborted         = "ExecutionAborted"
	TimedOut        = "ExecutionTimedOut"
	Redriven        = "ExecutionRedriven"
	MapFailed       = "MapStateFailed"
	IterationFailed = "MapIterationFailed"
)

// Ends reports whether the event ends the execution. A redrive can continue it.
func (e Event) Ends() bool {
	return slices.Contains([]string{Succeeded, Failed, Aborted, TimedOut}, e.Type)
}

// An event's type is the type of the state, followed by one of these, if the event
// enters or exits a state.
const (
	enteredSuffix = "StateEntered"
	exitedSuffix  = "StateExited"
)

// EnteredType returns the type of the state that the event enters, such as Task. It is
// empty if the event enters no state.
func (e Event) EnteredType() string { return textBefore(enteredSuffix, e.Type) }

// ExitedType returns the type of the state that the event exits. It is empty if the
// event exits no state.
func (e Event) ExitedType() string { return textBefore(exitedSuffix, e.Type) }

// textBefore returns the part of a text before a suffix, or "" if the text has no such
// suffix.
func textBefore(suffix, text string) string {
	kind, found := strings.CutSuffix(text, suffix)
	if !found {
		return ""
	}
	return kind
}

// failedTries are the types of the events in which a try of a task fails. There is one
// set for a Lambda that is called by its ARN, and one for a service integration. A try
// that could not be scheduled, started or submitted has failed too.
var failedTries = []string{
	"LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionScheduleFailed", "LambdaFunctionStartFailed",
	"TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed",
}

// TryFails reports whether the event says that a try of a task failed.
func (e Event) TryFails() bool { return slices.Contains(failedTries, e.Type) }

// TrySucceeds reports whether the event says that a try of a task succeeded.
func (e Event) TrySucceeds() bool {
	return e.Type == "LambdaFunctionSucceeded" || e.Type == "TaskSucceeded"
}
