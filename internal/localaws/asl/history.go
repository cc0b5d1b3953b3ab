package asl

import (
	"encoding/json"
	"time"
)

// maxEvents is the quota of events in an execution's history. The event that reaches it
// is ExecutionFailed (Step Functions developer guide, Service quotas;
// floci-io/floci#2734 saw in AWS that the failure itself is event 25,000).
const maxEvents = 25_000

// Event is an event of an execution's history, as GetExecutionHistory returns it. At
// most one of the details is set, depending on the Type.
type Event struct {
	ID              int64     `json:"id"`
	PreviousEventID int64     `json:"previousEventId"`
	Timestamp       time.Time `json:"-"`
	Type            EventType `json:"type"`

	ExecutionStarted        *ExecutionStartedDetails `json:"executionStartedEventDetails,omitempty"`
	ExecutionSucceeded      *OutputDetails           `json:"executionSucceededEventDetails,omitempty"`
	ExecutionFailed         *FailureDetails          `json:"executionFailedEventDetails,omitempty"`
	ExecutionAborted        *FailureDetails          `json:"executionAbortedEventDetails,omitempty"`
	ExecutionTimedOut       *FailureDetails          `json:"executionTimedOutEventDetails,omitempty"`
	ExecutionRedriven       *RedrivenDetails         `json:"executionRedrivenEventDetails,omitempty"`
	StateEntered            *StateEnteredDetails     `json:"stateEnteredEventDetails,omitempty"`
	StateExited             *StateExitedDetails      `json:"stateExitedEventDetails,omitempty"`
	LambdaFunctionScheduled *LambdaScheduledDetails  `json:"lambdaFunctionScheduledEventDetails,omitempty"`
	LambdaFunctionSucceeded *OutputDetails           `json:"lambdaFunctionSucceededEventDetails,omitempty"`
	LambdaFunctionFailed    *FailureDetails          `json:"lambdaFunctionFailedEventDetails,omitempty"`
	LambdaFunctionTimedOut  *FailureDetails          `json:"lambdaFunctionTimedOutEventDetails,omitempty"`
	TaskScheduled           *TaskScheduledDetails    `json:"taskScheduledEventDetails,omitempty"`
	TaskStarted             *TaskDetails             `json:"taskStartedEventDetails,omitempty"`
	TaskSubmitted           *TaskOutputDetails       `json:"taskSubmittedEventDetails,omitempty"`
	TaskSucceeded           *TaskOutputDetails       `json:"taskSucceededEventDetails,omitempty"`
	TaskFailed              *TaskFailureDetails      `json:"taskFailedEventDetails,omitempty"`
	TaskTimedOut            *TaskFailureDetails      `json:"taskTimedOutEventDetails,omitempty"`
	MapStateStarted         *MapStartedDetails       `json:"mapStateStartedEventDetails,omitempty"`
	MapIterationStarted     *MapIterationDetails     `json:"mapIterationStartedEventDetails,omitempty"`
	MapIterationSucceeded   *MapIterationDetails     `json:"mapIterationSucceededEventDetails,omitempty"`
	MapIterationFailed      *MapIterationDetails     `json:"mapIterationFailedEventDetails,omitempty"`
	MapIterationAborted     *MapIterationDetails     `json:"mapIterationAbortedEventDetails,omitempty"`
}

// MarshalJSON encodes the event as the Step Functions API does, with the timestamp in
// seconds since the epoch, with milliseconds.
func (e Event) MarshalJSON() ([]byte, error) {
	type event Event
	return json.Marshal(struct {
		Timestamp float64 `json:"timestamp"`
		event
	}{float64(e.Timestamp.UnixMilli()) / 1000, event(e)})
}

// EventType is a HistoryEventType of the Step Functions API. Each type of state has its
// own events for entering and exiting: TaskStateEntered, ChoiceStateExited and so on.
type EventType string

// The event types that do not begin with a state's type.
const (
	ExecutionStarted        EventType = "ExecutionStarted"
	ExecutionSucceeded      EventType = "ExecutionSucceeded"
	ExecutionFailed         EventType = "ExecutionFailed"
	ExecutionAborted        EventType = "ExecutionAborted"
	ExecutionTimedOut       EventType = "ExecutionTimedOut"
	ExecutionRedriven       EventType = "ExecutionRedriven"
	LambdaFunctionScheduled EventType = "LambdaFunctionScheduled"
	LambdaFunctionStarted   EventType = "LambdaFunctionStarted"
	LambdaFunctionSucceeded EventType = "LambdaFunctionSucceeded"
	LambdaFunctionFailed    EventType = "LambdaFunctionFailed"
	LambdaFunctionTimedOut  EventType = "LambdaFunctionTimedOut"
	TaskScheduled           EventType = "TaskScheduled"
	TaskStarted             EventType = "TaskStarted"
	TaskSubmitted           EventType = "TaskSubmitted"
	TaskSucceeded           EventType = "TaskSucceeded"
	TaskFailed              EventType = "TaskFailed"
	TaskTimedOut            EventType = "TaskTimedOut"
	MapStateStarted         EventType = "MapStateStarted"
	MapStateSucceeded       EventType = "MapStateSucceeded"
	MapStateFailed          EventType = "MapStateFailed"
	MapStateAborted         EventType = "MapStateAborted"
	MapIterationStarted     EventType = "MapIterationStarted"
	MapIterationSucceeded   EventType = "MapIterationSucceeded"
	MapIterationFailed      EventType = "MapIterationFailed"
	MapIterationAborted     EventType = "MapIterationAborted"
)

// Whole says whether a document in an event is truncated. Here it never is.
type Whole struct {
	Truncated bool `json:"truncated"`
}

type (
	// ExecutionStartedDetails are the details of the first event of every history.
	ExecutionStartedDetails struct {
		Input        Document `json:"input"`
		InputDetails Whole    `json:"inputDetails"`
		RoleARN      string   `json:"roleArn,omitempty"`
	}
	// OutputDetails is the output of an execution or of a Lambda function.
	OutputDetails struct {
		Output        Document `json:"output"`
		OutputDetails Whole    `json:"outputDetails"`
	}
	// FailureDetails says why something failed. A member that AWS leaves out is empty.
	FailureDetails struct {
		Error string `json:"error,omitempty"`
		Cause string `json:"cause,omitempty"`
	}
	// RedrivenDetails is the number of redrives so far.
	RedrivenDetails struct {
		RedriveCount int `json:"redriveCount"`
	}
	// StateEnteredDetails is a state's name and its raw input.
	StateEnteredDetails struct {
		Name         string   `json:"name"`
		Input        Document `json:"input"`
		InputDetails Whole    `json:"inputDetails"`
	}
	// StateExitedDetails is a state's name and its output.
	StateExitedDetails struct {
		Name          string   `json:"name"`
		Output        Document `json:"output"`
		OutputDetails Whole    `json:"outputDetails"`
	}
	// LambdaScheduledDetails is a Task's call of a function by its ARN.
	LambdaScheduledDetails struct {
		Resource         string   `json:"resource"`
		Input            Document `json:"input"`
		InputDetails     Whole    `json:"inputDetails"`
		TimeoutInSeconds int64    `json:"timeoutInSeconds,omitempty"`
	}
	// TaskDetails names a service integration.
	TaskDetails struct {
		ResourceType string `json:"resourceType"`
		Resource     string `json:"resource"`
	}
	// TaskScheduledDetails is a Task's call of a service integration.
	TaskScheduledDetails struct {
		TaskDetails
		Region             string   `json:"region"`
		Parameters         Document `json:"parameters"`
		TimeoutInSeconds   int64    `json:"timeoutInSeconds,omitempty"`
		HeartbeatInSeconds int64    `json:"heartbeatInSeconds,omitempty"`
	}
	// TaskOutputDetails is what a service integration returned, or a callback's output.
	TaskOutputDetails struct {
		TaskDetails
		Output        Document `json:"output"`
		OutputDetails Whole    `json:"outputDetails"`
	}
	// TaskFailureDetails says why a service integration or its callback failed.
	TaskFailureDetails struct {
		TaskDetails
		FailureDetails
	}
	// MapStartedDetails is the number of items of a Map.
	MapStartedDetails struct {
		Length int `json:"length"`
	}
	// MapIterationDetails names a Map and the index of one of its items, counted from
	// 0.
	MapIterationDetails struct {
		Name  string `json:"name"`
		Index int    `json:"index"`
	}
)
