// Package lambdanet sends a person's commands to the safety net, which is a Lambda
// function. Start at FromConfig.
package lambdanet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the calls of Lambda that a Net makes.
type API interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Net sends commands to the safety net of an account.
type Net struct {
	api      API
	function *string
}

// New returns a Net that invokes the function with the given name.
func New(api API, function string) *Net { return &Net{api: api, function: &function} }

// FromConfig returns a Net with a new client. The client retries only invocations that
// Lambda throttled, and so never started. If an answer is lost, the person who gave
// the command must see an error, because the command may have been obeyed.
func FromConfig(cfg aws.Config, function string) *Net {
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
		})
	}
	return New(lambda.NewFromConfig(cfg), function)
}

// ErrNoNet is returned by Command if the function does not exist.
var ErrNoNet = errors.New("no such function")

// RefusedError says why the safety net did not obey a command. Name is one of the
// error names of package flow.
type RefusedError struct{ Name, Message string }

func (e *RefusedError) Error() string { return e.Name + ": " + e.Message }

// Command gives an order to the Deployment that holds a Target, and waits for the
// answer. It first asks the safety net for the Deployment and for the time, and puts
// both into the command, unless the command names its Deployment itself. So the command is for that Deployment however often it
// arrives, and the caller's clock does not matter. It returns a *RefusedError, or
// ErrNoNet.
func (n *Net) Command(ctx context.Context, c request.Commanded) (flow.Answer, error) {
	answer, err := n.command(ctx, c)
	if err != nil {
		return flow.Answer{}, fmt.Errorf("%s %s: %w", c.Command.Order, c.Target, err)
	}
	return answer, nil
}

func (n *Net) command(ctx context.Context, c request.Commanded) (answer flow.Answer, err error) {
	asked := request.Asked{Target: c.Target}
	if c.DeploymentID != "" {
		asked.Target = "" // only what time it is: one that waits for its turn does not hold its Target
	}
	question, err := request.EncodeQuestion(asked)
	if err != nil {
		return answer, err
	}
	if answer, err = n.invoke(ctx, question); err != nil {
		return answer, err
	}
	c.DeploymentID, c.Command.At = cmp.Or(c.DeploymentID, answer.DeploymentID), answer.At
	event, err := request.EncodeCommand(c)
	if err != nil {
		return answer, err
	}
	return n.invoke(ctx, event)
}

// Freeze freezes the account until the time that until returns, which is told what time it is by
// AWS's clock. If that is no later time, it ends a freeze. Freeze returns the one that stands
// afterwards, and AWS's time. It returns a *RefusedError, or ErrNoNet.
func (n *Net) Freeze(ctx context.Context, f shift.Freeze, until func(now time.Time) time.Time) (shift.Freeze, time.Time, error) {
	question, err := request.EncodeQuestion(request.Asked{})
	if err != nil {
		return f, time.Time{}, err
	}
	answer, err := n.invoke(ctx, question)
	if err != nil {
		return f, time.Time{}, err
	}
	f.At, f.Until = answer.At, until(answer.At)
	if f.Until.Before(f.At) {
		return f, f.At, fmt.Errorf("%w: %s has passed, so it is no order to freeze", shift.ErrInvalidFreeze, f.Until.UTC().Format(time.RFC3339))
	}
	event, err := request.EncodeFreeze(f)
	if err != nil {
		return f, answer.At, err
	}
	if answer, err = n.invoke(ctx, event); err != nil {
		return f, answer.At, err
	}
	if answer.Freeze == nil {
		return f, answer.At, fmt.Errorf("%s does not know how to freeze: it is of an earlier version, so deploy Sluice again", *n.function)
	}
	return *answer.Freeze, answer.At, nil
}

// Abort aborts a Deployment by its ID, whether it has opened or not. The time is that of the
// command, by AWS's clock. t is one of the Deployment's Targets. It returns
// shift.ErrDeploymentClosed if the Deployment has ended otherwise, or
// shift.ErrDeploymentUnknown.
func (n *Net) Abort(ctx context.Context, id string, t shift.Target, reason string, at time.Time) error {
	event, err := request.EncodeCommand(request.Commanded{
		Target: t, DeploymentID: id, Command: shift.Command{Order: shift.Abort, Reason: reason, At: at},
	})
	if err != nil {
		return err
	}
	_, err = n.invoke(ctx, event)
	var refused *RefusedError
	if errors.As(err, &refused) {
		switch refused.Name {
		case flow.DeploymentClosed:
			return fmt.Errorf("%w: %w", shift.ErrDeploymentClosed, err)
		case flow.DeploymentUnknown:
			return fmt.Errorf("%w: %w", shift.ErrDeploymentUnknown, err)
		}
	}
	if err != nil {
		return fmt.Errorf("abort %s: %w", id, err)
	}
	return nil
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
		return answer, newRefusedError(out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &answer); err != nil || answer.DeploymentID == "" && answer.At.IsZero() {
		return answer, fmt.Errorf("%s did not answer as the safety net does: %s", *n.function, shift.BoundText(string(out.Payload), maxShown))
	}
	return answer, nil
}

const (
	maxShown   = 300  // characters of an answer that an error message quotes
	maxMessage = 2000 // characters of the safety net's error message
)

// newRefusedError reads the error report of a failed invocation.
func newRefusedError(payload []byte) error {
	var report struct {
		Name    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &report); err != nil || report.Name == "" {
		report.Name, report.Message = "Unexpected", string(payload)
	}
	return &RefusedError{Name: shift.BoundText(report.Name, maxShown), Message: shift.BoundText(report.Message, maxMessage)}
}
