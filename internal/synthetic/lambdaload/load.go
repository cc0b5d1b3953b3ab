package lambdaload

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// LambdaAPI lists the Lambda calls that a Load makes.
type LambdaAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Load asks functions for synthetic requests.
type Load struct{ lambda LambdaAPI }

// New returns the Load of the client's account and region.
func New(lambda LambdaAPI) *Load { return &Load{lambda: lambda} }

// FromConfig returns a Load with a client of its own.
func FromConfig(cfg aws.Config) *Load { return New(lambda.NewFromConfig(cfg)) }

// Ask invokes a function, given by its name, name:qualifier or ARN, without waiting for it to
// run. It returns shift.ErrSyntheticNotFound when the function does not exist or may not be
// invoked, and shift.ErrThrottled when Lambda throttled the call. It does not add the function's
// name to errors.
func (l *Load) Ask(ctx context.Context, function string, r shift.LoadRequest) error {
	payload, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	_, err = l.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeEvent, Payload: payload})
	return meaning(err)
}

// Check finds out whether a function exists and may be invoked, without running it (Invoke,
// DryRun). It returns the errors of Ask.
func (l *Load) Check(ctx context.Context, function string) error {
	_, err := l.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeDryRun})
	return meaning(err)
}
