// Package hookanswer passes answers of hooks on to the function hook-endpoint. Start at FromConfig.
package hookanswer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
)

// API lists the calls of Lambda that an Endpoint makes.
type API interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Endpoint is the function that takes the answers of hooks.
type Endpoint struct {
	api      API
	function *string
}

// New returns the Endpoint with this name.
func New(api API, function string) *Endpoint { return &Endpoint{api, &function} }

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config, function string) *Endpoint {
	return New(lambda.NewFromConfig(cfg), function)
}

// Answer passes on the body of a call of PutLifecycleEventHookExecutionStatus. It returns what the
// function's URL would answer, or operator.ErrNoHookEndpoint. No error has the body in it: it has the
// id of the hook.
func (e *Endpoint) Answer(ctx context.Context, body []byte) (status int, answer json.RawMessage, err error) {
	event, err := request.EncodeLifecycleAnswer(body)
	if err != nil {
		return 0, nil, err
	}
	out, err := e.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: e.function, Payload: event})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return 0, nil, fmt.Errorf("%w: %s", operator.ErrNoHookEndpoint, *e.function)
	case err != nil:
		return 0, nil, fmt.Errorf("invoke %s: %w", *e.function, awserror.Meaning(err))
	case out.FunctionError != nil:
		return 0, nil, fmt.Errorf("%s failed: look at its logs", *e.function)
	}
	var response struct {
		Status int    `json:"statusCode"`
		Body   string `json:"body"`
	}
	if err := json.Unmarshal(out.Payload, &response); err != nil || response.Status == 0 {
		return 0, nil, fmt.Errorf("%s did not answer as hook-endpoint does", *e.function)
	}
	return response.Status, json.RawMessage(response.Body), nil
}
