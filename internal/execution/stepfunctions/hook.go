package stepfunctions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/sluice-aws/sluice/internal/awserror"
)

// waitingEvents is how many events a task with a token has written when it waits for its
// answer: TaskScheduled, TaskStarted and TaskSubmitted. The definition asks one hook at a time,
// so they are the last three of the history.
const waitingEvents = 3

// AwaitedHook returns the task token of the hook whose answer an execution waits for, or "". The token
// is in the parameters of the TaskScheduled event (GetExecutionHistory). So nobody has to store
// it. A history may be outdated (it is eventually consistent): then the token is of a hook that
// has answered, and Step Functions refuses it.
func (x *Executions) AwaitedHook(ctx context.Context, id string) (string, error) {
	pages := sfn.NewGetExecutionHistoryPaginator(x.api, &sfn.GetExecutionHistoryInput{
		ExecutionArn: &id, ReverseOrder: true, MaxResults: waitingEvents, IncludeExecutionData: aws.Bool(true),
	})
	var last []types.HistoryEvent
	for pages.HasMorePages() && len(last) < waitingEvents { // a page may have fewer
		page, err := pages.NextPage(ctx)
		var unknown *types.ExecutionDoesNotExist
		switch {
		case errors.As(err, &unknown):
			return "", nil
		case err != nil:
			return "", fmt.Errorf("read the history of %s: %w", id, awserror.Meaning(err))
		}
		last = append(last, page.Events...)
		if len(last) > 0 && last[0].Type != types.HistoryEventTypeTaskSubmitted {
			return "", nil
		}
	}
	for _, e := range last {
		if e.TaskScheduledEventDetails != nil {
			return tokenIn(aws.ToString(e.TaskScheduledEventDetails.Parameters)), nil
		}
	}
	return "", nil
}

// tokenIn returns the token in the parameters of a hook's task, where the definition puts it.
func tokenIn(parameters string) string {
	var task struct {
		Payload struct {
			TaskToken string `json:"taskToken"`
		}
	}
	if err := json.Unmarshal([]byte(parameters), &task); err != nil {
		return "" // the error would quote it
	}
	return task.Payload.TaskToken
}
