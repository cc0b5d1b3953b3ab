package lambdahook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/hook/lambdahook"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

// token has the characters and the length of a real task token.
var token = strings.Repeat("AQB8AAAAKgAAAAMAAAAA", 10) + "+" + strings.Repeat("qZ7x/w3", 12) + "Zk2mV9sQ0pLr4TnB8cYd=="

// wire is the HTTP client below the real SDK clients. It answers all requests alike.
type wire struct {
	status   int
	header   map[string]string
	body     string
	err      error
	requests []request
}

type request struct {
	method, path string
	header       http.Header
	body         string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	var text []byte
	if r.Body != nil {
		var err error
		if text, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	w.requests = append(w.requests, request{r.Method, path, r.Header, string(text)})
	if w.err != nil {
		return nil, w.err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range w.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: w.status, Header: header, Body: io.NopCloser(strings.NewReader(w.body)), Request: r}, nil
}

func newHook(w *wire) *lambdahook.Hook {
	config := localaws.ClientConfig("id", w)
	return lambdahook.New(lambda.NewFromConfig(config))
}

func question() shift.Question {
	return shift.Question{
		DeploymentID: "arn:aws:states:us-east-1:123456789012:execution:sluice:first", Point: shift.BeforeTraffic,
		Targets: []any{map[string]string{"function": "orders", "alias": "live", "stableArn": "stable", "candidateArn": "candidate"}},
		Step:    0, Weight: shift.None, TaskToken: token,
	}
}

func TestAHookIsInvokedSynchronously(t *testing.T) {
	t.Parallel()
	for _, function := range []string{
		"orders-smoke", "orders-smoke:live", "123456789012:function:orders-smoke", "arn:aws:lambda:us-east-1:123456789012:function:orders-smoke:7",
	} {
		w := &wire{status: 200, body: `{"anything": "goes"}`}
		require.NoError(t, newHook(w).Ask(t.Context(), function, question(), token))
		require.Len(t, w.requests, 1)
		assert.Equal(t, "POST /2015-03-31/functions/"+function+"/invocations", w.requests[0].method+" "+w.requests[0].path)
		assert.Equal(t, "RequestResponse", w.requests[0].header.Get("X-Amz-Invocation-Type"))
		assert.JSONEq(t, `{
			"deploymentId": "arn:aws:states:us-east-1:123456789012:execution:sluice:first", "point": "BeforeTraffic",
			"targets": [{"function": "orders", "alias": "live", "stableArn": "stable", "candidateArn": "candidate"}],
			"step": 0, "weightPercent": 0, "taskToken": "`+token+`"
		}`, w.requests[0].body)
	}
}

func TestAFailedHookSaysWhy(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, payload, says string }{
		{"by an error", `{"errorType":"AssertionError","errorMessage":"cart is empty","trace":["a"]}`, "hook failed: AssertionError: cart is empty"},
		{"by its time limit", `{"errorMessage":"2026-03-01 Task timed out after 3.00 seconds"}`, "hook failed: 2026-03-01 Task timed out"},
		{"without a message", `{"errorType":"Runtime.ExitError","errorMessage":""}`, "Runtime.ExitError"},
		{"with something else", `"no"`, `"no"`},
		{"with no JSON", `<html>`, `<html>`},
		{"with a message of another type", `{"errorMessage":{"code":7}}`, `"code":7`},
		{"with nothing", ``, "hook failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{status: 200, header: map[string]string{"X-Amz-Function-Error": "Unhandled"}, body: tt.payload}
			err := newHook(w).Ask(t.Context(), "orders-smoke", question(), token)
			require.ErrorIs(t, err, shift.ErrHookFailed)
			assert.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), "orders-smoke", "whoever asks the hook names it")
			assert.Len(t, w.requests, 1, "a hook is invoked once")
		})
	}
}

func TestTheTextOfAHookIsBounded(t *testing.T) {
	t.Parallel()
	w := &wire{status: 200, header: map[string]string{"X-Amz-Function-Error": "Unhandled"}, body: `{"errorType":"E","errorMessage":"` + strings.Repeat(`x\n`, 100_000) + `"}`}
	err := newHook(w).Ask(t.Context(), "orders-smoke", question(), token)
	require.ErrorIs(t, err, shift.ErrHookFailed)
	assert.Less(t, len(err.Error()), 1100)
	assert.NotContains(t, err.Error(), "\n")
}

func TestAFailedInvocationSaysWhy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   string
		status int
		is     error
		says   string
	}{
		{"ResourceNotFoundException", 404, shift.ErrHookNotFound, "correct the hook's name"},
		{"TooManyRequestsException", 429, shift.ErrThrottled, ""},
		{"EC2ThrottledException", 502, shift.ErrThrottled, ""},
		{"ResourceConflictException", 409, shift.ErrHookNotStarted, "could not be started"},
		{"SnapStartNotReadyException", 409, shift.ErrHookNotStarted, ""},
		{"ENINotReadyException", 502, shift.ErrHookNotStarted, ""},
		{"ServiceException", 500, nil, ""},
		{"AccessDeniedException", 403, shift.ErrHookNotFound, "tag its function sluice:hook"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			w := &wire{status: tt.status, header: map[string]string{"X-Amzn-Errortype": tt.code}, body: `{"Message":"no"}`}
			err := newHook(w).Ask(t.Context(), "orders-smoke", question(), token)
			require.ErrorContains(t, err, tt.code)
			assert.ErrorContains(t, err, tt.says)
			for _, s := range []error{shift.ErrHookFailed, shift.ErrHookNotFound, shift.ErrThrottled, shift.ErrHookNotStarted} {
				assert.Equal(t, s == tt.is, errors.Is(err, s))
			}
			assert.Equal(t, tt.code, codeOf(err))
			assert.Len(t, w.requests, 1)
		})
	}
}

func TestAHookIsCheckedWithoutRunning(t *testing.T) {
	t.Parallel()
	w := &wire{status: 204}
	require.NoError(t, newHook(w).Check(t.Context(), "orders-smoke"))
	require.Len(t, w.requests, 1)
	assert.Equal(t, "DryRun", w.requests[0].header.Get("X-Amz-Invocation-Type"))
	w = &wire{status: 404, header: map[string]string{"X-Amzn-Errortype": "ResourceNotFoundException"}, body: `{"Message":"no"}`}
	assert.ErrorIs(t, newHook(w).Check(t.Context(), "orders-smoke"), shift.ErrHookNotFound)
}

func TestTokenNeverAppearsInAnError(t *testing.T) {
	t.Parallel()
	asked, err := json.Marshal(question())
	require.NoError(t, err)
	quoted, err := json.Marshal(map[string]string{"errorType": "E", "errorMessage": "unexpected event " + string(asked)})
	require.NoError(t, err)
	escaped := strings.NewReplacer("+", `\\u002B`, "/", `\\/`, "=", `\\u003D`).Replace(token)
	failed := map[string]string{"X-Amz-Function-Error": "Unhandled"}
	for name, w := range map[string]*wire{
		"repeated by the hook":               {status: 200, header: failed, body: string(quoted)},
		"repeated as the whole answer":       {status: 200, header: failed, body: string(asked)},
		"repeated in another JSON's style":   {status: 200, header: failed, body: `{"errorMessage":"got ` + escaped + `"}`},
		"repeated with invisible characters": {status: 200, header: failed, body: `{"errorMessage":"got ` + token[:6] + "\u200b" + token[6:20] + "\u202e" + token[20:] + `"}`},
		"repeated by Lambda":                 {status: 400, header: map[string]string{"X-Amzn-Errortype": "InvalidRequestContentException"}, body: `{"message":"bad: ` + token + `"}`},
		"repeated by the connection":         {err: fmt.Errorf("cannot send %s", token)},
	} {
		err := newHook(w).Ask(t.Context(), "orders-smoke", question(), token)
		require.Error(t, err, name)
		assertNoToken(t, err)
		require.NotEmpty(t, w.requests, name)
	}
}

// A hook's runtime may quote the event that it could not handle. It has the id in it.
func TestTheIDOfAHookOfCodeDeploysNeverAppearsInAnError(t *testing.T) {
	t.Parallel()
	id, err := hookid.New(nil)
	require.NoError(t, err)
	event := shift.LifecycleEvent{DeploymentID: "d-ABCDEFGHI", HookID: string(id)}
	for _, w := range []*wire{
		{status: 200, header: map[string]string{"X-Amz-Function-Error": "Unhandled"}, body: `{"errorMessage":"cannot handle {\"LifecycleEventHookExecutionId\":\"` + string(id) + `\"}"}`},
		{status: 400, header: map[string]string{"X-Amzn-Errortype": "InvalidRequestContentException"}, body: `{"message":"bad: ` + string(id) + `"}`},
		{err: fmt.Errorf("cannot send %s", id)},
	} {
		err := newHook(w).Ask(t.Context(), "orders-smoke", event, string(id))
		require.Error(t, err)
		assert.NotContains(t, err.Error()+everything(err), string(id))
		assert.NotContains(t, err.Error()+everything(err), string(id)[7:])
		assert.JSONEq(t, `{"DeploymentId":"d-ABCDEFGHI","LifecycleEventHookExecutionId":"`+string(id)+`"}`, w.requests[0].body)
	}
}

func TestAHookThatIsNotWaitedForAnyLongerStillRuns(t *testing.T) {
	t.Parallel()
	err := newHook(&wire{err: context.DeadlineExceeded}).Ask(t.Context(), "orders-smoke", question(), token)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, shift.ErrHookFailed)
}

func TestHookWithoutATokenIsAsked(t *testing.T) {
	t.Parallel()
	q := question()
	q.TaskToken = ""
	w := &wire{status: 200, header: map[string]string{"X-Amz-Function-Error": "Unhandled"}, body: `{"errorMessage":"plain"}`}
	assert.ErrorContains(t, newHook(w).Ask(t.Context(), "orders-smoke", q, ""), "hook failed: plain")
}

// assertNoToken looks at all errors of a chain, each with everything it has.
func assertNoToken(t *testing.T, err error) {
	t.Helper()
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), everything(err)} {
		for _, part := range []string{token, token[:20], "Zk2mV9sQ0pLr4TnB8cYd"} {
			assert.NotContains(t, text, part)
		}
	}
}

func everything(err error) string {
	text := fmt.Sprintf("%#v", err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			text += everything(inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			text += everything(inner)
		}
	}
	return text
}

func codeOf(err error) string {
	var coded smithy.APIError
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return ""
}
