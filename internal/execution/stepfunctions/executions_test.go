package stepfunctions_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/execution/stepfunctions"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

const machine = "arn:aws:states:us-east-1:123456789012:stateMachine:sluice"

// wire is the HTTP client below the SDK client. It gives its answers in turn, and records the
// requests.
type wire struct {
	answers []answer
	asked   []asked
}

type answer struct {
	status int
	body   string
}

type asked struct {
	operation string
	body      map[string]any
}

// Do implements aws.HTTPClient.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	a := asked{operation: operation}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return nil, err
	}
	w.asked = append(w.asked, a)
	next := w.answers[len(w.asked)-1]
	return &http.Response{
		StatusCode: next.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(next.body)),
	}, nil
}

func executions(answers ...answer) (*stepfunctions.Executions, *wire) {
	w := &wire{answers: answers}
	return stepfunctions.FromConfig(localaws.ClientConfig("id", w), machine), w
}

func TestRunningExecutionsOfAllPagesAreListed(t *testing.T) {
	t.Parallel()
	x, w := executions(
		answer{200, `{"executions": [{"executionArn": "a", "status": "RUNNING"}], "nextToken": "more"}`},
		answer{200, `{"executions": [{"executionArn": "b", "status": "RUNNING"}]}`},
	)
	running, err := x.Running(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"a": true, "b": true}, running)
	require.Len(t, w.asked, 2)
	assert.Equal(t, "ListExecutions", w.asked[0].operation)
	assert.Equal(t, map[string]any{"stateMachineArn": machine, "statusFilter": "RUNNING", "maxResults": 1000.0}, w.asked[0].body)
	assert.Equal(t, "more", w.asked[1].body["nextToken"])
}

func TestAnExecutionHasEndedOnlyWithATerminalStatus(t *testing.T) {
	t.Parallel()
	for status, ended := range map[string]bool{
		"RUNNING": false, "PENDING_REDRIVE": false, "SOMETHING_NEW": false,
		"SUCCEEDED": true, "FAILED": true, "TIMED_OUT": true, "ABORTED": true,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			x, w := executions(answer{200, `{"executionArn": "a", "status": "` + status + `"}`})
			got, err := x.Ended(t.Context(), "a")
			require.NoError(t, err)
			assert.Equal(t, ended, got)
			assert.Equal(t, []asked{{"DescribeExecution", map[string]any{"executionArn": "a"}}}, w.asked)
		})
	}
}

func TestErrorsHaveTheirSentinels(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       error
	}{
		{"an execution that is not known is no end by itself", `{"__type": "ExecutionDoesNotExist", "message": "no"}`, shift.ErrExecutionUnknown},
		{"throttling", `{"__type": "ThrottlingException", "message": "slow down"}`, shift.ErrThrottled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			x, _ := executions(answer{400, test.body})
			ended, err := x.Ended(t.Context(), "a")
			require.ErrorIs(t, err, test.want)
			assert.False(t, ended)
		})
	}
	x, _ := executions(answer{400, `{"__type": "ThrottlingException", "message": "slow down"}`})
	_, err := x.Running(t.Context())
	require.ErrorIs(t, err, shift.ErrThrottled)
}
