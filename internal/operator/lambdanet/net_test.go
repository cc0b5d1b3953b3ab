package lambdanet_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

var abort = request.Commanded{Target: "lambda:orders:live", Command: shift.Command{Order: shift.Abort, Reason: "no"}}

// newNet returns a Net whose Lambda gives one answer after the other, and repeats the
// last one. It records the requests' bodies.
func newNet(t *testing.T, answers ...func(http.ResponseWriter)) (net *lambdanet.Net, requests func() []string) {
	t.Helper()
	var lock sync.Mutex
	var bodies []string
	requests = func() []string {
		lock.Lock()
		defer lock.Unlock()
		return slices.Clone(bodies)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/2015-03-31/functions/sluice-safety-net/invocations", r.URL.Path)
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		lock.Lock()
		bodies = append(bodies, string(body))
		lock.Unlock()
		answers[min(len(requests()), len(answers))-1](w)
	}))
	t.Cleanup(server.Close)
	config := localaws.ClientConfig("id", server.Client())
	config.BaseEndpoint = &server.URL
	return lambdanet.FromConfig(config, "sluice-safety-net"), requests
}

func returns(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = w.Write([]byte(text)) }
}

// reports answers with the error report of a function that failed.
func reports(report string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_, _ = w.Write([]byte(report))
	}
}

// failsWith answers with an error of the Lambda service.
func failsWith(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"Message": "no"}`))
	}
}

// answersQuestion answers the question that comes before every command.
var answersQuestion = returns(`{"deploymentId": "one", "at": "2026-05-04T12:00:00.123Z"}`)

func TestThrottledInvocationIsRetried(t *testing.T) {
	t.Parallel()
	net, requests := newNet(t, answersQuestion, failsWith(http.StatusTooManyRequests, "TooManyRequestsException"), returns(`{"deploymentId": "one", "outcome": "RolledBack", "cause": "Aborted: no"}`))
	answer, err := net.Command(t.Context(), abort)
	require.NoError(t, err)
	assert.Equal(t, flow.Answer{DeploymentID: "one", Outcome: shift.RolledBack, Cause: "Aborted: no"}, answer)
	assert.Len(t, requests(), 3)
}

// A command that arrives late or twice still names the same deployment, and the time by
// the safety net's clock instead of the caller's.
func TestCommandNamesTheDeploymentAndTheTimeOfTheSafetyNet(t *testing.T) {
	t.Parallel()
	net, requests := newNet(t, answersQuestion, returns(`{"deploymentId": "one"}`))
	_, err := net.Command(t.Context(), abort)
	require.NoError(t, err)
	require.Len(t, requests(), 2)
	assert.JSONEq(t, `{"detail-type": "Sluice Question", "detail": {"target": "lambda:orders:live"}}`, requests()[0])
	assert.JSONEq(t, `{"detail-type": "Sluice Command", "time": "2026-05-04T12:00:00.123Z", "detail": {
		"target": "lambda:orders:live", "deployment": "one", "command": "abort", "reason": "no"}}`, requests()[1])
}

func TestNoCommandIsSentIfTheQuestionIsRefused(t *testing.T) {
	t.Parallel()
	net, requests := newNet(t, reports(`{"errorType": "DeploymentUnknown", "errorMessage": "no deployment holds it"}`))
	_, err := net.Command(t.Context(), abort)
	require.EqualError(t, err, "abort lambda:orders:live: DeploymentUnknown: no deployment holds it")
	assert.Len(t, requests(), 1)
}

func TestFailedCommandSaysWhyAndIsSentOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		want   string
	}{
		{"refused by the safety net", reports(`{"errorType": "DeploymentUnknown", "errorMessage": "no deployment holds it"}`), "abort lambda:orders:live: DeploymentUnknown: no deployment holds it"},
		{"killed", reports(`{"errorMessage": "Task timed out after 120.00 seconds"}`), "abort lambda:orders:live: Unexpected: {\"errorMessage\": \"Task timed out after 120.00 seconds\"}"},
		{"another function", returns(`"hello"`), "abort lambda:orders:live: sluice-safety-net did not answer as the safety net does: \"hello\""},
		{"an older safety net", returns(`{}`), "abort lambda:orders:live: sluice-safety-net did not answer as the safety net does: {}"},
		{"not there", failsWith(http.StatusNotFound, "ResourceNotFoundException"), "abort lambda:orders:live: no such function: sluice-safety-net"},
		{"not allowed", failsWith(http.StatusForbidden, "AccessDeniedException"), "abort lambda:orders:live: invoke sluice-safety-net: AccessDeniedException: no"},
		{"a fault of Lambda's", failsWith(http.StatusInternalServerError, "ServiceException"), "abort lambda:orders:live: invoke sluice-safety-net: ServiceException: no"},
		{"a lost answer", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "abort lambda:orders:live: invoke sluice-safety-net: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			net, requests := newNet(t, answersQuestion, tt.answer)
			_, err := net.Command(t.Context(), abort)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
			assert.Len(t, requests(), 2, "the question, and the command")
		})
	}
}
