package request_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

const execution = "arn:aws:states:eu-west-1:123456789012:execution:sluice:one"

// problems decodes an input that must be refused, and lists what is wrong.
func problems(t require.TestingT, input string) []string {
	release, err := request.DecodeInput([]byte(input), execution)
	require.ErrorIs(t, err, flow.ErrInvalidInput, "%.300s", input)
	assert.Zero(t, release)
	var invalid *request.InputError
	require.ErrorAs(t, err, &invalid)
	list := make([]string, len(invalid.Problems))
	for i, p := range invalid.Problems {
		list[i] = p.String()
	}
	return list
}

// decode reads an input that must be accepted.
func decode(t *testing.T, input string) shift.Release {
	t.Helper()
	release, err := request.DecodeInput([]byte(input), execution)
	require.NoError(t, err)
	return release
}

func TestTheShortestInputSettlesEveryDefault(t *testing.T) {
	t.Parallel()
	assert.Equal(t, shift.Release{
		Arrivals: []shift.Arrival{{Target: "lambda:orders:live"}},
		Strategy: "Canary10Percent5Minutes",
		Steps:    []shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All}},
		Alarms:   []string{},
		Hooks:    shift.Hooks{BeforeTraffic: []shift.Hook{}, AfterTraffic: []shift.Hook{}},
		Options: shift.Options{
			Unchanged: shift.SucceedUnchanged, WhenHeld: shift.FailWhenHeld, WhenFrozen: shift.FailWhenFrozen, AlarmsAtStart: shift.RejectFiring,
			PauseLimit: shift.DefaultPause, WhenPauseEnds: shift.RollBackAfterWait,
		},
		Judging: shift.DefaultJudging(),
		Trigger: shift.Explicit,
	}, decode(t, `{"function": "orders"}`))
}

func TestEveryFieldIsRead(t *testing.T) {
	t.Parallel()
	got := decode(t, `{
		"targets": [
			{"function": "orders", "alias": "prod", "version": "42"},
			{"function": "payments"}
		],
		"strategy": "AllAtOnce",
		"alarms": ["orders-5xx", "latency"],
		"hooks": {
			"beforeTraffic": [
				{"function": "smoke", "timeoutSeconds": 120},
				{"function": "CodeDeployHook_pre", "mode": "codedeploy"},
				{"function": "arn:aws:lambda:eu-west-1:123456789012:function:load:live", "mode": "callback"}
			],
			"afterTraffic": [
				{"function": "smoke:7", "mode": "sync"},
				{"function": "approve", "mode": "callback", "timeoutSeconds": 604800}
			]
		},
		"createAlias": true, "unchanged": "fail", "whenHeld": "wait",
		"ignoreUnreadableAlarms": true, "alarmsAtStart": "ignoreUntilOk",
		"pauseLimitMinutes": 90, "whenPauseEnds": "resume", "judge": "observe", "trigger": "explicit"
	}`)
	observing := shift.DefaultJudging()
	observing.Mode = judge.Observe
	assert.Equal(t, shift.Release{
		Arrivals: []shift.Arrival{{Target: "lambda:orders:prod", Candidate: "42"}, {Target: "lambda:payments:live"}},
		Strategy: "AllAtOnce",
		Steps:    []shift.Step{{Weight: shift.All}},
		Alarms:   []string{"orders-5xx", "latency"},
		Hooks: shift.Hooks{
			BeforeTraffic: []shift.Hook{
				{Function: "smoke", Mode: shift.Sync, Timeout: 120},
				{Function: "CodeDeployHook_pre", Mode: shift.CodeDeploy, Timeout: 3600},
				{Function: "arn:aws:lambda:eu-west-1:123456789012:function:load:live", Mode: shift.Callback, Timeout: 3600},
			},
			AfterTraffic: []shift.Hook{
				{Function: "smoke:7", Mode: shift.Sync, Timeout: 840},
				{Function: "approve", Mode: shift.Callback, Timeout: 604_800},
			},
		},
		Options: shift.Options{
			CreateTarget: true, Unchanged: shift.FailUnchanged, WhenHeld: shift.WaitWhenHeld, WhenFrozen: shift.FailWhenFrozen,
			IgnoreUnreadableAlarms: true, AlarmsAtStart: shift.IgnoreUntilOK,
			PauseLimit: 5400, WhenPauseEnds: shift.GoOnAfterWait,
		},
		Judging: observing,
		Trigger: shift.Explicit,
	}, got)
}

// A hook that was written for CodeDeploy could never answer without the endpoint. It is refused
// before anything is touched, in an input and in a parameter.
func TestAHookOfCodeDeploysNeedsTheEndpoint(t *testing.T) {
	t.Parallel()
	without := request.Reader{NoHookEndpoint: true}
	_, err := without.Input([]byte(`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "a"}, {"function": "b", "mode": "codedeploy"}],
		"afterTraffic": [{"function": "c", "mode": "codedeploy"}]}}`))
	require.ErrorIs(t, err, flow.ErrInvalidInput)
	const remedy = "set its setting hookEndpoint to url and deploy it again, or change the hook to the mode sync or callback"
	require.ErrorContains(t, err, "hooks.beforeTraffic[1].mode: ")
	require.ErrorContains(t, err, "hooks.afterTraffic[0].mode: this stack has no endpoint to which hooks that were written for CodeDeploy could answer: "+remedy)
	require.NotContains(t, err.Error(), "beforeTraffic[0]")
	_, err = without.Configuration(shift.Arrival{Target: "lambda:orders:live", Candidate: "2"}, flow.Tags{flow.TagAlias: "live", flow.TagConfig: "/sluice/orders"}, "/sluice/orders",
		`{"hooks": {"beforeTraffic": [{"function": "b", "mode": "codedeploy"}]}}`)
	require.ErrorIs(t, err, flow.ErrInvalidConfiguration)
	require.ErrorContains(t, err, remedy)
	_, err = without.Input([]byte(`{"version": 0.0, "Resources": [{"Orders": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "orders", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}}}],
		"Hooks": [{"BeforeAllowTraffic": "pre"}]}`))
	require.ErrorContains(t, err, "Hooks[0].BeforeAllowTraffic: this stack has no endpoint")
	_, err = without.Input([]byte(`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "a", "mode": "callback"}]}}`))
	require.NoError(t, err)
}

// SAM leaves out the prefix of CodeDeploy's predefined names.
func TestAPredefinedStrategyIsReadWithAndWithoutItsPrefix(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
		"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
		"AllAtOnce", "Canary1Percent7Minutes",
	} {
		want, err := shift.Strategy(name)
		require.NoError(t, err)
		for _, prefix := range []string{"", "CodeDeployDefault.Lambda"} {
			release := decode(t, `{"function": "orders", "strategy": "`+prefix+name+`"}`)
			assert.Equal(t, want, release.Steps, prefix+name)
			assert.Equal(t, prefix+name, release.Strategy)
		}
	}
}

func TestAnUnknownStrategyIsNamedAsItWasSent(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"CodeDeployDefault.Lambda":                                  `unknown strategy "CodeDeployDefault.Lambda"`,
		"CodeDeployDefault.LambdaBlueGreen":                         `unknown strategy "CodeDeployDefault.LambdaBlueGreen"`,
		"CodeDeployDefault.LambdaCodeDeployDefault.LambdaAllAtOnce": "unknown strategy",
		"CodeDeployDefault.LambdaCanary0Percent5Minutes":            "the percentage of a canary is above 0 and below 100, not 0",
		"BlueGreen": `unknown strategy "BlueGreen"`,
	} {
		_, err := reader.Input([]byte(`{"function": "orders", "strategy": "` + name + `"}`))
		require.ErrorContains(t, err, want)
	}
}

func TestEveryFormOfAStrategyMeansItsSteps(t *testing.T) {
	t.Parallel()
	tests := []struct{ strategy, name, want string }{
		{`"CodeDeployDefault.LambdaLinear50PercentEvery2Minutes"`, "CodeDeployDefault.LambdaLinear50PercentEvery2Minutes", "50% 2m, 100% 0s"},
		{`{"canary": {"percent": 10, "bakeMinutes": 5}}`, "10% for 5m, then 100%", "10% 5m, 100% 0s"},
		{`{"canary": {"percent": 0.01, "bakeMinutes": 0.5}}`, "0.01% for 30s, then 100%", "0.01% 30s, 100% 0s"},
		{`{"linear": {"percent": 40, "everyMinutes": 1}}`, "40% for 1m, 80% for 1m, then 100%", "40% 1m, 80% 1m, 100% 0s"},
		{`{"exponential": {"startPercent": 10, "factor": 3, "everyMinutes": 10}}`, "10% for 10m, 30% for 10m, 90% for 10m, then 100%", "10% 10m, 30% 10m, 90% 10m, 100% 0s"},
		{
			`{"steps": [{"percent": 0.5, "bakeMinutes": 30}, {"percent": 50, "bakeMinutes": 60}, {"percent": 100, "bakeMinutes": 15}]}`,
			"0.5% for 30m, 50% for 1h, then 100% for 15m", "0.5% 30m, 50% 1h, 100% 15m",
		},
		{`{"steps": [{"percent": 10}, {"percent": 100}]}`, "10%, then 100%", "10% 0s, 100% 0s"},
	}
	for _, test := range tests {
		t.Run(test.strategy, func(t *testing.T) {
			t.Parallel()
			release := decode(t, `{"function": "orders", "strategy": `+test.strategy+`}`)
			assert.Equal(t, test.name, release.Strategy)
			var texts []string
			for _, s := range release.Steps {
				texts = append(texts, s.Weight.String()+" "+s.Bake.String())
			}
			assert.Equal(t, test.want, strings.Join(texts, ", "))
		})
	}
}

func TestARawInputOfAnyKindIsRefusedReadably(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`[]`:   `must be an object such as {"function": "orders"}, not an array`,
		`null`: `must be an object such as {"function": "orders"}, not null`,
		`"x"`:  `must be an object such as {"function": "orders"}, not a string`,
		`1`:    `must be an object such as {"function": "orders"}, not a number`,
		`true`: `must be an object such as {"function": "orders"}, not a boolean`,
		`{}`:   `targets: is missing: say what to shift, as in {"function": "orders"} or {"targets": [{"function": "orders"}]}`,
		``:     `not JSON: line 1, column 1: the text ends too early`,
		`{"function": "orders", "pauseLimitMinutes": 0}`: `pauseLimitMinutes: must be at least a second`,
		`{"function"}`:            `not JSON: line 1, column 12: a colon is expected, not '}'`,
		strings.Repeat("[", 5000): `line 1, column 34: it nests deeper than 32 levels`,
	}
	for input, want := range tests {
		t.Run(input[:min(len(input), 20)], func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, []string{want}, problems(t, input))
		})
	}
}

func TestAllProblemsAreListedTogetherWithTheirPaths(t *testing.T) {
	t.Parallel()
	got := problems(t, `{
		"Alarms": ["a"], "alarm": [],
		"targets": [
			{"function": "orders", "alias": "12", "version": 7},
			{"function": "bad name", "Version": "1"},
			{"alias": null},
			"orders",
			{"function": "same"}, {"function": "arn:aws:lambda:eu-west-1:123456789012:function:same"}
		],
		"function": "orders",
		"strategy": {"steps": [
			{"percent": 10.001, "bakeMinutes": -1}, {"percent": 50}, {"percent": 20}, {"bakeMinutes": "5"}, {"percent": 99}
		]},
		"alarms": ["a", "a", "", 5],
		"hooks": {"beforeTraffic": [{"function": "", "mode": "Callback", "timeoutSeconds": 3600}, {"mode": "sync", "timeoutSeconds": 841}], "during": []},
		"createAlias": "yes", "unchanged": "ok", "whenHeld": 1, "ignoreUnreadableAlarms": null, "alarmsAtStart": "ignoreUntilOK",
		"pauseLimitMinutes": -5, "whenPauseEnds": "abort", "trigger": "cron",
		"trigger": "explicit"
	}`)
	assert.ElementsMatch(t, []string{
		`trigger: appears twice`,
		`Alarms: is not known here; write "alarms"`,
		`alarm: is not known here; known are targets, function, alias, version, expectStable, cloudfront, route53, cloudfrontSwitch, strategy, alarms, hooks, createAlias, unchanged, whenHeld, whenFrozen, window, ignoreUnreadableAlarms, alarmsAtStart, pauseLimitMinutes, whenPauseEnds, judge, trigger, watchMinutes, keepVersions, appSpec`,
		`targets[0].alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`,
		`targets[0].version: must be a string, not a number`,
		`targets[1].Version: is not known here; write "version"`,
		`targets[1].function: is not the name of a function, nor an ARN of one: letters, digits, hyphens and underscores, at most 64`,
		`targets[2].function: is missing`,
		`targets[2].alias: must be a string, not null`,
		`targets[3]: must be an object such as {"function": "orders"}, not a string`,
		`targets[5]: lambda:same:live appears twice`,
		`function: stands beside targets: write it inside a target`,
		`strategy.steps[0].percent: 10.001% is finer than 0.01%: write at most two decimals`,
		`strategy.steps[0].bakeMinutes: -1 minutes are negative: write a positive number, such as 5`,
		`strategy.steps[2].percent: is 20%, and must be above the 50% before it`,
		`strategy.steps[3].percent: is missing: write a number, such as 10`,
		`strategy.steps[3].bakeMinutes: must be a number, not a string`,
		`strategy.steps: the last step is at 99%, and must be at 100%`,
		`alarms[1]: a appears twice`,
		`alarms[2]: is not the name of an alarm: 1 to 255 characters, none of them a control character or invisible`,
		`alarms[3]: must be a string, not a number`,
		`hooks.during: is not known here; known are beforeTraffic, afterTraffic`,
		`hooks.beforeTraffic[0].function: is not the name of a function, nor an ARN of one: letters, digits, hyphens and underscores, at most 64`,
		`hooks.beforeTraffic[0].mode: must be one of sync, callback, codedeploy, not "Callback"`,
		`hooks.beforeTraffic[1].function: is missing`,
		`hooks.beforeTraffic[1].timeoutSeconds: must be a whole number from 1 to 840, not 841`,
		`createAlias: must be true or false, not a string`,
		`unchanged: must be one of succeed, fail, not "ok"`,
		`whenHeld: must be a string, not a number`,
		`ignoreUnreadableAlarms: must be true or false, not null`,
		`alarmsAtStart: must be one of reject, ignoreUntilOk, not "ignoreUntilOK"`,
		`pauseLimitMinutes: -5 minutes are negative: write a positive number, such as 5`,
		`whenPauseEnds: must be one of rollback, resume, not "abort"`,
		`trigger: must be one of explicit, event, not "cron"`,
	}, got)
}

func TestWhatContradictsAcrossFieldsIsListedWithTheRest(t *testing.T) {
	t.Parallel()
	alarms, err := json.Marshal(manyAlarms(97))
	require.NoError(t, err)
	got := problems(t, `{"function": "orders", "extra": 1, "alarms": `+string(alarms)+`, "strategy": {"linear": {"percent": 0.01, "everyMinutes": 1}}}`)
	require.Len(t, got, 4)
	assert.Contains(t, got[0], "extra: is not known here")
	assert.Contains(t, got[1], "strategy: plan too long: 10000 steps need")
	assert.Contains(t, got[2], "2 for each of the 1 targets and 1 for each of the 97 alarms are more than the 98 items")
	assert.Contains(t, got[3], "document too large")
}

func manyAlarms(number int) []string {
	names := make([]string, number)
	for i := range names {
		names[i] = fmt.Sprintf("alarm-%05d", i)
	}
	return names
}

func TestAStrategyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, strategy string
		want           []string
	}{
		{"null", `null`, []string{`strategy: must be a name such as "Canary10Percent5Minutes" or an object, not null`}},
		{"a list", `[]`, []string{`strategy: must be a name such as "Canary10Percent5Minutes" or an object, not an array`}},
		{"an unknown name", `"Blue"`, []string{`strategy: unknown strategy "Blue": use AllAtOnce, CanaryNPercentMMinutes or LinearNPercentEveryMMinutes, or an object with canary, linear, exponential or steps`}},
		{"no form", `{}`, []string{`strategy: must have exactly one of canary, linear, exponential and steps`}},
		{"two forms", `{"canary": {"percent": 1, "bakeMinutes": 1}, "steps": []}`, []string{`strategy: must have exactly one of canary, linear, exponential and steps`}},
		{"an unknown form", `{"Canary": {}}`, []string{`strategy.Canary: is not known here; write "canary"`}},
		{"nothing in it", `{"canary": {}}`, []string{`strategy.canary.percent: is missing: write a number, such as 10`, `strategy.canary.bakeMinutes: is missing: write a number, such as 5`}},
		{"another's numbers", `{"canary": {"percent": 1, "everyMinutes": 1}}`, []string{
			`strategy.canary.everyMinutes: is not known here; known are percent, bakeMinutes`, `strategy.canary.bakeMinutes: is missing: write a number, such as 5`,
		}},
		{"a form that is no object", `{"linear": 10}`, []string{`strategy.linear: must be an object such as {"percent": 10, "everyMinutes": 5}, not a number`}},
		{"a canary of everything", `{"canary": {"percent": 100, "bakeMinutes": 1}}`, []string{`strategy.canary.percent: must be above 0 and below 100, not 100`}},
		{"a linear without a bake", `{"linear": {"percent": 10, "everyMinutes": 0}}`, []string{`strategy.linear.everyMinutes: must be at least a second`}},
		{"a share of nothing, and no bake", `{"canary": {"percent": 0}}`, []string{`strategy.canary.percent: must be above 0 and below 100, not 0`, `strategy.canary.bakeMinutes: is missing: write a number, such as 5`}},
		{"a factor that does not grow", `{"exponential": {"startPercent": 1, "factor": 1, "everyMinutes": 1}}`, []string{`strategy.exponential: invalid plan: the factor of an exponential strategy is at least 1.01`}},
		{"hostile numbers", `{"exponential": {"startPercent": 1e999999999, "factor": 1e999999999, "everyMinutes": 1e999999999}}`, []string{
			`strategy.exponential.startPercent: "1e999999999" is not a plain decimal number`,
			`strategy.exponential.factor: "1e999999999" is not a plain decimal number`,
			`strategy.exponential.everyMinutes: "1e999999999" is not a plain decimal number`,
		}},
		{"no steps", `{"steps": []}`, []string{`strategy.steps: must not be empty`}},
		{"steps that are no list", `{"steps": {}}`, []string{`strategy.steps: must be an array, not an object`}},
		{"not up to everything", `{"steps": [{"percent": 50}]}`, []string{`strategy.steps: the last step is at 50%, and must be at 100%`}},
		{"steps that shrink", `{"steps": [{"percent": 50}, {"percent": 50}, {"percent": 40}, {"percent": 100}]}`, []string{
			`strategy.steps[1].percent: is 50%, and must be above the 50% before it`,
			`strategy.steps[2].percent: is 40%, and must be above the 50% before it`,
		}},
		{"a step of nothing", `{"steps": [{"percent": 0}, {"percent": 100}]}`, []string{`strategy.steps[0].percent: is 0%, and must be above the 0% before it`}},
		{"steps that are no steps", `{"steps": [5]}`, []string{`strategy.steps[0]: must be an object such as {"percent": 10, "bakeMinutes": 5}, not a number`}},
		{"longer than an execution lives", `{"steps": [{"percent": 50, "bakeMinutes": 475200}, {"percent": 100, "bakeMinutes": 1}]}`, []string{
			`strategy: plan too long: with its hooks it may take 7920h1m, and an execution lives at most a year: bake at most 7920h in all`,
		}},
		{"more steps than the history holds", `{"linear": {"percent": 0.1, "everyMinutes": 1}}`, []string{
			`strategy: plan too long: 1000 steps need 16020 history events even when each is judged only once, and a plan may use 15000 of the 25,000 that an execution has: use fewer steps`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, problems(t, `{"function": "orders", "strategy": `+test.strategy+`}`))
		})
	}
}

func TestPlansOfDaysAreAccepted(t *testing.T) {
	t.Parallel()
	var steps []string
	for i := 1; i <= 99; i++ {
		steps = append(steps, fmt.Sprintf(`{"percent": %d, "bakeMinutes": 28}`, i))
	}
	tests := map[string]string{
		"48 hours in one bake":   `{"canary": {"percent": 10, "bakeMinutes": 2880}}`,
		"99 steps of 28 minutes": `{"steps": [` + strings.Join(append(steps, `{"percent": 100}`), ",") + `]}`,
		"30 days":                `{"linear": {"percent": 10, "everyMinutes": 4800}}`,
	}
	for name, strategy := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := decode(t, `{"function": "orders", "strategy": `+strategy+`}`)
			_, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging)
			require.NoError(t, err)
		})
	}
}

func TestHooksHaveLimits(t *testing.T) {
	t.Parallel()
	hooks := func(number int) string {
		return `[` + strings.TrimSuffix(strings.Repeat(`{"function": "h"},`, number), ",") + `]`
	}
	tests := []struct {
		name, hooks string
		want        []string // nil: accepted
	}{
		{"20 at each point", `{"beforeTraffic": ` + hooks(20) + `, "afterTraffic": ` + hooks(20) + `}`, nil},
		{"21", `{"beforeTraffic": ` + hooks(21) + `}`, []string{`hooks.beforeTraffic: has 21 hooks, and at most 20 are allowed`}},
		{"sync for 840 s", `{"afterTraffic": [{"function": "h", "timeoutSeconds": 840}]}`, nil},
		{"sync for longer", `{"afterTraffic": [{"function": "h", "timeoutSeconds": 841}]}`, []string{`hooks.afterTraffic[0].timeoutSeconds: must be a whole number from 1 to 840, not 841`}},
		{"callback for 7 days", `{"afterTraffic": [{"function": "h", "mode": "callback", "timeoutSeconds": 604800}]}`, nil},
		{"callback for longer", `{"afterTraffic": [{"function": "h", "mode": "callback", "timeoutSeconds": 604801}]}`, []string{`hooks.afterTraffic[0].timeoutSeconds: must be a whole number from 1 to 604800, not 604801`}},
		{"no time at all", `{"afterTraffic": [{"function": "h", "timeoutSeconds": 0}]}`, []string{`hooks.afterTraffic[0].timeoutSeconds: must be a whole number from 1 to 840, not 0`}},
		{"half a second", `{"afterTraffic": [{"function": "h", "timeoutSeconds": 0.5}]}`, []string{`hooks.afterTraffic[0].timeoutSeconds: must be a whole number from 1 to 840, not 0.5`}},
		{"a list", `[]`, []string{`hooks: must be an object such as {"beforeTraffic": [{"function": "orders-smoke"}]}, not an array`}},
		{"null", `null`, []string{`hooks: must be an object such as {"beforeTraffic": [{"function": "orders-smoke"}]}, not null`}},
		{"a name instead of a hook", `{"beforeTraffic": ["h"]}`, []string{`hooks.beforeTraffic[0]: must be an object such as {"function": "orders-smoke"}, not a string`}},
		{"weeks of callbacks", `{"beforeTraffic": [` + strings.TrimSuffix(strings.Repeat(`{"function": "h", "mode": "callback", "timeoutSeconds": 604800},`, 20), ",") + `]}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			input := `{"function": "orders", "hooks": ` + test.hooks + `}`
			if test.want == nil {
				decode(t, input)
				return
			}
			assert.Equal(t, test.want, problems(t, input))
		})
	}
}

func TestAlarmsAreNamedAsCloudWatchNamesThem(t *testing.T) {
	t.Parallel()
	const refused = `alarms[0]: is not the name of an alarm: 1 to 255 characters, none of them a control character or invisible`
	tests := []struct {
		name, alarm string // as JSON
		want        string // "": accepted
	}{
		{"any characters", `"Orders / 5xx (é) 👩‍🚒"`, ""},
		{"255 characters", `"` + strings.Repeat("x", 255) + `"`, ""},
		{"255 characters of two bytes", `"` + strings.Repeat("é", 255) + `"`, ""},
		{"256 characters", `"` + strings.Repeat("é", 256) + `"`, refused},
		{"none", `""`, refused},
		{"a line break", `"a\nb"`, refused},
		{"bytes that are no letter", "\"a\xffb\"", refused},
		{"a number", `5`, `alarms[0]: must be a string, not a number`},
		{"null", `null`, `alarms[0]: must be a string, not null`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			input := `{"function": "orders", "alarms": [` + test.alarm + `]}`
			if test.want == "" {
				assert.Len(t, decode(t, input).Alarms, 1)
				return
			}
			assert.Equal(t, []string{test.want}, problems(t, input))
		})
	}
	assert.Equal(t, []string{`alarms: must be an array, not a string`}, problems(t, `{"function": "orders", "alarms": "a"}`))
}

func FuzzDecodeInput(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `"x"`, `1`, `{}`, `{"function": "orders"}`, `{"function": "orders:live", "version": "42", "strategy": "AllAtOnce"}`,
		`{"targets": [{"function": "a"}, {"function": "123456789012:function:b:7"}], "alarms": ["x"]}`,
		`{"function": "a:7", "trigger": "event"}`, `{"function": "a", "version": "7", "trigger": "event"}`, `{"function": "a", "trigger": "event", "alarms": ["x"]}`,
		`{"function": "a", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`,
		`{"function": "a", "strategy": {"linear": {"percent": 10, "everyMinutes": 1}}}`,
		`{"function": "a", "strategy": {"exponential": {"startPercent": 1, "factor": 1.5, "everyMinutes": 10}}}`,
		`{"function": "a", "strategy": {"steps": [{"percent": 0.5, "bakeMinutes": 30}, {"percent": 100, "bakeMinutes": 15}]}}`,
		`{"function": "a", "hooks": {"beforeTraffic": [{"function": "h", "mode": "callback", "timeoutSeconds": 60}], "afterTraffic": []}}`,
		`{"function": "a", "createAlias": true, "unchanged": "fail", "whenHeld": "wait", "ignoreUnreadableAlarms": true, "alarmsAtStart": "reject"}`,
		`{"function": "a", "judge": {"mode": "observe", "synthetic": {"function": "h:live", "perMinute": 60}}}`,
		`{"function": "arn:aws:lambda:eu-west-1:123456789012:function:a:live", "alias": "live", "alias": "x"}`,
		`{"targets": [{"function": "a"}, {"cloudfront": {"distribution": "E1", "release": "r.1", "bucket": "site-prod"}}], "judge": "observe"}`,
		`{"route53": {"zone": "Z1", "name": "*.a.b", "candidate": {"alias": {"dnsName": "d111.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}}}}`,
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"values": {"A": ["203.0.113.7", "9.0.0.1"], "AAAA": ["2001:DB8::7"]}}}}`,
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"cname": "c.d"}}, "cloudfrontSwitch": {"name": "w.a.b", "candidate": "E2"}}`,
		"{\"function\": \"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		release, err := request.DecodeInput(input, execution)
		if err != nil {
			var invalid *request.InputError
			require.ErrorAs(t, err, &invalid)
			require.NotEmpty(t, invalid.Problems)
			require.Equal(t, flow.InvalidInput, flow.Wire(err).Name)
			require.False(t, errors.Is(err, shift.ErrInvalidPlan), "one error, of one name")
			return
		}
		requireSettled(t, release)
	})
}

// requireSettled holds a release to what every later state relies on.
func requireSettled(t *testing.T, release shift.Release) {
	t.Helper()
	require.NotEmpty(t, release.Arrivals)
	for _, a := range release.Arrivals {
		require.NoError(t, flow.CheckTarget(a.Target))
		kind, known := flow.KindOf(a.Target)
		require.True(t, known)
		require.LessOrEqual(t, len(a.Candidate), kind.LongestVersion)
		require.True(t, kind.Name == shift.KindLambda || a.Candidate != "", "only functions have something to publish")
		if kind.Name == shift.KindRoute53 {
			_, err := flow.ParseEndpoint(a.Candidate)
			require.NoError(t, err)
		}
	}
	if release.Trigger == shift.Event && release.Steps == nil {
		require.NotEmpty(t, release.Arrivals[0].Candidate)
		return // it is still to be configured
	}
	_, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging)
	require.NoError(t, err)
	require.True(t, release.FitsOneTransaction())
	require.NoError(t, flow.Document{Release: &release}.CheckSize())
	text, err := json.Marshal(release)
	require.NoError(t, err)
	var again shift.Release
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, release, again, "what is settled survives the state machine")
}
