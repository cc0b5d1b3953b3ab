package request_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

var (
	reader  = request.Reader{ExecutionID: execution}
	arrived = shift.Arrival{Target: "lambda:orders:live", Candidate: "7"}
)

func TestAnEventTellsTheFunctionAndItsVersion(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		`{"trigger": "event", "function": "orders", "version": "7"}`,
		`{"trigger": "event", "function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:7", "version": "7"}`,
		`{"trigger": "event", "function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:7"}`,
	} {
		assert.Equal(t, shift.Release{Trigger: shift.Event, Arrivals: []shift.Arrival{arrived}}, decode(t, input), input)
	}
}

func TestAnEventConfiguresNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`{"trigger": "event", "function": "orders"}`:                                                                    `version: is missing`,
		`{"trigger": "event", "version": "7"}`:                                                                          `function: is missing`,
		`{"trigger": "event", "function": "orders", "version": "$LATEST"}`:                                              `version: must be a published version`,
		`{"trigger": "event", "function": "orders", "version": "$LATEST.PUBLISHED"}`:                                    `version: must be a published version`,
		`{"trigger": "event", "function": "orders", "version": ""}`:                                                     `version: must be the number of a published version`,
		`{"trigger": "event", "function": "orders", "version": null}`:                                                   `version: must be a string, not null`,
		`{"trigger": "event", "function": "orders", "version": "7", "strategy": "AllAtOnce"}`:                           `strategy: stands beside the trigger "event"`,
		`{"trigger": "event", "function": "orders", "version": "7", "alias": "live"}`:                                   `alias: stands beside the trigger "event"`,
		`{"trigger": "event", "function": "orders", "version": "7", "targets": [{"function": "a"}]}`:                    `targets: stands beside the trigger "event"`,
		`{"trigger": "event", "function": "orders", "version": "7", "speed": 1}`:                                        `speed: is not known here`,
		`{"trigger": "event", "function": "arn:aws:lambda:eu-west-1:999999999999:function:orders:7", "version": "7"}`:   `function: is in account 999999999999`,
		`{"trigger": "event", "function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:8", "version": "7"}`:   `version: contradicts the version 8`,
		`{"trigger": "event", "function": {"name": "orders"}, "version": "7"}`:                                          `function: must be a string`,
		`{"trigger": "event", "function": "orders", "version": "7", "whenHeld": "fail", "hooks": {"beforeTraffic":[]}}`: `whenHeld: stands beside`,
	}
	for input, want := range tests {
		t.Run(input, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, strings.Join(problems(t, input), "; "), want)
		})
	}
}

func TestTheAliasThatNobodyNamesIsTheSettings(t *testing.T) {
	t.Parallel()
	prod := request.Reader{Alias: "prod"}
	explicit, err := prod.Input([]byte(`{"targets": [{"function": "orders"}, {"function": "orders", "alias": "live"}, {"function": "stock:blue"}]}`))
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrival{{Target: "lambda:orders:prod"}, {Target: "lambda:orders:live"}, {Target: "lambda:stock:blue"}}, explicit.Arrivals)
	tagged, err := prod.Tags(arrived, flow.Tags{flow.TagStrategy: "AllAtOnce"})
	require.NoError(t, err)
	assert.Equal(t, shift.Target("lambda:orders:prod"), tagged.Arrivals[0].Target)
}

func TestTagsConfigureADeployment(t *testing.T) {
	t.Parallel()
	got, err := reader.Tags(arrived, flow.Tags{
		"sluice:alias": "prod", "sluice:strategy": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute", "sluice:alarms": "orders-5xx  latency ",
		"sluice:before-traffic": "smoke arn:aws:lambda:eu-west-1:123456789012:function:load:live", "sluice:after-traffic": "smoke:7",
		"sluice:hook": "true", "team": "orders",
	})
	require.NoError(t, err)
	want := decode(t, `{
		"function": "orders", "version": "7", "alias": "prod", "strategy": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
		"alarms": ["orders-5xx", "latency"], "whenHeld": "wait",
		"hooks": {
			"beforeTraffic": [{"function": "smoke"}, {"function": "arn:aws:lambda:eu-west-1:123456789012:function:load:live"}],
			"afterTraffic": [{"function": "smoke:7"}]
		}}`)
	want.Trigger, want.Options.WhenFrozen = shift.Event, shift.WaitWhenFrozen
	assert.Equal(t, want, got)
}

func TestTagsThatSayNothingLeaveEveryDefault(t *testing.T) {
	t.Parallel()
	want := decode(t, `{"function": "orders", "version": "7", "whenHeld": "wait"}`)
	want.Trigger, want.Options.WhenFrozen = shift.Event, shift.WaitWhenFrozen
	for _, tags := range []flow.Tags{
		{"sluice:alias": "live"},
		{"sluice:strategy": "", "sluice:alarms": " ", "sluice:before-traffic": "", "sluice:config": ""},
	} {
		got, err := reader.Tags(arrived, tags)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		parameter, err := reader.Parameter(arrived, tags)
		require.NoError(t, err)
		assert.Empty(t, parameter)
	}
}

// refused lists the problems of a configuration that must be refused.
func refused(t *testing.T, err error) []string {
	t.Helper()
	require.ErrorIs(t, err, flow.ErrInvalidConfiguration)
	require.NotErrorIs(t, err, flow.ErrInvalidInput)
	assert.Equal(t, "InvalidConfiguration", flow.Wire(err).Name)
	var invalid *request.InputError
	require.ErrorAs(t, err, &invalid)
	list := make([]string, len(invalid.Problems))
	for i, p := range invalid.Problems {
		list[i] = p.String()
	}
	return list
}

func TestWrongTagsAreToldByTheirNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tags flow.Tags
		want []string // how the problems begin
	}{
		{"an alias of digits", flow.Tags{"sluice:alias": "7"}, []string{"sluice:alias: is not the name of an alias"}},
		{"an alias without a name", flow.Tags{"sluice:alias": ""}, []string{"sluice:alias: has no value, which IAM may take for no tag at all: give it the name of the alias to shift"}},
		{"an alias of spaces", flow.Tags{"sluice:alias": "  "}, []string{"sluice:alias: has no value"}},
		{"an unknown strategy", flow.Tags{"sluice:strategy": "BigBang"}, []string{`sluice:strategy: unknown strategy "BigBang"`}},
		{"a plan too long", flow.Tags{"sluice:strategy": "Linear0.1PercentEvery1Minute"}, []string{"sluice:strategy: plan too long"}},
		{"an alarm twice", flow.Tags{"sluice:alarms": "a b a"}, []string{"sluice:alarms[2]: a appears twice"}},
		{"an alarm of control characters", flow.Tags{"sluice:alarms": "a\nb"}, []string{"sluice:alarms[0]: is not the name of an alarm"}},
		{"a hook elsewhere", flow.Tags{"sluice:before-traffic": "smoke 999999999999:function:smoke"}, []string{"sluice:before-traffic[1]: is in account 999999999999"}},
		{"a hook with a comma", flow.Tags{"sluice:after-traffic": "smoke,load"}, []string{"sluice:after-traffic[0]: is not the name of a function"}},
		{"too many hooks", flow.Tags{"sluice:after-traffic": strings.Repeat("h ", 21)}, []string{"sluice:after-traffic: has 21 hooks"}},
		{"a mistyped tag", flow.Tags{"sluice:alias": "live", "sluice:stragety": "AllAtOnce"}, []string{"sluice:stragety: is no tag of Sluice; known are sluice:alias,"}},
		{"somebody unknown who shifts it", flow.Tags{"sluice:alias": "live", "sluice:shifted-by": "Stack"}, []string{`sluice:shifted-by: must be stack, or be missing, not "Stack"`}},
		{"a huge tag", flow.Tags{"sluice:alarms": strings.Repeat("a ", 1<<20)}, []string{"sluice:alarms: has 2097152 characters, and a tag has at most 256"}},
		{"JSON where a name belongs", flow.Tags{"sluice:alias": `live", "createAlias": true, "x": "`}, []string{"sluice:alias: is not the name of an alias"}},
		{"everything at once", flow.Tags{"sluice:alias": "a b", "sluice:strategy": "Canary", "sluice:alarms": "a a"}, []string{"sluice:strategy: ", "sluice:alarms[1]: ", "sluice:alias: "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			release, err := reader.Tags(arrived, test.tags)
			assert.Zero(t, release)
			got := refused(t, err)
			require.Len(t, got, len(test.want), "%q", got)
			for i, want := range test.want {
				assert.Contains(t, got[i], want)
				assert.True(t, strings.HasPrefix(got[i], "sluice:"), got[i])
			}
			assert.ErrorContains(t, err, "the tags of orders are not valid: ")
		})
	}
}

func TestATagNamesAParameterOfSluicesOwn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"/sluice/orders": "", "/sluice/team-a/orders_2.json": "",
		"/prod/password": flow.TagConfig, "sluice/orders": flow.TagConfig, "/sluice/": flow.TagConfig, "/sluice": flow.TagConfig, "/sluice/orders:3": flow.TagConfig,
		"/sluice/a b": flow.TagConfig, "/sluice//a": flow.TagConfig, "/sluice/a\n": flow.TagConfig, " /sluice/orders": flow.TagConfig,
		"arn:aws:ssm:eu-west-1:999999999999:parameter/sluice/orders": flow.TagConfig, "/sluice/" + strings.Repeat("x", 300): flow.TagConfig,
	} {
		got, err := reader.Parameter(arrived, flow.Tags{flow.TagConfig: name})
		if want == "" {
			require.NoError(t, err)
			assert.Equal(t, name, got)
			continue
		}
		list := refused(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, "sluice:config: must be the name of a parameter below /sluice/, such as /sluice/orders", list[0])
	}
	_, err := reader.Parameter(arrived, flow.Tags{flow.TagConfig: "/sluice/orders", flow.TagAlias: "7"})
	assert.Equal(t, []string{"sluice:alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone"}, refused(t, err))
}

func TestTheFolderOfTheParametersIsTheStacks(t *testing.T) {
	t.Parallel()
	teams := request.Reader{ExecutionID: reader.ExecutionID, Parameters: "/teams/shop/"}
	_, err := teams.Parameter(arrived, flow.Tags{flow.TagConfig: "/teams/shop/orders"})
	require.NoError(t, err)
	_, err = teams.Parameter(arrived, flow.Tags{flow.TagConfig: "/sluice/orders"})
	assert.Equal(t, []string{"sluice:config: must be the name of a parameter below /teams/shop/, such as /teams/shop/orders"}, refused(t, err))
	for folder, is := range map[string]bool{"/sluice/": true, "/a/b.c/": true, "/": false, "": false, "/sluice": false, "sluice/": false, "/a//b/": false, "/*/": false} {
		assert.Equal(t, is, request.IsParameterFolder(folder), folder)
	}
}

func TestAParameterReplacesTheOtherTags(t *testing.T) {
	t.Parallel()
	tags := flow.Tags{"sluice:config": "/sluice/orders", "sluice:alias": "prod", "sluice:strategy": "BigBang"}
	got, err := reader.Configuration(arrived, tags, "/sluice/orders", `{"strategy": {"canary": {"percent": 5, "bakeMinutes": 30}}, "alarms": ["a b"], "whenHeld": "fail", "createAlias": true}`)
	require.NoError(t, err)
	want := decode(t, `{"function": "orders", "version": "7", "alias": "prod", "strategy": {"canary": {"percent": 5, "bakeMinutes": 30}}, "alarms": ["a b"], "createAlias": true}`)
	want.Trigger, want.Parameter, want.Options.WhenFrozen = shift.Event, "/sluice/orders", shift.WaitWhenFrozen
	assert.Equal(t, want, got)

	got, err = reader.Configuration(arrived, tags, "/sluice/orders", `{"alias": "blue"}`)
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrival{{Target: "lambda:orders:blue", Candidate: "7"}}, got.Arrivals)
	assert.Equal(t, shift.WaitWhenHeld, got.Options.WhenHeld)
}

func TestAWrongParameterIsNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		``:                                    "not JSON",
		`{"alias": "live"`:                    "not JSON",
		`"live"`:                              "must be an object",
		`{"function": "payments"}`:            "function: is not known here",
		`{"version": "6"}`:                    "version: is not known here",
		`{"targets": []}`:                     "targets: is not known here",
		`{"trigger": "explicit"}`:             "trigger: is not known here",
		`{"strategy": "BigBang"}`:             "strategy: unknown strategy",
		`{"alarms": "a b"}`:                   "alarms: must be an array",
		`{` + strings.Repeat(" ", 9000) + `}`: "it has 9002 bytes, and a parameter has at most 8192",
		`{"strategy": "Linear0.1PercentEvery1Minute"}`:              "strategy: plan too long",
		`{"alarms": [` + strings.Repeat(`"x",`, 1000) + `"x"]}`:     "are more than the 98 items",
		"{\"alias\": \"\x1b[31m" + strings.Repeat("x", 500) + "\"}": "not JSON",
	}
	for text, want := range tests {
		t.Run(fmt.Sprintf("%.40q", text), func(t *testing.T) {
			t.Parallel()
			release, err := reader.Configuration(arrived, flow.Tags{}, "/sluice/orders", text)
			assert.Zero(t, release)
			assert.Contains(t, strings.Join(refused(t, err), "; "), want)
			assert.ErrorContains(t, err, "the parameter /sluice/orders, which the function's tag sluice:config names, is not valid: ")
		})
	}
}

// Whatever stands in tags, they configure a deployment that can be run, or are
// refused in words that are bounded and have no control characters.
func FuzzTags(f *testing.F) {
	for _, seed := range [][6]string{
		{"live", "AllAtOnce", "a b", "smoke", "smoke:7", ""},
		{"", "", "", "", "", "/sluice/orders"},
		{"7", "Canary0Percent5Minutes", "a a", "999999999999:function:h", "h,h", "/prod/password"},
		{"live\", \"createAlias\": true", "\x00\x1b[31m", "a\nb\u2028c", "arn:aws:lambda:eu-west-1:123456789012:function:h", "\xff", "/sluice/../x"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], "sluice:"+seed[0])
	}
	f.Fuzz(func(t *testing.T, alias, strategy, alarms, before, after, config, key string) {
		tags := flow.Tags{
			flow.TagAlias: alias, flow.TagStrategy: strategy, flow.TagAlarms: alarms,
			flow.TagBeforeTraffic: before, flow.TagAfterTraffic: after, flow.TagConfig: config,
		}
		tags[key] = alias
		if release, err := reader.Tags(arrived, tags); err != nil {
			requireHarmless(t, err)
		} else {
			requireSettled(t, release)
			function, _, _ := flow.SplitLambdaTarget(release.Arrivals[0].Target)
			require.Equal(t, "orders", function, "a tag never leads to another function")
			require.Equal(t, shift.Version("7"), release.Arrivals[0].Candidate)
		}
		parameter, err := reader.Parameter(arrived, tags)
		if err != nil {
			requireHarmless(t, err)
		} else if parameter != "" {
			require.True(t, strings.HasPrefix(parameter, "/sluice/"))
		}
	})
}

func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{`{}`, `{"alias": "blue", "alarms": ["a"]}`, `{"function": "x"}`, `{"judge": {"synthetic": {"function": "orders"}}}`, `{"alias": "\u0000"}`, `[`, "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		release, err := reader.Configuration(arrived, flow.Tags{}, "/sluice/orders", text)
		if err != nil {
			requireHarmless(t, err)
			return
		}
		requireSettled(t, release)
		function, _, _ := flow.SplitLambdaTarget(release.Arrivals[0].Target)
		require.Equal(t, "orders", function)
	})
}

func requireHarmless(t *testing.T, err error) {
	t.Helper()
	var invalid *request.InputError
	require.True(t, errors.As(err, &invalid) && len(invalid.Problems) > 0, "%v", err)
	wire := flow.Wire(err)
	require.Equal(t, "InvalidConfiguration", wire.Name)
	require.LessOrEqual(t, len([]rune(wire.Message)), 2000)
	require.False(t, strings.ContainsFunc(wire.Message, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), "%q", wire.Message)
}
