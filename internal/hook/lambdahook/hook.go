package lambdahook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// LambdaAPI lists the Lambda calls that a Hook makes.
type LambdaAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Hook invokes hooks.
type Hook struct{ lambda LambdaAPI }

// New returns the Hook of the client's account and region.
func New(lambda LambdaAPI) *Hook { return &Hook{lambda: lambda} }

// Ask invokes a hook's function, given by its name, name:qualifier or ARN, with an event, and
// waits until it returns. No error quotes the secret. It returns shift.ErrHookFailed when the function fails, shift.ErrHookNotFound when it
// does not exist or may not be invoked, shift.ErrHookNotStarted when nothing of it has run, and
// shift.ErrThrottled when Lambda throttled the call. An error that is a context.DeadlineExceeded
// says that the function still runs. Ask does not add the function's name to errors: the caller
// names the hook and its Point.
func (h *Hook) Ask(ctx context.Context, function string, event any, secret string) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	out, err := h.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, InvocationType: types.InvocationTypeRequestResponse, Payload: payload,
	})
	switch {
	case err != nil:
		return meaning(err, secret)
	case out.FunctionError != nil:
		return functionError(out.Payload, secret)
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
