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

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/shift"
)

const one = operator.Execution("arn:aws:states:us-east-1:123456789012:execution:sluice:one")

// newMachines returns Machines whose Step Functions gives one response after the
// other. It records the requests' bodies.
func newMachines(t *testing.T, responses ...string) (*stepfunctions.Machines, *[]string) {
	t.Helper()
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		response := responses[len(requests)]
		requests = append(requests, string(body))
		if strings.Contains(response, `"__type"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(response))
	}))
	t.Cleanup(server.Close)
	config := localaws.ClientConfig("id", server.Client())
	config.BaseEndpoint = &server.URL
	return stepfunctions.FromConfig(config), &requests
}

// historyPage is a response of GetExecutionHistory with events that have no details.
func historyPage(token string, ids ...int) string {
	events := make([]string, len(ids))
	for i, id := range ids {
		events[i] = fmt.Sprintf(`{"id": %d, "timestamp": 1767225600.5, "type": "WaitStateEntered"}`, id)
	}
	return fmt.Sprintf(`{"events": [%s], "nextToken": %s}`, strings.Join(events, ","), token)
}

func idsOf(events []operator.Event) []int64 {
	var list []int64
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

func TestWholeHistoryIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	m, requests := newMachines(t, historyPage(`"next"`, 1, 2), historyPage(`null`, 3))
	events, err := m.Events(t.Context(), one, 0)
	require.NoError(t, err)
	assert.Equal(t, []int64{1, 2, 3}, idsOf(events))
	assert.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC), events[0].At.UTC())
	assert.JSONEq(t, `{"executionArn": "`+string(one)+`", "includeExecutionData": true, "maxResults": 1000}`, (*requests)[0])
	assert.JSONEq(t, `{"executionArn": "`+string(one)+`", "includeExecutionData": true, "maxResults": 1000, "nextToken": "next"}`, (*requests)[1])
}

func TestNewEventsAreReadFromTheEnd(t *testing.T) {
	t.Parallel()
	m, requests := newMachines(t, historyPage(`"next"`, 9, 8), historyPage(`"next"`, 7, 6), historyPage(`"next"`, 5, 4))
	events, err := m.Events(t.Context(), one, 6)
	require.NoError(t, err)
	assert.Equal(t, []int64{7, 8, 9}, idsOf(events))
	assert.Len(t, *requests, 2)
	assert.Contains(t, (*requests)[0], `"reverseOrder":true`)

	m, requests = newMachines(t, historyPage(`"next"`, 6, 5))
	events, err = m.Events(t.Context(), one, 6)
	require.NoError(t, err)
	assert.Empty(t, events)
	assert.Len(t, *requests, 1)
}

func TestEventKeepsTheFieldsThatAPersonIsShown(t *testing.T) {
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
			m, _ := newMachines(t, fmt.Sprintf(`{"events": [{"id": 3, "timestamp": 0, "type": %q, %q: %s}]}`, tt.kind, tt.member+"EventDetails", tt.details))
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

func TestErrorsOfReadingAHistoryAreClassified(t *testing.T) {
	t.Parallel()
	m, _ := newMachines(t, `{"__type": "ExecutionDoesNotExist", "message": "no"}`, `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, `{"__type": "AccessDeniedException", "message": "no"}`)
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
	m, requests := newMachines(t, fmt.Sprintf(list, "sluice-two", "two", `"next"`), fmt.Sprintf(list, "sluice", "one", `"next"`))
	arn, err := m.ARN(t.Context(), "sluice")
	require.NoError(t, err)
	assert.Equal(t, "arn:one", arn)
	assert.Len(t, *requests, 2)

	m, _ = newMachines(t, fmt.Sprintf(list, "sluice-two", "two", `null`))
	_, err = m.ARN(t.Context(), "sluice")
	assert.ErrorIs(t, err, stepfunctions.ErrNoMachine)
}

func TestExecutionIsFoundOnALaterPage(t *testing.T) {
	t.Parallel()
	const list = `{"executions": [{"executionArn": %q, "name": "x", "stateMachineArn": "arn:m", "status": "RUNNING", "startDate": 0}], "nextToken": %s}`
	is := func(x operator.Execution) bool { return x == one }
	m, requests := newMachines(t, fmt.Sprintf(list, "two", `"next"`), fmt.Sprintf(list, one, `"more"`))
	found, err := m.Find(t.Context(), "arn:m", is)
	require.NoError(t, err)
	assert.Equal(t, one, found)
	assert.Len(t, *requests, 2)
	assert.JSONEq(t, `{"stateMachineArn": "arn:m", "maxResults": 1000}`, (*requests)[0])

	m, _ = newMachines(t, fmt.Sprintf(list, "two", `null`))
	_, err = m.Find(t.Context(), "arn:m", is)
	assert.ErrorIs(t, err, shift.ErrExecutionUnknown)
}
