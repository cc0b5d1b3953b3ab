package hookanswer_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/hookanswer"
)

// function answers every invocation alike.
type function struct {
	payload string
	failed  *string
	err     error
	event   []byte
}

func (f *function) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	f.event = in.Payload
	if f.err != nil {
		return nil, &smithy.OperationError{ServiceID: "Lambda", OperationName: "Invoke", Err: f.err}
	}
	return &lambda.InvokeOutput{Payload: []byte(f.payload), FunctionError: f.failed}, nil
}

const secret = `{"lifecycleEventHookExecutionId": "sluice-secret"}`

func TestAnAnswerIsPassedOn(t *testing.T) {
	t.Parallel()
	f := &function{payload: `{"statusCode": 400, "headers": {}, "body": "{\"__type\":\"X\",\"message\":\"y\"}"}`}
	status, answer, err := hookanswer.New(f, "sluice-hook-endpoint").Answer(t.Context(), []byte(secret))
	require.NoError(t, err)
	assert.Equal(t, 400, status)
	assert.JSONEq(t, `{"__type": "X", "message": "y"}`, string(answer))
	var event struct{ Body []byte }
	require.NoError(t, json.Unmarshal(f.event, &event))
	assert.JSONEq(t, secret, string(event.Body))
}

func TestNoErrorTellsTheIDOfAHook(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*function{
		"missing":    {err: &types.ResourceNotFoundException{}},
		"throttled":  {err: &types.TooManyRequestsException{}},
		"it crashed": {failed: aws.String("Unhandled"), payload: `{"errorMessage": "sluice-secret"}`},
		"another":    {payload: `{"answer": "sluice-secret"}`},
	} {
		_, _, err := hookanswer.New(f, "sluice-hook-endpoint").Answer(t.Context(), []byte(secret))
		require.ErrorContains(t, err, "sluice-hook-endpoint", name)
		assert.NotContains(t, err.Error(), "secret", name)
		if name == "missing" {
			require.ErrorIs(t, err, operator.ErrNoHookEndpoint)
		}
	}
}
