package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestEventSourcesAreListedForExactlyWhatIsNamed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	a.live(t, "1")
	require.NoError(t, a.MapEventSource("orders", "", localaws.EventSource{ARN: "arn:aws:sqs:us-east-1:123456789012:a", Disabled: true}))
	require.NoError(t, a.MapEventSource("orders", "live", localaws.EventSource{ARN: "arn:aws:sqs:us-east-1:123456789012:b"}))
	require.Error(t, a.MapEventSource("orders", "gone", localaws.EventSource{}))
	for name, want := range map[string][]string{"orders": {"a Disabled"}, "orders:live": {"b Enabled"}, "orders:gone": {}, "": {"a Disabled", "b Enabled"}} {
		in := &lambda.ListEventSourceMappingsInput{}
		if name != "" {
			in.FunctionName = &name
		}
		out, err := a.lambda().ListEventSourceMappings(t.Context(), in)
		require.NoError(t, err)
		found := []string{}
		for _, m := range out.EventSourceMappings {
			found = append(found, (*m.EventSourceArn)[len("arn:aws:sqs:us-east-1:123456789012:"):]+" "+*m.State)
		}
		assert.Equal(t, want, found, name)
	}
}

func TestEachQualifierHasAPolicyOfItsOwn(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	a.live(t, "1")
	require.NoError(t, a.AddPermission("orders", "live", localaws.Grant{Sid: "s", Service: "events.amazonaws.com", SourceARN: "arn:aws:events:us-east-1:123456789012:rule/r"}))
	out, err := a.lambda().GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("orders"), Qualifier: aws.String("live")})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Id": "default", "Statement": [{"Sid": "s", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction",
		"Resource": "arn:aws:lambda:us-east-1:123456789012:function:orders:live", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/r"}}}]}`, *out.Policy)
	_, err = a.lambda().GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("orders")})
	var none *types.ResourceNotFoundException
	require.ErrorAs(t, err, &none)
}

func TestConcurrencyAndURLsAreListed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	orders := aws.String("orders")
	reserved, err := a.lambda().GetFunctionConcurrency(t.Context(), &lambda.GetFunctionConcurrencyInput{FunctionName: orders})
	require.NoError(t, err)
	assert.Nil(t, reserved.ReservedConcurrentExecutions)
	require.NoError(t, a.ReserveConcurrency("orders", 0))
	reserved, err = a.lambda().GetFunctionConcurrency(t.Context(), &lambda.GetFunctionConcurrencyInput{FunctionName: orders})
	require.NoError(t, err)
	assert.Zero(t, *reserved.ReservedConcurrentExecutions)

	require.NoError(t, a.ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 5}))
	require.NoError(t, a.ProvisionConcurrency("orders", "2", localaws.ProvisionedConcurrency{Executions: 7}))
	list, err := a.lambda().ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: orders})
	require.NoError(t, err)
	require.Len(t, list.ProvisionedConcurrencyConfigs, 2)
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders:live", *list.ProvisionedConcurrencyConfigs[0].FunctionArn)
	assert.EqualValues(t, 7, *list.ProvisionedConcurrencyConfigs[1].RequestedProvisionedConcurrentExecutions)

	require.NoError(t, a.AddURL("orders"))
	require.NoError(t, a.AddAliasURL("orders", "live"))
	require.Error(t, a.AddAliasURL("orders", "gone"))
	urls, err := a.lambda().ListFunctionUrlConfigs(t.Context(), &lambda.ListFunctionUrlConfigsInput{FunctionName: orders})
	require.NoError(t, err)
	require.Len(t, urls.FunctionUrlConfigs, 2)
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders", *urls.FunctionUrlConfigs[0].FunctionArn)
}
