package template_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
)

// propertiesOf returns the properties of a resource of a rewritten template, and the notes.
func propertiesOf(t *testing.T, p parts, o template.Options, id string) (properties, notes string) {
	t.Helper()
	result, err := template.Rewrite(p.text(), o)
	require.NoError(t, err)
	require.NoError(t, violation(bytes.TrimSpace(p.text()), result.Text))
	resource := membersOf(membersOf(membersOf(result.Text)["Resources"])[id])
	var all string
	for _, n := range result.Notes {
		all += n.ID + ": " + n.Text + "\n"
	}
	return string(resource["Properties"]), all
}

func TestTheFunctionOfAnAliasGetsItsTags(t *testing.T) {
	t.Parallel()
	const alias, shifted = `{"Key": "sluice:alias", "Value": "live"}`, `{"Key": "sluice:shifted-by", "Value": "stack"}`
	for before, after := range map[string]string{
		``:                                      `[` + alias + `, ` + shifted + `]`,
		`[]`:                                    `[` + alias + `, ` + shifted + `]`,
		`{"Ref": "AWS::NoValue"}`:               `[` + alias + `, ` + shifted + `]`,
		`[{"Key": "a", "Value": {"Ref": "P"}}]`: `[{"Key": "a", "Value": {"Ref": "P"}}, ` + alias + `, ` + shifted + `]`,
		`[{"Key": "sluice:alias", "Value": "prod"}]`:                                          `[{"Key": "sluice:alias", "Value": "prod"}, ` + shifted + `]`,
		`[{"Fn::If": ["C", {"Key": "sluice:alias", "Value": "x"}, {"Ref": "AWS::NoValue"}]}]`: `[{"Fn::If": ["C", {"Key": "sluice:alias", "Value": "x"}, {"Ref": "AWS::NoValue"}]}, ` + shifted + `]`,
		`{"Fn::If": ["C", [` + alias + `], {"Ref": "AWS::NoValue"}]}`:                         `{"Fn::If": ["C", [` + alias + `, ` + shifted + `], [` + alias + `, ` + shifted + `]]}`,
	} {
		p := parts{sections: `, "Parameters": {"P": {"Type": "String"}}`}
		if before != "" {
			p.function = `, "Tags": ` + before
		}
		properties, notes := propertiesOf(t, p, options(), "Fn")
		assert.JSONEq(t, after, string(membersOf([]byte(properties))["Tags"]))
		assert.Empty(t, notes)
	}
}

func TestAFunctionElsewhereIsTaggedByHand(t *testing.T) {
	t.Parallel()
	p := parts{alias: `{"Name": "live", "FunctionName": "orders", "FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}}`}
	_, notes := propertiesOf(t, p, options(), "Fn")
	assert.Equal(t, "Live: its function is not in this template: give it the tags sluice:alias, with the alias's name, and sluice:shifted-by = stack\n", notes)
}

func TestAHookIsTaggedAndAnswersSluice(t *testing.T) {
	t.Parallel()
	const (
		tags     = `"Tags": [{"Key": "sluice:hook", "Value": "true"}]`
		endpoint = `"AWS_ENDPOINT_URL_CODEDEPLOY": "https://hooks.lambda-url.eu-west-1.on.aws/"`
		layer    = `"arn:aws:lambda:eu-west-1:111122223333:layer:sluice-codedeploy:1"`
		load     = `--require /opt/sluice-codedeploy.cjs`
	)
	tests := map[string]struct{ before, after, note string }{
		"python":                  {`"Runtime": "python3.12"`, `"Runtime": "python3.12", "Environment": {"Variables": {` + endpoint + `}}`, ""},
		"node":                    {`"Runtime": "nodejs20.x"`, `"Runtime": "nodejs20.x", "Layers": [` + layer + `], "Environment": {"Variables": {` + endpoint + `, "NODE_OPTIONS": "` + load + `"}}`, ""},
		"node with options":       {`"Runtime": "nodejs20.x", "Environment": {"Variables": {"NODE_OPTIONS": "--a"}}`, `"Runtime": "nodejs20.x", "Layers": [` + layer + `], "Environment": {"Variables": {` + endpoint + `, "NODE_OPTIONS": "--a ` + load + `"}}`, ""},
		"node with other options": {`"Runtime": "nodejs20.x", "Environment": {"Variables": {"NODE_OPTIONS": {"Ref": "App"}}}`, `"Runtime": "nodejs20.x", "Layers": [` + layer + `], "Environment": {"Variables": {` + endpoint + `, "NODE_OPTIONS": {"Fn::Join": [" ", [{"Ref": "App"}, "` + load + `"]]}}}`, ""},
		"node with layers":        {`"Runtime": "nodejs20.x", "Layers": ["a"]`, `"Runtime": "nodejs20.x", "Layers": ["a", ` + layer + `], "Environment": {"Variables": {` + endpoint + `, "NODE_OPTIONS": "` + load + `"}}`, ""},
		"node with five layers":   {`"Runtime": "nodejs20.x", "Layers": ["a", "b", "c", "d", "e"]`, `"Runtime": "nodejs20.x", "Layers": ["a", "b", "c", "d", "e"], "Environment": {"Variables": {` + endpoint + `}}`, "finds no place in its Layers"},
		"an image":                {`"PackageType": "Image"`, `"PackageType": "Image", "Environment": {"Variables": {` + endpoint + `}}`, ""},
		"what runs is open":       {`"Runtime": {"Ref": "App"}`, `"Runtime": {"Ref": "App"}, "Environment": {"Variables": {` + endpoint + `}}`, "its Runtime is not known before it is deployed"},
		"an endpoint of its own":  {`"Environment": {"Variables": {"AWS_ENDPOINT_URL_CODEDEPLOY": "x"}}`, `"Environment": {"Variables": {"AWS_ENDPOINT_URL_CODEDEPLOY": "x"}}`, "which stays as it is"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, hook := range []string{`{"Ref": "Hook"}`, `{"Fn::GetAtt": ["Hook", "Arn"]}`, `{"Fn::If": ["C", {"Ref": "Hook"}, {"Ref": "AWS::NoValue"}]}`} {
				p := parts{hook: test.before, policy: policyOf(`{"Ref": "Group"}`, `, "BeforeAllowTrafficHook": `+hook+`, "AfterAllowTrafficHook": {"Ref": "Hook"}`)}
				properties, notes := propertiesOf(t, p, options(), "Hook")
				assert.JSONEq(t, "{"+test.after+", "+tags+"}", properties)
				if test.note == "" {
					assert.Empty(t, notes)
				}
				assert.Contains(t, notes, test.note)
			}
		})
	}
}

func TestAHookElsewhereIsPreparedByHand(t *testing.T) {
	t.Parallel()
	p := parts{policy: policyOf(`{"Ref": "Group"}`, `, "AfterAllowTrafficHook": "CodeDeployHook_x"`)}
	_, notes := propertiesOf(t, p, options(), "Hook")
	assert.Equal(t, "Live: its hook \"CodeDeployHook_x\" is not a function of this template: give that function the tag sluice:hook = true, and the variable AWS_ENDPOINT_URL_CODEDEPLOY = https://hooks.lambda-url.eu-west-1.on.aws/\n", notes)
}

// What had to be there before the alias was moved has to be there before its traffic is.
func TestAShiftWaitsForWhatItsAliasesWaitFor(t *testing.T) {
	t.Parallel()
	result, err := template.Rewrite(parts{attributes: `, "DependsOn": "Hook"`, group: `, "DeploymentConfigName": "Mine"`}.text(), options())
	require.NoError(t, err)
	for id, resource := range membersOf(membersOf(result.Text)["Resources"]) {
		var r struct{ DependsOn any }
		require.NoError(t, json.Unmarshal(resource, &r))
		switch typeOf(resource) {
		case "Custom::SluiceShift":
			assert.Equal(t, []any{"Hook"}, r.DependsOn)
		case "AWS::Lambda::Alias":
			assert.Len(t, r.DependsOn, 2, id)
		}
	}
}

func TestWhatCodeDeployDidAndSluiceDoesNotIsNoted(t *testing.T) {
	t.Parallel()
	_, notes := propertiesOf(t, parts{group: `, "TriggerConfigurations": [{}]`}, options(), "Fn")
	assert.Contains(t, notes, "Group: CodeDeploy no longer sends its TriggerConfigurations")
	for _, test := range []struct {
		alarms, missing string
		notes           int
	}{
		{"", "DEPLOYMENT_STOP_ON_ALARM", 0},
		{"", "DEPLOYMENT_FAILURE", 1},
		{`, "AlarmConfiguration": {"Enabled": true, "Alarms": [{"Name": "a"}]}`, "DEPLOYMENT_STOP_ON_ALARM", 1},
		{`, "AlarmConfiguration": {"Enabled": true, "Alarms": [{"Name": "a"}]}`, "DEPLOYMENT_STOP_ON_REQUEST", 0},
	} {
		source := bytes.Replace(parts{group: test.alarms}.text(), []byte(test.missing), []byte("OTHER"), 1)
		result, err := template.Rewrite(source, options())
		require.NoError(t, err)
		require.Len(t, result.Notes, test.notes, test)
		if test.notes > 0 {
			assert.Contains(t, result.Notes[0].Text, "Sluice always does")
		}
	}
	off := bytes.Replace(parts{}.text(), []byte(`{"Events"`), []byte(`{"Enabled": false, "Events"`), 1)
	result, err := template.Rewrite(off, options())
	require.NoError(t, err)
	require.Len(t, result.Notes, 1)
	assert.Contains(t, result.Notes[0].Text, "Sluice always does")
}
