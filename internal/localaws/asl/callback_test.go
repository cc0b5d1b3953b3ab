package asl_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/localaws/asl"
)

// waiting is a machine with one Task that waits for its token.
func waiting(fields string) string {
	return `{"StartAt": "T", "States": {
		"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "Done", ` + fields + `
			"Parameters": {"FunctionName": "` + functionARN + `f", "Payload": {"token.$": "$$.Task.Token", "name.$": "$.name"}}},
		` + ends(fields) + `}}`
}

const tokenCatch = `"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],`

// code is the exception's name of a refused call.
func code(t *testing.T, err error) string {
	t.Helper()
	var refused *asl.Error
	require.ErrorAs(t, err, &refused)
	return refused.Code
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
			function: returns(`"accepted"`),
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
			function: returns(`"accepted"`),
			answer:   func(w *world, token string) error { return w.machine.SendTaskFailure(token, "HookFailed", "because") },
			want:     []string{"5 TaskSubmitted <4", "6 TaskFailed <5", "7 TaskStateExited <6"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"HookFailed","Cause":"because"}`,
		},
		{
			name:     "with nothing in time: 6 events",
			fields:   tokenCatch + `"TimeoutSeconds": 30,`,
			function: returns(`"accepted"`),
			want:     []string{"5 TaskSubmitted <4", "6 TaskTimedOut <5", "7 TaskStateExited <6"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"States.Timeout","Cause":""}`,
		},
		{
			name:     "with the function's own error, at once",
			fields:   tokenCatch,
			function: fails("HookError", "crashed"),
			want:     []string{"5 TaskFailed <4", "6 TaskStateExited <5"},
			path:     []string{"T", "Caught"},
			output:   `{"Error":"HookError","Cause":"crashed"}`,
		},
		{
			name:     "when the function has not returned in time",
			fields:   tokenCatch + `"TimeoutSeconds": 30,`,
			function: hangs,
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

			w := newWorld(t, waiting(testcase.fields), map[string]function{"f": testcase.function})
			ex := w.start(t, `{"name": "x"}`)
			w.forward(5 * time.Second)
			if testcase.answer != nil {
				require.NoError(t, testcase.answer(w, w.calls[0].Token))
				require.Equal(t, asl.Running, ex.Status(), "it goes on after the call has returned")
			}
			w.forward(time.Minute)

			require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			assert.Equal(t, testcase.path, ex.Path())
			assert.Equal(t, append(before[:4:4], testcase.want...), links(ex)[:4+len(testcase.want)])
			assert.Equal(t, testcase.output, string(ex.Output()))
			assert.Zero(t, w.pending(), "no timer is left")
		})
	}
}

func TestTheFunctionReceivesItsPayloadAndTheToken(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(`"TimeoutSeconds": 60, "HeartbeatSeconds": 20,`), map[string]function{"f": returns(`"accepted"`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(time.Second)

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

// What Invoke answers to Step Functions names the version that has run.
func TestAVersionThatIsInvokedIsTheOneThatIsExecuted(t *testing.T) {
	t.Parallel()
	definition := strings.ReplaceAll(waiting(""), functionARN+"f", functionARN+"f:3")
	w := newWorld(t, definition, map[string]function{"f:3": returns(`"accepted"`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(time.Second)
	assert.JSONEq(t, `{"ExecutedVersion": "3", "Payload": "accepted", "StatusCode": 200}`, string(ex.History()[4].TaskSubmitted.Output))
}

func TestEveryAttemptHasATokenOfItsOwn(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(`"TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"]}],`), map[string]function{"f": returns(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(7 * time.Second)

	require.Len(t, w.calls, 2)
	assert.NotEqual(t, w.calls[0].Token, w.calls[1].Token)
	assert.Equal(t, asl.CodeTaskTimedOut, code(t, w.machine.SendTaskSuccess(w.calls[0].Token, json.RawMessage(`1`))))
	require.NoError(t, w.machine.SendTaskSuccess(w.calls[1].Token, json.RawMessage(`2`)))
	w.forward(0)
	assert.Equal(t, `2`, string(ex.Output()))
}

func TestHeartbeatsKeepATaskAliveUntilItsTimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(`"TimeoutSeconds": 60, "HeartbeatSeconds": 20,`), map[string]function{"f": returns(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(0)
	token := w.calls[0].Token
	for range 3 {
		w.forward(19 * time.Second)
		require.NoError(t, w.machine.SendTaskHeartbeat(token))
		require.Equal(t, asl.Running, ex.Status())
	}
	events := len(ex.History())
	w.forward(3 * time.Second)
	assert.Equal(t, 5, events, "a heartbeat is no event")
	assert.Equal(t, asl.Failed, ex.Status())
	assert.Equal(t, asl.Failure{Error: "States.Timeout"}, ex.Failure())
	assert.Equal(t, midnight.Add(60*time.Second), ex.Stopped(), "a heartbeat does not extend the timeout")
	assert.Equal(t, asl.CodeTaskTimedOut, code(t, w.machine.SendTaskHeartbeat(token)))
	assert.Zero(t, w.pending())
}

func TestAMissedHeartbeatIsATimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(`"HeartbeatSeconds": 20,`), map[string]function{"f": returns(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(15 * time.Second)
	require.NoError(t, w.machine.SendTaskHeartbeat(w.calls[0].Token))
	w.forward(time.Minute)

	assert.Equal(t, midnight.Add(35*time.Second), ex.Stopped())
	assert.Equal(t, []string{"6 TaskTimedOut <5", "7 ExecutionFailed <6"}, links(ex)[5:])
	assert.Equal(t, "States.Timeout", last(ex).ExecutionFailed.Error)
}

func TestTokensAreRefusedAsAWSRefusesThem(t *testing.T) {
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
			w.forward(0)
		}},
		{name: "timed out", want: asl.CodeTaskTimedOut, ended: func(_ *testing.T, w *world, _ string) { w.forward(time.Minute) }},
		{name: "stopped", want: asl.CodeTaskTimedOut, ended: func(t *testing.T, w *world, _ string) {
			require.NoError(t, w.machine.Stop(executionARN, "", ""))
		}},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, waiting(`"TimeoutSeconds": 30,`), map[string]function{"f": returns(`1`)})
			w.start(t, `{"name": "x"}`)
			w.forward(time.Second)
			token := w.calls[0].Token
			testcase.ended(t, w, token)
			for _, send := range []func(*asl.Machine, string) error{success, failure, heartbeat} {
				assert.Equal(t, testcase.want, code(t, send(w.machine, token)))
				assert.Equal(t, asl.CodeInvalidToken, code(t, send(w.machine, token+"x")))
				assert.Equal(t, asl.CodeInvalidToken, code(t, send(w.machine, "")))
			}
		})
	}
}

func TestAnswersOutOfBoundsAreRefusedAndLeaveTheTaskWaiting(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(``), map[string]function{"f": returns(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.forward(time.Second)
	token := w.calls[0].Token

	for _, output := range []string{``, `{`, `nope`, `"` + strings.Repeat("x", 256*1024) + `"`, "\"\xff\""} {
		assert.Equal(t, asl.CodeInvalidOutput, code(t, w.machine.SendTaskSuccess(token, json.RawMessage(output))))
	}
	assert.Equal(t, asl.CodeValidationException, code(t, w.machine.SendTaskFailure(token, strings.Repeat("e", 257), "")))
	assert.Equal(t, asl.CodeValidationException, code(t, w.machine.SendTaskFailure(token, "e", strings.Repeat("c", 32769))))
	w.forward(time.Second)
	assert.Equal(t, asl.Running, ex.Status())
	require.NoError(t, w.machine.SendTaskSuccess(token, json.RawMessage(`1`)))
}

func TestAnAnswerThatWasTakenIsNotOvertakenByTheTimeout(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waiting(`"TimeoutSeconds": 30,`), map[string]function{"f": returns(`1`)})
	ex := w.start(t, `{"name": "x"}`)
	w.After(30*time.Second, func() {}) // the same moment as the timeout's
	w.forward(30*time.Second - 1)
	require.NoError(t, w.machine.SendTaskSuccess(w.calls[0].Token, json.RawMessage(`"just in time"`)))
	w.forward(time.Second)
	assert.Equal(t, `"just in time"`, string(ex.Output()))
}

func TestAFunctionNameMustBeAString(t *testing.T) {
	t.Parallel()
	definition := `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
		"Parameters": {"FunctionName.$": "$.f", "Payload": [{"token.$": "$$.Task.Token"}]}}}}`
	ex, _ := run(t, definition, `{"f": 1}`, nil)
	assert.Equal(t, "States.Runtime", ex.Failure().Error)

	w := newWorld(t, definition, map[string]function{"f": returns(`1`)})
	w.start(t, `{"f": "`+functionARN+`f"}`)
	w.forward(time.Second)
	require.Len(t, w.calls, 1)
	assert.JSONEq(t, `[{"token": "`+w.calls[0].Token+`"}]`, string(w.calls[0].Payload))
}
