package asl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

func TestChoicesCompareAsInAWS(t *testing.T) {
	t.Parallel()

	const input = `{"s": "a<b>", "n": 1.50, "zero": 0, "t": true, "f": false, "null": null, "list": [{"x": "deep"}], "o": {"a-b": 1, "key with space": 2}}`
	for _, testcase := range []struct {
		rule string
		want bool
	}{
		{rule: `"Variable": "$.s", "StringEquals": "a<b>"`, want: true},
		{rule: `"Variable": "$.s", "StringEquals": "A<B>"`, want: false},
		{rule: `"Variable": "$.n", "StringEquals": "1.50"`, want: false},
		{rule: `"Variable": "$.n", "NumericEquals": 1.5`, want: true},
		{rule: `"Variable": "$.s", "NumericEquals": 1.5`, want: false},
		{rule: `"Variable": "$.n", "NumericLessThan": 1.5`, want: false},
		{rule: `"Variable": "$.n", "NumericLessThanEquals": 1.5`, want: true},
		{rule: `"Variable": "$.n", "NumericGreaterThan": -3`, want: true},
		{rule: `"Variable": "$.n", "NumericGreaterThanEquals": 2`, want: false},
		{rule: `"Variable": "$.t", "BooleanEquals": true`, want: true},
		{rule: `"Variable": "$.f", "BooleanEquals": true`, want: false},
		{rule: `"Variable": "$.f", "BooleanEquals": false`, want: true},
		{rule: `"Variable": "$.s", "BooleanEquals": false`, want: false},
		{rule: `"Variable": "$.null", "IsNull": true`, want: true},
		{rule: `"Variable": "$.zero", "IsNull": true`, want: false},
		{rule: `"Variable": "$.zero", "IsNull": false`, want: true},
		{rule: `"Variable": "$.null", "IsPresent": true`, want: true},
		{rule: `"Variable": "$.nothing", "IsPresent": true`, want: false},
		{rule: `"Variable": "$.nothing", "IsPresent": false`, want: true},
		{rule: `"Variable": "$.s", "IsString": true`, want: true},
		{rule: `"Variable": "$.n", "IsNumeric": true`, want: true},
		{rule: `"Variable": "$.f", "IsBoolean": true`, want: true},
		{rule: `"Variable": "$.o", "IsBoolean": false`, want: true},
		{rule: `"Variable": "$.list[0].x", "StringEquals": "deep"`, want: true},
		{rule: `"Variable": "$.list[1]", "IsPresent": true`, want: false},
		{rule: `"Variable": "$['list'][0][\"x\"]", "StringEquals": "deep"`, want: true},
		{rule: `"Variable": "$.o.a-b", "NumericEquals": 1`, want: true},
		{rule: `"Variable": "$.o['key with space']", "NumericEquals": 2`, want: true},
		{rule: `"Variable": "$.s.deeper", "IsPresent": true`, want: false},
		{rule: `"Variable": "$$.Execution.Name", "StringEquals": "run"`, want: true},
		{rule: `"And": [{"Variable": "$.t", "BooleanEquals": true}, {"Variable": "$.zero", "NumericEquals": 0}]`, want: true},
		{rule: `"And": [{"Variable": "$.t", "BooleanEquals": true}, {"Variable": "$.zero", "NumericEquals": 1}]`, want: false},
		{rule: `"And": [{"Variable": "$.nothing", "IsPresent": true}, {"Variable": "$.nothing", "NumericEquals": 1}]`, want: false},
		{rule: `"Or": [{"Variable": "$.f", "BooleanEquals": true}, {"Variable": "$.zero", "NumericEquals": 0}]`, want: true},
		{rule: `"Or": [{"Variable": "$.f", "BooleanEquals": true}, {"Variable": "$.zero", "NumericEquals": 1}]`, want: false},
		{rule: `"Or": [{"Variable": "$.nothing", "IsPresent": false}, {"Variable": "$.nothing", "NumericEquals": 1}]`, want: true},
		{rule: `"Not": {"Variable": "$.t", "BooleanEquals": true}`, want: false},
		{rule: `"Not": {"And": [{"Not": {"Variable": "$.t", "BooleanEquals": true}}]}`, want: true},
	} {
		t.Run(testcase.rule, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, `{"StartAt": "C", "States": {
				"C": {"Type": "Choice", "Choices": [{`+testcase.rule+`, "Next": "Yes"}], "Default": "No"},
				"Yes": {"Type": "Succeed"}, "No": {"Type": "Succeed"}}}`, input, nil)
			want := "No"
			if testcase.want {
				want = "Yes"
			}
			assert.Equal(t, []string{"C", want}, ex.Path(), ex.Failure())
		})
	}
}

func TestAChoiceFollowsTheFirstRuleThatHolds(t *testing.T) {
	t.Parallel()
	ex, _ := run(t, `{"StartAt": "C", "States": {"C": {"Type": "Choice", "Default": "D", "InputPath": "$.a", "OutputPath": "$.b", "Choices": [
			{"Comment": "first", "Variable": "$.b", "NumericGreaterThan": 5, "Next": "A"},
			{"Variable": "$.b", "NumericGreaterThan": 1, "Next": "B"},
			{"Variable": "$.b", "NumericGreaterThan": 0, "Next": "A"}]},
		"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}, "D": {"Type": "Succeed"}}}`, `{"a": {"b": 3}}`, nil)
	assert.Equal(t, []string{"C", "B"}, ex.Path())
	assert.Equal(t, `3`, string(ex.Output()))
}

func TestAChoiceWithoutAMatchFails(t *testing.T) {
	t.Parallel()
	definition := `{"StartAt": "C", "States": {"C": {"Type": "Choice", "Choices": [{"Variable": "$.next", "StringEquals": "go", "Next": "S"}]}, "S": {"Type": "Succeed"}}}`

	ex, _ := run(t, definition, `{"next": "stay"}`, nil)
	assert.Equal(t, asl.Failed, ex.Status())
	assert.Equal(t, "States.NoChoiceMatched", ex.Failure().Error)

	ex, _ = run(t, definition, `{}`, nil)
	assert.Equal(t, asl.Failure{
		Error: "States.Runtime",
		Cause: "An error occurred while executing the state 'C' (entered at the event id #2). Invalid path '$.next': The choice state's condition path references an invalid value.",
	}, ex.Failure())
}
