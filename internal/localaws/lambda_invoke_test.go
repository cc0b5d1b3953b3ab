package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestInvokeReachesTheVersionOfItsQualifierAndDraw(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name      string
		qualifier *string
		draw      float64
		version   string
		resource  string
	}
	for _, test := range []testcase{
		{"unqualified", nil, 0, "$LATEST", ordersARN},
		{"by version", aws.String("1"), 0, "1", ordersARN + ":1"},
		{"by alias below the weight", aws.String("live"), 0.0999, "2", ordersARN + ":live"},
		{"by alias at the weight", aws.String("live"), 0.1, "1", ordersARN + ":live"},
		{"by alias above the weight", aws.String("live"), 0.999, "1", ordersARN + ":live"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := unlimited()
			config.Random = func() float64 { return test.draw }
			a := newAccount(t, config)
			a.orders(t, 2)
			_, err := a.CreateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": 0.1}})
			require.NoError(t, err)
			var got localaws.Invocation
			a.SetInvoker(func(_ context.Context, in localaws.Invocation) localaws.InvocationResult {
				got = in
				return localaws.InvocationResult{Payload: []byte(`{"ok":true}`)}
			})
			var call localaws.Call
			a.OnCall(func(c localaws.Call) { call = c })

			output, err := a.lambda().Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("orders"), Qualifier: test.qualifier, Payload: []byte(`{"n":1}`)})

			require.NoError(t, err)
			assert.EqualValues(t, 200, output.StatusCode)
			assert.Equal(t, test.version, *output.ExecutedVersion)
			assert.Nil(t, output.FunctionError)
			assert.JSONEq(t, `{"ok":true}`, string(output.Payload))
			assert.Equal(t, localaws.Invocation{
				Actor: "set-weight", Function: "orders", Qualifier: aws.ToString(test.qualifier), Version: test.version,
				Type: localaws.RequestResponse, Payload: []byte(`{"n":1}`),
			}, got)
			assert.Equal(t, "lambda:InvokeFunction", call.Action())
			assert.Equal(t, test.resource, call.Resource)
		})
	}
}

func TestAFunctionsErrorIsAHeaderOfASuccessfulCall(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	a.SetInvoker(func(context.Context, localaws.Invocation) localaws.InvocationResult {
		return localaws.InvocationResult{Payload: []byte(`{"errorType":"SmokeFailed"}`), FunctionError: "Unhandled"}
	})
	output, err := a.lambda().Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	assert.Equal(t, "Unhandled", *output.FunctionError)
	assert.JSONEq(t, `{"errorType":"SmokeFailed"}`, string(output.Payload))
}

func TestTheResponseDependsOnTheInvocationType(t *testing.T) {
	t.Parallel()
	type testcase struct {
		kind    types.InvocationType
		status  int32
		invoked int
	}
	for _, test := range []testcase{
		{types.InvocationTypeRequestResponse, 200, 1},
		{types.InvocationTypeEvent, 202, 1},
		{types.InvocationTypeDryRun, 204, 0},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 1)
			var got []localaws.Invocation
			a.SetInvoker(func(_ context.Context, in localaws.Invocation) localaws.InvocationResult {
				got = append(got, in)
				return localaws.InvocationResult{Payload: []byte(`1`)}
			})
			output, err := a.lambda().Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("orders"), InvocationType: test.kind})
			require.NoError(t, err)
			assert.Equal(t, test.status, output.StatusCode)
			require.Len(t, got, test.invoked)
			if test.invoked > 0 {
				assert.Equal(t, "{}", string(got[0].Payload), "a missing payload becomes an empty object")
				assert.EqualValues(t, test.kind, got[0].Type)
			}
		})
	}
}

func TestAnInvokerMayCallTheCloud(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	a.SetInvoker(func(ctx context.Context, _ localaws.Invocation) localaws.InvocationResult {
		_, err := update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2")})
		assert.NoError(t, err)
		return localaws.InvocationResult{}
	})
	_, err := a.lambda().Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, "2", after.FunctionVersion)
}

func TestInvokeIsRefused(t *testing.T) {
	t.Parallel()
	large := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	type testcase struct {
		name   string
		input  lambda.InvokeInput
		status int
		code   string
		text   string
	}
	for _, test := range []testcase{
		{"unknown function", lambda.InvokeInput{FunctionName: aws.String("unknown")}, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:unknown"},
		{"unknown alias", lambda.InvokeInput{Qualifier: aws.String("gone")}, 404, "ResourceNotFoundException", "Function not found: " + ordersARN + ":gone"},
		{"no JSON", lambda.InvokeInput{Payload: []byte("{")}, 400, "InvalidRequestContentException", "Could not parse request body into json"},
		{"large event", lambda.InvokeInput{Payload: large, InvocationType: types.InvocationTypeEvent}, 413, "RequestTooLargeException", "Request must be smaller than 1048576 bytes"},
		{"unknown type", lambda.InvokeInput{InvocationType: "Later"}, 400, "ValidationException", "Value 'Later' at 'invocationType'"},
		{"pending version", lambda.InvokeInput{Qualifier: aws.String("1")}, 409, "ResourceConflictException", "The function is currently in the following state: Pending"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 0)
			require.NoError(t, a.PendingFor("orders", 1, localaws.VersionState{}))
			a.release(t)
			a.SetInvoker(func(context.Context, localaws.Invocation) localaws.InvocationResult {
				t.Error("the function ran")
				return localaws.InvocationResult{}
			})
			if test.input.FunctionName == nil {
				test.input.FunctionName = aws.String("orders")
			}
			_, err := a.lambda().Invoke(context.Background(), &test.input)
			requireRefused(t, err, test.status, test.code, test.text)
		})
	}
}
