// Package lambdanet gives a person's commands to the safety net, which is a Lambda.
// FromConfig is where to begin.
package lambdanet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"sluice/internal/awserror"
	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// API is what a Net calls of Lambda.
type API interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Net is the safety net of an account.
type Net struct {
	api      API
	function *string
}

// New is the Net whose function has this name.
func New(api API, function string) *Net { return &Net{api: api, function: &function} }

// FromConfig is New, with a client of its own. It tries again only what Lambda
// refused to begin: when an answer is lost, whoever gave the command has to hear that
// it may have been obeyed.
func FromConfig(cfg aws.Config, function string) *Net {
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
		})
	}
	return New(lambda.NewFromConfig(cfg), function)
}

// ErrNoNet is returned by Command when there is no such function.
var ErrNoNet = errors.New("no such function")

// RefusedError is a command that the safety net did not obey, with the name that
// package flow gives the reason.
type RefusedError struct{ Name, Message string }

func (e *RefusedError) Error() string { return e.Name + ": " + e.Message }

// Command gives an order to the Deployment that holds a Target, and waits for the
// answer. It asks first which that is and what time it is there: so the order means
// one Deployment however often it arrives, and no clock but AWS's plays a part. It
// returns a *RefusedError, or ErrNoNet.
func (n *Net) Command(ctx context.Context, c request.Commanded) (flow.Answer, error) {
	answer, err := n.command(ctx, c)
	if err != nil {
		return flow.Answer{}, fmt.Errorf("%s %s: %w", c.Command.Order, c.Target, err)
	}
	return answer, nil
}

func (n *Net) command(ctx context.Context, c request.Commanded) (answer flow.Answer, err error) {
	question, err := request.EncodeQuestion(request.Asked{Target: c.Target})
	if err != nil {
		return answer, err
	}
	if answer, err = n.invoke(ctx, question); err != nil {
		return answer, err
	}
	c.DeploymentID, c.Command.At = answer.DeploymentID, answer.At
	event, err := request.EncodeCommand(c)
	if err != nil {
		return answer, err
	}
	return n.invoke(ctx, event)
}

func (n *Net) invoke(ctx context.Context, event []byte) (answer flow.Answer, err error) {
	out, err := n.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: n.function, Payload: event})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return answer, fmt.Errorf("%w: %s", ErrNoNet, *n.function)
	case err != nil:
		return answer, fmt.Errorf("invoke %s: %w", *n.function, awserror.Plain(err))
	case out.FunctionError != nil:
		return answer, refused(out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &answer); err != nil || answer.DeploymentID == "" {
		return answer, fmt.Errorf("%s answered something else than the safety net does: %s", *n.function, shift.BoundText(string(out.Payload), maxShown))
	}
	return answer, nil
}

// maxShown bounds what an error repeats of an answer.
const maxShown = 300

func refused(payload []byte) error {
	var report struct {
		Name    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &report); err != nil || report.Name == "" {
		report.Name, report.Message = "Unexpected", string(payload)
	}
	return &RefusedError{Name: shift.BoundText(report.Name, maxShown), Message: shift.BoundText(report.Message, 2000)}
}
