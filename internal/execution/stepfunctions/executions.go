// Package stepfunctions knows which executions of the state machine go on.
package stepfunctions

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// API is what Executions call of Step Functions.
type API interface {
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	ListExecutions(context.Context, *sfn.ListExecutionsInput, ...func(*sfn.Options)) (*sfn.ListExecutionsOutput, error)
}

// Executions are those of one state machine.
type Executions struct {
	api     API
	machine *string
}

// New is the Executions of the state machine with this ARN.
func New(api API, machineARN string) *Executions {
	return &Executions{api: api, machine: aws.String(machineARN)}
}

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config, machineARN string) *Executions {
	return New(sfn.NewFromConfig(cfg), machineARN)
}

// page is how many executions one call lists at most (ListExecutions, maxResults).
const page = 1000

// Running lists the executions that run, by their ARNs. The list may lag behind
// (ListExecutions is eventually consistent): who is missing has not ended for that.
func (x *Executions) Running(ctx context.Context) (map[string]bool, error) {
	running := map[string]bool{}
	pages := sfn.NewListExecutionsPaginator(x.api, &sfn.ListExecutionsInput{
		StateMachineArn: x.machine, StatusFilter: types.ExecutionStatusRunning, MaxResults: page,
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

// Ended says whether an execution has ended for good. It returns
// shift.ErrExecutionUnknown for one that Step Functions does not know: it forgets
// them 90 days after their end (quotas), and may not yet know one that was just
// started. A status that is not known is no end.
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
