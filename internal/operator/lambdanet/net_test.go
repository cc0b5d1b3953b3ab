package lambdanet_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/operator/lambdanet"
	"sluice/internal/shift"
)

var abort = flow.Commanded{Target: "lambda:orders:live", Command: shift.Command{Order: shift.Abort, Reason: "no"}}

// answering is a Lambda that gives one answer after the other, the last for ever.
func answering(t *testing.T, answers ...func(http.ResponseWriter)) (net *lambdanet.Net, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/2015-03-31/functions/sluice-safety-net/invocations", r.URL.Path)
		answers[min(int(asked.Add(1)), len(answers))-1](w)
	}))
	t.Cleanup(server.Close)
	return lambdanet.FromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, "sluice-safety-net"), asked
}

func says(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = w.Write([]byte(text)) }
}

func fails(report string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_, _ = w.Write([]byte(report))
	}
}

func refuses(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"Message": "no"}`))
	}
}

func TestWhatLambdaRefusedToBeginIsTriedAgain(t *testing.T) {
	t.Parallel()
	net, asked := answering(t, refuses(http.StatusTooManyRequests, "TooManyRequestsException"), says(`{"deploymentId": "one", "outcome": "RolledBack", "cause": "Aborted: no"}`))
	answer, err := net.Command(t.Context(), abort)
	require.NoError(t, err)
	assert.Equal(t, flow.Answer{DeploymentID: "one", Outcome: shift.RolledBack, Cause: "Aborted: no"}, answer)
	assert.EqualValues(t, 2, asked.Load())
}

func TestCommandThatIsNotObeyedSaysWhyAndIsGivenOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		want   string
	}{
		{"refused by the safety net", fails(`{"errorType": "DeploymentUnknown", "errorMessage": "no deployment holds it"}`), "abort lambda:orders:live: DeploymentUnknown: no deployment holds it"},
		{"killed", fails(`{"errorMessage": "Task timed out after 120.00 seconds"}`), "abort lambda:orders:live: Unexpected: {\"errorMessage\": \"Task timed out after 120.00 seconds\"}"},
		{"another function", says(`"hello"`), "abort lambda:orders:live: sluice-safety-net answered something else than the safety net does: \"hello\""},
		{"an older safety net", says(`{}`), "abort lambda:orders:live: sluice-safety-net answered something else than the safety net does: {}"},
		{"not there", refuses(http.StatusNotFound, "ResourceNotFoundException"), "abort lambda:orders:live: no such function: sluice-safety-net"},
		{"not allowed", refuses(http.StatusForbidden, "AccessDeniedException"), "abort lambda:orders:live: invoke sluice-safety-net: AccessDeniedException: no"},
		{"a fault of Lambda's", refuses(http.StatusInternalServerError, "ServiceException"), "abort lambda:orders:live: invoke sluice-safety-net: ServiceException: no"},
		{"a lost answer", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "abort lambda:orders:live: invoke sluice-safety-net: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			net, asked := answering(t, tt.answer)
			_, err := net.Command(t.Context(), abort)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
			assert.EqualValues(t, 1, asked.Load())
		})
	}
}
