package asl_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

const waitAMinute = `{"Comment": "waits", "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}}`

func TestStartIsIdempotentAsInAWS(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waitAMinute, nil)
	first := w.start(t, `{"a": 1}`)
	w.advance(time.Second)

	again, err := w.machine.Start("run", json.RawMessage(`{"a": 1}`))
	require.NoError(t, err)
	assert.Same(t, first, again, "the same name and input as a running execution")
	assert.Equal(t, midnight, again.Started())

	_, err = w.machine.Start("run", json.RawMessage(`{"a": 2}`))
	assert.Equal(t, asl.CodeExecutionAlreadyExists, errorCode(t, err), "another input")
	assert.EqualError(t, err, "ExecutionAlreadyExists: Execution Already Exists: '"+executionARN+"'")

	other, err := w.machine.Start("other", json.RawMessage(`{"a": 1}`))
	require.NoError(t, err)
	assert.NotSame(t, first, other)

	w.settle()
	_, err = w.machine.Start("run", json.RawMessage(`{"a": 1}`))
	assert.Equal(t, asl.CodeExecutionAlreadyExists, errorCode(t, err), "it has ended")

	assert.Equal(t, []*asl.Execution{other, first}, w.machine.Executions(), "newest first")
	found, ok := w.machine.Execution(executionARN)
	assert.True(t, ok)
	assert.Same(t, first, found)
	_, ok = w.machine.Execution(executionARN + "x")
	assert.False(t, ok)
}

func TestStartRefusesBadNamesAndInputs(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waitAMinute, nil)
	for _, name := range []string{"", "a b", "a/b", "a:b", "a*", "a\n", "ü?", strings.Repeat("x", 81), "a\u0085", "\xff"} {
		_, err := w.machine.Start(name, nil)
		assert.Equal(t, asl.CodeInvalidName, errorCode(t, err), "%q", name)
	}
	for _, input := range []string{`{`, `{} {}`, `'a'`, `"` + strings.Repeat("x", 256*1024) + `"`, "\"\xff\""} {
		_, err := w.machine.Start("run", json.RawMessage(input))
		assert.Equal(t, asl.CodeInvalidExecutionInput, errorCode(t, err))
	}
	assert.Empty(t, w.machine.Executions())
	_, err := w.machine.Start(strings.Repeat("ü", 80), json.RawMessage(`[]`))
	assert.NoError(t, err)
}

func TestAnExecutionRunsAfterStartHasReturned(t *testing.T) {
	t.Parallel()

	w := newWorld(t, taskWith(catchAll), map[string]function{"f": returning(`1`)})
	ex := w.start(t, `{}`)
	assert.Equal(t, asl.Running, ex.Status())
	assert.Equal(t, []string{"1 ExecutionStarted <0"}, eventLinks(ex))
	assert.Empty(t, w.calls)
	w.advance(0)
	assert.Equal(t, asl.Succeeded, ex.Status())
	assert.Equal(t, midnight, ex.Stopped())
	assert.Equal(t, "run", ex.Name())
	assert.Equal(t, executionARN, ex.ARN())
	assert.Equal(t, `{}`, string(ex.Input()))
	assert.Equal(t, machineARN, w.machine.ARN())
}

func TestStopRunsNoCatch(t *testing.T) {
	t.Parallel()

	w := newWorld(t, taskWith(`"Retry": [{"ErrorEquals": ["States.ALL"]}], `+catchAll), map[string]function{"f": slow(10*time.Second, returning(`"late"`))})
	ex := w.start(t, `{}`)
	w.advance(3 * time.Second)
	require.NoError(t, w.machine.Stop(executionARN, "Manual", "probe"))

	assert.Equal(t, asl.Aborted, ex.Status())
	assert.Equal(t, asl.Failure{Error: "Manual", Cause: "probe"}, ex.Failure())
	assert.Equal(t, midnight.Add(3*time.Second), ex.Stopped())
	stopped := eventLinks(ex)
	assert.Equal(t, []string{
		"1 ExecutionStarted <0", "2 TaskStateEntered <0", "3 LambdaFunctionScheduled <2", "4 LambdaFunctionStarted <3", "5 ExecutionAborted <0",
	}, stopped)

	w.settle()
	assert.Equal(t, midnight.Add(10*time.Second), w.now, "the function keeps running, and its result is ignored")
	assert.Equal(t, stopped, eventLinks(ex))

	require.NoError(t, w.machine.Stop(executionARN, "Again", ""))
	assert.Equal(t, asl.Failure{Error: "Manual", Cause: "probe"}, ex.Failure(), "an ended execution does not change")
	assert.Equal(t, []asl.Status{asl.Aborted}, w.ended)
}

func TestStopWithoutReason(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waitAMinute, nil)
	ex := w.start(t, `{}`)
	w.advance(time.Second)
	require.NoError(t, w.machine.Stop(executionARN, "", ""))
	assert.Equal(t, []string{"1 ExecutionStarted <0", "2 WaitStateEntered <0", "3 ExecutionAborted <0"}, eventLinks(ex))
	assert.Equal(t, &asl.FailureDetails{}, lastEvent(ex).ExecutionAborted)
	assert.Zero(t, w.pending(), "its timers are cancelled")

	assert.Equal(t, asl.CodeExecutionDoesNotExist, errorCode(t, w.machine.Stop(executionARN+"x", "", "")))
	assert.Equal(t, asl.CodeValidationException, errorCode(t, w.machine.Stop(executionARN, strings.Repeat("e", 257), "")))
}

func TestStopBeforeTheFirstState(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waitAMinute, nil)
	ex := w.start(t, `{}`)
	require.NoError(t, w.machine.Stop(executionARN, "", ""))
	w.settle()
	assert.Equal(t, []string{"1 ExecutionStarted <0", "2 ExecutionAborted <0"}, eventLinks(ex))
	assert.Empty(t, ex.Path())

	require.NoError(t, w.machine.Redrive(executionARN))
	w.settle()
	assert.Equal(t, asl.Succeeded, ex.Status())
	assert.Equal(t, []string{"W"}, ex.Path())
}

// Wherever an execution is stopped, even by its own function or by OnEvent, nothing
// happens in it afterwards.
func TestStopAtAnyEventIsTheEnd(t *testing.T) {
	t.Parallel()

	definition := `{"StartAt": "M", "States": {
		"M": {"Type": "Map", "Next": "T", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}},
		"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "W", "TimeoutSeconds": 9,
			"Parameters": {"FunctionName": "` + functionARN + `f", "Payload.$": "$$.Task.Token"}, "Retry": [{"ErrorEquals": ["E"]}]},
		"W": {"Type": "Wait", "Seconds": 1, "End": true}}}`
	answer := func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		w.After(time.Second, func() { _ = w.machine.SendTaskSuccess(call.Token, json.RawMessage(`1`)) })
		done(nil, nil)
	}
	functions := func() map[string]function { return map[string]function{"f": inSequence(failing("E", ""), answer)} }
	whole, _ := run(t, definition, `[1, 2]`, functions())
	require.Equal(t, asl.Succeeded, whole.Status(), whole.Failure())
	require.Contains(t, eventLinks(whole), "22 TaskStateExited <21")

	d, err := asl.Parse([]byte(definition))
	require.NoError(t, err)
	for at := range len(whole.History()) - 1 {
		t.Run(eventLinks(whole)[at], func(t *testing.T) {
			t.Parallel()
			w := &world{now: midnight, functions: map[string]function{functionARN + "f": functions()["f"]}, random: func() float64 { return 0 }}
			w.machine = asl.NewMachine(d, w, asl.Options{ARN: machineARN, OnEvent: func(ex *asl.Execution, e asl.Event) {
				if e.ID == int64(at)+1 {
					_ = w.machine.Stop(ex.ARN(), "", "")
				}
			}})
			ex, err := w.machine.Start("run", json.RawMessage(`[1, 2]`))
			require.NoError(t, err)
			for ex.Status() == asl.Running {
				w.advance(time.Millisecond)
			}

			assert.Equal(t, asl.Aborted, ex.Status())
			assert.Equal(t, append(eventLinks(whole)[:at+1:at+1], fmt.Sprintf("%d ExecutionAborted <0", at+2)), eventLinks(ex))

			calls := len(w.calls)
			require.NoError(t, w.machine.Redrive(ex.ARN()))
			w.settle()
			assert.Equal(t, asl.Succeeded, ex.Status(), "and a redrive takes it to its end: %v", eventLinks(ex))
			if exited := slices.Index(eventLinks(whole), "22 TaskStateExited <21"); at >= exited {
				assert.Len(t, w.calls, calls, "a state that was left does not run again")
			}
			assert.LessOrEqual(t, len(w.calls), max(2, calls+1), "with no more calls than it needs")
		})
	}
}

func TestAnExecutionTimesOutInAnyState(t *testing.T) {
	t.Parallel()

	w := newWorld(t, `{"StartAt": "T", "TimeoutSeconds": 100, "States": {
		"T": {"Type": "Task", "Resource": "`+functionARN+`f", "Next": "S", "TimeoutSeconds": 300, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}]},
		"S": {"Type": "Succeed"}}}`, map[string]function{"f": hanging})
	ex := w.start(t, `{}`)
	w.settle()
	assert.Equal(t, asl.TimedOut, ex.Status())
	assert.Equal(t, midnight.Add(100*time.Second), ex.Stopped())
	assert.Equal(t, asl.Failure{}, ex.Failure(), "only the history has its error")
	assert.Equal(t, &asl.FailureDetails{Error: "States.Timeout"}, lastEvent(ex).ExecutionTimedOut)
	assert.Equal(t, []asl.Status{asl.TimedOut}, w.ended)
}

func TestAnExecutionRunsForAYearAtMost(t *testing.T) {
	t.Parallel()
	ex, _ := run(t, taskWith(catchAll), `{}`, map[string]function{"f": hanging})
	assert.Equal(t, asl.TimedOut, ex.Status())
	assert.Equal(t, 365*24*time.Hour, ex.Stopped().Sub(ex.Started()))
}

func TestARedriveContinuesAtTheUnsuccessfulState(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name       string
		definition string
		input      string
		function   function
		stop       time.Duration // 0: the execution fails by itself
		want       []string      // the events from the redrive on
		path       []string
		output     string
	}{
		{
			name: "a task is scheduled again, with its retries counted anew and the same input",
			definition: `{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": 7, "Next": "T"}, "T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true,
				"Parameters": {"in.$": "$", "retry.$": "$$.State.RetryCount", "redrive.$": "$$.Execution.RedriveCount"},
				"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]}}}`,
			function: inSequence(failing("E", ""), failing("E", ""), failing("E", ""), echo),
			want: []string{
				"12 ExecutionRedriven <0",
				"13 LambdaFunctionScheduled <4", "14 LambdaFunctionStarted <13", "15 LambdaFunctionFailed <14",
				"16 LambdaFunctionScheduled <15", "17 LambdaFunctionStarted <16", "18 LambdaFunctionSucceeded <17", "19 TaskStateExited <18",
				"20 ExecutionSucceeded <19",
			},
			path:   []string{"P", "T"},
			output: `{"in":7,"retry":1,"redrive":1}`,
		},
		{
			name:       "a stopped task",
			definition: `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true}}}`,
			function:   inSequence(slow(10*time.Second, returning(`"zombie"`)), slow(30*time.Second, returning(`"redriven"`))),
			stop:       time.Second,
			want: []string{
				"6 ExecutionRedriven <0", "7 LambdaFunctionScheduled <2", "8 LambdaFunctionStarted <7",
				"9 LambdaFunctionSucceeded <8", "10 TaskStateExited <9", "11 ExecutionSucceeded <10",
			},
			path:   []string{"T"},
			output: `"redriven"`,
		},
		{
			name:       "a wait begins again",
			definition: `{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}}`,
			stop:       50 * time.Second,
			want:       []string{"4 ExecutionRedriven <0", "5 WaitStateExited <2", "6 ExecutionSucceeded <5"},
			path:       []string{"W"}, output: `{}`,
		},
		{
			name: "only the iterations that did not succeed",
			definition: `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "MaxConcurrency": 2, "ItemProcessor": {"StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true}}}}}}`,
			input:    `[0, 1, 2, 3]`,
			function: inSequence(echo, slow(time.Second, failing("E", "")), slow(5*time.Second, echo), echo),
			want: []string{
				"26 ExecutionRedriven <0", "27 LambdaFunctionScheduled <7", "28 LambdaFunctionStarted <27",
				"29 LambdaFunctionScheduled <16", "30 LambdaFunctionStarted <29",
				"31 LambdaFunctionSucceeded <28", "32 TaskStateExited <31", "33 MapIterationSucceeded <32", "34 MapIterationStarted <32",
			},
			path:   []string{"M", "T", "T", "T", "T"},
			output: `[0,1,2,3]`,
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, testcase.definition, map[string]function{"f": testcase.function})
			ex := w.start(t, testcase.input)
			if testcase.stop > 0 {
				w.advance(testcase.stop)
				require.NoError(t, w.machine.Stop(executionARN, "", ""))
			} else {
				w.settle()
				require.Equal(t, asl.Failed, ex.Status())
			}
			before, transitions := len(ex.History()), ex.Transitions()
			at := w.now
			require.NoError(t, w.machine.Redrive(executionARN))
			require.Equal(t, asl.Running, ex.Status())
			require.True(t, ex.Stopped().IsZero())
			w.settle()

			require.Equal(t, asl.Succeeded, ex.Status(), "%v", eventLinks(ex))
			assert.Equal(t, testcase.want, eventLinks(ex)[before:min(before+len(testcase.want), len(ex.History()))])
			assert.Equal(t, testcase.path, ex.Path())
			assert.Equal(t, testcase.output, string(ex.Output()))
			assert.Equal(t, 1, ex.RedriveCount())
			assert.Equal(t, at, ex.Redriven())
			assert.Greater(t, ex.Transitions(), transitions, "a redrive counts as a transition")
			assert.Empty(t, ex.Failure())
			assert.Len(t, w.ended, 2)
		})
	}
}

func TestARedrivenFailStateFailsAgain(t *testing.T) {
	t.Parallel()
	ex, w := run(t, `{"StartAt": "T", "States": {
		"T": {"Type": "Task", "Resource": "`+functionARN+`f", "End": true, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}]},
		"F": {"Type": "Fail", "Error": "Rejected"}}}`, `{}`, map[string]function{"f": failing("E", "")})
	require.NoError(t, w.machine.Redrive(executionARN))
	w.settle()
	assert.Equal(t, asl.Failure{Error: "Rejected"}, ex.Failure())
	assert.Equal(t, []string{"T", "F", "F"}, ex.Path())
	assert.Len(t, w.calls, 1, "a caught state does not run again")
}

// UpdateStateMachine: "Running executions will continue to use the previous definition".
func TestAnExecutionKeepsItsDefinition(t *testing.T) {
	t.Parallel()
	definition := func(version, limit string) string {
		return `{"StartAt": "W", ` + limit + ` "States": {"W": {"Type": "Wait", "Seconds": 60, "Next": "T"},
			"T": {"Type": "Task", "Resource": "` + functionARN + `f:` + version + `", "End": true}}}`
	}
	w := newWorld(t, definition("1", ""), map[string]function{"f:1": inSequence(failing("E", ""), returning(`"first"`)), "f:2": returning(`"second"`)})
	before := w.start(t, `{}`)
	w.advance(time.Second)
	updated, err := asl.Parse([]byte(definition("2", `"TimeoutSeconds": 90,`)))
	require.NoError(t, err)
	w.machine.Update(updated)
	after, err := w.machine.Start("after", nil)
	require.NoError(t, err)
	w.settle()
	assert.Equal(t, asl.Failed, before.Status())
	assert.Equal(t, `"second"`, string(after.Output()))
	require.NoError(t, w.machine.Redrive(before.ARN()))
	w.settle()
	assert.Equal(t, `"first"`, string(before.Output()), "even after a redrive")
}

func TestARedriveRestartsTheExecutionsTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"StartAt": "W", "TimeoutSeconds": 50, "States": {"W": {"Type": "Wait", "SecondsPath": "$.s", "End": true}}}`, nil)
	ex := w.start(t, `{"s": 60}`)
	w.settle()
	require.NoError(t, w.machine.Redrive(executionARN))
	w.settle()
	assert.Equal(t, asl.TimedOut, ex.Status())
	assert.Equal(t, midnight.Add(100*time.Second), ex.Stopped())
	require.NoError(t, w.machine.Redrive(executionARN))
	assert.Equal(t, 2, ex.RedriveCount())
	assert.Equal(t, &asl.RedrivenDetails{RedriveCount: 2}, lastEvent(ex).ExecutionRedriven)
}

func TestAMapWithTooLargeOutputIsRedrivenAsAWhole(t *testing.T) {
	t.Parallel()
	large := `"` + strings.Repeat("x", 200*1024) + `"`
	ex, w := run(t, mapOverTask(`"MaxConcurrency": 1,`), `[1, 2]`, map[string]function{"f": inSequence(returning(large), returning(large), returning(`3`))})
	require.Equal(t, "States.DataLimitExceeded", ex.Failure().Error, "together the two results are too large")
	require.NoError(t, w.machine.Redrive(executionARN))
	w.settle()
	assert.Equal(t, `[3,3]`, string(ex.Output()))
	assert.Len(t, w.calls, 4)
}

func TestUnredrivableExecutionsAreRefused(t *testing.T) {
	t.Parallel()

	w := newWorld(t, waitAMinute, nil)
	ex := w.start(t, `{}`)
	w.advance(time.Second)
	err := w.machine.Redrive(executionARN)
	assert.Equal(t, asl.CodeExecutionNotRedrivable, errorCode(t, err))
	assert.EqualError(t, err, "ExecutionNotRedrivable: Execution is RUNNING and cannot be redriven")

	require.NoError(t, w.machine.Stop(executionARN, "", ""))
	assert.Empty(t, ex.NotRedrivable())
	w.advance(14 * 24 * time.Hour)
	assert.Empty(t, ex.NotRedrivable())
	w.advance(1)
	assert.Equal(t, asl.CodeExecutionNotRedrivable, errorCode(t, w.machine.Redrive(executionARN)), "14 days are over")

	w = newWorld(t, waitAMinute, nil)
	w.start(t, `{}`)
	w.advance(0)
	for range 27 {
		require.NoError(t, w.machine.Stop(executionARN, "", ""))
		w.advance(14 * 24 * time.Hour)
		if err = w.machine.Redrive(executionARN); err != nil {
			break
		}
	}
	assert.EqualError(t, err, "ExecutionNotRedrivable: Execution has exceeded the maximum open time of one year and cannot be redriven")

	done, _ := run(t, waitAMinute, `{}`, nil)
	assert.Equal(t, "Execution is SUCCEEDED and cannot be redriven", done.NotRedrivable())
	assert.Equal(t, asl.CodeExecutionDoesNotExist, errorCode(t, w.machine.Redrive(executionARN+"x")))
}

// Two machines that run the same calls record the same histories.
func TestExecutionsAreDeterministic(t *testing.T) {
	t.Parallel()
	play := func() [][]string {
		w := newWorld(t, mapOverTask(`"Retry": [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "MaxAttempts": 2}],`),
			map[string]function{"f": inSequence(slow(time.Second, failing("E", "")), slow(2*time.Second, echo), failing("E", ""), echo)})
		for n := range 20 {
			_, err := w.machine.Start(fmt.Sprintf("run-%d", n), json.RawMessage(`[1, 2, 3]`))
			require.NoError(t, err)
		}
		w.settle()
		var all [][]string
		for _, ex := range w.machine.Executions() {
			all = append(all, eventLinks(ex))
		}
		return all
	}
	assert.Equal(t, play(), play())
}
