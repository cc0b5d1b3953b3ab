package taskstate_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/hook/taskstate"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// token has the characters and the length of a real task token.
var token = strings.Repeat("AQB8AAAAKgAAAAMAAAAA", 10) + "+" + strings.Repeat("qZ7x/w3", 12) + "Zk2mV9sQ0pLr4TnB8cYd=="

// wire is the HTTP client below the real SDK client. It answers all requests alike.
type wire struct {
	status       int
	body         string
	err          error
	target, sent string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.target, w.sent = r.Header.Get("X-Amz-Target"), string(text)
	if w.err != nil {
		return nil, w.err
	}
	return &http.Response{
		StatusCode: w.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(w.body)), Request: r,
	}, nil
}

func states(w *wire) *taskstate.States { return taskstate.FromConfig(localaws.ClientConfig("id", w)) }

func TestAnswersAreReported(t *testing.T) {
	t.Parallel()
	w := &wire{status: 200, body: `{}`}
	require.NoError(t, states(w).Succeed(t.Context(), token))
	assert.Equal(t, "AWSStepFunctions.SendTaskSuccess", w.target)
	assert.JSONEq(t, `{"taskToken":"`+token+`","output":"{}"}`, w.sent)

	require.NoError(t, states(w).Fail(t.Context(), token, "HookFailed", "it said no"))
	assert.Equal(t, "AWSStepFunctions.SendTaskFailure", w.target)
	assert.JSONEq(t, `{"taskToken":"`+token+`","error":"HookFailed","cause":"it said no"}`, w.sent)
}

// both are the errors of both methods.
func both(t *testing.T, w *wire) []error {
	t.Helper()
	return []error{states(w).Succeed(t.Context(), token), states(w).Fail(t.Context(), token, "HookFailed", "it said no")}
}

func TestAnAnswerAfterTheStateHasEndedIsAnError(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"} {
		for _, err := range both(t, &wire{status: 400, body: `{"__type":"` + code + `","message":"Invalid Token: '` + token + `'"}`}) {
			require.ErrorIs(t, err, shift.ErrHookNotAwaited)
			assert.ErrorContains(t, err, code)
			assertNoToken(t, err)
		}
	}
	for _, err := range both(t, &wire{status: 400, body: `{"__type":"ThrottlingException","message":"slow down"}`}) {
		assert.ErrorIs(t, err, shift.ErrThrottled)
	}
}

func TestNoErrorContainsAToken(t *testing.T) {
	t.Parallel()
	for _, w := range []*wire{
		{err: fmt.Errorf("cannot send %s", token)},
		{status: 400, body: `{"__type":"ValidationException","message":"Value '` + token + `' is refused"}`},
		{status: 500, body: token},
	} {
		for _, err := range both(t, w) {
			require.Error(t, err)
			require.NotErrorIs(t, err, shift.ErrHookNotAwaited)
			assertNoToken(t, err)
		}
	}
}

// assertNoToken looks at all errors of a chain, each with everything it has.
func assertNoToken(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, text := range []string{err.Error(), fmt.Sprintf("%#v", err)} {
			for _, part := range []string{token[:20], "Zk2mV9sQ0pLr4TnB8cYd"} {
				assert.NotContains(t, text, part)
			}
		}
	}
}
