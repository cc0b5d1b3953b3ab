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

// LambdaAPI is what a Hook calls of Lambda.
type LambdaAPI interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// StatesAPI is what a Hook calls of Step Functions.
type StatesAPI interface {
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
}

// Hook asks hooks.
type Hook struct {
	lambda LambdaAPI
	states StatesAPI
}

// New is the Hook of an account and region.
func New(lambda LambdaAPI, states StatesAPI) *Hook { return &Hook{lambda: lambda, states: states} }

// Ask invokes a hook's function, given by its name, name:qualifier or ARN, and
// waits until it returns. It returns shift.ErrHookFailed when the function fails
// or does not exist, and shift.ErrThrottled when Lambda refused to start it.
func (h *Hook) Ask(ctx context.Context, function string, q shift.Question) error {
	payload, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("encode the question for hook %s: %w", function, err)
	}
	out, err := h.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, InvocationType: types.InvocationTypeRequestResponse, Payload: payload,
	})
	switch {
	case err != nil:
		err = meaning(err, q.TaskToken)
	case out.FunctionError != nil:
		err = failed(out.Payload, q.TaskToken)
	}
	if err != nil {
		return fmt.Errorf("invoke hook %s: %w", function, err)
	}
	return nil
}

// Succeed tells Step Functions that the hook of a task token has succeeded. It
// returns shift.ErrThrottled, and an error when nobody waits for the answer any
// more.
func (h *Hook) Succeed(ctx context.Context, token string) error {
	_, err := h.states.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String("{}")})
	if err != nil {
		return fmt.Errorf("report the hook's success to Step Functions: %w", meaning(err, token))
	}
	return nil
}
