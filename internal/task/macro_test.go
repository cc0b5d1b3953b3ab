package task_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/stackshift"
	"github.com/sluice-aws/sluice/internal/task"
	"github.com/sluice-aws/sluice/internal/template"
)

const shiftedTemplate = `{"Resources": {"G": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"DeploymentConfigName": {"Ref": "Speed"}}},
 "F": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 3.0}}, "V": {"Type": "AWS::Lambda::Version"},
 "A": {"Type": "AWS::Lambda::Alias", "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"DeploymentGroupName": {"Ref": "G"}}},
 "Properties": {"Name": "live", "FunctionName": {"Ref": "F"}, "FunctionVersion": {"Fn::GetAtt": ["V", "Version"]}}}}}`

func macro() task.Macro {
	return task.Macro{Rewrite: template.Rewrite, Options: template.Options{StackShift: "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift"}}
}

type macroAnswer struct {
	RequestID    string
	Status       string
	Fragment     json.RawMessage
	ErrorMessage string
}

func askMacro(t *testing.T, payload string) macroAnswer {
	t.Helper()
	text, err := macro().Handle(t.Context(), []byte(payload))
	require.NoError(t, err)
	var answer macroAnswer
	require.NoError(t, json.Unmarshal(text, &answer), "%s", text)
	return answer
}

func macroCall(fragment, parameters, values string) string {
	return fmt.Sprintf(`{"region": "eu-west-1", "accountId": "111122223333", "fragment": %s, "transformId": "111122223333::Sluice", "params": %s, "requestId": "r-1", "templateParameterValues": %s}`,
		fragment, parameters, values)
}

func TestTheMacroAnswersWithTheRewrittenTemplate(t *testing.T) {
	t.Parallel()
	answer := askMacro(t, macroCall(shiftedTemplate, "{}", `{"Speed": "AllAtOnce", "Count": 3, "List": ["a"]}`))
	assert.Equal(t, "r-1", answer.RequestID)
	assert.Equal(t, "success", answer.Status)
	assert.Empty(t, answer.ErrorMessage)
	assert.Contains(t, string(answer.Fragment), `"Custom::SluiceShift"`)
	assert.Contains(t, string(answer.Fragment), `{"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"DeploymentConfigName": {"Ref": "Speed"}}}`, "as it was written")
	assert.NotContains(t, string(answer.Fragment), "WaitCondition", "the parameter's value is short")
}

func TestTheValuesOfTheParametersSayHowLongAStackWaits(t *testing.T) {
	t.Parallel()
	answer := askMacro(t, macroCall(shiftedTemplate, "{}", `{"Speed": "Linear10PercentEvery10Minutes"}`))
	assert.Contains(t, string(answer.Fragment), `"Timeout":"43200"`)
	for _, no := range []string{`"false"`, `false`, `"False"`} {
		answer = askMacro(t, macroCall(shiftedTemplate, `{"Wait": `+no+`}`, `{"Speed": "Linear10PercentEvery10Minutes"}`))
		assert.NotContains(t, string(answer.Fragment), "WaitCondition")
		assert.Contains(t, string(answer.Fragment), `"Wait":"false"`)
	}
}

func TestAParameterOfTheMacroSaysWhetherTheVersionsAreCompared(t *testing.T) {
	t.Parallel()
	values := `{"Speed": "AllAtOnce"}`
	assert.NotContains(t, string(askMacro(t, macroCall(shiftedTemplate, "{}", values)).Fragment), `"Judge"`, "Sluice's default")
	for _, judge := range []string{"enforce", "observe", "off"} {
		answer := askMacro(t, macroCall(shiftedTemplate, `{"Judge": "`+judge+`"}`, values))
		assert.Contains(t, string(answer.Fragment), `"Judge":"`+judge+`"`)
	}
}

func TestAParameterOfTheMacroSaysWhatAnUpdateDoesInAFreeze(t *testing.T) {
	t.Parallel()
	values := `{"Speed": "AllAtOnce"}`
	assert.NotContains(t, string(askMacro(t, macroCall(shiftedTemplate, "{}", values)).Fragment), `"WhenFrozen"`, "Sluice's default")
	for _, frozen := range []string{"fail", "wait"} {
		answer := askMacro(t, macroCall(shiftedTemplate, `{"WhenFrozen": "`+frozen+`"}`, values))
		assert.Contains(t, string(answer.Fragment), `"WhenFrozen":"`+frozen+`"`)
	}
}

// What the macro lets through fits into the time that stack-shift has for it.
func TestStackShiftTakesThePlansThatTheMacroTakes(t *testing.T) {
	t.Parallel()
	const hooks = `{"DeploymentGroupName": {"Ref": "G"}, "BeforeAllowTrafficHook": "smoke", "AfterAllowTrafficHook": "after"}`
	withHooks := strings.Replace(shiftedTemplate, `{"DeploymentGroupName": {"Ref": "G"}}`, hooks, 1)
	for _, test := range []struct {
		speed, template string
		long            bool
	}{
		{"Canary10Percent55Minutes", shiftedTemplate, false},
		{"Canary10Percent35Minutes", withHooks, false},
		{"Canary10Percent36Minutes", withHooks, true},
		{"Canary10Percent690Minutes", shiftedTemplate, true},
		{"Canary10Percent670Minutes", withHooks, true},
	} {
		t.Run(test.speed, func(t *testing.T) {
			t.Parallel()
			result, err := template.Rewrite([]byte(test.template), template.Options{
				StackShift: "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift", HookEndpoint: "https://hooks.example.com/", Parameters: map[string]string{"Speed": test.speed},
			})
			require.NoError(t, err)
			var whole struct {
				Resources map[string]struct{ Properties map[string]any }
			}
			require.NoError(t, json.Unmarshal(result.Text, &whole))
			properties := whole.Resources[result.Shifts[0].ID].Properties
			properties["Targets"] = []any{map[string]string{"Key": "A", "Function": "f", "Alias": "live", "Version": "2"}}
			properties["DeploymentConfigName"] = test.speed
			require.Equal(t, test.long, properties["Handle"] != nil)
			if test.long {
				properties["Handle"] = "https://cloudformation-waitcondition-eu-west-1.s3.eu-west-1.amazonaws.com/x"
			}
			text, err := json.Marshal(properties)
			require.NoError(t, err)
			decoded, err := stackshift.DecodeProperties(text)
			require.NoError(t, err)
			_, err = decoded.Input(decoded.Targets, nil, "")
			require.NoError(t, err)
		})
	}
}

func TestTheMacroLeavesOtherTemplatesAsTheyAre(t *testing.T) {
	t.Parallel()
	const fragment = `{ "Resources" : {"A": {"Type": "AWS::SNS::Topic", "N": 1.0e3, "T": "<\u003e"} } }`
	text, err := macro().Handle(t.Context(), []byte(macroCall(fragment, "{}", "{}")))
	require.NoError(t, err)
	assert.Equal(t, `{"requestId":"r-1","status":"success","fragment":`+fragment+`}`, string(text))
}

func TestTheMacroSaysWhyItFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ payload, request, want string }{
		"no JSON":              {`{`, "", "this is no call of a macro"},
		"another form":         {`{"requestId": "r-1", "params": 7}`, "r-1", "this is no call of a macro"},
		"no template":          {`{"requestId": "r-1"}`, "r-1", "not JSON"},
		"a part of a template": {macroCall(`{"Type": "AWS::Lambda::Alias"}`, "{}", "{}"), "r-1", "name the macro in the section Transform of the template, and not in Fn::Transform"},
		"what it cannot do":    {macroCall(strings.Replace(shiftedTemplate, `"Name": "live"`, `"Name": "live", "RoutingConfig": {}`, 1), "{}", "{}"), "r-1", "A: it has a RoutingConfig"},
		"another parameter":    {macroCall(shiftedTemplate, `{"wait": "false"}`, "{}"), "r-1", `the macro has no parameter "wait": it has Wait, true or false, Judge, which is enforce, observe or off, and WhenFrozen, which is fail or wait`},
		"no way to wait":       {macroCall(shiftedTemplate, `{"WhenFrozen": "pass"}`, "{}"), "r-1", `the macro's parameter WhenFrozen must be fail or wait, not "pass"`},
		"no way to judge":      {macroCall(shiftedTemplate, `{"Judge": "no"}`, "{}"), "r-1", `the macro's parameter Judge must be enforce, observe or off, not "no"`},
		"another value":        {macroCall(shiftedTemplate, `{"Wait": "no"}`, "{}"), "r-1", `the macro's parameter Wait must be true or false, not "no"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := askMacro(t, test.payload)
			assert.Equal(t, "failure", answer.Status)
			assert.Equal(t, test.request, answer.RequestID)
			assert.Contains(t, answer.ErrorMessage, test.want)
		})
	}
}

func TestAMistakeOfSluiceIsAnAnswerToo(t *testing.T) {
	t.Parallel()
	m := macro()
	m.Rewrite = func([]byte, template.Options) (template.Result, error) { panic("index out of range") }
	text, err := m.Handle(t.Context(), []byte(macroCall(shiftedTemplate, "{}", "{}")))
	require.NoError(t, err)
	var answer macroAnswer
	require.NoError(t, json.Unmarshal(text, &answer))
	assert.Equal(t, "failure", answer.Status)
	assert.Contains(t, answer.ErrorMessage, "a mistake in Sluice, please report it: index out of range")
}

func TestTheMacrosErrorIsBounded(t *testing.T) {
	t.Parallel()
	var resources []string
	for i := range 200 {
		resources = append(resources, fmt.Sprintf(`"A%d": {"Type": "AWS::Serverless::Function"}`, i))
	}
	answer := askMacro(t, macroCall(`{"Resources": {`+strings.Join(resources, ",")+`}}`, "{}", "{}"))
	assert.Equal(t, "failure", answer.Status)
	assert.LessOrEqual(t, len([]rune(answer.ErrorMessage)), 1000)
}

func FuzzTheMacroAlwaysAnswers(f *testing.F) {
	f.Add([]byte(macroCall(shiftedTemplate, `{"Wait": "false"}`, `{"Speed": "x"}`)))
	f.Add([]byte(`{"requestId": "\ud800", "fragment": null, "params": null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text, err := macro().Handle(t.Context(), payload)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%v: %s", err, text)
		}
	})
}
