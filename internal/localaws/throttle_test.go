package localaws_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestTheControlPlaneSharesFifteenRequestsASecond(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	a.SetInvoker(func(context.Context, localaws.Invocation) localaws.InvocationResult {
		return localaws.InvocationResult{}
	})
	a.orders(t, 1)
	a.live(t, "1")
	byAnother := a
	byAnother.config = localaws.ClientConfig("rollback", a.Cloud)
	getAlias := func(a account) error {
		_, err := a.lambda().GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
		return err
	}
	for range 14 {
		require.NoError(t, getAlias(a))
	}
	_, err := publish(byAnother, lambda.PublishVersionInput{})
	require.NoError(t, err)

	_, err = update(byAnother, lambda.UpdateAliasInput{FunctionVersion: aws.String("1")})
	requireRefused(t, err, 429, "TooManyRequestsException", "Rate exceeded")
	var throttled *types.TooManyRequestsException
	require.ErrorAs(t, err, &throttled)
	assert.Equal(t, types.ThrottleReasonCallerRateLimitExceeded, throttled.Reason)

	// GetFunction and Invoke have limits of their own.
	for range 100 {
		_, err := a.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("orders")})
		require.NoError(t, err)
		_, err = a.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("orders")})
		require.NoError(t, err)
	}
	_, err = a.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("orders")})
	requireRefused(t, err, 429, "TooManyRequestsException", "Rate exceeded")

	a.clock.advance(time.Second / 15)
	require.NoError(t, getAlias(a), "the bucket gains one request in a fifteenth of a second")
	requireRefused(t, getAlias(a), 429, "TooManyRequestsException", "Rate exceeded")
	a.clock.advance(time.Hour)
	for range 15 {
		require.NoError(t, getAlias(a))
	}
	requireRefused(t, getAlias(a), 429, "TooManyRequestsException", "Rate exceeded")
}

func TestAThrottledCallHasNoEffect(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{ControlPlaneRate: 1})
	a.orders(t, 2)
	before := a.live(t, "1")
	_, err := a.lambda().ListAliases(context.Background(), &lambda.ListAliasesInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)

	_, err = update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2")})

	requireRefused(t, err, 429, "TooManyRequestsException", "Rate exceeded")
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, before, after)
}
