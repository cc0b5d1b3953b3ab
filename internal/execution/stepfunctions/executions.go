// Package stepfunctions starts executions of the state machine, and says which are running and which
// wait for a hook. Anybody who has a task token can end the hook's state, so no error of this package
// contains one.
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
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Step Functions calls that Executions makes.
type API interface {
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	GetExecutionHistory(context.Context, *sfn.GetExecutionHistoryInput, ...func(*sfn.Options)) (*sfn.GetExecutionHistoryOutput, error)
	ListExecutions(context.Context, *sfn.ListExecutionsInput, ...func(*sfn.Options)) (*sfn.ListExecutionsOutput, error)
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Executions are the executions of one state machine.
type Executions struct {
	api     API
	machine *string
}

// New returns the Executions of the state machine with this ARN.
func New(api API, machineARN string) *Executions {
	return &Executions{api: api, machine: aws.String(machineARN)}
}

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config, machineARN string) *Executions {
	return New(sfn.NewFromConfig(cfg), machineARN)
}

// maxPage bounds the executions in one answer (ListExecutions, maxResults).
const maxPage = 1000

// Running returns the ARNs of the running executions. The list may lag behind, because
// ListExecutions is eventually consistent. An execution that is missing from it need not have
// ended.
func (x *Executions) Running(ctx context.Context) (map[string]bool, error) {
	running := map[string]bool{}
	pages := sfn.NewListExecutionsPaginator(x.api, &sfn.ListExecutionsInput{
		StateMachineArn: x.machine, StatusFilter: types.ExecutionStatusRunning, MaxResults: maxPage,
	})
	for pages.HasMorePages() {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the running executions: %w", awserror.Meaning(err))
		}
		for _, e := range found.Executions {
			running[aws.ToString(e.ExecutionArn)] = true
		}
	}
	return running, nil
}

// Start starts an execution with a name. A name that was started in the last 90 days, with whatever
// input, is not started again, and that is no error (StartExecution).
func (x *Executions) Start(ctx context.Context, name string, input json.RawMessage) error {
	_, err := x.api.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: x.machine, Name: &name, Input: aws.String(string(input))})
	var taken *types.ExecutionAlreadyExists
	if err != nil && !errors.As(err, &taken) {
		return fmt.Errorf("start the execution %s: %w", name, awserror.Meaning(err))
	}
	return nil
}

// Ended says whether an execution has ended for good. It returns shift.ErrExecutionUnknown
// for one that Step Functions does not know. Step Functions forgets executions 90 days after
// their end (quotas), and may not yet know one that was just started. An unknown status does
// not count as ended.
func (x *Executions) Ended(ctx context.Context, id string) (bool, error) {
	out, err := x.api.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &id})
	var unknown *types.ExecutionDoesNotExist
	switch {
	case errors.As(err, &unknown):
		return false, fmt.Errorf("describe execution %s: %w: %w", id, shift.ErrExecutionUnknown, awserror.Plain(err))
	case err != nil:
		return false, fmt.Errorf("describe execution %s: %w", id, awserror.Meaning(err))
	}
	switch out.Status {
	case types.ExecutionStatusSucceeded, types.ExecutionStatusFailed, types.ExecutionStatusTimedOut, types.ExecutionStatusAborted:
		return true, nil
	}
	return false, nil
}
