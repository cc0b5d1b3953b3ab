package template_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/template"
)

// shape is how a tool names and joins the resources of a function.
type shape struct {
	name                                  string
	function, version, alias, group, role string
	// dependsOn says whether a function waits for its role, more is on every resource.
	dependsOn bool
	more      string
	functions []string // the forms of the alias's FunctionName, with the function's id
	groups    []string
	versions  []string
}

var shapes = []shape{
	{
		name: "SAM", function: "%s", version: "%sVersion1d514ab144", alias: "%sAliaslive", group: "%sDeploymentGroup", role: "%sRole",
		functions: []string{`{"Ref": %q}`}, groups: []string{`{"Ref": %q}`}, versions: []string{`{"Fn::GetAtt": [%q, "Version"]}`},
	},
	{
		name: "the Serverless canary plugin", function: "%sLambdaFunction", version: "%sLambdaVersionZ0x", alias: "%sLambdaFunctionAliasLive", group: "%sLambdaFunctionDeploymentGroup", role: "IamRole%s",
		functions: []string{`{"Ref": %q}`, `{"Fn::GetAtt": [%q, "Arn"]}`}, groups: []string{`{"Ref": %q}`}, versions: []string{`{"Fn::GetAtt": [%q, "Version"]}`}, dependsOn: true,
	},
	{
		name: "CDK", function: "%s4F0A", version: "%sCurrentVersionE1F2a9b8", alias: "%sAlias325C", group: "%sDeploymentGroup11AA", role: "%sServiceRole77",
		functions: []string{`{"Ref": %q}`}, groups: []string{`{"Ref": %q}`}, versions: []string{`{"Fn::GetAtt": [%q, "Version"]}`}, dependsOn: true, more: `, "Metadata": {"aws:cdk:path": "Stack/é/\u00fc"}`,
	},
	{
		name: "by hand", function: "%s", version: "%sV1", alias: "%sLive", group: "%sGroup", role: "%sRole",
		functions: []string{`{"Fn::Sub": "${%s}"}`, `{"Fn::GetAtt": "%s.Arn"}`}, groups: []string{`{"Fn::Sub": "${%s}"}`}, versions: []string{`{"Fn::GetAtt": "%s.Version"}`, `{"Fn::Sub": "${%s.Version}"}`},
	},
}

// uses are the forms in which a function needs the alias of another one.
var uses = []string{
	`"Environment": {"Variables": {"OTHER": {"Ref": %q}}}`,
	`"Environment": {"Variables": {"OTHER": {"Fn::Sub": "x ${%s} ${!No} ${AWS::Region}"}}}`,
	`"Environment": {"Variables": {"OTHER": {"Fn::Sub": ["${One}", {"One": {"Ref": %q}}]}}}`,
	`"Environment": {"Variables": {"OTHER": {"Fn::If": ["IsProd", {"Ref": %q}, {"Ref": "AWS::NoValue"}]}}}`,
	`"Environment": {"Variables": {"OTHER": {"Fn::Join": [":", ["a", {"Fn::GetAtt": [%q, "AliasArn"]}]]}}}`,
	`"Description": {"Fn::Select": [0, {"Fn::Split": [":", {"Fn::GetAtt": "%s.AliasArn"}]}]}`,
}

var configs = []string{
	`"CodeDeployDefault.LambdaAllAtOnce"`, `"CodeDeployDefault.LambdaCanary10Percent5Minutes"`, `"CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"`,
	`{"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Linear10PercentEvery1Minute"}]}`,
	`{"Fn::If": ["IsProd", {"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Canary10Percent30Minutes"}]}, "CodeDeployDefault.LambdaAllAtOnce"]}`,
	`{"Ref": "Speed"}`, `{"Fn::FindInMap": ["Speeds", {"Ref": "Stage"}, "Config"]}`, `"Mine"`, `{"Fn::ImportValue": "config"}`, `{"Ref": "OwnConfig"}`,
	`{"Fn::If": ["IsProd", {"Fn::If": ["IsFast", {"Ref": "AWS::NoValue"}, "CodeDeployDefault.LambdaAllAtOnce"]}, {"Ref": "AWS::NoValue"}]}`,
}

var alarms = []string{
	`{"Enabled": true, "Alarms": [{"Name": {"Ref": "Alarm"}}]}`, `{}`,
	`{"Fn::If": ["IsProd", {"Enabled": true, "Alarms": [{"Name": {"Ref": "Alarm"}}], "IgnorePollAlarmFailure": false}, {}]}`,
}

// The condition of a hook is not that of an alias: cfn-lint does not see in an UpdatePolicy that a
// branch cannot be reached, and would see it in the custom resource.
var hooks = []string{
	`{"Ref": "Hook"}`, `{"Fn::GetAtt": ["Hook", "Arn"]}`, `"CodeDeployHook_elsewhere"`, `{"Fn::ImportValue": "hook"}`,
	`{"Fn::If": ["IsFast", {"Ref": "Hook"}, {"Ref": "AWS::NoValue"}]}`, `{"Fn::Sub": "${Hook}"}`,
}

var tags = []string{
	``, `"Tags": [], `, `"Tags": [{"Key": "team", "Value": {"Ref": "Stage"}}], `, `"Tags": [{"Key": "sluice:alias", "Value": "live"}], `,
	`"Tags": {"Fn::If": ["IsProd", [{"Key": "a", "Value": "b"}], {"Ref": "AWS::NoValue"}]}, `,
}

// maybe returns a text, or nothing.
func maybe(t *rapid.T, label, text string) string {
	if rapid.Bool().Draw(t, label) {
		return text
	}
	return ""
}

func oneOf(t *rapid.T, label string, all []string) string {
	return rapid.SampledFrom(all).Draw(t, label)
}

// resourcesOf returns the resources of one function. aliases are those that it may need.
func (s shape) resourcesOf(t *rapid.T, name string, aliases []string) []string {
	id := func(form string) string { return fmt.Sprintf(form, name) }
	condition := maybe(t, "condition", `, "Condition": "IsProd"`)
	var after []string
	if s.dependsOn {
		after = append(after, id(s.role))
	}
	need := ""
	if len(aliases) > 0 && rapid.Bool().Draw(t, "needs another") {
		other := oneOf(t, "other", aliases)
		if i := rapid.IntRange(0, len(uses)).Draw(t, "use"); i < len(uses) {
			need = ", " + fmt.Sprintf(uses[i], other)
		} else {
			after = append(after, other)
		}
	}
	dependsOn := ""
	if len(after) > 0 {
		text, _ := json.Marshal(after)
		dependsOn = `, "DependsOn": ` + string(text)
	}
	before := maybe(t, "before", `, "BeforeAllowTrafficHook": `+oneOf(t, "hook before", hooks))
	behind := maybe(t, "after", `, "AfterAllowTrafficHook": `+oneOf(t, "hook after", hooks))
	pick := func(label string, all []string, form string) string {
		return fmt.Sprintf(oneOf(t, label, all), id(form))
	}
	return []string{
		fmt.Sprintf(`%q: {"Type": "AWS::IAM::Role"%s, "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}`, id(s.role), condition),
		fmt.Sprintf(`%q: {"Type": "AWS::Lambda::Function"%s, "Properties": {%s"Runtime": "nodejs20.x", "Timeout": 3.0e1, "Role": {"Fn::GetAtt": [%q, "Arn"]}%s}%s%s}`,
			id(s.function), condition, oneOf(t, "tags", tags), id(s.role), need, dependsOn, s.more),
		fmt.Sprintf(`%q: {"Type": "AWS::Lambda::Version"%s%s, "Properties": {"FunctionName": {"Ref": %q}}%s}`,
			id(s.version), condition, maybe(t, "retain", `, "DeletionPolicy": "Retain"`), id(s.function), s.more),
		fmt.Sprintf(`%q: {"Type": "AWS::Lambda::Alias"%s, "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": %s%s%s}}, "Properties": {"Name": %s, "FunctionName": %s, "FunctionVersion": %s}%s%s}`,
			id(s.alias), condition, pick("group", s.groups, s.group), before, behind, oneOf(t, "name", []string{`"live"`, `{"Ref": "Stage"}`}),
			pick("function", s.functions, s.function), pick("version", s.versions, s.version), maybe(t, "alias depends", `, "DependsOn": `+fmt.Sprintf("%q", id(s.role))), s.more),
		fmt.Sprintf(`%q: {"Type": "AWS::CodeDeploy::DeploymentGroup"%s, "Properties": {"ApplicationName": {"Ref": "App"}, "DeploymentConfigName": %s%s}}`,
			id(s.group), condition, oneOf(t, "config", configs), maybe(t, "alarms", `, "AlarmConfiguration": `+oneOf(t, "alarm", alarms))),
	}
}

// templates generates templates of one shape. They have no circles before they are rewritten.
func templates(s shape) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		resources := []string{
			`"App": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}}`,
			`"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Threshold": 1e0, "Text": "<&>\u2028"}}`,
			`"OwnConfig": {"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": {"ComputePlatform": "Lambda", "TrafficRoutingConfig": {"Type": "TimeBasedLinear", "TimeBasedLinear": {"LinearInterval": 2, "LinearPercentage": 25}}}}`,
			`"Hook": {"Type": "AWS::Lambda::Function", "Properties": {` + oneOf(t, "tags of the hook", tags) + `"Runtime": ` + oneOf(t, "runtime", []string{`"nodejs18.x"`, `"python3.12"`, `{"Ref": "Stage"}`}) +
				maybe(t, "layers", `, "Layers": ["arn:aws:lambda:eu-west-1:1:layer:x:1"]`) +
				oneOf(t, "environment", []string{``, `, "Environment": {}`, `, "Environment": {"Variables": {"A": "b", "NODE_OPTIONS": "--x"}}`, `, "Environment": {"Variables": {"NODE_OPTIONS": {"Ref": "Stage"}}}`}) + `}}`,
		}
		var aliases []string
		for i := range rapid.IntRange(1, 6).Draw(t, "functions") {
			name := fmt.Sprintf("Fn%c", 'A'+i)
			resources = append(resources, s.resourcesOf(t, name, aliases)...)
			aliases = append(aliases, fmt.Sprintf(s.alias, name))
		}
		source := []byte(`{"AWSTemplateFormatVersion": "2010-09-09", "Parameters": {"Stage": {"Type": "String", "Default": "test"}, "Speed": {"Type": "String", "Default": ` +
			oneOf(t, "speed", []string{`"CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"`, `"Other"`}) + `}},
			"Mappings": {"Speeds": {"test": {"Config": "CodeDeployDefault.LambdaAllAtOnce"}, "prod": {"Config": "CodeDeployDefault.LambdaCanary10Percent30Minutes"}}},
			"Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, "IsFast": {"Fn::Equals": [{"Ref": "Speed"}, "Other"]}},
			"Resources": {` + strings.Join(rapid.Permutation(resources).Draw(t, "order"), ", ") + `},
			"Outputs": {"A": {"Value": {"Ref": "` + aliases[0] + `"}}}}`)
		var spaced bytes.Buffer
		if rapid.Bool().Draw(t, "compact") {
			_ = json.Compact(&spaced, source)
		} else {
			_ = json.Indent(&spaced, source, "", " ")
		}
		return spaced.String()
	})
}

var sample = flag.String("sample", "", "folder for a sample of the templates, which package conformance asks for")

// The same ones are written each time.
func TestASampleOfTheGeneratedTemplatesIsWritten(t *testing.T) {
	t.Parallel()
	folder := *sample
	if folder == "" {
		folder = t.TempDir()
	}
	for i, s := range shapes {
		generator := templates(s)
		for seed := range 10 {
			file := filepath.Join(folder, fmt.Sprintf("generated-%d-%d.json", i, seed))
			require.NoError(t, os.WriteFile(file, []byte(generator.Example(seed)), 0o600))
		}
	}
}

func TestNoRewrittenTemplateHasACircleOrAnUpdatePolicyOrAnythingElseChanged(t *testing.T) {
	t.Parallel()
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				source := []byte(templates(s).Draw(t, "template"))
				before, err := edgesOf(source)
				require.NoError(t, err)
				require.Empty(t, circle(before), "the generator must not make circles")
				result, err := template.Rewrite(source, options())
				require.NoError(t, err)
				require.NoError(t, violation(source, result.Text))
				requireEveryAliasShifted(t, source, result.Text)
			})
		})
	}
}

// Each alias is a target of one custom resource, which has its condition, and not one of its
// targets needs another.
func requireEveryAliasShifted(t *rapid.T, before, after []byte) {
	old, all := membersOf(membersOf(before)["Resources"]), membersOf(membersOf(after)["Resources"])
	edges, _ := edgesOf(before)
	var targets []string
	for id, resource := range all {
		if typeOf(resource) != "Custom::SluiceShift" {
			continue
		}
		var shift struct {
			Condition  string
			Properties struct {
				Targets              []struct{ Key string }
				DeploymentConfigName json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(resource, &shift))
		require.NotContains(t, string(shift.Properties.DeploymentConfigName), "AWS::NoValue", "without a name, it would be Sluice's default")
		for _, target := range shift.Properties.Targets {
			targets = append(targets, target.Key)
			var alias struct {
				Condition  string
				Properties struct{ FunctionVersion map[string][]string }
			}
			require.NoError(t, json.Unmarshal(all[target.Key], &alias))
			require.Equal(t, shift.Condition, alias.Condition)
			require.Equal(t, map[string][]string{"Fn::GetAtt": {id, target.Key}}, alias.Properties.FunctionVersion)
			for _, other := range shift.Properties.Targets {
				require.False(t, other.Key != target.Key && reaches(edges, target.Key, other.Key), "%s needs %s", target.Key, other.Key)
			}
		}
	}
	var aliases []string
	for id, resource := range old {
		if typeOf(resource) == "AWS::Lambda::Alias" {
			aliases = append(aliases, id)
		}
	}
	slices.Sort(targets)
	slices.Sort(aliases)
	require.Equal(t, aliases, targets)
}

func reaches(edges map[string][]string, from, to string) bool {
	return slices.ContainsFunc(edges[from], func(next string) bool { return next == to || reaches(edges, next, to) })
}
