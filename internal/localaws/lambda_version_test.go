package localaws_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func publish(a account, input lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	input.FunctionName = aws.String("orders")
	return a.lambda().PublishVersion(context.Background(), &input)
}

func TestPublishingIsIdempotentUntilSomethingChanged(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 0)
	before, _ := a.Version("orders", "$LATEST")

	first, err := publish(a, lambda.PublishVersionInput{Description: aws.String("first")})
	require.NoError(t, err)
	published, _ := a.Version("orders", "$LATEST")
	again, err := publish(a, lambda.PublishVersionInput{Description: aws.String("other")})
	require.NoError(t, err)
	afterwards, _ := a.Version("orders", "$LATEST")

	assert.Equal(t, "1", *first.Version)
	assert.Equal(t, ordersARN+":1", *first.FunctionArn)
	assert.Equal(t, types.StateActive, first.State)
	assert.NotEqual(t, before.RevisionID, published.RevisionID, "publishing changes $LATEST's RevisionId")
	assert.NotEqual(t, published.RevisionID, *first.RevisionId)
	assert.Equal(t, first, withMetadata(again, first))
	assert.Equal(t, published, afterwards)

	require.NoError(t, a.UpdateCode("orders", "1"))
	second, err := publish(a, lambda.PublishVersionInput{})
	require.NoError(t, err)
	assert.Equal(t, "2", *second.Version)
	assert.NotEqual(t, *first.CodeSha256, *second.CodeSha256)

	require.NoError(t, a.UpdateConfiguration("orders", "arn:aws:iam::123456789012:role/other", ""))
	third, err := publish(a, lambda.PublishVersionInput{})
	require.NoError(t, err)
	assert.Equal(t, "3", *third.Version)
	assert.Equal(t, "arn:aws:iam::123456789012:role/other", *third.Role)
	kept, _ := a.Version("orders", "2")
	assert.Equal(t, "arn:aws:iam::123456789012:role/orders", kept.Role, "a published version keeps its role")
}

// withMetadata returns output with from's request metadata, so that the two can be
// compared.
func withMetadata(output, from *lambda.PublishVersionOutput) *lambda.PublishVersionOutput {
	output.ResultMetadata = from.ResultMetadata
	return output
}

func TestPublishVersionIsRefusedByItsGuards(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		world  func(account)
		input  lambda.PublishVersionInput
		status int
		code   string
		text   string
	}
	for _, test := range []testcase{
		{"other code", nil, lambda.PublishVersionInput{CodeSha256: aws.String("other")}, 400, "InvalidParameterValueException",
			"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=). Please try again with the CodeSHA256 in $LATEST."},
		{"stale revision", nil, lambda.PublishVersionInput{RevisionId: aws.String("stale")}, 412, "PreconditionFailedException",
			"The Revision Id provided does not match the latest Revision Id."},
		{"while an update is in progress", func(a account) { _ = a.SetUpdateInProgress("orders", time.Minute) }, lambda.PublishVersionInput{}, 409, "ResourceConflictException",
			"The operation cannot be performed at this time. An update is in progress for resource: " + ordersARN},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 0)
			if test.world != nil {
				test.world(a)
			}
			_, err := publish(a, test.input)
			requireRefused(t, err, test.status, test.code, test.text)
			_, exists := a.Version("orders", "1")
			assert.False(t, exists)
		})
	}
}

func TestAnUpdateIsInProgressUntilItsTimeHasPassed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 0)
	require.NoError(t, a.SetUpdateInProgress("orders", time.Minute))
	status := func() types.LastUpdateStatus {
		output, err := a.lambda().GetFunctionConfiguration(context.Background(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("orders")})
		require.NoError(t, err)
		return output.LastUpdateStatus
	}
	assert.Equal(t, types.LastUpdateStatusInProgress, status())
	a.clock.advance(time.Minute)
	assert.Equal(t, types.LastUpdateStatusSuccessful, status())
	_, err := publish(a, lambda.PublishVersionInput{})
	require.NoError(t, err)
}

func TestAVersionIsPendingUntilItsTimeHasPassed(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name string
		then localaws.VersionState
		want localaws.VersionState
	}
	for _, test := range []testcase{
		{"then active", localaws.VersionState{}, localaws.VersionState{State: "Active"}},
		{
			"then failed",
			localaws.VersionState{State: localaws.StateFailed, ReasonCode: "FunctionError", Reason: "init failed"},
			localaws.VersionState{State: "Failed", ReasonCode: "FunctionError", Reason: "init failed"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 0)
			require.NoError(t, a.PendingFor("orders", 2*time.Minute, test.then))
			published, err := publish(a, lambda.PublishVersionInput{})
			require.NoError(t, err)
			assert.Equal(t, types.StatePending, published.State)
			assert.Equal(t, types.StateReasonCodeCreating, published.StateReasonCode)

			read := func() *types.FunctionConfiguration {
				output, err := a.lambda().GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String("orders"), Qualifier: aws.String("1")})
				require.NoError(t, err)
				return output.Configuration
			}
			a.clock.advance(2*time.Minute - time.Nanosecond)
			assert.Equal(t, types.StatePending, read().State)
			a.clock.advance(time.Nanosecond)
			assert.Equal(t, test.want, localaws.VersionState{
				State: string(read().State), ReasonCode: string(read().StateReasonCode), Reason: aws.ToString(read().StateReason),
			})
			version, _ := a.Version("orders", "1")
			assert.Equal(t, test.want, version.VersionState)
		})
	}
}

func TestVersionsAreListedInPages(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		size  *int32
		pages []int
	}
	for _, test := range []testcase{
		{"never more than fifty", nil, []int{50, 11}},
		{"even if more is asked for", aws.Int32(10000), []int{50, 11}},
		{"by twenty-five", aws.Int32(25), []int{25, 25, 11}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 60)
			pages := lambda.NewListVersionsByFunctionPaginator(a.lambda(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("orders"), MaxItems: test.size})
			var sizes []int
			var listed []string
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				require.NoError(t, err)
				sizes = append(sizes, len(page.Versions))
				for _, version := range page.Versions {
					assert.Empty(t, version.State, "a listed version has no State")
					listed = append(listed, *version.Version)
				}
			}
			assert.Equal(t, test.pages, sizes)
			want := []string{"$LATEST"}
			for i := range 60 {
				want = append(want, strconv.Itoa(i+1))
			}
			assert.Equal(t, want, listed)
		})
	}
}

func TestListsRefuseUnknownPageTokens(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	_, err := a.lambda().ListVersionsByFunction(context.Background(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("orders"), Marker: aws.String("made up")})
	requireRefused(t, err, 400, "InvalidParameterValueException", "Invalid pagination token")
	_, err = a.lambda().ListAliases(context.Background(), &lambda.ListAliasesInput{FunctionName: aws.String("orders"), MaxItems: aws.Int32(0)})
	requireRefused(t, err, 400, "ValidationException", "Value '0' at 'maxItems' failed to satisfy constraint")
}
