package stepfunctions_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const token = "AQCEAAAAKgAAAAMAAAAAAAAAAZ+a/token=="

// The events of a hook's task, as AWS writes them for a task with a token (LocalStack, snapshots
// recorded against AWS).
const (
	scheduled = `{"id": 9, "type": "TaskScheduled", "timestamp": 1, "taskScheduledEventDetails": {"region": "us-east-1", "resource": "invoke.waitForTaskToken",
		"resourceType": "lambda", "parameters": "{\"FunctionName\": \"f\", \"Payload\": {\"state\": \"BeforeTrafficHook\", \"taskToken\": \"` + token + `\"}}"}}`
	started   = `{"id": 10, "type": "TaskStarted", "timestamp": 1, "taskStartedEventDetails": {"resource": "invoke.waitForTaskToken", "resourceType": "lambda"}}`
	submitted = `{"id": 11, "type": "TaskSubmitted", "timestamp": 1, "taskSubmittedEventDetails": {"resource": "invoke.waitForTaskToken", "resourceType": "lambda"}}`
	succeeded = `{"id": 12, "type": "TaskSucceeded", "timestamp": 1, "taskSucceededEventDetails": {"resource": "invoke.waitForTaskToken", "resourceType": "lambda"}}`
	baking    = `{"id": 12, "type": "WaitStateEntered", "timestamp": 1, "stateEnteredEventDetails": {"name": "Bake"}}`
)

func history(next string, events ...string) answer {
	return answer{200, `{"events": [` + strings.Join(events, ",") + `]` + next + `}`}
}

func TestTheTokenOfAnAwaitedHookIsFound(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string][]answer{
		"in one page":   {history(`, "nextToken": "more"`, submitted, started, scheduled)},
		"in two pages":  {history(`, "nextToken": "more"`, submitted), history(`, "nextToken": "more"`, started, scheduled)},
		"an empty page": {history(`, "nextToken": "more"`), history(``, submitted, started, scheduled)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, w := executions(pages...)
			awaited, err := x.AwaitedHook(t.Context(), "a")
			require.NoError(t, err)
			assert.Equal(t, token, awaited)
			require.Len(t, w.asked, len(pages))
			assert.Equal(t, asked{"GetExecutionHistory", map[string]any{"executionArn": "a", "reverseOrder": true, "maxResults": 3.0, "includeExecutionData": true}}, w.asked[0])
		})
	}
}

func TestAnExecutionThatWaitsForNoHookHasNoToken(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]answer{
		"its hook has answered":     history(`, "nextToken": "more"`, succeeded, submitted, started),
		"its hook is being invoked": history(`, "nextToken": "more"`, started, scheduled),
		"it bakes":                  history(`, "nextToken": "more"`, baking, succeeded, submitted),
		"nothing is known of it":    history(``),
		"the token is not there": history(``, submitted, started,
			`{"id": 9, "type": "TaskScheduled", "timestamp": 1, "taskScheduledEventDetails": {"region": "r", "resource": "r", "resourceType": "lambda", "parameters": "no JSON"}}`),
		"it does not exist": {400, `{"__type": "ExecutionDoesNotExist", "message": "no"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, w := executions(page)
			awaited, err := x.AwaitedHook(t.Context(), "a")
			require.NoError(t, err)
			assert.Empty(t, awaited)
			assert.Len(t, w.asked, 1)
		})
	}
}

func TestAHistoryThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for code, throttled := range map[string]bool{"ThrottlingException": true, "AccessDeniedException": false, "ValidationException": false} {
		x, _ := executions(answer{400, `{"__type": "` + code + `", "message": "no"}`})
		_, err := x.AwaitedHook(t.Context(), "a")
		require.ErrorContains(t, err, "read the history of a: ")
		assert.Equal(t, throttled, errors.Is(err, shift.ErrThrottled), code)
	}
}
