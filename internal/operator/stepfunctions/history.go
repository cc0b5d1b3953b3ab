package stepfunctions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"sluice/internal/flow"
	"sluice/internal/operator"
)

// recent is how many of the latest events are asked for at first when most are
// known: more than a poll and a shift leave.
const recent = 50

// Events are those of an execution's history after the one with an ID, in their
// order. All of a history is read from its beginning; what is new to somebody who
// knows most of it from its end, because GetExecutionHistory can begin nowhere
// else. It returns shift.ErrExecutionUnknown.
func (m *Machines) Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error) {
	pages := sfn.NewGetExecutionHistoryPaginator(m.api, &sfn.GetExecutionHistoryInput{
		ExecutionArn: aws.String(string(x)), IncludeExecutionData: aws.Bool(true),
		ReverseOrder: after > 0, MaxResults: size(after),
	})
	var events []operator.Event
	for known := false; pages.HasMorePages() && !known; {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", x, meaning(err))
		}
		for _, e := range found.Events {
			if known = e.Id <= after; known {
				break
			}
			events = append(events, event(e))
		}
	}
	if after > 0 {
		slices.Reverse(events)
	}
	return events, nil
}

func size(after int64) int32 {
	if after > 0 {
		return recent
	}
	return page
}

// event keeps what a person is told of a history event.
func event(e types.HistoryEvent) operator.Event {
	told := operator.Event{ID: e.Id, Type: string(e.Type), Failure: failure(e)}
	if e.Timestamp != nil {
		told.At = *e.Timestamp
	}
	switch {
	case e.StateEnteredEventDetails != nil:
		told.State, told.Data = aws.ToString(e.StateEnteredEventDetails.Name), data(e.StateEnteredEventDetails.Input)
	case e.StateExitedEventDetails != nil:
		told.State, told.Data = aws.ToString(e.StateExitedEventDetails.Name), data(e.StateExitedEventDetails.Output)
	case e.ExecutionSucceededEventDetails != nil:
		told.Data = data(e.ExecutionSucceededEventDetails.Output)
	}
	return told
}

func data(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

// failure is what an event says of one. Each type has details of its own that say
// the same.
func failure(e types.HistoryEvent) flow.Failure {
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
		name, cause = end(e)
	}
	return flow.Failure{Error: aws.ToString(name), Cause: aws.ToString(cause)}
}

// end is what the event that ends an execution says of why.
func end(e types.HistoryEvent) (name, cause *string) {
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
