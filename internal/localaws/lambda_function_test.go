package localaws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestAFunctionIsReadByAnyOfItsNames(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name      string
		given     string
		qualifier string
		arn       string
		version   string
	}
	for _, test := range []testcase{
		{"name", "orders", "", ordersARN, "$LATEST"},
		{"name and $LATEST", "orders", "$LATEST", ordersARN + ":$LATEST", "$LATEST"},
		{"name and version", "orders", "1", ordersARN + ":1", "1"},
		{"qualified name", "orders:1", "", ordersARN + ":1", "1"},
		{"partial ARN", "123456789012:function:orders", "", ordersARN, "$LATEST"},
		{"full ARN", ordersARN, "", ordersARN, "$LATEST"},
		{"qualified ARN", ordersARN + ":1", "", ordersARN + ":1", "1"},
		{"qualified ARN and the same qualifier", ordersARN + ":1", "1", ordersARN + ":1", "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			require.NoError(t, a.AddFunction(localaws.Function{
				Name: "orders", Content: "code", Role: "arn:aws:iam::123456789012:role/r", DeadLetterTarget: "arn:aws:sqs:us-east-1:123456789012:dead",
				Tags: map[string]string{"sluice:alias": "live"},
			}))
			_, err := a.Publish("orders")
			require.NoError(t, err)
			input := lambda.GetFunctionInput{FunctionName: aws.String(test.given)}
			if test.qualifier != "" {
				input.Qualifier = aws.String(test.qualifier)
			}

			output, err := a.lambda().GetFunction(context.Background(), &input)

			require.NoError(t, err)
			assert.Equal(t, "orders", *output.Configuration.FunctionName)
			assert.Equal(t, test.arn, *output.Configuration.FunctionArn)
			assert.Equal(t, test.version, *output.Configuration.Version)
			assert.Equal(t, "arn:aws:iam::123456789012:role/r", *output.Configuration.Role)
			assert.Equal(t, "arn:aws:sqs:us-east-1:123456789012:dead", *output.Configuration.DeadLetterConfig.TargetArn)
			assert.Equal(t, map[string]string{"sluice:alias": "live"}, output.Tags)
		})
	}
}

func TestInvalidFunctionNamesAreRefused(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name      string
		given     string
		qualifier string
		status    int
		code      string
		text      string
	}
	for _, test := range []testcase{
		{"unknown", "unknown", "", 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:unknown"},
		{"unknown with a qualifier", "unknown", "1", 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:unknown:1"},
		{"unknown version", "orders", "01", 404, "ResourceNotFoundException", "Function not found: " + ordersARN + ":01"},
		{"unknown alias", "orders", "gone", 404, "ResourceNotFoundException", "Function not found: " + ordersARN + ":gone"},
		{"not a name", "or ders", "", 400, "ValidationException", "Value 'or ders' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern"},
		{"not a qualifier", "orders", "a b", 400, "ValidationException", "Value 'a b' at 'qualifier' failed to satisfy constraint"},
		{"two qualifiers", ordersARN + ":1", "2", 400, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier."},
		{"in no region", "arn:aws:lambda:nowhere:123456789012:function:orders", "", 400, "ValidationException", "Value 'arn:aws:lambda:nowhere:123456789012:function:orders' at 'functionName' failed to satisfy constraint"},
		{"elsewhere", "arn:aws:lambda:eu-west-1:123456789012:function:orders", "", 404, "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
		{"somebody else's", "arn:aws:lambda:us-east-1:999999999999:function:orders", "", 403, "AccessDeniedException", "999999999999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 1)
			input := lambda.GetFunctionInput{FunctionName: aws.String(test.given)}
			if test.qualifier != "" {
				input.Qualifier = aws.String(test.qualifier)
			}
			_, err := a.lambda().GetFunction(context.Background(), &input)
			requireRefused(t, err, test.status, test.code, test.text)
		})
	}
}

func TestFunctionOperationsTakeNoQualifier(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	_, err := a.lambda().PublishVersion(context.Background(), &lambda.PublishVersionInput{FunctionName: aws.String("orders:1")})
	requireRefused(t, err, 400, "InvalidParameterValueException", "This operation is permitted on Lambda functions only.")
}

func TestTagsAreListed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 0)
	require.NoError(t, a.AddFunction(localaws.Function{Name: "untagged"}))
	tags, err := a.lambda().ListTags(context.Background(), &lambda.ListTagsInput{Resource: aws.String(ordersARN)})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"sluice:alias": "live"}, tags.Tags)
	none, err := a.lambda().ListTags(context.Background(), &lambda.ListTagsInput{Resource: aws.String("arn:aws:lambda:us-east-1:123456789012:function:untagged")})
	require.NoError(t, err)
	assert.Empty(t, none.Tags)
	untagged, err := a.lambda().GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String("untagged")})
	require.NoError(t, err)
	assert.Nil(t, untagged.Tags)
}

func TestAFunctionCannotBeAddedTwice(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 0)
	require.EqualError(t, a.AddFunction(localaws.Function{Name: "orders"}), "add function orders: it already exists")
	require.ErrorContains(t, a.UpdateCode("unknown", ""), "Function not found")
}
