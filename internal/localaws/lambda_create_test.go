package localaws_test

import (
	"archive/zip"
	"bytes"
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

// zipped returns a zip file with one file.
func zipped(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	file, err := w.Create(name)
	require.NoError(t, err)
	_, err = file.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func demo(t *testing.T) *lambda.CreateFunctionInput {
	return &lambda.CreateFunctionInput{
		FunctionName: aws.String("demo"), Role: aws.String("arn:aws:iam::123456789012:role/demo"), Runtime: types.RuntimePython313,
		Handler: aws.String("index.handle"), Code: &types.FunctionCode{ZipFile: zipped(t, "index.py", "def handle(e, c): pass")}, Tags: map[string]string{"team": "a"},
	}
}

func TestACreatedFunctionIsPendingAtFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	created, err := a.lambda().CreateFunction(ctx, demo(t))
	require.NoError(t, err)
	assert.Equal(t, types.StatePending, created.State)
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:demo", *created.FunctionArn)
	_, err = a.lambda().PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String("demo")})
	requireRefused(t, err, 409, "ResourceConflictException", "function:demo")

	a.clock.advance(3 * time.Second)
	found, err := a.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("demo")})
	require.NoError(t, err)
	assert.Equal(t, types.StateActive, found.Configuration.State)
	assert.Equal(t, types.LastUpdateStatusSuccessful, found.Configuration.LastUpdateStatus)
	assert.Equal(t, map[string]string{"team": "a"}, found.Tags)
	published, err := a.lambda().PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String("demo")})
	require.NoError(t, err)
	assert.Equal(t, "1", *published.Version)
}

func TestCreateFunctionIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*lambda.CreateFunctionInput)
		status int
		code   string
		says   string
	}{
		"a name that is taken": {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("orders") }, 409, "ResourceConflictException", "Function already exist: orders"},
		"a name that is none":  {func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("a b") }, 400, "ValidationException", "functionName"},
		"a role that is none":  {func(in *lambda.CreateFunctionInput) { in.Role = aws.String("demo") }, 400, "ValidationException", "'role'"},
		"a tag of AWS's own":   {func(in *lambda.CreateFunctionInput) { in.Tags = map[string]string{"aws:x": ""} }, 400, "InvalidParameterValueException", "aws:"},
		"a broken zip":         {func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("x") }, 400, "InvalidParameterValueException", "Could not unzip uploaded file"},
		"no handler":           {func(in *lambda.CreateFunctionInput) { in.Handler = nil }, 400, "InvalidParameterValueException", "Handler"},
		"a key of its own":     {func(in *lambda.CreateFunctionInput) { in.KMSKeyArn = aws.String("arn") }, 501, "NotImplemented", `CreateFunction with "KMSKeyArn"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, localaws.Config{})
			a.orders(t, 1)
			in := demo(t)
			test.change(in)
			_, err := a.lambda().CreateFunction(context.Background(), in)
			requireRefused(t, err, test.status, test.code, test.says)
		})
	}
}

func TestADeletedFunctionTakesItsAliasesAlong(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	a.orders(t, 1)
	live := a.live(t, "1")
	var changes []localaws.AliasChange
	a.OnAliasChange(func(c localaws.AliasChange) { changes = append(changes, c) })
	remove := func() error {
		_, err := a.lambda().DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("orders")})
		return err
	}
	require.NoError(t, remove())
	assert.Equal(t, []localaws.AliasChange{{Time: a.clock.Now(), Actor: "set-weight", Before: &live}}, changes)
	_, err := a.lambda().GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	requireRefused(t, err, 404, "ResourceNotFoundException", "")
	requireRefused(t, remove(), 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:orders")
}

// As in AWS, such a function can be created, and fails when it is invoked.
func TestAFunctionWithoutItsHandlersModuleFails(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	a.SetInvoker(func(context.Context, localaws.Invocation) localaws.InvocationResult {
		return localaws.InvocationResult{Payload: []byte(`"ran"`)}
	})
	in := demo(t)
	in.Handler = aws.String("other.handle")
	_, err := a.lambda().CreateFunction(ctx, in)
	require.NoError(t, err)
	a.clock.advance(3 * time.Second)
	invoke := func() *lambda.InvokeOutput {
		out, err := a.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("demo")})
		require.NoError(t, err)
		return out
	}
	failed := invoke()
	assert.Equal(t, "Unhandled", aws.ToString(failed.FunctionError))
	assert.JSONEq(t, `{"errorMessage": "Unable to import module 'other': No module named 'other'", "errorType": "Runtime.ImportModuleError", "stackTrace": []}`, string(failed.Payload))

	_, err = a.lambda().UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("demo"), ZipFile: zipped(t, "other.py", "")})
	require.NoError(t, err)
	assert.Equal(t, `"ran"`, string(invoke().Payload))
}
