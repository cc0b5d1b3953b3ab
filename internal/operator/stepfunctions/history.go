package stepfunctions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
)

// recentPage is the size of a page when only the newest events are wanted. It is more
// than the events of a poll and a shift together.
const recentPage = 50

// Events returns the events of an execution's history that follow the event with the
// ID after, in their order. If after is 0, it reads the history from the beginning.
// Otherwise it reads backwards from the end: GetExecutionHistory cannot start anywhere
// else. It returns shift.ErrExecutionUnknown.
func (m *Machines) Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error) {
	pages := sfn.NewGetExecutionHistoryPaginator(m.api, &sfn.GetExecutionHistoryInput{
		ExecutionArn: aws.String(string(x)), IncludeExecutionData: aws.Bool(true),
		ReverseOrder: after > 0, MaxResults: pageSize(after),
	})
	var events []operator.Event
	for known := false; pages.HasMorePages() && !known; {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", x, classify(err))
		}
		for _, e := range found.Events {
			if known = e.Id <= after; known {
				break
			}
			events = append(events, newEvent(e))
		}
	}
	if after > 0 {
		slices.Reverse(events)
	}
	return events, nil
}

func pageSize(after int64) int32 {
	if after > 0 {
		return recentPage
	}
	return maxPage
}

// newEvent keeps the fields of a history event that a person is shown.
func newEvent(e types.HistoryEvent) operator.Event {
	event := operator.Event{ID: e.Id, Type: string(e.Type), Failure: failureOf(e)}
	if e.Timestamp != nil {
		event.At = *e.Timestamp
	}
	switch {
	case e.StateEnteredEventDetails != nil:
		event.State, event.Data = aws.ToString(e.StateEnteredEventDetails.Name), rawJSON(e.StateEnteredEventDetails.Input)
	case e.StateExitedEventDetails != nil:
		event.State, event.Data = aws.ToString(e.StateExitedEventDetails.Name), rawJSON(e.StateExitedEventDetails.Output)
	case e.ExecutionSucceededEventDetails != nil:
		event.Data = rawJSON(e.ExecutionSucceededEventDetails.Output)
	}
	return event
}

func rawJSON(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

// failureOf returns the failure that an event reports. Each type of event holds the
// same two fields in its own details.
func failureOf(e types.HistoryEvent) flow.Failure {
	var name, cause *string
	switch {
	case e.LambdaFunctionFailedEventDetails != nil:
		name, cause = e.LambdaFunctionFailedEventDetails.Error, e.LambdaFunctionFailedEventDetails.Cause
	case e.LambdaFunctionTimedOutEventDetails != nil:
		name, cause = e.LambdaFunctionTimedOutEventDetails.Error, e.LambdaFunctionTimedOutEventDetails.Cause
	case e.LambdaFunctionScheduleFailedEventDetails != nil:
		name, cause = e.LambdaFunctionScheduleFailedEventDetails.Error, e.LambdaFunctionScheduleFailedEventDetails.Cause
	case e.LambdaFunctionStartFailedEventDetails != nil:
		name, cause = e.LambdaFunctionStartFailedEventDetails.Error, e.LambdaFunctionStartFailedEventDetails.Cause
	case e.TaskFailedEventDetails != nil:
		name, cause = e.TaskFailedEventDetails.Error, e.TaskFailedEventDetails.Cause
	case e.TaskTimedOutEventDetails != nil:
		name, cause = e.TaskTimedOutEventDetails.Error, e.TaskTimedOutEventDetails.Cause
	case e.TaskStartFailedEventDetails != nil:
		name, cause = e.TaskStartFailedEventDetails.Error, e.TaskStartFailedEventDetails.Cause
	case e.TaskSubmitFailedEventDetails != nil:
		name, cause = e.TaskSubmitFailedEventDetails.Error, e.TaskSubmitFailedEventDetails.Cause
	default:
		name, cause = executionFailure(e)
	}
	return flow.Failure{Error: aws.ToString(name), Cause: aws.ToString(cause)}
}

// executionFailure returns why an execution failed, was aborted or timed out.
func executionFailure(e types.HistoryEvent) (name, cause *string) {
	switch {
	case e.ExecutionFailedEventDetails != nil:
		return e.ExecutionFailedEventDetails.Error, e.ExecutionFailedEventDetails.Cause
	case e.ExecutionAbortedEventDetails != nil:
		return e.ExecutionAbortedEventDetails.Error, e.ExecutionAbortedEventDetails.Cause
	case e.ExecutionTimedOutEventDetails != nil:
		return e.ExecutionTimedOutEventDetails.Error, e.ExecutionTimedOutEventDetails.Cause
	}
	return nil, nil
}
