package asl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// fullDefinition is a definition that uses everything that is implemented.
const fullDefinition = `{
	"Comment": "all of it", "Version": "1.0", "QueryLanguage": "JSONPath", "TimeoutSeconds": 3600, "StartAt": "Task",
	"States": {
		"Task": {
			"Type": "Task", "Comment": "by function", "QueryLanguage": "JSONPath", "Resource": "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:live",
			"InputPath": "$.a", "Parameters": {"x.$": "$$.Execution.Id"}, "ResultSelector": {"y.$": "$[0]"}, "ResultPath": "$.b", "OutputPath": "$['b']",
			"TimeoutSeconds": 65, "Next": "Token",
			"Retry": [
				{"ErrorEquals": ["A", "States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1.5, "MaxDelaySeconds": 5, "JitterStrategy": "FULL", "Comment": "c"},
				{"ErrorEquals": ["States.ALL"], "JitterStrategy": "NONE"}],
			"Catch": [
				{"ErrorEquals": ["B"], "Next": "Fail", "ResultPath": null, "Comment": "c"},
				{"ErrorEquals": ["States.ALL"], "Next": "Fail", "ResultPath": "$.failure"}]},
		"Token": {
			"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "Next?",
			"Parameters": {"FunctionName.$": "$.f", "Payload": {"deep": [{"token.$": "$$.Task.Token"}]}},
			"TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h"},
		"Next?": {
			"Type": "Choice", "InputPath": "$", "OutputPath": null, "Default": "Map",
			"Choices": [
				{"And": [{"Variable": "$.a", "IsPresent": true}, {"Not": {"Variable": "$.a", "IsNull": true}}], "Next": "Wait", "Comment": "c"},
				{"Variable": "$$.Execution.Name", "StringEquals": "x", "Next": "Pass"}]},
		"Map": {
			"Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"i.$": "$$.Map.Item.Index"}, "MaxConcurrency": 1, "ResultPath": null, "Next": "Done",
			"ItemProcessor": {"Comment": "c", "ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": true}}},
			"ResultSelector": {"all.$": "$"}, "Retry": [{"ErrorEquals": ["States.TaskFailed"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fail"}]},
		"Wait": {"Type": "Wait", "SecondsPath": "$.waitSeconds", "Next": "Task"},
		"Pass": {"Type": "Pass", "Result": {"a.$": "just a name"}, "ResultPath": "$.r", "Parameters": {"a": 1}, "End": true},
		"Fail": {"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"},
		"Done": {"Type": "Succeed", "OutputPath": "$.done"}
	}
}`

func TestParseAcceptsEverythingImplemented(t *testing.T) {
	t.Parallel()
	d, err := asl.Parse([]byte(fullDefinition))
	require.NoError(t, err)
	assert.Equal(t, "all of it", d.Comment())
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()

	state := func(fields string) string {
		return `{"StartAt": "S", "States": {"S": {` + fields + `}}}`
	}
	task := func(fields string) string {
		return state(`"Type": "Task", "Resource": "` + functionARN + `f", "End": true, ` + fields)
	}
	token := func(fields string) string {
		return state(`"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true` + fields)
	}
	choice := func(rule string) string {
		return `{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [` + rule + `]}, "T": {"Type": "Succeed"}}}`
	}
	pass := func(fields string) string { return state(`"Type": "Pass", "End": true, ` + fields) }
	const notPath = "is not a reference path ($, $.field, $['field'], $[0], or these after $$)"
	const notField = "is not a known field, or is not implemented"

	for _, testcase := range []struct {
		name       string
		definition string
		want       []string
	}{
		{"nothing", ``, []string{`$: must be an object`}},
		{"no JSON", `{"StartAt"`, []string{`$: is not JSON: unexpected end of JSON input`}},
		{"two values", `{} {}`, []string{`$: is not JSON: invalid character '{' after top-level value`}},
		{"no UTF-8", "{\"Comment\": \"\xff\"}", []string{`$: is not JSON: not valid UTF-8`}},
		{"too large", `"` + strings.Repeat(" ", 1<<20) + `"`, []string{`$: is larger than 1 MB`}},
		{"not an object", `[]`, []string{`$: must be an object`}},
		{"an empty object", `{}`, []string{`$: needs StartAt`, `$: needs States`}},
		{"keys in the wrong case", `{"startAt": "S", "StartAt": "S", "States": {"S": {"Type": "Succeed", "outputPath": "$"}}}`, []string{
			`$.States.S.outputPath: is not a known field: use OutputPath`,
			`$.startAt: is not a known field: use StartAt`,
		}},
		{"a key twice", `{"StartAt": "S", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`, []string{`$.StartAt: is a duplicate`}},
		{"a state twice", `{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "S": {"Type": "Succeed"}}}`, []string{`$.States.S: is a duplicate`}},
		{"a key twice in a template", pass(`"Parameters": {"a": {"b": 1, "b": 2}}`), []string{`$.States.S.Parameters.a.b: is a duplicate`}},
		{"unknown keys", `{"StartAt": "S", "Assign": {}, "States": {"S": {"Type": "Succeed", "a b": 1}}}`, []string{
			`$.States.S['a b']: ` + notField, `$.Assign: ` + notField,
		}},
		{"JSONata", `{"StartAt": "S", "QueryLanguage": "JSONata", "States": {"S": {"Type": "Succeed", "QueryLanguage": "JSONata"}}}`, []string{
			`$.QueryLanguage: must be JSONPath`, `$.States.S.QueryLanguage: must be JSONPath`,
		}},
		{"another version", `{"StartAt": "S", "Version": "2.0", "States": {"S": {"Type": "Succeed"}}}`, []string{`$.Version: must be "1.0"`}},
		{"no time", `{"StartAt": "S", "TimeoutSeconds": 0, "States": {"S": {"Type": "Succeed"}}}`, []string{`$.TimeoutSeconds: must be an integer from 1 to 99999999`}},
		{"a start that is missing", `{"StartAt": "X", "States": {"S": {"Type": "Succeed"}}}`, []string{
			`$.StartAt: names "X", which is not a state at this level`, `$.States.S: cannot be reached`,
		}},
		{"targets that are missing", `{"StartAt": "S", "States": {"S": {"Type": "Map", "Next": "X", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "S"}}}}}}`, []string{
			`$.States.S.ItemProcessor.States.I: leads to "S", which is not a state at this level`, `$.States.S: leads to "X", which is not a state at this level`,
		}},
		{"missing targets of a catch and a choice", `{"StartAt": "S", "States": {
			"S": {"Type": "Choice", "Default": "D", "Choices": [{"Variable": "$", "IsNull": true, "Next": "T"}, {"Variable": "$", "IsNull": true, "Next": "U"}]},
			"T": {"Type": "Task", "Resource": "` + functionARN + `f", "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "V"}]}}}`, []string{
			`$.States.S: leads to "U", which is not a state at this level`, `$.States.S: leads to "D", which is not a state at this level`,
			`$.States.T: leads to "V", which is not a state at this level`,
		}},
		{"states that cannot be reached", `{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}`, []string{
			`$.States.A: cannot be reached`, `$.States.B: cannot be reached`,
		}},
		{"neither Next nor End", state(`"Type": "Pass"`), []string{`$.States.S: needs Next or End`}},
		{"End false", state(`"Type": "Pass", "End": false`), []string{`$.States.S: needs Next or End`}},
		{"End as a string", state(`"Type": "Pass", "End": "true"`), []string{`$.States.S.End: must be true or false`, `$.States.S: needs Next or End`}},
		{"both Next and End", state(`"Type": "Pass", "Next": "S", "End": true`), []string{`$.States.S: cannot have both Next and End`}},
		{"an empty Next", state(`"Type": "Pass", "Next": ""`), []string{`$.States.S.Next: must name a state`}},
		{"Next on a state that ends", `{"StartAt": "S", "States": {"S": {"Type": "Succeed", "End": true}}}`, []string{`$.States.S.End: ` + notField}},
		{"a name twice across scopes", `{"StartAt": "S", "States": {"S": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}}}}`, []string{
			`$.States.S.ItemProcessor.States.S: has the same name as the state at $.States.S`,
		}},
		{"a name too long", `{"StartAt": "` + strings.Repeat("é", 81) + `", "States": {"` + strings.Repeat("é", 81) + `": {"Type": "Succeed"}}}`, []string{
			`$.States.` + strings.Repeat("é", 81) + `: has a name of 81 characters: it must have 1 to 80`,
		}},
		{"no name", `{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "": {"Type": "Succeed"}}}`, []string{
			`$.States['']: has a name of 0 characters: it must have 1 to 80`, `$.States['']: cannot be reached`,
		}},
		{"no type", state(`"End": true`), []string{`$.States.S: needs Type`}},
		{"a type not implemented", state(`"Type": "Parallel", "End": true`), []string{`$.States.S.Type: "Parallel" is not a state type, or is not implemented`}},
		{"a type in the wrong case", state(`"Type": "pass", "End": true`), []string{`$.States.S.Type: "pass" is not a state type, or is not implemented`}},
		{"a state that is no object", `{"StartAt": "S", "States": {"S": []}}`, []string{`$.States.S: must be an object`}},
		{"states that are no object", `{"StartAt": "S", "States": []}`, []string{`$.States: must be an object`}},

		{"paths that are no reference paths", state(`"Type": "Wait", "End": true, "SecondsPath": "$..a", "InputPath": "a", "OutputPath": "$.a[*]"`), []string{
			`$.States.S.InputPath: ` + notPath, `$.States.S.OutputPath: ` + notPath, `$.States.S.SecondsPath: ` + notPath,
		}},
		{"more of them", pass(`"Parameters": {"a.$": "$.a[1:2]", "b.$": "$.a[?(@.b)]", "c.$": "$a", "d.$": "$.", "e.$": "$.a[-1]", "f.$": "$['a','b']", "g.$": "$.a b", "h.$": 1}`), []string{
			`$.States.S.Parameters['a.$']: ` + notPath, `$.States.S.Parameters['b.$']: ` + notPath, `$.States.S.Parameters['c.$']: ` + notPath,
			`$.States.S.Parameters['d.$']: ` + notPath, `$.States.S.Parameters['e.$']: ` + notPath, `$.States.S.Parameters['f.$']: ` + notPath,
			`$.States.S.Parameters['g.$']: ` + notPath, `$.States.S.Parameters['h.$']: must be a string`,
		}},
		{"intrinsic functions", state(`"Type": "Fail", "CausePath": "States.Format('{}', $.a)"`), []string{`$.States.S.CausePath: intrinsic functions are not supported`}},
		{"a ResultPath outside the input's fields", pass(`"ResultPath": "$$.x"`), []string{`$.States.S.ResultPath: must name a field of the input, not of the context object or of an array`}},
		{"a ResultPath into an array", pass(`"ResultPath": "$.x[0]"`), []string{`$.States.S.ResultPath: must name a field of the input, not of the context object or of an array`}},
		{"a template that is no object", pass(`"Parameters": [1]`), []string{`$.States.S.Parameters: must be an object`}},
		{"a template that makes a field twice", pass(`"Parameters": {"a": 1, "a.$": "$"}`), []string{`$.States.S.Parameters['a.$']: sets a field that is already set`}},
		{"a ResultSelector on a Pass", pass(`"ResultSelector": {}`), []string{`$.States.S.ResultSelector: ` + notField}},

		{"a task without a resource", state(`"Type": "Task", "End": true`), []string{`$.States.S: needs Resource`}},
		{"other resources", state(`"Type": "Task", "End": true, "Resource": "arn:aws:states:::lambda:invoke"`), []string{
			`$.States.S.Resource: must be a Lambda function's ARN, or lambda:invoke.waitForTaskToken`}},
		{"a function's name", state(`"Type": "Task", "End": true, "Resource": "set-weight"`), []string{
			`$.States.S.Resource: must be a Lambda function's ARN, or lambda:invoke.waitForTaskToken`}},
		{"times of a task", task(`"TimeoutSeconds": 0`), []string{`$.States.S.TimeoutSeconds: must be an integer from 1 to 99999999`}},
		{"a time with a fraction", task(`"TimeoutSeconds": 1.0`), []string{`$.States.S.TimeoutSeconds: must be an integer from 1 to 99999999`}},
		{"two timeouts", task(`"TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t"`), []string{`$.States.S: cannot have both TimeoutSeconds and TimeoutSecondsPath`}},
		{"a heartbeat nobody can send", task(`"HeartbeatSeconds": 1`), []string{`$.States.S.HeartbeatSeconds: has no effect here: a function called by its ARN sends no heartbeat`}},
		{"a heartbeat not smaller than the timeout", token(`, "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "Parameters": {"FunctionName": "f", "Payload.$": "$$.Task.Token"}`), []string{
			`$.States.S.HeartbeatSeconds: must be smaller than TimeoutSeconds`}},
		{"a token without parameters", token(``), []string{`$.States.S: needs Parameters with FunctionName and Payload`}},
		{"a token that is not handed on", token(`, "Parameters": {"FunctionName": 1, "Payload": {}, "Qualifier": "1"}`), []string{
			`$.States.S.Parameters.FunctionName: must be a string`, `$.States.S.Parameters.Qualifier: ` + notField,
			`$.States.S.Parameters: must pass on the token, $$.Task.Token`}},
		{"a token with half its parameters", token(`, "Parameters": {"Payload.$": "$$.Task.Token"}`), []string{`$.States.S.Parameters: needs FunctionName`}},

		{"an empty Retry and Catch", task(`"Retry": [], "Catch": {}`), []string{
			`$.States.S.Retry: must be an array that is not empty`, `$.States.S.Catch: must be an array that is not empty`}},
		{"a retrier without errors", task(`"Retry": [{}]`), []string{`$.States.S.Retry[0]: needs ErrorEquals`}},
		{"a retrier out of bounds", task(`"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0, "MaxAttempts": -1, "BackoffRate": 0.9, "MaxDelaySeconds": 31622401, "JitterStrategy": "full", "Next": "S"}]`), []string{
			`$.States.S.Retry[0].IntervalSeconds: must be an integer from 1 to 99999999`, `$.States.S.Retry[0].MaxAttempts: must be an integer from 0 to 99999999`,
			`$.States.S.Retry[0].MaxDelaySeconds: must be an integer from 1 to 31622400`, `$.States.S.Retry[0].BackoffRate: must be a number from 1.0`,
			`$.States.S.Retry[0].JitterStrategy: must be FULL or NONE`, `$.States.S.Retry[0].Next: ` + notField}},
		{"States.ALL with others, and not last", task(`"Retry": [{"ErrorEquals": ["States.ALL", "E"]}, {"ErrorEquals": ["E"]}]`), []string{
			`$.States.S.Retry[0].ErrorEquals: States.ALL must be the only name`, `$.States.S.Retry[0].ErrorEquals: States.ALL must be in the last entry`}},
		{"error names that AWS does not have", task(`"Retry": [{"ErrorEquals": ["States.All", 1]}]`), []string{
			`$.States.S.Retry[0].ErrorEquals[0]: "States.All" is not an error that AWS reports: names of your own cannot begin with States.`,
			`$.States.S.Retry[0].ErrorEquals[1]: must be a string`}},
		{"a catcher without a target", task(`"Catch": [{"ErrorEquals": ["E"]}, 1]`), []string{
			`$.States.S.Catch[0]: needs Next`, `$.States.S.Catch[1]: must be an object`}},

		{"a choice without rules", state(`"Type": "Choice"`), []string{`$.States.S: needs Choices`}},
		{"a choice with no rules", state(`"Type": "Choice", "Choices": []`), []string{`$.States.S.Choices: must be an array that is not empty`}},
		{"a rule without a target", choice(`{"Variable": "$", "IsNull": true}, {"Variable": "$", "IsNull": true, "Next": "T"}`), []string{`$.States.S.Choices[0]: needs Next`}},
		{"a rule without an operator", choice(`{"Variable": "$", "Next": "T"}`), []string{`$.States.S.Choices[0]: must have exactly one implemented operator, not 0`}},
		{"a rule with two operators", choice(`{"Variable": "$", "IsNull": true, "IsPresent": true, "Next": "T"}`), []string{`$.States.S.Choices[0]: must have exactly one implemented operator, not 2`}},
		{"a rule with an operator that is not implemented", choice(`{"Variable": "$", "StringMatches": "*", "Next": "T"}`), []string{
			`$.States.S.Choices[0]: must have exactly one implemented operator, not 0`, `$.States.S.Choices[0].StringMatches: ` + notField}},
		{"operands of the wrong type", choice(`{"Or": [{"Variable": "$", "StringEquals": 1}, {"Variable": "$", "NumericEquals": "1"}, {"Variable": "$", "BooleanEquals": null}, {"Variable": "$", "IsPresent": 1}], "Next": "T"}`), []string{
			`$.States.S.Choices[0].Or[0].StringEquals: must be a string`, `$.States.S.Choices[0].Or[1].NumericEquals: must be a number`,
			`$.States.S.Choices[0].Or[2].BooleanEquals: must be true or false`, `$.States.S.Choices[0].Or[3].IsPresent: must be true or false`}},
		{"a target inside", choice(`{"Not": {"Variable": "$", "IsNull": true, "Next": "T"}, "Next": "T"}`), []string{`$.States.S.Choices[0].Not.Next: ` + notField}},
		{"no variable", choice(`{"IsNull": true, "Next": "T"}`), []string{`$.States.S.Choices[0]: needs Variable`}},

		{"a wait without a time", state(`"Type": "Wait", "End": true`), []string{`$.States.S: needs Seconds or SecondsPath`}},
		{"a wait with a timestamp", state(`"Type": "Wait", "End": true, "Timestamp": "2026-01-01T00:00:00Z"`), []string{
			`$.States.S: needs Seconds or SecondsPath`, `$.States.S.Timestamp: ` + notField}},
		{"a wait with two times", state(`"Type": "Wait", "End": true, "Seconds": -1, "SecondsPath": "$"`), []string{
			`$.States.S.Seconds: must be an integer from 0 to 99999999`, `$.States.S: cannot have both Seconds and SecondsPath`}},
		{"a fail with both", state(`"Type": "Fail", "Error": "E", "ErrorPath": "$.e", "Cause": "c", "CausePath": "$.c"`), []string{
			`$.States.S: cannot have both Error and ErrorPath`, `$.States.S: cannot have both Cause and CausePath`}},
		{"a map without a processor", state(`"Type": "Map", "End": true`), []string{`$.States.S: needs ItemProcessor`}},
		{"a distributed map", state(`"Type": "Map", "End": true, "Label": "x", "MaxConcurrency": -1, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}`), []string{
			`$.States.S.MaxConcurrency: must be an integer from 0 to 99999999`,
			`$.States.S.ItemProcessor.ProcessorConfig.Mode: must be INLINE`, `$.States.S.ItemProcessor.ProcessorConfig.ExecutionType: ` + notField,
			`$.States.S.Label: ` + notField}},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			_, err := asl.Parse([]byte(testcase.definition))
			var invalid *asl.InvalidDefinition
			require.ErrorAs(t, err, &invalid)
			var got []string
			for _, p := range invalid.Problems {
				got = append(got, p.Path+": "+p.Text)
			}
			assert.Equal(t, testcase.want, got)
			assert.Equal(t, "invalid definition:\n"+strings.Join(got, "\n"), err.Error())
		})
	}
}

func TestEveryKeyIsComparedWithItsCase(t *testing.T) {
	t.Parallel()

	for _, key := range []string{
		"Comment", "Version", "QueryLanguage", "TimeoutSeconds", "StartAt", "States", "Type", "Resource", "InputPath", "Parameters", "ResultSelector",
		"ResultPath", "OutputPath", "Next", "Retry", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy",
		"Catch", "TimeoutSecondsPath", "HeartbeatSecondsPath", "Default", "Choices", "And", "Not", "Variable", "IsPresent", "StringEquals", "ItemsPath",
		"ItemSelector", "MaxConcurrency", "ItemProcessor", "ProcessorConfig", "Mode", "SecondsPath", "Result", "End", "ErrorPath", "Cause", "Payload",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, fullDefinition, `"`+key)
			_, err := asl.Parse([]byte(strings.ReplaceAll(fullDefinition, `"`+key+`"`, `"`+strings.ToLower(key[:1])+key[1:]+`"`)))
			assert.Error(t, err)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fullDefinition))
	f.Add([]byte(`{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [{"Not": {}, "Next": "S"}]}}}`))
	f.Fuzz(func(t *testing.T, definition []byte) {
		d, err := asl.Parse(definition)
		if (d == nil) == (err == nil) {
			t.Fatal("either a definition or an error")
		}
		if err != nil {
			return
		}
		// Every accepted definition runs with any input and ends.
		w := &world{now: midnight, random: func() float64 { return 0.5 }}
		w.machine = asl.NewMachine(d, w, asl.Options{ARN: machineARN})
		ex, err := w.machine.Start("run", []byte(`{"items": [1], "t": 2, "h": 1}`))
		require.NoError(t, err)
		w.settle()
		if ex.Status() == asl.Running {
			t.Fatal("nothing is left to happen, and yet it runs")
		}
	})
}
