package lambdahook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"sluice/internal/shift"
)

// LambdaAPI lists the Lambda calls that a Hook makes.
type LambdaAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StatesAPI lists the Step Functions calls that a Hook makes.
type StatesAPI interface {
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
}

// Hook invokes hooks and reports their success.
type Hook struct {
	lambda LambdaAPI
	states StatesAPI
}

// New returns the Hook of the clients' account and region.
func New(lambda LambdaAPI, states StatesAPI) *Hook { return &Hook{lambda: lambda, states: states} }

// Ask invokes a hook's function, given by its name, name:qualifier or ARN, and waits until it
// returns. It returns shift.ErrHookFailed when the function fails, shift.ErrHookNotFound when it
// does not exist or may not be invoked, shift.ErrHookNotStarted when nothing of it has run, and
// shift.ErrThrottled when Lambda throttled the call. It does not add the
// function's name to errors: the caller names the hook and its Point.
func (h *Hook) Ask(ctx context.Context, function string, q shift.Question) error {
	payload, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	out, err := h.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, InvocationType: types.InvocationTypeRequestResponse, Payload: payload,
	})
	switch {
	case err != nil:
		return meaning(err, q.TaskToken)
	case out.FunctionError != nil:
		return functionError(out.Payload, q.TaskToken)
	}
	return nil
}

// Check finds out whether a function exists and may be invoked, without running it (Invoke,
// DryRun). It returns shift.ErrHookNotFound if not, or shift.ErrThrottled.
func (h *Hook) Check(ctx context.Context, function string) error {
	_, err := h.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeDryRun})
	if err != nil {
		return meaning(err, "")
	}
	return nil
}

// Succeed tells Step Functions that the hook of a task token has succeeded. It returns
// shift.ErrThrottled, or shift.ErrHookNotAwaited.
func (h *Hook) Succeed(ctx context.Context, token string) error {
	_, err := h.states.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String("{}")})
	if err != nil {
		return fmt.Errorf("report the hook's success to Step Functions: %w", meaning(err, token))
	}
	return nil
}
