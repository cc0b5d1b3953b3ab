package stepfunctions

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"sluice/internal/awserror"
	"sluice/internal/operator"
	"sluice/internal/shift"
)

// API is what Machines calls of Step Functions.
type API interface {
	GetExecutionHistory(context.Context, *sfn.GetExecutionHistoryInput, ...func(*sfn.Options)) (*sfn.GetExecutionHistoryOutput, error)
	ListStateMachines(context.Context, *sfn.ListStateMachinesInput, ...func(*sfn.Options)) (*sfn.ListStateMachinesOutput, error)
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Machines are the state machines of an account in a region.
type Machines struct{ api API }

// New is the Machines behind a client.
func New(api API) *Machines { return &Machines{api: api} }

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config) *Machines { return New(sfn.NewFromConfig(cfg)) }

// page is how much one call lists at most (ListStateMachines and
// GetExecutionHistory, maxResults).
const page = 1000

// ErrNoMachine is returned by ARN when no state machine has the name.
var ErrNoMachine = errors.New("no such state machine")

// ARN is that of the state machine with a name, or what it is given if that is an
// ARN already. It returns ErrNoMachine.
func (m *Machines) ARN(ctx context.Context, nameOrARN string) (string, error) {
	if operator.IsARN(nameOrARN) {
		return nameOrARN, nil
	}
	pages := sfn.NewListStateMachinesPaginator(m.api, &sfn.ListStateMachinesInput{MaxResults: page})
	for pages.HasMorePages() {
		found, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("find the state machine %s: %w", nameOrARN, meaning(err))
		}
		for _, machine := range found.StateMachines {
			if aws.ToString(machine.Name) == nameOrARN {
				return aws.ToString(machine.StateMachineArn), nil
			}
		}
	}
	return "", fmt.Errorf("%w: %s", ErrNoMachine, nameOrARN)
}

// Start starts an execution. With the name and the input of one that runs it
// answers as the first time did, so that it may be tried again.
func (m *Machines) Start(ctx context.Context, machineARN, name string, input []byte) (operator.Execution, error) {
	out, err := m.api.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &machineARN, Name: &name, Input: aws.String(string(input)),
	})
	var taken *types.ExecutionAlreadyExists
	switch {
	case errors.As(err, &taken):
		return "", fmt.Errorf("start %s: there is, or was, an execution of that name with another input, or it has ended: give another with --name", name)
	case err != nil:
		return "", fmt.Errorf("start %s: %w", name, meaning(err))
	}
	return operator.Execution(aws.ToString(out.ExecutionArn)), nil
}

// meaning makes an error operator.ErrUnavailable that is worth another try, and
// shift.ErrExecutionUnknown one about an execution that there is not.
func meaning(err error) error {
	var unknown *types.ExecutionDoesNotExist
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w: %w", shift.ErrExecutionUnknown, awserror.Plain(err))
	case awserror.IsTransient(err):
		return fmt.Errorf("%w: %w", operator.ErrUnavailable, awserror.Plain(err))
	}
	return awserror.Plain(err)
}
