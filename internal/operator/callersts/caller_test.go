package callersts_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/operator/callersts"
)

type answers struct {
	status int
	body   string
}

func (a answers) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Request: r, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func TestWhoGivesACommandIsKnownIfAWSTells(t *testing.T) {
	t.Parallel()
	cfg := func(a answers) aws.Config {
		return aws.Config{Region: "eu-west-1", HTTPClient: a, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		})}
	}
	told := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
		<Arn>arn:aws:sts::123456789012:assumed-role/Admin/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
	assert.Equal(t, "arn:aws:sts::123456789012:assumed-role/Admin/ann", callersts.Caller(t.Context(), cfg(answers{200, told})))
	assert.Empty(t, callersts.Caller(t.Context(), cfg(answers{403, `<ErrorResponse/>`})))
	assert.Empty(t, callersts.Caller(t.Context(), cfg(answers{501, `not implemented`})))
}
