package asl_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// passState returns a machine with one Pass that has these fields.
func passState(fields string) string {
	return `{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true` + fields + `}}}`
}

func TestDocumentsFlowThroughAState(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name, fields, input, want string
	}{
		{name: "as they are, but for space", input: "{\"b\": 1.0,\n \"a\": [1E400, -0, \"\\u00e9\\\"}\"], \"b2\" : 12345678901234567890}", want: `{"b":1.0,"a":[1E400,-0,"\u00e9\"}"],"b2":12345678901234567890}`},
		{name: "no input is an empty object", input: ``, want: `{}`},
		{name: "any kind of input", input: `null`, want: `null`},
		{name: "InputPath", fields: `, "InputPath": "$.a.b"`, input: `{"a": {"b": [1]}}`, want: `[1]`},
		{name: "InputPath null", fields: `, "InputPath": null`, input: `{"a": 1}`, want: `{}`},
		{name: "InputPath into the context", fields: `, "InputPath": "$$.Execution.Name"`, input: `{}`, want: `"run"`},
		{name: "OutputPath", fields: `, "OutputPath": "$.a"`, input: `{"a": 1}`, want: `1`},
		{name: "OutputPath null", fields: `, "OutputPath": null`, input: `{"a": 1}`, want: `{}`},
		{name: "the later of two equal names counts", fields: `, "InputPath": "$.a"`, input: `{"a": 1, "a": 2}`, want: `2`},
		{name: "an escaped name is the name", fields: `, "InputPath": "$.a"`, input: `{"\u0061": 1}`, want: `1`},
		{name: "Result", fields: `, "Result": {"x": [1.0, null]}`, input: `{"a": 1}`, want: `{"x":[1.0,null]}`},
		{name: "Result under ResultPath", fields: `, "Result": "r", "ResultPath": "$.x.y"`, input: `{"a": 1}`, want: `{"a":1,"x":{"y":"r"}}`},
		{name: "Result over what was there", fields: `, "Result": "r", "ResultPath": "$.a"`, input: `{"a": {"long": "value"}, "b": 2}`, want: `{"a":"r","b":2}`},
		{name: "ResultPath null", fields: `, "Result": "r", "ResultPath": null`, input: `{"a": 1}`, want: `{"a":1}`},
		{name: "ResultPath goes into the raw input", fields: `, "InputPath": "$.a", "ResultPath": "$.b"`, input: `{"a": 1}`, want: `{"a":1,"b":1}`},
		{name: "ResultPath into an empty object", fields: `, "Result": 1, "ResultPath": "$['a b'].c"`, input: `{}`, want: `{"a b":{"c":1}}`},
		{name: "OutputPath after ResultPath", fields: `, "Result": 1, "ResultPath": "$.x", "OutputPath": "$.x"`, input: `{}`, want: `1`},
		{
			name:   "Parameters",
			fields: `, "Parameters": {"all.$": "$", "deep": {"list": [{"x.$": "$.a"}, 2, []]}, "lit": "$.a", "e": {}}`,
			input:  `{"a": 1.00}`, want: `{"all":{"a":1.00},"deep":{"list":[{"x":1.00},2,[]]},"lit":"$.a","e":{}}`,
		},
		{
			name:   "the context object",
			fields: `, "Parameters": {"e.$": "$$.Execution", "s.$": "$$.State", "m.$": "$$.StateMachine"}`,
			input:  `{"a": 1}`,
			want: `{"e":{"Id":"` + executionARN + `","Input":{"a":1},"Name":"run","RoleArn":"arn:aws:iam::123456789012:role/deploy","StartTime":"2026-01-02T00:00:00.000Z","RedriveCount":0},` +
				`"s":{"EnteredTime":"2026-01-02T00:00:00.000Z","Name":"P"},"m":{"Id":"` + machineARN + `","Name":"deploy"}}`,
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, passState(testcase.fields), testcase.input, nil)
			require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			assert.Equal(t, testcase.want, string(ex.Output()))
		})
	}
}

func TestPathsWithoutAMatchFailTheExecution(t *testing.T) {
	t.Parallel()

	located := "An error occurred while executing the state 'T' (entered at the event id #2). "
	for _, testcase := range []struct {
		name, fields, input string
		want                asl.Failure
	}{
		{
			name: "InputPath", fields: `"InputPath": "$.x",`, input: `{}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `Invalid path '$.x' : No results for path: $['x']`},
		},
		{
			name: "InputPath, at the last of its steps", fields: `"InputPath": "$.x[0].y",`, input: `{"x": [{}]}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `Invalid path '$.x[0].y' : No results for path: $['x'][0]['y']`},
		},
		{
			name: "InputPath, at an earlier step", fields: `"InputPath": "$.x.y.z",`, input: `{"x": {}}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `Invalid path '$.x.y.z' : Missing property in path $['x']['y']`},
		},
		{
			name: "Parameters", fields: `"Parameters": {"a": [{"b.$": "$.x.y"}]},`, input: `{"x": 1}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `The JSONPath '$.x.y' specified for the field 'b.$' could not be found in the input '{"x":1}'`},
		},
		{
			name: "the task token of a Task without one", fields: `"Parameters": {"t.$": "$$.Task.Token"},`, input: `{}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `The JSONPath '$$.Task.Token' specified for the field 't.$' could not be found in the input '{}'`},
		},
		{
			name: "ResultSelector", fields: `"ResultSelector": {"a.$": "$.x"},`, input: `{"x": 1}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '"result"'`},
		},
		{
			name: "OutputPath", fields: `"OutputPath": "$.x",`, input: `{"x": 1}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `Invalid path '$.x' : No results for path: $['x']`},
		},
		{
			name: "TimeoutSecondsPath", fields: `"TimeoutSecondsPath": "$.x",`, input: `{}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `Invalid path '$.x' : No results for path: $['x']`},
		},
		{
			name: "TimeoutSecondsPath to no time", fields: `"TimeoutSecondsPath": "$.x",`, input: `{"x": 0}`,
			want: asl.Failure{Error: "States.Runtime", Cause: located + `The TimeoutSecondsPath parameter does not reference a valid value: $.x == 0`},
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, `{"StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "`+functionARN+`f", `+testcase.fields+` "Next": "S",
					"Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}]},
				"S": {"Type": "Succeed"}}}`, testcase.input, map[string]function{"f": returning(`"result"`)})
			assert.Equal(t, asl.Failed, ex.Status())
			assert.Equal(t, testcase.want, ex.Failure())
			assert.Equal(t, lastEvent(ex).ID-1, lastEvent(ex).PreviousEventID)
		})
	}
}

func TestAResultPathThatDoesNotFitTheInputIsAnError(t *testing.T) {
	t.Parallel()

	definition := func(handling string) string {
		return `{"StartAt": "T", "States": {
			"T": {"Type": "Task", "Resource": "` + functionARN + `f", "ResultPath": "$.a.b", "Next": "Done"` + handling + `}, ` + targetStates(handling) + `}}`
	}
	for _, input := range []string{`[]`, `"x"`, `null`, `7`, `{"a": 1}`, `{"a": null}`, `{"a": []}`} {
		t.Run(input, func(t *testing.T) {
			t.Parallel()
			functions := map[string]function{"f": returning(`1`)}

			ex, _ := run(t, definition(``), input, functions)
			assert.Equal(t, "States.ResultPathMatchFailure", ex.Failure().Error)
			assert.Contains(t, ex.Failure().Cause, "Unable to apply ReferencePath $.a.b to input "+strings.ReplaceAll(input, " ", ""))

			ex, _ = run(t, definition(`, "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Caught"}]`), input, functions)
			assert.Equal(t, []string{"T", "Caught"}, ex.Path())

			ex, _ = run(t, definition(`, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.a.b", "Next": "Caught"}]`), input, functions)
			assert.Equal(t, asl.Failed, ex.Status(), "the catcher's own ResultPath does not fit either")
			assert.Equal(t, "States.ResultPathMatchFailure", ex.Failure().Error)
		})
	}
}

func TestWaitsTakeTheirTime(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name, fields, input string
		want                time.Duration
		failure             string
	}{
		{name: "fixed", fields: `"Seconds": 90`, want: 90 * time.Second},
		{name: "nothing", fields: `"Seconds": 0`},
		{name: "by path", fields: `"SecondsPath": "$.progress.waitSeconds"`, input: `{"progress": {"waitSeconds": 300}}`, want: 5 * time.Minute},
		{name: "by path after InputPath", fields: `"InputPath": "$.progress", "SecondsPath": "$.s"`, input: `{"progress": {"s": 3}}`, want: 3 * time.Second},
		{name: "by path, nothing there", fields: `"SecondsPath": "$.s"`, input: `{}`, failure: "The SecondsPath parameter does not reference an input value: $.s"},
		{name: "by path, negative", fields: `"SecondsPath": "$.s"`, input: `{"s": -1}`, failure: "The SecondsPath parameter references a negative value: $.s == -1"},
		{name: "by path, a fraction", fields: `"SecondsPath": "$.s"`, input: `{"s": 1.5}`, failure: "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"},
		{name: "by path, a string", fields: `"SecondsPath": "$.s"`, input: `{"s": "1"}`, failure: "The SecondsPath parameter cannot be parsed as a long value"},
		{name: "by path, too long", fields: `"SecondsPath": "$.s"`, input: `{"s": 100000000}`, failure: "does not reference a valid value"},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, `{"StartAt": "W", "States": {"W": {"Type": "Wait", `+testcase.fields+`, "End": true}}}`, testcase.input, nil)
			if testcase.failure != "" {
				assert.Equal(t, "States.Runtime", ex.Failure().Error)
				assert.Contains(t, ex.Failure().Cause, testcase.failure)
				return
			}
			assert.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			assert.Equal(t, testcase.want, ex.Stopped().Sub(ex.Started()))
		})
	}
}

func TestAFailStateFailsWithItsErrorAndCause(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name, fields, input string
		want                asl.Failure
	}{
		{name: "nothing", input: `{}`},
		{name: "fixed", fields: `, "Error": "Rejected", "Cause": "because"`, input: `{}`, want: asl.Failure{Error: "Rejected", Cause: "because"}},
		{name: "by path", fields: `, "Error": "Rejected", "CausePath": "$.failure.Cause"`, input: `{"failure": {"Cause": "a \"b\""}}`, want: asl.Failure{Error: "Rejected", Cause: `a "b"`}},
		{name: "both by path", fields: `, "ErrorPath": "$.e", "CausePath": "$$.Execution.Name"`, input: `{"e": "E"}`, want: asl.Failure{Error: "E", Cause: "run"}},
		{name: "by path, nothing there", fields: `, "ErrorPath": "$.e"`, input: `{}`, want: asl.Failure{
			Error: "States.Runtime", Cause: "An error occurred while executing the state 'F' (entered at the event id #2). The JSONPath '$.e' specified for the field 'ErrorPath' could not be found in the input '{}'"}},
		{name: "by path, no string", fields: `, "CausePath": "$.e"`, input: `{"e": {}}`, want: asl.Failure{
			Error: "States.Runtime", Cause: "An error occurred while executing the state 'F' (entered at the event id #2). The CausePath parameter does not reference a string: $.e"}},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, `{"StartAt": "F", "States": {"F": {"Type": "Fail"`+testcase.fields+`}}}`, testcase.input, nil)
			assert.Equal(t, asl.Failed, ex.Status())
			assert.Equal(t, testcase.want, ex.Failure())
		})
	}
}

func TestTimeoutsByPathCountFromTheStart(t *testing.T) {
	t.Parallel()
	ex, w := run(t, `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "`+functionARN+`f", "TimeoutSecondsPath": "$.hook.timeoutSeconds", "End": true}}}`,
		`{"hook": {"timeoutSeconds": 120}}`, map[string]function{"f": hanging})
	assert.Equal(t, asl.Failure{Error: "States.Timeout"}, ex.Failure())
	assert.Equal(t, midnight.Add(2*time.Minute), ex.Stopped())
	assert.EqualValues(t, 120, ex.History()[2].LambdaFunctionScheduled.TimeoutInSeconds)
	assert.Zero(t, w.pending())
}

func TestDocumentsOverTheLimitFail(t *testing.T) {
	t.Parallel()

	text := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	const limit = 256 * 1024
	task := func(fields string) string {
		return `{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "` + functionARN + `f"` + fields + `, "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}]}}}`
	}
	for _, testcase := range []struct {
		name, definition, input string
		function                function
		want                    string
		event                   asl.EventType // the second to last event
	}{
		{name: "a result that just fits", definition: task(``), input: `{}`, function: returning(text(limit)), event: "TaskStateExited"},
		{name: "a result too large", definition: task(``), input: `{}`, function: returning(text(limit + 1)), event: "LambdaFunctionFailed",
			want: "The state/task '" + functionARN + "f' returned a result with a size exceeding the maximum number of bytes service limit."},
		{name: "a state's output too large", definition: task(`, "ResultPath": "$.r"`), input: `{"a": 1}`, function: returning(text(limit)), event: "LambdaFunctionSucceeded",
			want: "The state/task 'T' returned a result with a size exceeding the maximum number of bytes service limit."},
		{name: "a task's input too large", definition: task(`, "Parameters": {"a.$": "$", "b.$": "$"}`), input: text(limit / 2), function: echo, event: "TaskStateEntered",
			want: "The state/task 'T' returned a result with a size exceeding the maximum number of bytes service limit."},
		{name: "an item too large", definition: mapOverTask(`"ItemSelector": {"a.$": "$", "b.$": "$"},`), input: `[` + text(limit/2) + `]`, function: echo, event: "MapStateFailed",
			want: "The state/task 'M' returned a result with a size exceeding the maximum number of bytes service limit."},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, testcase.definition, testcase.input, map[string]function{"f": testcase.function})
			events := ex.History()
			assert.Equal(t, testcase.event, events[len(events)-2].Type)
			if testcase.want == "" {
				assert.Equal(t, asl.Succeeded, ex.Status())
				return
			}
			assert.Equal(t, asl.Failure{Error: "States.DataLimitExceeded", Cause: testcase.want}, ex.Failure())
		})
	}
}

func TestAFunctionsResultMustBeJSON(t *testing.T) {
	t.Parallel()
	ex, _ := run(t, taskWith(catchAll), `{}`, map[string]function{"f": returning(`{`)})
	assert.Equal(t, "States.Runtime", ex.Failure().Error)

	ex, _ = run(t, taskWith(catchAll), `{}`, map[string]function{"f": returning(``)})
	assert.Equal(t, `null`, string(ex.Output()), "a function that returns nothing results in null")
}

func TestEveryStateWithAnInputPathNeedsItsInput(t *testing.T) {
	t.Parallel()

	for _, state := range []string{
		`"Type": "Pass", "End": true`,
		`"Type": "Succeed"`,
		`"Type": "Wait", "Seconds": 1, "End": true`,
		`"Type": "Task", "Resource": "` + functionARN + `f", "End": true`,
		`"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}`,
		`"Type": "Map", "End": true, "ItemsPath": "$.nothing", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}`,
		`"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": true, "Next": "S"}]`,
		`"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true, "HeartbeatSecondsPath": "$.nothing",
			"Parameters": {"FunctionName": "f", "Payload.$": "$$.Task.Token"}`,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(state, "$.nothing") {
				state += `, "InputPath": "$.nothing"`
			}
			ex, w := run(t, `{"StartAt": "S", "States": {"S": {`+state+`}}}`, `{}`, nil)
			assert.Equal(t, "States.Runtime", ex.Failure().Error)
			assert.Contains(t, ex.Failure().Cause, "Invalid path '$.nothing' : No results for path: $['nothing']")
			assert.Len(t, ex.History(), 3)
			assert.Empty(t, w.calls)
		})
	}
}
