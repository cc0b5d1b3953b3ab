package awserror_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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
