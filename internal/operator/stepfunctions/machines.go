package stepfunctions

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the calls of Step Functions that Machines makes.
type API interface {
	GetExecutionHistory(context.Context, *sfn.GetExecutionHistoryInput, ...func(*sfn.Options)) (*sfn.GetExecutionHistoryOutput, error)
	ListExecutions(context.Context, *sfn.ListExecutionsInput, ...func(*sfn.Options)) (*sfn.ListExecutionsOutput, error)
	ListStateMachines(context.Context, *sfn.ListStateMachinesInput, ...func(*sfn.Options)) (*sfn.ListStateMachinesOutput, error)
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Machines gives access to the state machines of an account in a region.
type Machines struct{ api API }

// New returns the Machines that use a given client.
func New(api API) *Machines { return &Machines{api: api} }

// FromConfig returns the Machines that use a new client.
func FromConfig(cfg aws.Config) *Machines { return New(sfn.NewFromConfig(cfg)) }

// maxPage is how many results one call returns at most (ListStateMachines, ListExecutions and
// GetExecutionHistory, maxResults).
const maxPage = 1000

// ErrNoMachine is returned by ARN when no state machine has the name.
var ErrNoMachine = errors.New("no such state machine")

// ARN returns the ARN of the state machine with a given name. An argument that is
// already an ARN is returned unchanged. It returns ErrNoMachine if there is none with
// this name.
func (m *Machines) ARN(ctx context.Context, nameOrARN string) (string, error) {
	if operator.IsARN(nameOrARN) {
		return nameOrARN, nil
	}
	pages := sfn.NewListStateMachinesPaginator(m.api, &sfn.ListStateMachinesInput{MaxResults: maxPage})
	for pages.HasMorePages() {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("find the state machine %s: %w", nameOrARN, classify(err))
		}
		for _, machine := range found.StateMachines {
			if aws.ToString(machine.Name) == nameOrARN {
				return aws.ToString(machine.StateMachineArn), nil
			}
		}
	}
	return "", fmt.Errorf("%w: %s", ErrNoMachine, nameOrARN)
}

// Find returns the latest execution of a state machine that is wanted, among those that run and
// those that ended in the last 90 days. One that was started a moment ago may be missing. It
// returns shift.ErrExecutionUnknown if there is none.
func (m *Machines) Find(ctx context.Context, machineARN string, wanted func(operator.Execution) bool) (operator.Execution, error) {
	pages := sfn.NewListExecutionsPaginator(m.api, &sfn.ListExecutionsInput{StateMachineArn: &machineARN, MaxResults: maxPage})
	for pages.HasMorePages() {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("list the executions of %s: %w", machineARN, classify(err))
		}
		for _, listed := range found.Executions {
			if x := operator.Execution(aws.ToString(listed.ExecutionArn)); wanted(x) {
				return x, nil
			}
		}
	}
	return "", fmt.Errorf("find an execution of %s: %w", machineARN, shift.ErrExecutionUnknown)
}

// maxRecentPage is the size of a page of Recent, and maxRecentPages how many it reads at most.
const (
	maxRecentPage  = 100
	maxRecentPages = 3
)

// Recent returns the executions of a state machine that run or have ended, the latest start
// first, until so many are found that have ended. It reads few pages, so where many run it may
// find fewer. One that was started a moment ago may be missing.
func (m *Machines) Recent(ctx context.Context, machineARN string, ended int) ([]operator.Listed, error) {
	pages := sfn.NewListExecutionsPaginator(m.api, &sfn.ListExecutionsInput{StateMachineArn: &machineARN, MaxResults: maxRecentPage})
	var listed []operator.Listed
	for read := 0; pages.HasMorePages() && read < maxRecentPages && ended > 0; read++ {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the executions of %s: %w", machineARN, classify(err))
		}
		for _, x := range found.Executions {
			if x.StopDate != nil {
				if ended == 0 {
					continue
				}
				ended--
			}
			listed = append(listed, newListed(x))
		}
	}
	return listed, nil
}

func newListed(x types.ExecutionListItem) operator.Listed {
	return operator.Listed{
		Execution: operator.Execution(aws.ToString(x.ExecutionArn)), Status: string(x.Status),
		Started: aws.ToTime(x.StartDate), Ended: aws.ToTime(x.StopDate),
	}
}

// Start starts an execution. If one with the same name and input is running already,
// Start returns that one, so it is safe to retry. It returns operator.ErrNameTaken. It makes one
// attempt only: after several, nobody could tell whether an execution that has the name and has
// ended is that of a first attempt.
func (m *Machines) Start(ctx context.Context, machineARN, name string, input []byte) (operator.Execution, error) {
	out, err := m.api.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &machineARN, Name: &name, Input: aws.String(string(input)),
	}, func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
	var taken *types.ExecutionAlreadyExists
	switch {
	case errors.As(err, &taken):
		return "", fmt.Errorf("start %s: %w: choose another name with --name", name, operator.ErrNameTaken)
	case err != nil:
		return "", fmt.Errorf("start %s: %w", name, classify(err))
	}
	return operator.Execution(aws.ToString(out.ExecutionArn)), nil
}

// classify wraps an error that is worth a retry in operator.ErrUnavailable, and one
// about an execution that does not exist in shift.ErrExecutionUnknown.
func classify(err error) error {
	var unknown *types.ExecutionDoesNotExist
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w: %w", shift.ErrExecutionUnknown, awserror.Plain(err))
	case awserror.IsTransient(err):
		return fmt.Errorf("%w: %w", operator.ErrUnavailable, awserror.Plain(err))
	}
	return awserror.Plain(err)
}
