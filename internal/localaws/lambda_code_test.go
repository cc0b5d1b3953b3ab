package localaws_test

import (
	"archive/zip"
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func zipOf(t *testing.T, text string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	file, err := w.Create("index.mjs")
	require.NoError(t, err)
	_, err = file.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return archive.Bytes()
}

func TestUpdatedCodeBelongsToLATESTUntilPublished(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	first, err := a.Publish("orders")
	require.NoError(t, err)

	updated, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2")})
	require.NoError(t, err)
	assert.Equal(t, "$LATEST", *updated.Version)
	assert.NotEqual(t, first.CodeSha256, *updated.CodeSha256)

	a.clock.advance(updateTime)
	published, err := a.lambda().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	assert.Equal(t, "2", *published.Version)
	assert.Equal(t, *updated.CodeSha256, *published.CodeSha256)
}

// updateTime is how long an update of code is in progress.
const updateTime = 3 * time.Second

// As recorded by LocalStack against AWS, in test_function_lifecycle.
func TestAnUpdateOfCodeTakesItsTime(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	before, _ := a.Version("orders", "$LATEST")
	code := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2")}
	read := func() *lambda.GetFunctionConfigurationOutput {
		output, err := a.lambda().GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("orders")})
		require.NoError(t, err)
		return output
	}

	updated, err := a.lambda().UpdateFunctionCode(t.Context(), code)
	require.NoError(t, err)
	assert.NotEqual(t, before.RevisionID, *updated.RevisionId)
	assert.Equal(t, types.LastUpdateStatusInProgress, updated.LastUpdateStatus)
	assert.Equal(t, types.LastUpdateStatusReasonCode("Creating"), updated.LastUpdateStatusReasonCode)
	assert.Equal(t, types.StateActive, updated.State)

	a.clock.advance(updateTime - time.Nanosecond)
	assert.Equal(t, *updated.RevisionId, *read().RevisionId)
	for call, attempt := range map[string]func() error{
		"UpdateFunctionCode": func() error { _, err := a.lambda().UpdateFunctionCode(t.Context(), code); return err },
		"StartCodeUpdate":    func() error { return a.StartCodeUpdate("orders", "3") },
		"PublishVersion":     func() error { _, err := publish(a, lambda.PublishVersionInput{}); return err },
	} {
		assert.ErrorContains(t, attempt(), "An update is in progress for resource: "+ordersARN, call)
	}

	a.clock.advance(time.Nanosecond)
	done := read()
	assert.Equal(t, types.LastUpdateStatusSuccessful, done.LastUpdateStatus)
	assert.NotContains(t, []string{before.RevisionID, *updated.RevisionId}, *done.RevisionId, "the end of the update gives another revision")
	for range 2 {
		assert.Equal(t, *done.RevisionId, *read().RevisionId)
	}
	_, err = publish(a, lambda.PublishVersionInput{RevisionId: updated.RevisionId})
	requireRefused(t, err, 412, "PreconditionFailedException", "")
	_, err = publish(a, lambda.PublishVersionInput{RevisionId: done.RevisionId})
	require.NoError(t, err)
}

// As recorded by LocalStack against AWS, in test_publish_with_update.
func TestAVersionOfCodeThatIsBeingUpdatedIsPending(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	published, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2"), Publish: true})
	require.NoError(t, err)
	assert.Equal(t, "1", *published.Version)
	assert.Equal(t, types.StatePending, published.State)
	assert.Equal(t, types.StateReasonCodeCreating, published.StateReasonCode)
	assert.Empty(t, published.LastUpdateStatus)

	latest, err := a.lambda().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	assert.Equal(t, types.LastUpdateStatusInProgress, latest.Configuration.LastUpdateStatus)
	assert.NotEqual(t, *published.RevisionId, *latest.Configuration.RevisionId)

	a.clock.advance(updateTime)
	version, _ := a.Version("orders", "1")
	assert.Equal(t, localaws.StateActive, version.State)
	again, err := publish(a, lambda.PublishVersionInput{})
	require.NoError(t, err)
	assert.Equal(t, "1", *again.Version, "it is the same code")
}

func TestUpdatesMayEndAtOnce(t *testing.T) {
	t.Parallel()
	config := unlimited()
	config.UpdateTime = -1
	a := newAccount(t, config)
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	updated, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2"), Publish: true})
	require.NoError(t, err)
	assert.Equal(t, types.StateActive, updated.State)
}

func TestNewCodeMayBePublishedAtOnce(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	var received []localaws.Published
	a.OnPublished(func(p localaws.Published) { received = append(received, p) })
	object := &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), S3Bucket: aws.String("code"), S3Key: aws.String("orders.zip"), Publish: true}
	for _, want := range []string{"1", "1"} { // the same code publishes no new version
		published, err := a.lambda().UpdateFunctionCode(t.Context(), object)
		require.NoError(t, err)
		assert.Equal(t, want, *published.Version)
		assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders:1", *published.FunctionArn)
		a.clock.advance(updateTime)
	}
	want := localaws.Published{Actor: "set-weight", Function: "orders", ARN: "arn:aws:lambda:us-east-1:123456789012:function:orders:1", Version: "1"}
	assert.Equal(t, []localaws.Published{want, want}, received, "CloudTrail records the call even if it published nothing new")
}

func TestInvalidCodeIsRefused(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	before, _ := a.Version("orders", "$LATEST")
	for problem, input := range map[string]*lambda.UpdateFunctionCodeInput{
		"Could not unzip uploaded file":             {ZipFile: []byte("no zip")},
		"Please provide a source for function code": {},
		"Please do not provide other FunctionCode":  {ZipFile: zipOf(t, "2"), S3Bucket: aws.String("code"), S3Key: aws.String("orders.zip")},
		"The Revision Id provided does not match":   {ZipFile: zipOf(t, "2"), RevisionId: aws.String("stale")},
		`not implemented in the local AWS`:          {ImageUri: aws.String("image")},
	} {
		input.FunctionName = aws.String("orders")
		_, err := a.lambda().UpdateFunctionCode(t.Context(), input)
		assert.ErrorContains(t, err, problem)
	}
	require.NoError(t, a.SetUpdateInProgress("orders", time.Minute))
	_, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2")})
	require.ErrorContains(t, err, "The operation cannot be performed at this time.")
	after, _ := a.Version("orders", "$LATEST")
	assert.Equal(t, before, after)
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	before, _ := a.Version("orders", "$LATEST")
	_, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("orders"), ZipFile: zipOf(t, "2"), DryRun: true})
	require.NoError(t, err)
	after, _ := a.Version("orders", "$LATEST")
	assert.Equal(t, before, after)
}

func TestFunctionsAreListedByNamePageByPage(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	for _, name := range []string{"b-function", "a-function", "c-function"} {
		require.NoError(t, a.AddFunction(localaws.Function{Name: name}))
	}
	pages := lambda.NewListFunctionsPaginator(a.lambda(), &lambda.ListFunctionsInput{MaxItems: aws.Int32(2)})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, f := range page.Functions {
			names = append(names, *f.FunctionName)
			assert.Empty(t, f.State, "a listed function has no State")
		}
	}
	assert.Subset(t, names, []string{"a-function", "b-function", "c-function"})
	assert.IsIncreasing(t, names)
}
