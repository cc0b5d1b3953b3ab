package asl_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// The expected histories, with their numbering and links, are those of executions in
// AWS, as recorded by LocalStack's snapshot tests.
func TestHistoriesEqualThoseOfAWS(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name       string
		definition string
		functions  map[string]function
		want       []string
	}{
		{
			name:       "pass: 2 events",
			definition: `{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}`,
			want:       []string{"1 ExecutionStarted <0", "2 PassStateEntered <0", "3 PassStateExited <2", "4 ExecutionSucceeded <3"},
		},
		{
			name:       "wait: 2 events",
			definition: `{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": true}}}`,
			want:       []string{"1 ExecutionStarted <0", "2 WaitStateEntered <0", "3 WaitStateExited <2", "4 ExecutionSucceeded <3"},
		},
		{
			name: "choice and succeed: 2 events each",
			definition: `{"StartAt": "C", "States": {
				"C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": true, "Next": "S"}]}, "S": {"Type": "Succeed"}}}`,
			want: []string{
				"1 ExecutionStarted <0", "2 ChoiceStateEntered <0", "3 ChoiceStateExited <2",
				"4 SucceedStateEntered <3", "5 SucceedStateExited <4", "6 ExecutionSucceeded <5",
			},
		},
		{
			name:       "fail: 1 event, and the execution's",
			definition: `{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad"}}}`,
			want:       []string{"1 ExecutionStarted <0", "2 FailStateEntered <0", "3 ExecutionFailed <2"},
		},
		{
			name:       "task by function: 5 events",
			definition: `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true}}}`,
			functions:  map[string]function{"f": returning(`1`)},
			want: []string{
				"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 LambdaFunctionScheduled <2", "4 LambdaFunctionStarted <3",
				"5 LambdaFunctionSucceeded <4", "6 TaskStateExited <5", "7 ExecutionSucceeded <6",
			},
		},
		{
			name:       "task that fails",
			definition: `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true}}}`,
			functions:  map[string]function{"f": failing("Exception", "why")},
			want: []string{
				"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 LambdaFunctionScheduled <2", "4 LambdaFunctionStarted <3",
				"5 LambdaFunctionFailed <4", "6 ExecutionFailed <5",
			},
		},
		{
			name: "a retry adds 3 events, a catch exits the state",
			definition: `{"StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true,
					"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
					"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}]},
				"P": {"Type": "Pass", "End": true}}}`,
			functions: map[string]function{"f": failing("Exception", "why")},
			want: []string{
				"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 LambdaFunctionScheduled <2", "4 LambdaFunctionStarted <3",
				"5 LambdaFunctionFailed <4", "6 LambdaFunctionScheduled <5", "7 LambdaFunctionStarted <6", "8 LambdaFunctionFailed <7",
				"9 TaskStateExited <8", "10 PassStateEntered <9", "11 PassStateExited <10", "12 ExecutionSucceeded <11",
			},
		},
		{
			name: "a timeout in the task",
			definition: `{"StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "` + functionARN + `f", "TimeoutSeconds": 5, "End": true}}}`,
			functions: map[string]function{"f": hanging},
			want: []string{
				"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 LambdaFunctionScheduled <2", "4 LambdaFunctionStarted <3",
				"5 LambdaFunctionTimedOut <4", "6 ExecutionFailed <5",
			},
		},
		{
			name:       "the execution's own timeout",
			definition: `{"StartAt": "W", "TimeoutSeconds": 3, "States": {"W": {"Type": "Wait", "Seconds": 25, "End": true}}}`,
			want:       []string{"1 ExecutionStarted <0", "2 WaitStateEntered <0", "3 ExecutionTimedOut <0"},
		},
		{
			name:       "a path that finds nothing",
			definition: `{"StartAt": "P", "States": {"P": {"Type": "Pass", "InputPath": "$.nothing", "End": true}}}`,
			want:       []string{"1 ExecutionStarted <0", "2 PassStateEntered <0", "3 ExecutionFailed <2"},
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, testcase.definition, `{"n": 1}`, testcase.functions)
			assert.Equal(t, testcase.want, eventLinks(ex))
		})
	}
}

func TestEventsHaveTheDetailsOfAWS(t *testing.T) {
	t.Parallel()

	ex, _ := run(t, `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "`+functionARN+`f", "TimeoutSeconds": 60, "ResultPath": "$.r", "End": true}}}`,
		`{"a": "<b>"}`, map[string]function{"f": returning(`{"x": 1}`)})

	var events []map[string]any
	text, err := json.Marshal(ex.History())
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &events))

	whole := map[string]any{"truncated": false}
	now := float64(midnight.Unix())
	assert.Equal(t, []map[string]any{
		{"id": 1.0, "previousEventId": 0.0, "timestamp": now, "type": "ExecutionStarted", "executionStartedEventDetails": map[string]any{
			"input": `{"a":"<b>"}`, "inputDetails": whole, "roleArn": "arn:aws:iam::123456789012:role/deploy"}},
		{"id": 2.0, "previousEventId": 0.0, "timestamp": now, "type": "TaskStateEntered", "stateEnteredEventDetails": map[string]any{
			"name": "T", "input": `{"a":"<b>"}`, "inputDetails": whole}},
		{"id": 3.0, "previousEventId": 2.0, "timestamp": now, "type": "LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails": map[string]any{
			"resource": functionARN + "f", "input": `{"a":"<b>"}`, "inputDetails": whole, "timeoutInSeconds": 60.0}},
		{"id": 4.0, "previousEventId": 3.0, "timestamp": now, "type": "LambdaFunctionStarted"},
		{"id": 5.0, "previousEventId": 4.0, "timestamp": now, "type": "LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails": map[string]any{
			"output": `{"x":1}`, "outputDetails": whole}},
		{"id": 6.0, "previousEventId": 5.0, "timestamp": now, "type": "TaskStateExited", "stateExitedEventDetails": map[string]any{
			"name": "T", "output": `{"a":"<b>","r":{"x":1}}`, "outputDetails": whole}},
		{"id": 7.0, "previousEventId": 6.0, "timestamp": now, "type": "ExecutionSucceeded", "executionSucceededEventDetails": map[string]any{
			"output": `{"a":"<b>","r":{"x":1}}`, "outputDetails": whole}},
	}, events)
}

func TestAnExecutionFailsAtItsTwentyFiveThousandthEvent(t *testing.T) {
	t.Parallel()

	ex, w := run(t, `{"StartAt": "Loop", "States": {"Loop": {"Type": "Choice", "Choices": [{"Variable": "$.spin", "BooleanEquals": true, "Next": "Loop"}]}}}`,
		`{"spin": true}`, nil)

	require.Len(t, ex.History(), 25000)
	assert.Equal(t, asl.Failed, ex.Status())
	assert.Equal(t, asl.Failure{Error: "States.Runtime", Cause: "The execution reached the maximum number of history events (25000)."}, ex.Failure())
	assert.Equal(t, []string{"24999 ChoiceStateExited <24998", "25000 ExecutionFailed <24999"}, eventLinks(ex)[24998:])
	assert.Equal(t, 12499, ex.Transitions())
	assert.Equal(t, []asl.Status{asl.Failed}, w.ended)
	assert.NotEmpty(t, ex.NotRedrivable())
}

func TestAnExecutionMaySucceedWithTheLastPossibleEvent(t *testing.T) {
	t.Parallel()

	// 7 events a turn, and 6 around them.
	definition := `{"StartAt": "Next?", "States": {
		"Next?": {"Type": "Choice", "Choices": [{"Variable": "$.left", "NumericGreaterThan": 0, "Next": "Count"}], "Default": "End"},
		"Count": {"Type": "Task", "Resource": "` + functionARN + `count", "Next": "Next?"},
		"End": {"Type": "Succeed"}}}`
	count := func(_ *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		var doc struct {
			Left int `json:"left"`
		}
		_ = json.Unmarshal(call.Payload, &doc)
		doc.Left--
		out, _ := json.Marshal(doc)
		done(out, nil)
	}
	for _, testcase := range []struct {
		left string
		want asl.Status
	}{
		{left: `{"left": 3570}`, want: asl.Succeeded}, // 3570 * 7 + 6 = 24,996
		{left: `{"left": 3571}`, want: asl.Failed},
	} {
		t.Run(testcase.left, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, definition, testcase.left, map[string]function{"count": count})
			assert.Equal(t, testcase.want, ex.Status())
		})
	}
}
