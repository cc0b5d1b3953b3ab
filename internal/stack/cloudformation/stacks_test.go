package cloudformation_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/stack/cloudformation"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

// answers is the HTTP client below the SDK's, and for answers.
type answers struct {
	status int
	body   string
	err    error
	sent   *http.Request
	text   string
}

func (a *answers) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.sent, a.text = r, string(text)
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

const secret = "https://cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com/x?X-Amz-Signature=secret"

// The URL is signed for an empty content type: S3 refuses any other.
func TestAnAnswerIsPutWithoutAContentType(t *testing.T) {
	t.Parallel()
	a := &answers{status: 200}
	require.NoError(t, cloudformation.FromConfig(localaws.ClientConfig("id", a)).Answer(t.Context(), secret, []byte(`{"Status":"SUCCESS"}`)))
	assert.Equal(t, http.MethodPut, a.sent.Method)
	assert.Equal(t, secret, a.sent.URL.String())
	assert.Empty(t, a.sent.Header.Values("Content-Type"))
	assert.EqualValues(t, len(a.text), a.sent.ContentLength)
	assert.JSONEq(t, `{"Status":"SUCCESS"}`, a.text)
}

// Whoever reads the URL could answer in Sluice's place.
func TestNoErrorHasTheURL(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*answers{
		"a refusal":         {status: 403, body: "<Code>AccessDenied</Code>"},
		"a lost connection": {err: &url.Error{Op: "Put", URL: secret, Err: errors.New("connection reset")}},
	} {
		err := cloudformation.FromConfig(localaws.ClientConfig("id", a)).Answer(t.Context(), secret, nil)
		require.ErrorContains(t, err, "send the answer to cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com: ", name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
	err := cloudformation.FromConfig(localaws.ClientConfig("id", &answers{})).Answer(t.Context(), "https://secret\x00/", nil)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
}

// CloudFormation has gone on without the answer, and nobody can be told.
func TestAnExpiredURLIsToldApartFromAnyOtherRefusal(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) error {
		return cloudformation.FromConfig(localaws.ClientConfig("id", &answers{status: status, body: body})).Answer(t.Context(), secret, nil)
	}
	require.ErrorIs(t, answer(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"), stackshift.ErrNotAwaited)
	for _, status := range []int{400, 403} {
		require.ErrorIs(t, answer(status, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"), stackshift.ErrNotAwaited)
	}
	require.NotErrorIs(t, answer(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>"), stackshift.ErrNotAwaited)
	require.NotErrorIs(t, answer(403, "<Error><Code>InvalidToken</Code></Error>"), stackshift.ErrNotAwaited)
	require.NotErrorIs(t, answer(500, "<Error><Code>ExpiredToken</Code></Error>"), stackshift.ErrNotAwaited)
}

func TestTheStatusOfAStackIsRead(t *testing.T) {
	t.Parallel()
	a := &answers{status: 200, body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop</StackName><StackStatus>UPDATE_ROLLBACK_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`}
	status, err := cloudformation.FromConfig(localaws.ClientConfig("id", a)).Status(t.Context(), "arn:stack")
	require.NoError(t, err)
	assert.Equal(t, "UPDATE_ROLLBACK_IN_PROGRESS", status)
	assert.Contains(t, a.text, "StackName=arn%3Astack")

	for body, code := range map[string]int{
		`<DescribeStacksResponse><DescribeStacksResult><Stacks></Stacks></DescribeStacksResult></DescribeStacksResponse>`:                     200,
		`<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id arn:stack does not exist</Message></Error></ErrorResponse>`: 400,
	} {
		_, err = cloudformation.FromConfig(localaws.ClientConfig("id", &answers{status: code, body: body})).Status(t.Context(), "arn:stack")
		require.ErrorContains(t, err, "describe the stack arn:stack: ")
	}
}
