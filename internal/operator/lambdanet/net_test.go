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

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/operator/lambdanet"
	"sluice/internal/request"
	"sluice/internal/shift"
)

var abort = request.Commanded{Target: "lambda:orders:live", Command: shift.Command{Order: shift.Abort, Reason: "no"}}

// answering is a Lambda that gives one answer after the other, the last for ever.
func answering(t *testing.T, answers ...func(http.ResponseWriter)) (net *lambdanet.Net, asked func() []string) {
	t.Helper()
	var lock sync.Mutex
	var bodies []string
	asked = func() []string {
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
		answers[min(len(asked()), len(answers))-1](w)
	}))
	t.Cleanup(server.Close)
	config := localaws.ClientConfig("id", server.Client())
	config.BaseEndpoint = &server.URL
	return lambdanet.FromConfig(config, "sluice-safety-net"), asked
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

// held answers the question that comes before every command.
var held = says(`{"deploymentId": "one", "at": "2026-05-04T12:00:00.123Z"}`)

func TestWhatLambdaRefusedToBeginIsTriedAgain(t *testing.T) {
	t.Parallel()
	net, asked := answering(t, held, refuses(http.StatusTooManyRequests, "TooManyRequestsException"), says(`{"deploymentId": "one", "outcome": "RolledBack", "cause": "Aborted: no"}`))
	answer, err := net.Command(t.Context(), abort)
	require.NoError(t, err)
	assert.Equal(t, flow.Answer{DeploymentID: "one", Outcome: shift.RolledBack, Cause: "Aborted: no"}, answer)
	assert.Len(t, asked(), 3)
}

// However often and late it arrives, it is for the deployment that was asked for, and
// of the time that it was there: not of the clock of whoever gives it.
func TestACommandSaysWhichDeploymentItMeansAndWhenItWasGivenThere(t *testing.T) {
	t.Parallel()
	net, asked := answering(t, held, says(`{"deploymentId": "one"}`))
	_, err := net.Command(t.Context(), abort)
	require.NoError(t, err)
	require.Len(t, asked(), 2)
	assert.JSONEq(t, `{"detail-type": "Sluice Question", "detail": {"target": "lambda:orders:live"}}`, asked()[0])
	assert.JSONEq(t, `{"detail-type": "Sluice Command", "time": "2026-05-04T12:00:00.123Z", "detail": {
		"target": "lambda:orders:live", "deployment": "one", "command": "abort", "reason": "no"}}`, asked()[1])
}

func TestWhatIsNotAnsweredIsNotCommanded(t *testing.T) {
	t.Parallel()
	net, asked := answering(t, fails(`{"errorType": "DeploymentUnknown", "errorMessage": "no deployment holds it"}`))
	_, err := net.Command(t.Context(), abort)
	require.EqualError(t, err, "abort lambda:orders:live: DeploymentUnknown: no deployment holds it")
	assert.Len(t, asked(), 1)
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
			net, asked := answering(t, held, tt.answer)
			_, err := net.Command(t.Context(), abort)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tt.want)
			assert.Len(t, asked(), 2, "the question, and the command")
		})
	}
}
