package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

// oneHook is a Ledger with one hook, and the state that waits for it.
type oneHook struct {
	hook     shift.AwaitedHook
	recorded error
	ended    error
	asked    []shift.HookAnswer
	told     []string
}

func (a *oneHook) Answer(_ context.Context, asked shift.HookAnswer, now time.Time) (shift.AwaitedHook, error) {
	if now != noon {
		return shift.AwaitedHook{}, errors.New("what time is it?")
	}
	a.asked = append(a.asked, asked)
	return a.hook, a.recorded
}

func (a *oneHook) Succeed(_ context.Context, token string) error {
	a.told = append(a.told, "success of "+token)
	return a.ended
}

func (a *oneHook) Fail(_ context.Context, token, name, cause string) error {
	a.told = append(a.told, "failure of "+token+": "+name+": "+cause)
	return a.ended
}

// call calls the endpoint with an answer, and returns its response.
func (a *oneHook) call(t *testing.T, id hookid.ID, status string) (code int, headers map[string]string, body string) {
	t.Helper()
	said, err := json.Marshal(map[string]string{"deploymentId": "d-ABCDEFGHI", "lifecycleEventHookExecutionId": string(id), "status": status})
	require.NoError(t, err)
	return a.send(t, "PutLifecycleEventHookExecutionStatus", string(said))
}

func (a *oneHook) send(t *testing.T, operation, said string) (code int, headers map[string]string, body string) {
	t.Helper()
	event, err := json.Marshal(map[string]any{
		"headers":        map[string]string{"x-amz-target": "CodeDeploy_20141006." + operation},
		"requestContext": map[string]string{"requestId": "r1"}, "body": said,
	})
	require.NoError(t, err)
	text, err := HookEndpoint{Ledger: a, States: a, Now: func() time.Time { return noon }}.Handle(t.Context(), event)
	require.NoError(t, err, "Lambda would turn it into an answer that no SDK understands")
	var response struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	require.NoError(t, json.Unmarshal(text, &response))
	return response.StatusCode, response.Headers, response.Body
}

func anID(t *testing.T, seed string) hookid.ID {
	t.Helper()
	id, err := hookid.New(bytes.NewReader([]byte(strings.Repeat(seed, 32))))
	require.NoError(t, err)
	return id
}

func errorBody(e *request.LifecycleError) string {
	return fmt.Sprintf(`{"__type": %q, "message": %q}`, e.Type, e.Message)
}

// Each row of the answers, but for those of the decoder.
func TestTheEndpointAnswersAsCodeDeploy(t *testing.T) {
	t.Parallel()
	id := anID(t, "a")
	sealed, err := id.Seal("token")
	require.NoError(t, err)
	other, err := anID(t, "b").Seal("token")
	require.NoError(t, err)
	success, failure := []string{"success of token"}, []string{"failure of token: HookFailed: it answered Failed"}
	taken, again := `{"lifecycleEventHookExecutionId": "`+string(id)+`"}`, `{"__type": "InternalFailure", "message": "try again"}`
	throttled := fmt.Errorf("record: %w", shift.ErrThrottled)
	late := fmt.Errorf("report: %w", shift.ErrHookNotAwaited)
	for name, test := range map[string]struct {
		says            string
		before          shift.LifecycleStatus
		sealed          []byte
		recorded, ended error
		told            []string
		code            int
		body            string
	}{
		"it succeeds":                    {"Succeeded", "", sealed, nil, nil, success, 200, taken},
		"it fails":                       {"Failed", "", sealed, nil, nil, failure, 200, taken},
		"it says again that it succeeds": {"Succeeded", "Succeeded", sealed, nil, nil, success, 200, taken},
		"it says again that it succeeds, in vain":    {"Succeeded", "Succeeded", sealed, nil, late, success, 200, taken},
		"it says again that it fails, in vain":       {"Failed", "Failed", sealed, nil, late, failure, 200, taken},
		"it says something else than before":         {"Failed", "", nil, fmt.Errorf("record: %w", shift.ErrHookAnswered), nil, nil, 400, errorBody(request.ErrLifecycleCompleted)},
		"nobody knows it":                            {"Succeeded", "", nil, fmt.Errorf("record: %w", shift.ErrHookUnknown), nil, nil, 400, errorBody(request.ErrLifecycleID)},
		"it was awaited, and is not any more":        {"Succeeded", "", sealed, nil, late, success, 400, errorBody(request.ErrLifecycleID)},
		"the ledger fails":                           {"Succeeded", "", nil, throttled, nil, nil, 500, again},
		"Step Functions fails":                       {"Succeeded", "", sealed, nil, throttled, success, 500, again},
		"Step Functions fails when it says it again": {"Failed", "Failed", sealed, nil, errLost, failure, 500, again},
		"its item was sealed with another id":        {"Succeeded", "", other, nil, nil, nil, 500, again},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &oneHook{hook: shift.AwaitedHook{Function: "smoke", Sealed: test.sealed, Status: test.before}, recorded: test.recorded, ended: test.ended}
			code, headers, body := a.call(t, id, test.says)
			assert.Equal(t, test.code, code)
			assert.JSONEq(t, test.body, body)
			assert.Equal(t, map[string]string{"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "r1"}, headers)
			assert.Equal(t, test.told, a.told)
			assert.Equal(t, []shift.HookAnswer{{Lookup: id.Lookup(), CodeDeployID: "d-ABCDEFGHI", Status: shift.LifecycleStatus(test.says)}}, a.asked)
		})
	}
}

// What is refused by the decoder reaches neither the ledger nor Step Functions.
func TestTheEndpointRefusesWhatIsNoAnswer(t *testing.T) {
	t.Parallel()
	id := string(anID(t, "a"))
	for name, test := range map[string]struct {
		operation, body string
		want            *request.LifecycleError
	}{
		"another status":    {"PutLifecycleEventHookExecutionStatus", `{"lifecycleEventHookExecutionId": "` + id + `", "status": "Skipped"}`, request.ErrLifecycleStatus},
		"another operation": {"StopDeployment", `{}`, request.ErrUnknownOperation},
		"no JSON":           {"PutLifecycleEventHookExecutionStatus", `{`, request.ErrSerialization},
		"more than 4 KiB":   {"PutLifecycleEventHookExecutionStatus", `{"lifecycleEventHookExecutionId": "` + id + `", "status": "Succeeded"}` + strings.Repeat(" ", 4096), request.ErrSerialization},
		"no id of ours":     {"PutLifecycleEventHookExecutionStatus", `{"lifecycleEventHookExecutionId": "guessed", "status": "Succeeded"}`, request.ErrLifecycleID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &oneHook{}
			code, _, body := a.send(t, test.operation, test.body)
			assert.Equal(t, 400, code)
			assert.JSONEq(t, errorBody(test.want), body)
			assert.Empty(t, a.asked)
			assert.Empty(t, a.told)
		})
	}
	text, err := HookEndpoint{}.Handle(t.Context(), []byte("no event"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"statusCode": 400, "headers": {"Content-Type": "application/x-amz-json-1.1"}, "body": `+quotedJSON(t, errorBody(request.ErrSerialization))+`}`, string(text))
}

func quotedJSON(t *testing.T, text string) string {
	t.Helper()
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, []byte(text)))
	quoted, err := json.Marshal(compact.String())
	require.NoError(t, err)
	return string(quoted)
}

func TestTheEndpointHasTimeForItsCalls(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 3*time.Second, flow.HookEndpointTimeout)
}
