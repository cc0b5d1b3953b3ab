package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

func TestWithoutItsSettingTheStackHasNoPublicEndpoint(t *testing.T) {
	for name, template := range map[string]map[string]any{"default": goldenTemplate(t), "off": synthesized(t, map[string]any{"hookEndpoint": "off"})} {
		for _, kind := range []string{"AWS::Lambda::Url", "AWS::Lambda::LayerVersion"} {
			assert.Empty(t, resources(template, kind), name)
		}
		for id, p := range resources(template, "AWS::Lambda::Permission") {
			assert.NotEqual(t, "*", p["Principal"], "%s: %s", name, id)
		}
		text, err := json.Marshal(template)
		require.NoError(t, err)
		for _, part := range []string{flow.HookEndpoint, flow.HookEndpointVariable, flow.HookPartition, flow.HookURLVariable, flow.HookLayerVariable} {
			assert.NotContains(t, string(text), part, name)
		}
	}
}

func TestTheEndpointIsPublicSmallAndBounded(t *testing.T) {
	template := templateIn(t, hooked)
	url := only(t, template, "AWS::Lambda::Url")
	target := url["TargetFunctionArn"].(map[string]any)["Fn::GetAtt"].([]any)
	function := template["Resources"].(map[string]any)[target[0].(string)].(map[string]any)["Properties"].(map[string]any)
	assert.Equal(t, "sluice-hook-endpoint", function["FunctionName"])
	assert.Equal(t, map[string]any{"AuthType": "NONE", "TargetFunctionArn": url["TargetFunctionArn"]}, url)
	assert.InDelta(t, 2, function["ReservedConcurrentExecutions"], 0)
	assert.InDelta(t, 128, function["MemorySize"], 0)
	assert.InDelta(t, 3, function["Timeout"], 0)

	var public []map[string]any
	for _, p := range resources(template, "AWS::Lambda::Permission") {
		if p["Principal"] == "*" {
			assert.Equal(t, url["TargetFunctionArn"], p["FunctionName"])
			delete(p, "FunctionName")
			public = append(public, p)
		}
	}
	assert.ElementsMatch(t, []map[string]any{
		{"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
		{"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": true},
	}, public, "both are needed, and the second one is for the URL alone")
}

func TestTheEndpointMayAnswerForHooksAndNothingElse(t *testing.T) {
	template := templateIn(t, hooked)
	may := map[string][]string{}
	for id, role := range resources(template, "AWS::IAM::Role") {
		for _, s := range statementsOf(t, role) {
			if strings.HasPrefix(id, "hookendpointrole") || s.Sid == "AwaitAnswers" {
				condition, err := json.Marshal(filled(t, s.Condition))
				require.NoError(t, err)
				may[id[:len(id)-logicalHash]+" "+s.Sid] = append(slices.Clone(s.Actions), string(condition))
			}
		}
	}
	assert.Equal(t, map[string][]string{
		"hookendpointrole RecordAnswers":  {"dynamodb:GetItem", "dynamodb:UpdateItem", `{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["hook#*"]}}`},
		"hookendpointrole AnswerForHooks": {"states:SendTaskFailure", "states:SendTaskSuccess", "null"},
		"hookendpointrole Logs":           {"logs:CreateLogStream", "logs:PutLogEvents", "null"},
		"hookendpointrole Traces":         {"xray:PutTelemetryRecords", "xray:PutTraceSegments", "null"},
		"runhooksrole AwaitAnswers":       {"dynamodb:PutItem", `{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["hook#*","codedeploy#*"]}}`},
	}, may)
}

func TestOnlyPublishVersionLearnsOfTheEndpoint(t *testing.T) {
	for id, f := range resources(templateIn(t, hooked), "AWS::Lambda::Function") {
		given := f["Environment"].(map[string]any)["Variables"].(map[string]any)[flow.HookEndpointVariable]
		if f["FunctionName"] == "sluice-"+flow.Publish.Function {
			assert.Equal(t, "url", given)
		} else {
			assert.Nil(t, given, id)
		}
	}
}

// Without them it refuses every template that has hooks.
func TestTheMacroKnowsTheEndpointAndTheLayer(t *testing.T) {
	template := templateIn(t, hooked)
	outputs := template["Outputs"].(map[string]any)
	want := map[string]any{
		flow.HookURLVariable:   outputs["HookEndpointUrl"].(map[string]any)["Value"],
		flow.HookLayerVariable: outputs["HookPreloadLayerArn"].(map[string]any)["Value"],
	}
	for id, f := range resources(template, "AWS::Lambda::Function") {
		variables := f["Environment"].(map[string]any)["Variables"].(map[string]any)
		for variable, value := range want {
			if f["FunctionName"] == "sluice-"+flow.Macro {
				assert.Equal(t, value, variables[variable], variable)
			} else {
				assert.NotContains(t, variables, variable, id)
			}
		}
	}
}

// A stack that rolls back gives its functions the version of the layer that they had before.
func TestTheLayersVersionsAreKept(t *testing.T) {
	template := templateIn(t, hooked)
	for id := range resources(template, "AWS::Lambda::LayerVersion") {
		layer := template["Resources"].(map[string]any)[id].(map[string]any)
		assert.Equal(t, "Retain", layer["UpdateReplacePolicy"])
		assert.Equal(t, "Retain", layer["DeletionPolicy"])
	}
}

func TestTheStackTellsWhatAHookNeeds(t *testing.T) {
	template := templateIn(t, hooked)
	outputs := template["Outputs"].(map[string]any)
	assert.Contains(t, outputs["HookEndpointUrl"].(map[string]any)["Description"], "AWS_ENDPOINT_URL_CODEDEPLOY")
	assert.Equal(t, "FunctionUrl", outputs["HookEndpointUrl"].(map[string]any)["Value"].(map[string]any)["Fn::GetAtt"].([]any)[1])
	layer := only(t, template, "AWS::Lambda::LayerVersion")
	assert.Contains(t, layer["Description"], "--require /opt/sluice-codedeploy.cjs")
	files, err := os.ReadDir("preload")
	require.NoError(t, err)
	require.Len(t, files, 1, "a layer is unpacked into /opt")
	assert.Equal(t, "sluice-codedeploy.cjs", files[0].Name())
}

func TestTheEndpointsSettingIsOffOrURL(t *testing.T) {
	for value, problem := range map[any]string{"on": `hookEndpoint: "on" must be off, or url for a public URL`, true: "hookEndpoint: true must be text"} {
		_, err := readSettings(func(name string) any {
			if name == flow.HookEndpointSetting {
				return value
			}
			return nil
		}, []string{flow.HookEndpointSetting})
		require.ErrorContains(t, err, problem)
	}
}
