package asl_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// tokenTask returns a machine with one Task that waits for its token and has these
// fields.
func tokenTask(fields string) string {
	return `{"StartAt": "T", "States": {
		"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "Done", ` + fields + `
			"Parameters": {"FunctionName": "` + functionARN + `f", "Payload": {"token.$": "$$.Task.Token", "name.$": "$.name"}}},
		` + targetStates(fields) + `}}`
}

const tokenCatch = `"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],`

// errorCode returns the code of an *Error.
func errorCode(t *testing.T, err error) string {
	t.Helper()
	var apiError *asl.Error
	require.ErrorAs(t, err, &apiError)
	return apiError.Code
}

func TestATaskWithATokenEndsWhenItsTokenIsAnswered(t *testing.T) {
	t.Parallel()

	before := []string{"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 TaskScheduled <2", "4 TaskStarted <3"}
	for _, testcase := range []struct {
		name     string
		fields   string
		function function
		answer   func(w *world, token string) error
		want     []string
		path     []string
		output   string
	}{
		{
			name:     "with success: 6 events",
			function: returning(`"accepted"`),
			answer: func(w *world, token string) error {
				return w.machine.SendTaskSuccess(token, json.RawMessage(`{"ok": true}`))
			},
			want:   []string{"5 TaskSubmitted <4", "6 TaskSucceeded <5", "7 TaskStateExited <6"},
			path:   []string{"T", "Done"},
			output: `{"ok":true}`,
		},
		{
			name:     "with failure, caught: 6 events",
			fields:   tokenCatch,
			function: returning(`"accepted"`),
			answer:   func(w *world, token string) error { return w.machine.SendTaskFailure(token, "HookFailed", "because") },
			want:     []string{"5 TaskSubmitted <4", "6 TaskFailed <5", "7 TaskStateExited <6"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"HookFailed","Cause":"because"}`,
		},
		{
			name:     "with a failure that says nothing, caught: 6 events",
			fields:   tokenCatch,
			function: returning(`"accepted"`),
			answer:   func(w *world, token string) error { return w.machine.SendTaskFailure(token, "", "") },
			want:     []string{"5 TaskSubmitted <4", "6 TaskFailed <5", "7 TaskStateExited <6"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":null,"Cause":null}`,
		},
		{
			name:     "with nothing in time: 6 events",
			fields:   tokenCatch + `"TimeoutSeconds": 30,`,
			function: returning(`"accepted"`),
			want:     []string{"5 TaskSubmitted <4", "6 TaskTimedOut <5", "7 TaskStateExited <6"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"States.Timeout","Cause":""}`,
		},
		{
			name:     "with the function's own error, at once",
			fields:   tokenCatch,
			function: failing("HookError", "crashed"),
			want:     []string{"5 TaskFailed <4", "6 TaskStateExited <5"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"HookError","Cause":"crashed"}`,
		},
		{
			name:     "when the function has not returned in time",
			fields:   tokenCatch + `"TimeoutSeconds": 30,`,
			function: hanging,
			want:     []string{"5 TaskTimedOut <4", "6 TaskStateExited <5"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"States.Timeout","Cause":""}`,
		},
		{
			name: "by an answer from before the function returned",
			function: func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
				if err := w.machine.SendTaskSuccess(call.Token, json.RawMessage(`"early"`)); err != nil {
					panic(err)
				}
				w.After(time.Second, func() { done(json.RawMessage(`"returned"`), nil) })
			},
			want:   []string{"5 TaskSubmitted <4", "6 TaskSucceeded <5", "7 TaskStateExited <6"},
			path:   []string{"T", "Done"},
			output: `"early"`,
		},
		{
			name:   "by the function's error though it answered before",
			fields: tokenCatch,
			function: func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
				if err := w.machine.SendTaskSuccess(call.Token, json.RawMessage(`"early"`)); err != nil {
					panic(err)
				}
				done(nil, &asl.Failure{Error: "Crashed"})
			},
			want:   []string{"5 TaskFailed <4", "6 TaskStateExited <5"},
			path:   []string{"T", "Caught"},
			output: `{"Error":"Crashed","Cause":""}`,
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, tokenTask(testcase.fields), map[string]function{"f": testcase.function})
			ex := w.start(t, `{"name": "x"}`)
			w.advance(5 * time.Second)
			if testcase.answer != nil {
				require.NoError(t, testcase.answer(w, w.calls[0].Token))
				require.Equal(t, asl.Running, ex.Status(), "the execution continues after the call has returned")
			}
			w.advance(time.Minute)

			require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			assert.Equal(t, testcase.path, ex.Path())
			assert.Equal(t, append(before[:4:4], testcase.want...), eventLinks(ex)[:4+len(testcase.want)])
			assert.Equal(t, testcase.output, string(ex.Output()))
			assert.Zero(t, w.pending(), "no timer is left")
		})
	}
}

func TestTheFunctionReceivesItsPayloadAndTheToken(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(`"TimeoutSeconds": 60, "HeartbeatSeconds": 20,`), map[string]function{"f": returning(`"accepted"`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(time.Second)

	require.Len(t, w.calls, 1)
	call := w.calls[0]
	assert.NotEmpty(t, call.Token)
	assert.LessOrEqual(t, len(call.Token), 2048)
	assert.JSONEq(t, `{"token": "`+call.Token+`", "name": "x"}`, string(call.Payload))
	assert.Equal(t, asl.Invocation{
		FunctionARN: functionARN + "f", Payload: call.Payload, ExecutionARN: executionARN, State: "T", Token: call.Token,
	}, call)
	scheduled := ex.History()[2].TaskScheduled
	assert.Equal(t, asl.TaskDetails{ResourceType: "lambda", Resource: "invoke.waitForTaskToken"}, scheduled.TaskDetails)
	assert.Equal(t, "eu-west-1", scheduled.Region)
	assert.EqualValues(t, 60, scheduled.TimeoutInSeconds)
	assert.EqualValues(t, 20, scheduled.HeartbeatInSeconds)
	assert.JSONEq(t, `{"ExecutedVersion": "$LATEST", "Payload": "accepted", "StatusCode": 200}`, string(ex.History()[4].TaskSubmitted.Output))
}

// Invoke's response to Step Functions names the version that ran.
func TestTheOutputNamesTheInvokedVersion(t *testing.T) {
	t.Parallel()
	definition := strings.ReplaceAll(tokenTask(""), functionARN+"f", functionARN+"f:3")
	w := newWorld(t, definition, map[string]function{"f:3": returning(`"accepted"`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(time.Second)
	assert.JSONEq(t, `{"ExecutedVersion": "3", "Payload": "accepted", "StatusCode": 200}`, string(ex.History()[4].TaskSubmitted.Output))
}

func TestEveryAttemptHasItsOwnToken(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(`"TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"]}],`), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(7 * time.Second)

	require.Len(t, w.calls, 2)
	assert.NotEqual(t, w.calls[0].Token, w.calls[1].Token)
	assert.Equal(t, asl.CodeTaskTimedOut, errorCode(t, w.machine.SendTaskSuccess(w.calls[0].Token, json.RawMessage(`1`))))
	require.NoError(t, w.machine.SendTaskSuccess(w.calls[1].Token, json.RawMessage(`2`)))
	w.advance(0)
	assert.Equal(t, `2`, string(ex.Output()))
}

func TestHeartbeatsKeepATaskAliveUntilItsTimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(`"TimeoutSeconds": 60, "HeartbeatSeconds": 20,`), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(0)
	token := w.calls[0].Token
	for range 3 {
		w.advance(19 * time.Second)
		require.NoError(t, w.machine.SendTaskHeartbeat(token))
		require.Equal(t, asl.Running, ex.Status())
	}
	events := len(ex.History())
	w.advance(3 * time.Second)
	assert.Equal(t, 5, events, "a heartbeat records no event")
	assert.Equal(t, asl.Failed, ex.Status())
	assert.Equal(t, asl.Failure{Error: "States.Timeout"}, ex.Failure())
	assert.Equal(t, midnight.Add(60*time.Second), ex.Stopped(), "a heartbeat does not extend the timeout")
	assert.Equal(t, asl.CodeTaskTimedOut, errorCode(t, w.machine.SendTaskHeartbeat(token)))
	assert.Zero(t, w.pending())
}

func TestAMissedHeartbeatIsATimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(`"HeartbeatSeconds": 20,`), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(15 * time.Second)
	require.NoError(t, w.machine.SendTaskHeartbeat(w.calls[0].Token))
	w.advance(time.Minute)

	assert.Equal(t, midnight.Add(35*time.Second), ex.Stopped())
	assert.Equal(t, []string{"6 TaskTimedOut <5", "7 ExecutionFailed <6"}, eventLinks(ex)[5:])
	assert.Equal(t, "States.Timeout", lastEvent(ex).ExecutionFailed.Error)
}

func TestInvalidTokensAreRefusedAsInAWS(t *testing.T) {
	t.Parallel()

	success := func(m *asl.Machine, token string) error { return m.SendTaskSuccess(token, json.RawMessage(`1`)) }
	failure := func(m *asl.Machine, token string) error { return m.SendTaskFailure(token, "E", "c") }
	heartbeat := func(m *asl.Machine, token string) error { return m.SendTaskHeartbeat(token) }

	for _, testcase := range []struct {
		name  string
		ended func(t *testing.T, w *world, token string)
		want  string
	}{
		{name: "answered", want: asl.CodeTaskTimedOut, ended: func(t *testing.T, w *world, token string) {
			require.NoError(t, success(w.machine, token))
		}},
		{name: "answered, and gone on", want: asl.CodeTaskTimedOut, ended: func(t *testing.T, w *world, token string) {
			require.NoError(t, failure(w.machine, token))
			w.advance(0)
		}},
		{name: "timed out", want: asl.CodeTaskTimedOut, ended: func(_ *testing.T, w *world, _ string) { w.advance(time.Minute) }},
		{name: "stopped", want: asl.CodeTaskTimedOut, ended: func(t *testing.T, w *world, _ string) {
			require.NoError(t, w.machine.Stop(executionARN, "", ""))
		}},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tokenTask(`"TimeoutSeconds": 30,`), map[string]function{"f": returning(`1`)})
			w.start(t, `{"name": "x"}`)
			w.advance(time.Second)
			token := w.calls[0].Token
			testcase.ended(t, w, token)
			for _, send := range []func(*asl.Machine, string) error{success, failure, heartbeat} {
				assert.Equal(t, testcase.want, errorCode(t, send(w.machine, token)))
				assert.Equal(t, asl.CodeInvalidToken, errorCode(t, send(w.machine, token+"x")))
				assert.Equal(t, asl.CodeInvalidToken, errorCode(t, send(w.machine, "")))
			}
		})
	}
}

func TestInvalidAnswersAreRefusedAndTheTaskStillWaits(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(``), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.advance(time.Second)
	token := w.calls[0].Token

	for _, output := range []string{``, `{`, `nope`, `"` + strings.Repeat("x", 256*1024) + `"`, "\"\xff\""} {
		assert.Equal(t, asl.CodeInvalidOutput, errorCode(t, w.machine.SendTaskSuccess(token, json.RawMessage(output))))
	}
	assert.Equal(t, asl.CodeValidationException, errorCode(t, w.machine.SendTaskFailure(token, strings.Repeat("e", 257), "")))
	assert.Equal(t, asl.CodeValidationException, errorCode(t, w.machine.SendTaskFailure(token, "e", strings.Repeat("c", 32769))))
	w.advance(time.Second)
	assert.Equal(t, asl.Running, ex.Status())
	require.NoError(t, w.machine.SendTaskSuccess(token, json.RawMessage(`1`)))
}

func TestAnAcceptedAnswerWinsOverTheTimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, tokenTask(`"TimeoutSeconds": 30,`), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.After(30*time.Second, func() {}) // due at the same time as the timeout
	w.advance(30*time.Second - 1)
	require.NoError(t, w.machine.SendTaskSuccess(w.calls[0].Token, json.RawMessage(`"just in time"`)))
	w.advance(time.Second)
	assert.Equal(t, `"just in time"`, string(ex.Output()))
}

func TestAFunctionNameMustBeAString(t *testing.T) {
	t.Parallel()
	definition := `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
		"Parameters": {"FunctionName.$": "$.f", "Payload": [{"token.$": "$$.Task.Token"}]}}}}`
	ex, _ := run(t, definition, `{"f": 1}`, nil)
	assert.Equal(t, "States.Runtime", ex.Failure().Error)

	w := newWorld(t, definition, map[string]function{"f": returning(`1`)})
	w.start(t, `{"f": "`+functionARN+`f"}`)
	w.advance(time.Second)
	require.Len(t, w.calls, 1)
	assert.JSONEq(t, `[{"token": "`+w.calls[0].Token+`"}]`, string(w.calls[0].Payload))
}
