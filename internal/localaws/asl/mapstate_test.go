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

// mapOverTask returns a machine with a Map over one Task. The Map has these fields.
func mapOverTask(fields string) string {
	return `{"StartAt": "M", "States": {
		"M": {"Type": "Map", "Next": "Done", ` + fields + `
			"ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "` + functionARN + `f", "TimeoutSeconds": 60, "End": true}}}},
		` + targetStates(fields) + `}}`
}

func TestAMapRunsItsStatesForEachItem(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name, fields, input string
		function            function
		payloads            []string
		output              string
	}{
		{
			name: "items are the input", input: `[1, "a", {"b": null}]`, function: echo,
			payloads: []string{`1`, `"a"`, `{"b":null}`}, output: `[1,"a",{"b":null}]`,
		},
		{
			name: "items by path", fields: `"ItemsPath": "$.hooks",`, input: `{"hooks": [1.50, 2]}`, function: echo,
			payloads: []string{`1.50`, `2`}, output: `[1.50,2]`,
		},
		{
			name: "items from what InputPath leaves", fields: `"InputPath": "$.a", "ItemsPath": "$.b", "ResultPath": "$.r",`,
			input: `{"a": {"b": [1]}}`, function: echo, payloads: []string{`1`}, output: `{"a":{"b":[1]},"r":[1]}`,
		},
		{
			name:   "an item selector sees the Map's input, the item and its index",
			fields: `"ItemsPath": "$.hooks", "ItemSelector": {"i.$": "$$.Map.Item.Index", "hook.$": "$$.Map.Item.Value", "all.$": "$.name", "c": [1]}, "ResultPath": null,`,
			input:  `{"hooks": ["x", "y"], "name": "n"}`, function: echo,
			payloads: []string{`{"i":0,"hook":"x","all":"n","c":[1]}`, `{"i":1,"hook":"y","all":"n","c":[1]}`},
			output:   `{"hooks":["x","y"],"name":"n"}`,
		},
		{
			name: "no items", fields: `"ItemsPath": "$.hooks", "ResultPath": "$.results",`, input: `{"hooks": []}`, function: echo,
			output: `{"hooks":[],"results":[]}`,
		},
		{
			name: "results keep the order of the items", input: `[3, 2, 1]`,
			function: func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
				w.After(time.Duration(call.Payload[0]-'0')*time.Second, func() { done(call.Payload, nil) })
			},
			payloads: []string{`3`, `2`, `1`}, output: `[3,2,1]`,
		},
		{
			name: "a result selector and a result path", fields: `"ResultSelector": {"first.$": "$[0]"}, "ResultPath": "$.a.b", "ItemsPath": "$.i",`,
			input: `{"i": [7]}`, function: echo, payloads: []string{`7`}, output: `{"i":[7],"a":{"b":{"first":7}}}`,
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, w := run(t, mapOverTask(testcase.fields), testcase.input, map[string]function{"f": testcase.function})
			require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			var payloads []string
			for _, call := range w.calls {
				payloads = append(payloads, string(call.Payload))
				assert.Equal(t, "T", call.State)
			}
			assert.Equal(t, testcase.payloads, payloads)
			assert.Equal(t, testcase.output, string(ex.Output()))
		})
	}
}

func TestMaxConcurrencyBoundsTheIterationsThatRun(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		fields string
		want   time.Duration // for 100 items that take a second each
	}{
		{fields: `"MaxConcurrency": 1,`, want: 100 * time.Second},
		{fields: `"MaxConcurrency": 7,`, want: 15 * time.Second},
		{fields: `"MaxConcurrency": 0,`, want: 3 * time.Second},
		{fields: ``, want: 3 * time.Second},
		{fields: `"MaxConcurrency": 1000,`, want: 3 * time.Second},
	} {
		t.Run(testcase.fields, func(t *testing.T) {
			t.Parallel()
			ex, w := run(t, mapOverTask(testcase.fields), `[`+strings.Repeat(`0,`, 99)+`0]`, map[string]function{"f": slow(time.Second, echo)})
			assert.Equal(t, testcase.want, ex.Stopped().Sub(ex.Started()))
			assert.Len(t, w.calls, 100)
			assert.Equal(t, 102, ex.Transitions())
			assert.Equal(t, []string{"M", "T", "T"}, ex.Path()[:3])
			assert.Len(t, ex.History(), 4+4+100*(2+5)+2-2, "2 for the execution, 4 for the Map, 7 for each iteration, 2 for Succeed")
		})
	}
}

// The histories were recorded in AWS by LocalStack's snapshot tests.
func TestHistoriesOfMapsEqualThoseOfAWS(t *testing.T) {
	t.Parallel()

	inner := func(fields, state string) string {
		return `{"StartAt": "M", "States": {
			"M": {"Type": "Map", ` + fields + ` "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": ` + state + `}}},
			"Caught": {"Type": "Pass", "End": true}}}`
	}
	unreached := func(fields, state string) string {
		return strings.Replace(inner(fields, state), `,
			"Caught": {"Type": "Pass", "End": true}`, "", 1)
	}
	failing := `{"Type": "Fail", "Error": "E", "Cause": "c"}`
	for _, testcase := range []struct {
		name, definition, input string
		want                    []string
	}{
		{
			name:       "one at a time: the next iteration follows the last event inside",
			definition: unreached(`"MaxConcurrency": 1,`, `{"Type": "Pass", "End": true}`),
			input:      `[1, 2]`,
			want: []string{
				"1 ExecutionStarted <0", "2 MapStateEntered <0", "3 MapStateStarted <2",
				"4 MapIterationStarted <3", "5 PassStateEntered <4", "6 PassStateExited <5", "7 MapIterationSucceeded <6",
				"8 MapIterationStarted <6", "9 PassStateEntered <8", "10 PassStateExited <9", "11 MapIterationSucceeded <10",
				"12 MapStateSucceeded <11", "13 MapStateExited <11", "14 ExecutionSucceeded <13",
			},
		},
		{
			name:       "a failure that is caught",
			definition: inner(`"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],`, failing),
			input:      `[1]`,
			want: []string{
				"1 ExecutionStarted <0", "2 MapStateEntered <0", "3 MapStateStarted <2", "4 MapIterationStarted <3", "5 FailStateEntered <4",
				"6 MapIterationFailed <5", "7 MapStateFailed <5", "8 MapStateExited <7", "9 PassStateEntered <8", "10 PassStateExited <9",
				"11 ExecutionSucceeded <10",
			},
		},
		{
			name:       "a failure that is retried once",
			definition: unreached(`"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],`, failing),
			input:      `[1]`,
			want: []string{
				"1 ExecutionStarted <0", "2 MapStateEntered <0", "3 MapStateStarted <2", "4 MapIterationStarted <3", "5 FailStateEntered <4",
				"6 MapIterationFailed <5", "7 MapStateStarted <5", "8 MapIterationStarted <7", "9 FailStateEntered <8",
				"10 MapIterationFailed <9", "11 MapStateFailed <9", "12 ExecutionFailed <11",
			},
		},
		{
			name:       "a failure while others run: they are aborted",
			definition: unreached(``, `{"Type": "Task", "Resource": "`+functionARN+`f", "TimeoutSeconds": 5, "End": true}`),
			input:      `[1, 2]`,
			want: []string{
				"1 ExecutionStarted <0", "2 MapStateEntered <0", "3 MapStateStarted <2", "4 MapIterationStarted <3", "5 MapIterationStarted <3",
				"6 TaskStateEntered <4", "7 TaskStateEntered <5",
				"8 LambdaFunctionScheduled <6", "9 LambdaFunctionStarted <8", "10 LambdaFunctionScheduled <7", "11 LambdaFunctionStarted <10",
				"12 LambdaFunctionTimedOut <9", "13 MapIterationFailed <12", "14 TaskStateAborted <12",
				"15 MapIterationAborted <12", "16 TaskStateAborted <12", "17 MapStateFailed <12", "18 ExecutionFailed <17",
			},
		},
		{
			name:       "no items",
			definition: unreached(``, `{"Type": "Pass", "End": true}`),
			input:      `[]`,
			want: []string{
				"1 ExecutionStarted <0", "2 MapStateEntered <0", "3 MapStateStarted <2", "4 MapStateSucceeded <3", "5 MapStateExited <3",
				"6 ExecutionSucceeded <5",
			},
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, w := run(t, testcase.definition, testcase.input, map[string]function{"f": hanging})
			assert.Equal(t, testcase.want, eventLinks(ex))
			assert.Zero(t, w.pending())
		})
	}
}

func TestAFailedIterationFailsItsMap(t *testing.T) {
	t.Parallel()

	second := inSequence(slow(time.Second, returning(`1`)), slow(2*time.Second, failing("HookFailed", "second")), slow(3*time.Second, returning(`3`)))
	ex, w := run(t, mapOverTask(`"Catch": [{"ErrorEquals": ["HookFailed"], "ResultPath": "$.failure", "Next": "Caught"}], "ItemsPath": "$.hooks",`),
		`{"hooks": [1, 2, 3]}`, map[string]function{"f": second})

	assert.Equal(t, []string{"M", "T", "T", "T", "Caught"}, ex.Path())
	assert.Equal(t, `{"hooks":[1,2,3],"failure":{"Error":"HookFailed","Cause":"second"}}`, string(ex.Output()))
	assert.Equal(t, midnight.Add(2*time.Second), ex.Stopped(), "the Map does not wait for the third")
	assert.Equal(t, midnight.Add(3*time.Second), w.now, "its function keeps running, and its result is ignored")
}

func TestARetriedMapRunsAllItsItemsAgain(t *testing.T) {
	t.Parallel()

	ex, w := run(t, mapOverTask(`"MaxConcurrency": 1, "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 10}],`),
		`[1, 2]`, map[string]function{"f": inSequence(echo, failing("E", ""), echo)})
	assert.Equal(t, `[1,2]`, string(ex.Output()))
	assert.Equal(t, []time.Duration{0, 0, 10 * time.Second, 10 * time.Second}, w.callTimes)
	assert.Equal(t, 1+4+1+1, ex.Transitions(), "M, T four times, the Map's retry, Done")
}

func TestARuntimeErrorInAnIterationFailsTheExecution(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct{ name, definition, cause string }{
		{
			name: "in a state",
			definition: `{"StartAt": "M", "States": {
				"M": {"Type": "Map", "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}], "ItemProcessor": {"StartAt": "I", "States": {
					"I": {"Type": "Pass", "InputPath": "$.nothing", "End": true}}}}}}`,
			cause: `An error occurred while executing the state 'I' (entered at the event id #5). Invalid path '$.nothing' : No results for path: $['nothing']`,
		},
		{
			name: "in the item selector",
			definition: `{"StartAt": "M", "States": {
				"M": {"Type": "Map", "End": true, "ItemSelector": {"x.$": "$.nothing"}, "ItemProcessor": {"StartAt": "I", "States": {
					"I": {"Type": "Pass", "End": true}}}}}}`,
			cause: `An error occurred while executing the state 'M' (entered at the event id #2). The JSONPath '$.nothing' specified for the field 'x.$' could not be found in the input '[1]'`,
		},
		{
			name: "in the items",
			definition: `{"StartAt": "M", "States": {
				"M": {"Type": "Map", "End": true, "ItemsPath": "$[0]", "ItemProcessor": {"StartAt": "I", "States": {
					"I": {"Type": "Pass", "End": true}}}}}}`,
			cause: `An error occurred while executing the state 'M' (entered at the event id #2). The items of a Map must be an array, not 1`,
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, testcase.definition, `[1]`, nil)
			assert.Equal(t, asl.Failed, ex.Status())
			assert.Equal(t, asl.Failure{Error: "States.Runtime", Cause: testcase.cause}, ex.Failure())
		})
	}
}

func TestMapsNest(t *testing.T) {
	t.Parallel()

	definition := `{"StartAt": "Outer", "States": {"Outer": {"Type": "Map", "End": true, "MaxConcurrency": 1, "ItemProcessor": {"StartAt": "Inner", "States": {
		"Inner": {"Type": "Map", "End": true, "ItemSelector": {"v.$": "$$.Map.Item.Value", "outer.$": "$"}, "ItemProcessor": {"StartAt": "T", "States": {
			"T": {"Type": "Task", "Resource": "` + functionARN + `f", "Parameters": {"i.$": "$$.Map.Item.Index", "in.$": "$"}, "End": true}}}}}}}}}`

	ex, w := run(t, definition, `[[1, 2], []]`, map[string]function{"f": echo})
	require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
	assert.Equal(t, `[[{"i":0,"in":{"v":1,"outer":[1,2]}},{"i":1,"in":{"v":2,"outer":[1,2]}}],[]]`, string(ex.Output()))
	assert.Len(t, w.calls, 2)

	ex, w = run(t, definition, `[[1, 2]]`, map[string]function{"f": inSequence(hanging, slow(time.Second, failing("E", "c")))})
	assert.Equal(t, asl.Failure{Error: "E", Cause: "c"}, ex.Failure())
	var types []string
	for _, e := range ex.History()[14:] {
		types = append(types, string(e.Type))
	}
	assert.Equal(t, []string{
		"LambdaFunctionFailed", "MapIterationFailed", "TaskStateAborted", "MapIterationAborted", "TaskStateAborted", "MapStateFailed",
		"MapIterationFailed", "MapStateAborted", "MapStateFailed", "ExecutionFailed",
	}, types)
	assert.Zero(t, w.pending())
}

func TestAbortedIterationsCloseTheStatesThatTakeTime(t *testing.T) {
	t.Parallel()

	// Item 0 waits in an inner Map, item 1 waits, item 2 fails.
	ex, w := run(t, `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "C", "States": {
		"C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "N"}, {"Variable": "$", "NumericEquals": 1, "Next": "W"}], "Default": "F"},
		"N": {"Type": "Map", "InputPath": "$$.Execution.Input", "End": true, "MaxConcurrency": 1, "ItemProcessor": {"StartAt": "NW", "States": {
			"NW": {"Type": "Wait", "Seconds": 100, "End": true}}}},
		"W": {"Type": "Wait", "Seconds": 100, "End": true},
		"F": {"Type": "Fail", "Error": "E"}}}}}}`, `[0, 1, 2]`, nil)

	var types []string
	for _, e := range ex.History()[17:] {
		types = append(types, string(e.Type))
	}
	assert.Equal(t, []string{
		"MapIterationFailed", "MapIterationAborted", "MapIterationAborted", "MapStateAborted", "MapIterationAborted", "WaitStateAborted",
		"MapStateFailed", "ExecutionFailed",
	}, types)
	assert.Equal(t, midnight, ex.Stopped())
	assert.Zero(t, w.pending())
}
