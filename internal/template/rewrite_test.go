package template_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testdata/sam has templates of SAM, and what its translator makes of them (translate.py),
// testdata/cdk what CDK makes of a program (infra/migration_test.go).
// testdata/rewritten has what becomes of those, with the notes.
func TestGoldenTemplatesOfSAMAndOfCDKAreRewritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/[sc]*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			result, err := template.Rewrite(source, options())
			require.NoError(t, err)
			require.NoError(t, violation(bytes.TrimSpace(source), result.Text))
			requireGolden(t, "testdata/rewritten/"+filepath.Base(file), indented(t, result.Text))
			requireGolden(t, "testdata/rewritten/"+strings.TrimSuffix(filepath.Base(file), "json")+"notes", notes(result))
		})
	}
}

func requireGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "if it is meant to differ, run go test ./internal/template -run Golden -update, and read the difference")
}

func indented(t *testing.T, source []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, source, "", " "))
	return strings.TrimSpace(b.String()) + "\n"
}

func notes(result template.Result) string {
	var b strings.Builder
	for _, n := range result.Notes {
		fmt.Fprintf(&b, "%s: %s\n", n.ID, n.Text)
	}
	return b.String()
}

// plain is a template with one alias. Each %s is a place to change: the deployment group's
// properties, the alias's attributes, its properties and its policy, the function's properties,
// and further resources.
const plain = `{
 "Resources": {
  "App": {"Type": "AWS::CodeDeploy::Application"},
  "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"AutoRollbackConfiguration": {"Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]}%s}},
  "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12"%s}},
  "V1": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}},
  "Hook": {"Type": "AWS::Lambda::Function", "Properties": {%s}},
  "Live": {"Type": "AWS::Lambda::Alias", "Properties": %s, "UpdatePolicy": %s%s}%s
 }%s
}`

// parts fill plain.
type parts struct{ group, function, hook, alias, policy, attributes, resources, sections string }

func (p parts) text() []byte {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	return fmt.Appendf(nil, plain, p.group, p.function, or(p.hook, `"Runtime": "python3.12"`),
		or(p.alias, `{"Name": "live", "FunctionName": {"Ref": "Fn"}, "FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}}`),
		or(p.policy, policyOf(`{"Ref": "Group"}`, "")), p.attributes, p.resources, p.sections)
}

func policyOf(group, hooks string) string {
	return fmt.Sprintf(`{"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": %s%s}}`, group, hooks)
}

func config(name string) parts { return parts{group: `, "DeploymentConfigName": ` + name} }

const withHook = `, "BeforeAllowTrafficHook": {"Ref": "Hook"}`

func TestWhatCannotBeRewrittenIsRefusedByTheNameOfItsResource(t *testing.T) {
	t.Parallel()
	alias := func(properties string) parts { return parts{alias: "{" + properties + "}"} }
	const name, function, version = `"Name": "live"`, `, "FunctionName": {"Ref": "Fn"}`, `, "FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}`
	tests := map[string]struct {
		template parts
		want     string
	}{
		"weights of its own":            {alias(name + function + version + `, "RoutingConfig": {"AdditionalVersionWeights": []}`), "Live: it has a RoutingConfig, which divides its traffic by itself"},
		"a policy that may not be":      {parts{policy: `{"Fn::If": ["C", ` + policyOf(`{"Ref": "Group"}`, "") + `, {"Ref": "AWS::NoValue"}]}`}, "Live: its UpdatePolicy has Fn::If around it"},
		"an update that may not be":     {parts{policy: `{"CodeDeployLambdaAliasUpdate": {"Fn::If": ["C", {}, {"Ref": "AWS::NoValue"}]}}`}, "Live: its UpdatePolicy has Fn::If around it"},
		"a policy that is not known":    {parts{policy: `{"CodeDeployLambdaAliasUpdate": {}, "UseOnlineResharding": true}`}, `Live: its UpdatePolicy has "UseOnlineResharding", which Sluice does not know`},
		"an update that is not known":   {parts{policy: policyOf(`{"Ref": "Group"}`, `, "Pause": 1`)}, `Live: its CodeDeployLambdaAliasUpdate has "Pause"`},
		"a policy of another form":      {parts{policy: `["CodeDeployLambdaAliasUpdate"]`}, "Live: its UpdatePolicy is not an object"},
		"no version":                    {alias(name + function), "Live: its FunctionVersion is not the version of an AWS::Lambda::Version in this template"},
		"a version by number":           {alias(name + function + `, "FunctionVersion": "12"`), "Live: its FunctionVersion is not the version"},
		"a version that is a parameter": {alias(name + function + `, "FunctionVersion": {"Ref": "P"}`), "Live: its FunctionVersion is not the version"},
		"the ARN of a version":          {alias(name + function + `, "FunctionVersion": {"Fn::GetAtt": ["V1", "FunctionArn"]}`), "Live: its FunctionVersion is not the version"},
		"the version of a function":     {alias(name + function + `, "FunctionVersion": {"Fn::GetAtt": ["Fn", "Version"]}`), "Live: its FunctionVersion is not the version"},
		"no name":                       {alias(`"FunctionName": {"Ref": "Fn"}` + version), "Live: it needs the properties FunctionName and Name"},
		"a name by a resource":          {alias(`"Name": {"Ref": "App"}` + function + version), "Live: its Name refers to another resource"},
		"a group that is imported":      {parts{policy: policyOf(`"group"`, "")}, "Live: its deployment group is not in this template"},
		"a group that is not one":       {parts{policy: policyOf(`{"Ref": "App"}`, "")}, "Live: its deployment group is not in this template"},
		"no group":                      {parts{policy: `{"CodeDeployLambdaAliasUpdate": {"ApplicationName": "a"}}`}, "Live: its deployment group is not in this template"},
		"tags that are no list":         {parts{function: `, "Tags": {"Ref": "P"}`}, "Fn: its Tags are not a list, and Sluice has to add to them"},
		"a branch of tags that is none": {parts{function: `, "Tags": {"Fn::If": ["C", [], {"Ref": "P"}]}`}, "Fn: its Tags are not a list"},
		"variables of a hook":           {parts{policy: policyOf(`{"Ref": "Group"}`, withHook), hook: `"Environment": {"Variables": {"Ref": "P"}}`}, "Hook: its environment variables are not written out"},
		"the environment of a hook":     {parts{policy: policyOf(`{"Ref": "Group"}`, withHook), hook: `"Environment": {"Fn::If": ["C", {}, {}]}`}, "Hook: its environment variables are not written out"},
		"a hook as a whole":             {parts{policy: policyOf(`{"Ref": "Group"}`, withHook), hook: `"Fn::Transform": {"Name": "x"}`}, "Hook: its Properties are not written out"},
		"a condition that is no name":   {parts{attributes: `, "Condition": {"Fn::Not": []}`}, "Live: its Condition is not the name of a condition"},
		"too long":                      {config(`"Linear1PercentEvery10Minutes"`), "Live: its deployment takes 16h30m, and a stack can wait for at most 11h30m: name a shorter DeploymentConfigName, or"},
		"a name that is taken":          {parts{resources: `, "SluiceShiftb64ac05f": {"Type": "AWS::SNS::Topic"}`}, "SluiceShiftb64ac05f: Sluice would add a resource of this name"},
		"what SAM has to expand first":  {parts{resources: `, "Other": {"Type": "AWS::Serverless::Function"}`}, "Other: it is an AWS::Serverless::Function, which SAM has not made resources of yet: name Sluice after SAM, as in Transform: [AWS::Serverless-2016-10-31, Sluice]"},
		"what a loop has to expand":     {parts{resources: `, "Fn::ForEach::All": ["X", ["a"], {"${X}": {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {}}}}]`}, "Fn::ForEach::All: it is not expanded yet"},
		"a circle":                      {parts{function: `, "Description": {"Ref": "Live"}`}, "Fn: it and the resources that it refers to need each other, so nothing can come first: Fn, Live, V1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := template.Rewrite(test.template.text(), options())
			var refused *template.RefusedError
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, err.Error(), test.want)
			assert.Len(t, refused.Problems, 1)
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := template.Rewrite(parts{alias: `{"Name": "live", "RoutingConfig": {}}`, policy: policyOf(`"group"`, "")}.text(), options())
	var refused *template.RefusedError
	require.ErrorAs(t, err, &refused)
	assert.Len(t, refused.Problems, 4)
}

func TestHooksNeedTheEndpoint(t *testing.T) {
	t.Parallel()
	o := options()
	o.HookEndpoint = ""
	_, err := template.Rewrite(parts{policy: policyOf(`{"Ref": "Group"}`, withHook)}.text(), o)
	require.ErrorContains(t, err, "Live: it has hooks, which answer by a call of CodeDeploy, and this Sluice does not take that call: deploy Sluice with -c hookEndpoint=url")
	_, err = template.Rewrite(parts{}.text(), o)
	require.NoError(t, err)
}

func TestNothingIsRewrittenWithoutTheFunctionThatStacksWaitFor(t *testing.T) {
	t.Parallel()
	o := options()
	o.StackShift = ""
	_, err := template.Rewrite(parts{}.text(), o)
	require.ErrorContains(t, err, "Live: this Sluice has no function that stacks can wait for")
}

func TestWhatIsNoTemplateIsAnError(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		``:                                      "not JSON",
		`{"Resources": {}`:                      "not JSON",
		`[]`:                                    "there are no Resources",
		`{"Resources": []}`:                     "there are no Resources",
		`{"Resources": {"A": {}, "A": {}}}`:     `the key "A" appears twice`,
		`{"Resources": {"A": {}, "\u0041":{}}}`: `the key "A" appears twice`,
		strings.Repeat("[", 300) + strings.Repeat("]", 300):   "nests deeper than 200 levels",
		`{"Resources": "` + strings.Repeat("x", 6<<20) + `"}`: "may have at most 6291456",
	} {
		_, err := template.Rewrite([]byte(source), options())
		require.ErrorContains(t, err, want)
	}
}

func TestATemplateWithoutCodeDeployStaysAsItIs(t *testing.T) {
	t.Parallel()
	source := []byte(` { "Resources" : {"A": {"Type": "AWS::Lambda::Alias", "Properties": {"Weight": 1.50e+1, "Name": "\u006c\/"}}, "Fn::ForEach::B": []} } `)
	result, err := template.Rewrite(source, template.Options{})
	require.NoError(t, err)
	assert.Equal(t, string(source), string(result.Text))
	assert.Empty(t, result.Changes)
}

// shiftOf returns the custom resource of a template with one alias, and the timeout of its wait
// condition.
func shiftOf(t *testing.T, source []byte, o template.Options) (properties map[string]any, timeout string) {
	t.Helper()
	result, err := template.Rewrite(source, o)
	require.NoError(t, err)
	require.NoError(t, violation(bytes.TrimSpace(source), result.Text))
	var rewritten struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(result.Text, &rewritten))
	for _, r := range rewritten.Resources {
		switch r.Type {
		case "Custom::SluiceShift":
			properties = r.Properties
		case "AWS::CloudFormation::WaitCondition":
			timeout = r.Properties["Timeout"].(string)
		}
	}
	require.NotNil(t, properties)
	return properties, timeout
}

func TestAStackWaitsAtAWaitConditionIfThePlanMayBeLong(t *testing.T) {
	t.Parallel()
	const sections = `, "Parameters": {"Speed": {"Type": "String", "Default": "Canary10Percent10Minutes"}, "Any": {"Type": "String", "AllowedValues": ["AllAtOnce", "Canary10Percent54Minutes"]}, "Open": {"Type": "String"}},
		"Mappings": {"M": {"a": {"Speed": "AllAtOnce"}, "b": {"Speed": "Linear10PercentEvery10Minutes"}}}`
	tests := map[string]struct {
		config string
		hooks  string
		values map[string]string
		long   bool // with a wait condition
	}{
		"none is all at once":                    {``, "", nil, false},
		"a name of CodeDeploy":                   {`"CodeDeployDefault.LambdaCanary10Percent30Minutes"`, "", nil, false},
		"55 minutes":                             {`"Canary10Percent55Minutes"`, "", nil, false},
		"more than 55 minutes":                   {`"Canary10Percent56Minutes"`, "", nil, true},
		"45 minutes and a hook":                  {`"Canary10Percent45Minutes"`, withHook, nil, false},
		"46 minutes and a hook":                  {`"Canary10Percent46Minutes"`, withHook, nil, true},
		"the same hook twice is two":             {`"Canary10Percent36Minutes"`, withHook + `, "AfterAllowTrafficHook": {"Ref": "Hook"}`, nil, true},
		"ten steps of ten minutes":               {`"CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"`, "", nil, true},
		"no more than CloudFormation can":        {`"Linear2PercentEvery14Minutes"`, "", nil, true},
		"what SAM writes":                        {`{"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "Linear10PercentEvery10Minutes"}]}`, "", nil, true},
		"Fn::Sub of a parameter":                 {`{"Fn::Sub": "CodeDeployDefault.Lambda${Speed}"}`, "", nil, false},
		"the longer branch":                      {`{"Fn::If": ["C", "AllAtOnce", "Linear10PercentEvery10Minutes"]}`, "", nil, true},
		"a branch that is none":                  {`{"Fn::If": ["C", "Canary10Percent30Minutes", {"Ref": "AWS::NoValue"}]}`, "", nil, false},
		"a branch that nobody knows":             {`{"Fn::If": ["C", "AllAtOnce", "Mine"]}`, "", nil, true},
		"the default of a parameter":             {`{"Ref": "Speed"}`, "", nil, false},
		"the value of a parameter":               {`{"Ref": "Speed"}`, "", map[string]string{"Speed": "Linear10PercentEvery10Minutes"}, true},
		"the values that are allowed":            {`{"Ref": "Any"}`, "", nil, false},
		"a parameter without a value":            {`{"Ref": "Open"}`, "", nil, true},
		"a map with a key that is known":         {`{"Fn::FindInMap": ["M", "a", "Speed"]}`, "", nil, false},
		"a map with a key that is not":           {`{"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "Speed"]}`, "", nil, true},
		"a map that is not there":                {`{"Fn::FindInMap": ["N", "a", "Speed"]}`, "", nil, true},
		"a configuration of the account":         {`"Mine"`, "", nil, true},
		"an import":                              {`{"Fn::ImportValue": "x"}`, "", nil, true},
		"a configuration of the template":        {`{"Ref": "Canary"}`, "", nil, false},
		"a long configuration of the template":   {`{"Ref": "Linear"}`, "", nil, true},
		"an instant configuration":               {`{"Ref": "Once"}`, "", nil, false},
		"a configuration that depends":           {`{"Ref": "Unknown"}`, "", nil, true},
		"what multiplies into very many":         {`{"Fn::Sub": "` + strings.Repeat("${Any}", 10) + `"}`, "", nil, true},
		"a configuration that cannot be a share": {`"Canary100Percent5Minutes"`, "", nil, true},
	}
	const configType = `"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": {"ComputePlatform": "Lambda", "TrafficRoutingConfig": `
	const resources = `, "Canary": {` + configType + `{"Type": "TimeBasedCanary", "TimeBasedCanary": {"CanaryPercentage": 5, "CanaryInterval": "7"}}}},
		"Linear": {` + configType + `{"Type": "TimeBasedLinear", "TimeBasedLinear": {"LinearPercentage": "10", "LinearInterval": 10}}}},
		"Once": {` + configType + `{"Type": "AllAtOnce"}}},
		"Unknown": {` + configType + `{"Type": "TimeBasedCanary", "TimeBasedCanary": {"CanaryPercentage": {"Ref": "Speed"}, "CanaryInterval": 7}}}}`
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parts{resources: resources, sections: sections, policy: policyOf(`{"Ref": "Group"}`, test.hooks)}
			if test.config != "" {
				p.group = `, "DeploymentConfigName": ` + test.config
			}
			o := options()
			o.Parameters = test.values
			properties, timeout := shiftOf(t, p.text(), o)
			if test.long {
				assert.Equal(t, "43200", timeout, "a plan may wait for evidence for as long as stackshift lets it")
			} else {
				assert.Empty(t, timeout)
			}
			assert.Equal(t, test.long, properties["Handle"] != nil)
			assert.Equal(t, "3600", properties["ServiceTimeout"])
		})
	}
}

// A custom resource without a DeploymentConfigName would be shifted by Sluice's default, and
// CodeDeploy's is another one.
func TestWithoutAConfigurationAStackIsShiftedAsCodeDeployWould(t *testing.T) {
	t.Parallel()
	const none, once = `{"Ref": "AWS::NoValue"}`, `"CodeDeployDefault.LambdaAllAtOnce"`
	branch := func(yes, no string) string { return `{"Fn::If": ["C", ` + yes + `, ` + no + `]}` }
	for name, test := range map[string]struct{ config, want string }{
		"none":                    {none, once},
		"in one branch":           {branch(`"A"`, none), branch(`"A"`, once)},
		"in the other branch":     {branch(none, `"A"`), branch(once, `"A"`)},
		"in both":                 {branch(none, none), branch(once, once)},
		"in a branch of a branch": {branch(`"A"`, branch(branch(none, `"B"`), none)), branch(`"A"`, branch(branch(once, `"B"`), once))},
		"in none":                 {branch(`"A"`, `{"Ref": "Speed"}`), branch(`"A"`, `{"Ref": "Speed"}`)},
		"in the text of a name":   {`{"Fn::Sub": ["${A}", {"A": "x"}]}`, `{"Fn::Sub": ["${A}", {"A": "x"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := config(test.config)
			p.sections = `, "Parameters": {"Speed": {"Type": "String"}}`
			properties, _ := shiftOf(t, p.text(), options())
			got, err := json.Marshal(properties["DeploymentConfigName"])
			require.NoError(t, err)
			assert.JSONEq(t, test.want, string(got))
		})
	}
}

func TestAStackNeedNotWait(t *testing.T) {
	t.Parallel()
	o := options()
	o.DoNotWait = true
	properties, timeout := shiftOf(t, config(`"Linear1PercentEvery10Minutes"`).text(), o)
	assert.Equal(t, "false", properties["Wait"])
	assert.Nil(t, properties["Handle"])
	assert.Empty(t, timeout)
}

// CloudFormation never updates a wait condition, so its name changes with the version. That of
// the custom resource does not: its update is the deployment.
func TestTheNamesOfAWaitChangeWithTheVersionAndThatOfTheShiftDoesNot(t *testing.T) {
	t.Parallel()
	named := func(version string) map[string]string {
		source := bytes.ReplaceAll(config(`"Mine"`).text(), []byte("V1"), []byte(version))
		result, err := template.Rewrite(source, options())
		require.NoError(t, err)
		names := map[string]string{}
		for id, resource := range membersOf(membersOf(result.Text)["Resources"]) {
			if strings.HasPrefix(id, "Sluice") {
				names[typeOf(resource)] = id
			}
		}
		return names
	}
	first, second := named("V1"), named("V2")
	assert.Equal(t, first["Custom::SluiceShift"], second["Custom::SluiceShift"])
	for _, kind := range []string{"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"} {
		assert.NotEmpty(t, first[kind])
		assert.NotEqual(t, first[kind], second[kind])
	}
	assert.Equal(t, first, named("V1"))
}

// A group is one custom resource, whose answer has little room, and one deployment, which has
// limits of its own.
func TestNoGroupHasMoreThanOneDeploymentTakes(t *testing.T) {
	t.Parallel()
	const alarms = `{"Enabled": true, "Alarms": [{"Name": "Fn%[1]d-errors"}, {"Name": "Fn%[1]d-duration"}]}`
	for name, test := range map[string]struct {
		functions     int
		prefix        string
		alarms, hooks string
		want          []int
	}{
		"targets":                         {61, "Alias", "", "", []int{30, 30, 1}},
		"an answer with long keys":        {30, strings.Repeat("A", 98), "", "", []int{20, 10}},
		"two alarms each":                 {30, "Alias", alarms, "", []int{24, 6}},
		"one alarm for all":               {30, "Alias", `{"Enabled": true, "Alarms": [{"Name": "all"}]}`, "", []int{30}},
		"alarms that a condition chooses": {30, "Alias", `{"Fn::If": ["C", ` + alarms + `, {"Ref": "AWS::NoValue"}]}`, "", []int{24, 6}},
		"a list that a condition chooses": {30, "Alias", `{"Enabled": true, "Alarms": {"Fn::If": ["C", [{"Name": "Fn%[1]d"}], []]}}`, "", []int{30}},
		"alarms of a number nobody knows": {30, "Alias", `{"Enabled": true, "Alarms": {"Fn::Split": [",", "%[1]d"]}}`, "", []int{8, 8, 8, 6}},
		"hooks":                           {21, "Alias", "", `, "BeforeAllowTrafficHook": "before-%d"`, []int{20, 1}},
		"hooks after":                     {21, "Alias", "", `, "AfterAllowTrafficHook": "after-%d"`, []int{20, 1}},
		"one hook for all":                {21, "Alias", "", `, "BeforeAllowTrafficHook": "before"`, []int{21}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			b.WriteString(`{"Resources": {"App": {"Type": "AWS::CodeDeploy::Application"}`)
			for i := range test.functions {
				numbered := func(format string) string {
					if strings.Contains(format, "%") {
						return fmt.Sprintf(format, i)
					}
					return format
				}
				configuration := ""
				if test.alarms != "" {
					configuration = `, "AlarmConfiguration": ` + numbered(test.alarms)
				}
				fmt.Fprintf(&b, `, "V%[1]d": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": "fn-%[1]d"}},
					"G%[1]d": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "App"}%[2]s}},
					"%[3]s%02[1]d": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live", "FunctionName": "fn-%[1]d", "FunctionVersion": {"Fn::GetAtt": ["V%[1]d", "Version"]}},
						"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": {"Ref": "G%[1]d"}%[4]s}}}`,
					i, configuration, test.prefix, numbered(test.hooks))
			}
			b.WriteString(`}}`)
			result, err := template.Rewrite([]byte(b.String()), options())
			require.NoError(t, err)
			require.NoError(t, violation([]byte(b.String()), result.Text))
			var sizes []int
			for _, s := range result.Shifts {
				sizes = append(sizes, len(s.Aliases))
			}
			assert.Equal(t, test.want, sizes)
		})
	}
}

// many is a template with a number of functions, of which each has 5 resources.
func many(functions int) []byte {
	var b strings.Builder
	b.WriteString(`{"Resources": {"App": {"Type": "AWS::CodeDeploy::Application"}`)
	for i := range functions {
		fmt.Fprintf(&b, `, "Role%[1]d": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}}},
			"Fn%[1]d": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "nodejs20.x", "Handler": "index.handler", "Code": {"S3Bucket": "b", "S3Key": "k"}, "Role": {"Fn::GetAtt": ["Role%[1]d", "Arn"]}, "Environment": {"Variables": {"A": "%[2]s"}}}},
			"Version%[1]d": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn%[1]d"}}},
			"Alias%[1]d": {"Type": "AWS::Lambda::Alias", "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": {"Ref": "Group%[1]d"}}}, "Properties": {"Name": "live", "FunctionName": {"Ref": "Fn%[1]d"}, "FunctionVersion": {"Fn::GetAtt": ["Version%[1]d", "Version"]}}},
			"Group%[1]d": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "App"}, "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes"}}`, i, strings.Repeat("x", 500))
	}
	b.WriteString(`}}`)
	return []byte(b.String())
}

func TestATemplateThatBecomesTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := template.Rewrite(many(99), options())
	require.NoError(t, err, "with 500 resources")
	_, err = template.Rewrite(many(100), options())
	require.ErrorContains(t, err, "Alias0: with its custom resource the template has 505 resources, and CloudFormation takes at most 500: split the stack")
	_, err = template.Rewrite(parts{sections: `, "Metadata": "` + strings.Repeat("x", 1<<20-100) + `"`}.text(), options())
	require.ErrorContains(t, err, "bytes, and CloudFormation takes at most 1048576: split the stack")
}

// Nobody but CloudFormation expands loops.
func TestALoopIsRefusedWithWhatToGiveInstead(t *testing.T) {
	t.Parallel()
	o := options()
	o.Authored = true
	for _, makes := range []string{`"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {}}`, `"Properties": {"AutoPublishAlias": "live"}`} {
		loop := parts{resources: `, "Fn::ForEach::All": ["X", ["a"], {"${X}": {` + makes + `}}]`}
		_, err := template.Rewrite(loop.text(), o)
		require.ErrorContains(t, err, "Fn::ForEach::All: it makes aliases, and is not expanded here: give the template that CloudFormation has made of it")
		_, err = template.Rewrite(loop.text(), options())
		require.ErrorContains(t, err, "Fn::ForEach::All: it is not expanded yet: name Sluice after")
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add(parts{}.text())
	f.Add(config(`{"Fn::Sub": "${"}`).text())
	f.Add(many(2))
	for _, source := range []string{`{}`, `{"Resources":{"A":null}}`, `{"Resources":{"A":{"Type":"AWS::Lambda::Alias","UpdatePolicy":"CodeDeployLambdaAliasUpdate"}}}`, "{\"Resources\":{\"\xff\":1}}"} {
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		result, err := template.Rewrite(source, options())
		if err != nil {
			return
		}
		if !json.Valid(result.Text) {
			t.Fatalf("not JSON: %s", result.Text)
		}
		again, err := template.Rewrite(result.Text, options())
		if err != nil || !bytes.Equal(again.Text, result.Text) {
			t.Fatalf("the second time: %v\n%s\n%s", err, result.Text, again.Text)
		}
	})
}

// BenchmarkRewrite rewrites a template of 500 resources, which is CloudFormation's most.
func BenchmarkRewrite(b *testing.B) {
	source := many(99)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Rewrite(source, options()); err != nil {
			b.Fatal(err)
		}
	}
}

// CloudFormation waits for a macro while somebody waits for CloudFormation.
func TestATemplateOf500ResourcesIsRewrittenAtOnce(t *testing.T) {
	source := many(99)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			_, err := template.Rewrite(source, options())
			require.NoError(b, err)
		}
	})
	assert.Less(t, result.NsPerOp(), time.Second.Nanoseconds())
	assert.Less(t, result.AllocedBytesPerOp(), int64(64<<20))
}
