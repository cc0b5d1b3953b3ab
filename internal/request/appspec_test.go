package request_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// specReader reads YAML, as publish-version does.
var specReader = request.Reader{ExecutionID: reader.ExecutionID, FrontEnds: request.AnyFrontEnd, YAML: strictyaml.Convert}

// readSpec reads the text of an AppSpec as the text that an input holds.
func readSpec(text string) (shift.Release, error) {
	input, _ := json.Marshal(map[string]string{"appSpec": text})
	return specReader.Input(input)
}

// specProblems returns the problems of an AppSpec without the name of the field that holds it.
func specProblems(t *testing.T, text string) []string {
	t.Helper()
	_, err := readSpec(text)
	list := refusedInput(t, err)
	for i, p := range list {
		list[i] = strings.TrimPrefix(strings.TrimPrefix(p, "appSpec"), ".")
	}
	return list
}

// refusedInput lists the problems of an input that must be refused.
func refusedInput(t *testing.T, err error) []string {
	t.Helper()
	require.ErrorIs(t, err, flow.ErrInvalidInput)
	var invalid *request.InputError
	require.ErrorAs(t, err, &invalid)
	list := make([]string, len(invalid.Problems))
	for i, p := range invalid.Problems {
		list[i] = p.String()
	}
	return list
}

func hooksOf(mode shift.HookMode, timeout shift.Seconds, before, after []string) shift.Hooks {
	of := func(names []string) []shift.Hook {
		hooks := []shift.Hook{}
		for _, n := range names {
			hooks = append(hooks, shift.Hook{Function: n, Mode: mode, Timeout: timeout})
		}
		return hooks
	}
	return shift.Hooks{BeforeTraffic: of(before), AfterTraffic: of(after)}
}

func TestAppSpecsThatCodeDeployTakesAreRead(t *testing.T) {
	t.Parallel()
	orders := []shift.Arrival{{Target: "lambda:orders:live", Candidate: "42", ExpectStable: "41"}}
	mine := []shift.Arrival{{Target: "lambda:myLambdaFunction:myLambdaFunctionAlias", Candidate: "2", ExpectStable: "1"}}
	before, after := []string{"LambdaFunctionToValidateBeforeTrafficShift"}, []string{"LambdaFunctionToValidateAfterTrafficShift"}
	for file, want := range map[string]struct {
		arrivals      []shift.Arrival
		before, after []string
	}{
		"aws-example.yaml":    {mine, before, after},
		"aws-example.json":    {mine, before, after},
		"script-numbers.yaml": {orders, nil, nil},
		"script-heredoc.yml":  {orders, []string{"CodeDeployHook_preTrafficHook"}, nil},
		"builder.json":        {orders, nil, nil},
		"lower-case.yaml":     {orders, []string{"orders-before"}, []string{"arn:aws:lambda:eu-west-1:123456789012:function:orders-after"}},
		"map.yaml":            {orders, []string{"orders-before"}, nil},
		"bare.yaml":           {append(orders, shift.Arrival{Target: "lambda:payments:live", Candidate: "9", ExpectStable: "7"}), nil, nil},
	} {
		text, err := os.ReadFile(filepath.Join("testdata/appspec", file))
		require.NoError(t, err)
		release, err := readSpec(string(text))
		require.NoError(t, err, file)
		assert.Equal(t, want.arrivals, release.Arrivals, file)
		assert.Equal(t, hooksOf(shift.CodeDeploy, 3600, want.before, want.after), release.Hooks, file)
		assert.Equal(t, shift.DefaultStrategy, release.Strategy, file)

		// The whole input may be the AppSpec, in JSON.
		if !strings.HasSuffix(file, ".json") {
			var problems strictjson.Problems
			text, _ = strictyaml.Convert(text, &problems)
		}
		assert.True(t, request.IsAppSpec(text), file)
		alone, err := specReader.Input(text)
		require.NoError(t, err, file)
		assert.Equal(t, release, alone, file)
		held, err := specReader.Input([]byte(`{"appSpec": ` + string(text) + `}`))
		require.NoError(t, err, file)
		assert.Equal(t, release, held, file)
	}
}

func TestAppSpecsThatCodeDeployRefusesAreRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"structure-page.json": {`: not JSON: line 4, column 34: a colon is expected, not '{'`},
		"structure-page.yaml": {
			"version: is missing (line 1, column 1 of the text)",
			`resources[0].name-of-function-to-deploy.properties.currentversion: must be the number of the published version that the alias serves now, such as "42" (line 7, column 9 of the text)`,
			`resources[0].name-of-function-to-deploy.properties.targetversion: must be the number of the published version that traffic is to go to, such as "42" (line 8, column 9 of the text)`,
		},
		"ecs.yaml": {
			`Resources[0].TargetService.Type: is "AWS::ECS::Service", and Sluice shifts only AWS::Lambda::Function by an AppSpec: ECS and EC2 stay with CodeDeploy (line 4, column 7 of the text)`,
			"Hooks[0].BeforeInstall: is no lifecycle event of a Lambda deployment: hooks run at BeforeAllowTraffic and at AfterAllowTraffic (line 11, column 5 of the text)",
			"Hooks[1].AfterAllowTestTraffic: is no lifecycle event of a Lambda deployment: hooks run at BeforeAllowTraffic and at AfterAllowTraffic (line 12, column 5 of the text)",
		},
	} {
		text, err := os.ReadFile(filepath.Join("testdata/appspec", file))
		require.NoError(t, err)
		assert.Equal(t, want, specProblems(t, string(text)), file)
	}
}

// spec is an AppSpec in which one thing is different.
func spec(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(
		`{"version": 0.0, "resources": [{"f": {"type": "AWS::Lambda::Function", "properties": {"name": "orders", "alias": "live", "currentversion": "1", "targetversion": "2"}}}], "hooks": [{"BeforeAllowTraffic": "smoke"}]}`)
}

func TestEachPartOfAnAppSpecIsReadAsDocumented(t *testing.T) {
	t.Parallel()
	arrival := shift.Arrival{Target: "lambda:orders:live", Candidate: "2", ExpectStable: "1"}
	smoke := hooksOf(shift.CodeDeploy, 3600, []string{"smoke"}, nil)
	for text, hooks := range map[string]shift.Hooks{
		spec(): smoke,
		spec(`"version": 0.0`, `"VERSION": "0.0"`):                                  smoke,
		spec(`"version": 0.0`, `"Version": 0`):                                      smoke,
		spec(`"1"`, `1`, `"2"`, `2`):                                                smoke,
		spec(`"orders"`, `"123456789012:function:orders:2"`):                        smoke,
		spec(`"orders"`, `"orders:live"`):                                           smoke,
		spec(`[{"f": `, `[`, `}}}]`, `}}]`):                                         smoke,
		spec(`[{"f": `, `{"f": `, `}}}]`, `}}}`):                                    smoke,
		spec(`"f"`, `"type"`):                                                       smoke,
		spec(`"f"`, `"properties"`):                                                 smoke,
		spec(`"f"`, `"any name, at all"`):                                           smoke,
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `{"afterallowtraffic": "smoke"}`): hooksOf(shift.CodeDeploy, 3600, nil, []string{"smoke"}),
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `[{"BeforeAllowTraffic": "smoke", "AfterAllowTraffic": "look"}]`): hooksOf(shift.CodeDeploy, 3600, []string{"smoke"}, []string{"look"}),
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `[]`):                                                             hooksOf("", 0, nil, nil),
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `null`):                                                           hooksOf("", 0, nil, nil),
		spec(`, "hooks": [{"BeforeAllowTraffic": "smoke"}]`, ``):                                                    hooksOf("", 0, nil, nil),
	} {
		release, err := readSpec(text)
		require.NoError(t, err, text)
		assert.Equal(t, []shift.Arrival{arrival}, release.Arrivals, text)
		assert.Equal(t, hooks, release.Hooks, text)
	}
}

func TestEachPartOfAnAppSpecThatIsWrongIsAProblem(t *testing.T) {
	t.Parallel()
	const properties = "resources[0].f.properties"
	for text, want := range map[string]string{
		spec(`0.0`, `0.1`):                                                          "version: must be 0.0, the only version of an AppSpec",
		spec(`0.0`, `"0"`):                                                          "version: must be 0.0, the only version of an AppSpec",
		spec(`0.0`, `null`):                                                         "version: must be 0.0, the only version of an AppSpec",
		spec(`"version": 0.0, `, ``):                                                "version: is missing",
		spec(`"hooks"`, `"hook"`):                                                   "hook: is not known here; known are version, resources, hooks",
		spec(`"hooks": [{`, `"Hooks": {}, "hooks": [{`):                             "hooks: appears twice: as Hooks, too",
		spec(`"hooks": [{`, `"resources": {}, "hooks": [{`):                         "resources: appears twice",
		spec(`"name": "orders"`, `"name": "orders", "Name": "o"`):                   properties + ".Name: appears twice: as name, too",
		spec(`"name": "orders"`, `"name": "orders", "strategy": "o"`):               properties + ".strategy: is not known here; known are name, alias, currentversion, targetversion",
		spec(`"type"`, `"Depends": 1, "type"`):                                      "resources[0].f.Depends: is not known here; known are type, properties",
		spec(`"AWS::Lambda::Function"`, `"AWS::ECS::Service"`):                      `resources[0].f.type: is "AWS::ECS::Service", and Sluice shifts only AWS::Lambda::Function`,
		spec(`"AWS::Lambda::Function"`, `"aws::lambda::function"`):                  `resources[0].f.type: is "aws::lambda::function"`,
		spec(`"AWS::Lambda::Function"`, `1`):                                        "resources[0].f.type: must be a string, not a number",
		spec(`"type": "AWS::Lambda::Function", `, ``):                               "resources[0].f.type: is missing",
		spec(`"name": "orders", `, ``):                                              properties + ".name: is missing",
		spec(`"alias": "live", `, ``):                                               properties + ".alias: is missing",
		spec(`"currentversion": "1", `, ``):                                         properties + ".currentversion: is missing",
		spec(`, "targetversion": "2"`, ``):                                          properties + ".targetversion: is missing",
		spec(`"orders"`, `7`):                                                       properties + ".name: must be a string, not a number",
		spec(`"orders"`, `"a b"`):                                                   properties + ".name: is not the name of a function",
		spec(`"orders"`, `"arn:aws:lambda:eu-west-1:999999999999:function:orders"`): properties + ".name: is in account 999999999999",
		spec(`"orders"`, `"orders:7"`):                                              properties + ".targetversion: contradicts the version 7 in the function's ARN",
		spec(`"orders"`, `"orders:blue"`):                                           properties + ".alias: contradicts the alias blue in the function's ARN",
		spec(`"live"`, `"7"`):                                                       properties + ".alias: is not the name of an alias",
		spec(`"2"`, `"$LATEST"`):                                                    properties + ".targetversion: is $LATEST, which is no published version",
		spec(`"1"`, `"$LATEST"`):                                                    properties + ".currentversion: is $LATEST, which is no published version",
		spec(`"2"`, `2.0`):                                                          properties + ".targetversion: must be the number of the published version",
		spec(`"2"`, `-2`):                                                           properties + ".targetversion: must be the number of the published version",
		spec(`"2"`, `2e3`):                                                          properties + ".targetversion: must be the number of the published version",
		spec(`"2"`, `""`):                                                           properties + ".targetversion: must be the number of the published version",
		spec(`"2"`, `true`):                                                         properties + ".targetversion: must be the number of the published version",
		spec(`"2"`, `"02"`):                                                         properties + ".targetversion: must be the number of the published version",
		spec(`BeforeAllowTraffic`, `BeforeInstall`):                                 "hooks[0].BeforeInstall: is no lifecycle event of a Lambda deployment",
		spec(`BeforeAllowTraffic`, `Whatever`):                                      "hooks[0].Whatever: is no lifecycle event of a Lambda deployment",
		spec(`"smoke"}`, `"smoke"}, {"beforeAllowTraffic": "x"}`):                   "hooks[1].beforeAllowTraffic: appears twice: as BeforeAllowTraffic, too",
		spec(`"smoke"`, `["smoke"]`):                                                "hooks[0].BeforeAllowTraffic: must be a string, not an array",
		spec(`"smoke"`, `"a b"`):                                                    "hooks[0].BeforeAllowTraffic: is not the name of a function",
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `["smoke"]`):                      "hooks[0]: must be an object, not a string",
		spec(`[{"BeforeAllowTraffic": "smoke"}]`, `"smoke"`):                        `hooks: must be a list such as [{"BeforeAllowTraffic": "orders-smoke"}], not a string`,
		`{"version": 0.0, "resources": []}`:                                         "resources: must not be empty",
		`{"version": 0.0, "resources": {}}`:                                         "resources: must not be empty",
		`{"version": 0.0, "resources": "orders"}`:                                   `resources: must be a list such as`,
		`{"version": 0.0, "resources": null}`:                                       `resources: must be a list such as`,
		`{"version": 0.0, "resources": ["orders"]}`:                                 "resources[0]: must be an object, not a string",
		`{"version": 0.0, "resources": [{"f": "orders"}]}`:                          "resources[0].f: must be an object such as",
		"version: 0.0\nResources:\n  - orders:\n    Type: AWS::Lambda::Function\n    Properties: {}\n":                                                                                   "Resources[0].orders: is empty: indent type and properties more than this name",
		spec(`"hooks": [`, `"hooks": [{"AfterAllowTraffic": "look"}, {"AfterAllowTraffic": "again"}, `):                                                                                  "hooks[1].AfterAllowTraffic: appears twice",
		spec(`}}}], "hooks"`, `}}}, {"g": {"type": "AWS::Lambda::Function", "properties": {"name": "orders", "alias": "live", "currentversion": "1", "targetversion": "3"}}}], "hooks"`): "resources[1].g: lambda:orders:live appears twice",
		`{"version": 0.0}`:  "resources: is missing",
		`"version"`:         `: must be an object such as {"version": 0.0`,
		`- a`:               `: must be an object such as {"version": 0.0`,
		"version: 0.0\n\tx": ": not YAML: line 2, column 1: a tab is not allowed there",
	} {
		list := specProblems(t, text)
		if assert.Len(t, list, 1, text) {
			assert.True(t, strings.HasPrefix(list[0], want), "%s\n%s\n%s", text, list[0], want)
		}
	}
}

func TestChoicesStandBesideAnAppSpec(t *testing.T) {
	t.Parallel()
	in := func(beside string) string { return `{"appSpec": ` + spec() + beside + `}` }
	release, err := specReader.Input([]byte(in(`, "strategy": "CodeDeployDefault.LambdaCanary10Percent5Minutes", "alarms": ["a"], "whenHeld": "wait", "judge": "off"`)))
	require.NoError(t, err)
	assert.Equal(t, "CodeDeployDefault.LambdaCanary10Percent5Minutes", release.Strategy)
	assert.Equal(t, []string{"a"}, release.Alarms)
	assert.Equal(t, shift.WaitWhenHeld, release.Options.WhenHeld)
	assert.False(t, release.Judging.On())
	for mode, want := range map[string]shift.Hooks{
		"sync": hooksOf(shift.Sync, shift.DefaultSyncHook, []string{"smoke"}, nil), "callback": hooksOf(shift.Callback, 3600, []string{"smoke"}, nil),
		"codedeploy": hooksOf(shift.CodeDeploy, 3600, []string{"smoke"}, nil),
	} {
		release, err := specReader.Input([]byte(in(`, "hookMode": "` + mode + `"`)))
		require.NoError(t, err)
		assert.Equal(t, want, release.Hooks)
	}
	for beside, want := range map[string]string{
		`, "hooks": {}`:           "hooks: stands beside appSpec, which has hooks of its own",
		`, "trigger": "event"`:    "trigger: stands beside appSpec",
		`, "targets": []`:         "targets: stands beside appSpec",
		`, "function": "orders"`:  "function: stands beside appSpec",
		`, "expectStable": "1"`:   "expectStable: stands beside appSpec",
		`, "hookMode": "none"`:    "hookMode: must be one of codedeploy, sync, callback",
		`, "strateg": "x"`:        "strateg: is not known here",
		`, "Resources": []`:       "Resources: is not known here",
		`, "strategy": "BigBang"`: "strategy: unknown strategy",
	} {
		_, err := specReader.Input([]byte(in(beside)))
		list := refusedInput(t, err)
		require.Len(t, list, 1, beside)
		assert.Contains(t, list[0], want)
	}
	for input, want := range map[string]string{
		`{"appSpec": 7}`:    `appSpec: must be an object such as {"version": 0.0`,
		`{"appSpec": null}`: `appSpec: must be an object such as {"version": 0.0`,
		`{"appSpec": ""}`:   "appSpec: not YAML: line 1, column 1: the text has no value",
		`{"appspec": {}}`:   `appspec: is not known here; write "appSpec"`,
		`{"hookMode": "sync", "function": "orders"}`: "hookMode: is not known here",
		// What has targets is an input of Sluice's own.
		`{"targets": [{"function": "orders"}], "resources": []}`: "resources: is not known here",
	} {
		_, err := specReader.Input([]byte(input))
		assert.Contains(t, strings.Join(refusedInput(t, err), "\n"), want)
	}
}

func TestWhereNoYAMLIsReadAnAppSpecMayBeJSON(t *testing.T) {
	t.Parallel()
	input, _ := json.Marshal(map[string]string{"appSpec": "version: 0.0"})
	_, err := reader.Input(input)
	assert.Equal(t, []string{"appSpec: is YAML, which is not read here: write it as JSON"}, refusedInput(t, err))
	input, _ = json.Marshal(map[string]string{"appSpec": "\n " + spec()})
	_, err = reader.Input(input)
	assert.NoError(t, err)
}

func TestWhatAnAliasIsExpectedToServeIsRead(t *testing.T) {
	t.Parallel()
	for _, input := range []string{`{"function": "orders", "version": "2", "expectStable": "1"}`, `{"targets": [{"function": "orders", "version": "2", "expectStable": "1"}]}`} {
		release, err := reader.Input([]byte(input))
		require.NoError(t, err)
		assert.Equal(t, []shift.Arrival{{Target: "lambda:orders:live", Candidate: "2", ExpectStable: "1"}}, release.Arrivals)
	}
	for input, want := range map[string]string{
		`{"function": "orders", "expectStable": 1}`:         "expectStable: must be a string, not a number",
		`{"function": "orders", "expectStable": ""}`:        "expectStable: must be the number of the published version that the alias serves now",
		`{"function": "orders", "expectStable": "$LATEST"}`: "expectStable: must be the number of the published version that the alias serves now",
		`{"expectStable": "1"}`:                             "targets: is missing",
		`{"targets": [{"cloudfront": {"distribution": "E1ABCDEFGHIJ", "release": "r2"}, "expectStable": "1"}]}`: "targets[0].expectStable: stands beside cloudfront",
		`{"function": "orders", "version": "2", "expectStable": "1", "trigger": "event"}`:                       "expectStable: stands beside the trigger",
	} {
		_, err := specReader.Input([]byte(input))
		assert.Contains(t, strings.Join(refusedInput(t, err), "\n"), want, input)
	}
}

// Whatever an AppSpec says, it makes a deployment that can be run, or is refused.
func FuzzAppSpec(f *testing.F) {
	files, err := filepath.Glob("testdata/appspec/*")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add(spec())
	f.Add("version: &v 0.0\nResources: [*v]\n")
	f.Fuzz(func(t *testing.T, text string) {
		release, err := readSpec(text)
		if err != nil {
			refusedInput(t, err)
			return
		}
		requireSettled(t, release)
		for _, a := range release.Arrivals {
			require.NotEmpty(t, a.Candidate, fmt.Sprintf("%q", text))
			require.NotEmpty(t, a.ExpectStable)
		}
	})
}
