package stepfunctions_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/operator"
	"sluice/internal/operator/stepfunctions"
	"sluice/internal/shift"
)

const one = operator.Execution("arn:aws:states:us-east-1:123456789012:execution:sluice:one")

// answering is Step Functions as it gives one answer after the other.
func answering(t *testing.T, answers ...string) (*stepfunctions.Machines, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		answer := answers[len(asked)]
		asked = append(asked, string(body))
		if strings.Contains(answer, `"__type"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	config := localaws.ClientConfig("id", server.Client())
	config.BaseEndpoint = &server.URL
	return stepfunctions.FromConfig(config), &asked
}

// entries are events without details, as AWS writes them.
func entries(token string, ids ...int) string {
	events := make([]string, len(ids))
	for i, id := range ids {
		events[i] = fmt.Sprintf(`{"id": %d, "timestamp": 1767225600.5, "type": "WaitStateEntered"}`, id)
	}
	return fmt.Sprintf(`{"events": [%s], "nextToken": %s}`, strings.Join(events, ","), token)
}

func ids(events []operator.Event) []int64 {
	var list []int64
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

func TestWholeHistoryIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	m, asked := answering(t, entries(`"next"`, 1, 2), entries(`null`, 3))
	events, err := m.Events(t.Context(), one, 0)
	require.NoError(t, err)
	assert.Equal(t, []int64{1, 2, 3}, ids(events))
	assert.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC), events[0].At.UTC())
	assert.JSONEq(t, `{"executionArn": "`+string(one)+`", "includeExecutionData": true, "maxResults": 1000}`, (*asked)[0])
	assert.JSONEq(t, `{"executionArn": "`+string(one)+`", "includeExecutionData": true, "maxResults": 1000, "nextToken": "next"}`, (*asked)[1])
}

func TestWhatIsNewIsReadFromTheEnd(t *testing.T) {
	t.Parallel()
	m, asked := answering(t, entries(`"next"`, 9, 8), entries(`"next"`, 7, 6), entries(`"next"`, 5, 4))
	events, err := m.Events(t.Context(), one, 6)
	require.NoError(t, err)
	assert.Equal(t, []int64{7, 8, 9}, ids(events))
	assert.Len(t, *asked, 2)
	assert.Contains(t, (*asked)[0], `"reverseOrder":true`)

	m, asked = answering(t, entries(`"next"`, 6, 5))
	events, err = m.Events(t.Context(), one, 6)
	require.NoError(t, err)
	assert.Empty(t, events)
	assert.Len(t, *asked, 1)
}

func TestEventKeepsWhatAPersonIsTold(t *testing.T) {
	t.Parallel()
	failure := flow.Failure{Error: "TargetHeld", Cause: "why"}
	const details = `{"error": "TargetHeld", "cause": "why"}`
	tests := []struct {
		kind, member, details string
		want                  operator.Event
	}{
		{"TaskStateEntered", "stateEntered", `{"name": "Open", "input": "{\"a\":1}"}`, operator.Event{State: "Open", Data: []byte(`{"a":1}`)}},
		{"MapStateExited", "stateExited", `{"name": "AfterTraffic", "output": "[]"}`, operator.Event{State: "AfterTraffic", Data: []byte(`[]`)}},
		{"ExecutionSucceeded", "executionSucceeded", `{"output": "{}"}`, operator.Event{Data: []byte(`{}`)}},
		{"ExecutionFailed", "executionFailed", details, operator.Event{Failure: failure}},
		{"ExecutionAborted", "executionAborted", details, operator.Event{Failure: failure}},
		{"ExecutionTimedOut", "executionTimedOut", details, operator.Event{Failure: failure}},
		{"LambdaFunctionFailed", "lambdaFunctionFailed", details, operator.Event{Failure: failure}},
		{"LambdaFunctionTimedOut", "lambdaFunctionTimedOut", details, operator.Event{Failure: failure}},
		{"LambdaFunctionScheduleFailed", "lambdaFunctionScheduleFailed", details, operator.Event{Failure: failure}},
		{"LambdaFunctionStartFailed", "lambdaFunctionStartFailed", details, operator.Event{Failure: failure}},
		{"TaskFailed", "taskFailed", `{"resource": "invoke", "resourceType": "lambda", "error": "TargetHeld", "cause": "why"}`, operator.Event{Failure: failure}},
		{"TaskTimedOut", "taskTimedOut", `{"resource": "invoke", "resourceType": "lambda", "error": "TargetHeld", "cause": "why"}`, operator.Event{Failure: failure}},
		{"TaskStartFailed", "taskStartFailed", `{"resource": "invoke", "resourceType": "lambda", "error": "TargetHeld", "cause": "why"}`, operator.Event{Failure: failure}},
		{"TaskSubmitFailed", "taskSubmitFailed", `{"resource": "invoke", "resourceType": "lambda", "error": "TargetHeld", "cause": "why"}`, operator.Event{Failure: failure}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			m, _ := answering(t, fmt.Sprintf(`{"events": [{"id": 3, "timestamp": 0, "type": %q, %q: %s}]}`, tt.kind, tt.member+"EventDetails", tt.details))
			events, err := m.Events(t.Context(), one, 0)
			require.NoError(t, err)
			require.Len(t, events, 1)
			tt.want.ID, tt.want.Type, tt.want.At = 3, tt.kind, events[0].At
			assert.Equal(t, tt.want, events[0])
			ends, fails := strings.HasPrefix(tt.kind, "Execution"), tt.want.Failure != (flow.Failure{})
			assert.Equal(t, ends, events[0].Ends())
			assert.Equal(t, fails && !ends, events[0].TryFails())
		})
	}
}

func TestErrorsOfAHistoryAreToldApart(t *testing.T) {
	t.Parallel()
	m, _ := answering(t, `{"__type": "ExecutionDoesNotExist", "message": "no"}`, `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, `{"__type": "AccessDeniedException", "message": "no"}`)
	_, unknown := m.Events(t.Context(), one, 0)
	assert.ErrorIs(t, unknown, shift.ErrExecutionUnknown)
	_, throttled := m.Events(t.Context(), one, 0)
	assert.ErrorIs(t, throttled, operator.ErrUnavailable)
	_, denied := m.Events(t.Context(), one, 0)
	assert.EqualError(t, denied, "read the history of "+string(one)+": AccessDeniedException: no")
	assert.NotErrorIs(t, denied, operator.ErrUnavailable)
}

func TestStateMachineIsFoundOnALaterPage(t *testing.T) {
	t.Parallel()
	const list = `{"stateMachines": [{"name": %q, "stateMachineArn": "arn:%s", "type": "STANDARD", "creationDate": 0}], "nextToken": %s}`
	m, asked := answering(t, fmt.Sprintf(list, "sluice-two", "two", `"next"`), fmt.Sprintf(list, "sluice", "one", `"next"`))
	arn, err := m.ARN(t.Context(), "sluice")
	require.NoError(t, err)
	assert.Equal(t, "arn:one", arn)
	assert.Len(t, *asked, 2)

	m, _ = answering(t, fmt.Sprintf(list, "sluice-two", "two", `null`))
	_, err = m.ARN(t.Context(), "sluice")
	assert.ErrorIs(t, err, stepfunctions.ErrNoMachine)
}
