package awserror_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// errorFor returns the error that the SDK makes of an answer.
func errorFor(t *testing.T, answer http.HandlerFunc) error {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(server.URL), Region: "eu-west-1", Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
	_, err := client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	require.Error(t, err)
	return err
}

// failingClient is an HTTP client whose requests fail.
type failingClient struct{ err error }

func (c failingClient) Do(*http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Post", URL: "https://lambda.eu-west-1.amazonaws.com/", Err: c.err}
}

// unreachable returns the error that the SDK makes of a request that cannot be sent.
func unreachable(t *testing.T, client lambda.HTTPClient, endpoint string) error {
	t.Helper()
	_, err := lambda.New(lambda.Options{
		BaseEndpoint: aws.String(endpoint), Region: "eu-west-1", Retryer: aws.NopRetryer{}, HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}).GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	require.Error(t, err)
	return err
}

// Not all that cannot be reached comes back by itself.
func TestUntrustedCertificatesAndUnknownHostsAreRecognized(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, tc := range []struct {
		name               string
		err                error
		untrusted, unknown bool
	}{
		{"a certificate of an unknown authority", unreachable(t, http.DefaultClient, server.URL), true, false},
		{"a certificate that has expired", unreachable(t, failingClient{x509.CertificateInvalidError{Reason: x509.Expired}}, "https://x"), true, false},
		{"a certificate of another host", unreachable(t, failingClient{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}}}, "https://x"), true, false},
		{"no authorities on this machine", unreachable(t, failingClient{x509.SystemRootsError{}}, "https://x"), true, false},
		{"a name that does not exist", unreachable(t, failingClient{&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}, "https://x"), false, true},
		{"a name server that does not answer", unreachable(t, failingClient{&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}}, "https://x"), false, false},
		{"a lost connection", unreachable(t, failingClient{io.ErrUnexpectedEOF}, "https://x"), false, false},
	} {
		assert.Equal(t, tc.untrusted, awserror.IsUntrusted(awserror.Meaning(tc.err)), tc.name)
		assert.Equal(t, tc.unknown, awserror.IsUnknownHost(awserror.Meaning(tc.err)), tc.name)
	}
}

func answerError(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "8a5f0c2e")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"Message": "` + message + `"}`))
	}
}

func TestAnErrorOfAWSIsItsCodeAndMessage(t *testing.T) {
	t.Parallel()
	err := awserror.Meaning(errorFor(t, answerError(http.StatusNotFound, "ResourceNotFoundException", "Alias not found: live")))
	assert.EqualError(t, err, "ResourceNotFoundException: Alias not found: live")
	var notFound *types.ResourceNotFoundException
	assert.ErrorAs(t, err, &notFound, "the SDK's error is wrapped")
	assert.NotErrorIs(t, err, shift.ErrThrottled)
}

func TestTooManyRequestsIsThrottled(t *testing.T) {
	t.Parallel()
	err := awserror.Meaning(errorFor(t, answerError(http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")))
	assert.ErrorIs(t, err, shift.ErrThrottled)
	assert.EqualError(t, err, "throttled: TooManyRequestsException: Rate exceeded")
}

func TestTheErrorOfALostConnectionOmitsTheRequest(t *testing.T) {
	t.Parallel()
	err := awserror.Meaning(errorFor(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	assert.ErrorContains(t, err, "EOF")
	assert.NotContains(t, err.Error(), "RequestID")
	assert.NotErrorIs(t, err, shift.ErrThrottled)
}

func TestTransientErrorsAreRecognized(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		answer    http.HandlerFunc
		transient bool
	}{
		{"too many requests", answerError(http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded"), true},
		{"a fault of the service", answerError(http.StatusInternalServerError, "ServiceException", ""), true},
		{"a lost connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		{"a refusal", answerError(http.StatusForbidden, "AccessDeniedException", "no"), false},
		{"a missing resource", answerError(http.StatusNotFound, "ResourceNotFoundException", "no"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.transient, awserror.IsTransient(errorFor(t, tt.answer)))
		})
	}
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	mine := errors.New("no revision")
	assert.Equal(t, mine, awserror.Meaning(mine))
	assert.NoError(t, awserror.Meaning(nil))
}

// A call that AWS did not answer may be made again; so may one whose credentials have expired, once
// there are new ones.
func TestUnansweredAndExpiredCallsAreRecognized(t *testing.T) {
	t.Parallel()
	lost := errorFor(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	expired := errorFor(t, answerError(http.StatusBadRequest, "ExpiredTokenException", "expired"))
	denied := errorFor(t, answerError(http.StatusForbidden, "AccessDeniedException", "no"))
	for _, tc := range []struct {
		name                string
		err                 error
		unanswered, expires bool
	}{
		{"a lost connection", lost, true, false},
		{"a wrapped one", awserror.Meaning(lost), true, false},
		{"an expired token", expired, false, true},
		{"a wrapped one", awserror.Meaning(expired), false, true},
		{"a denied call", denied, false, false},
		{"an error that is not the SDK's", shift.ErrDeploymentUnknown, false, false},
	} {
		assert.Equal(t, tc.unanswered, awserror.IsUnanswered(tc.err), tc.name)
		assert.Equal(t, tc.expires, awserror.IsExpired(tc.err), tc.name)
	}
}
