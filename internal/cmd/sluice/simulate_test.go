package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/world"
)

// demoArgs returns the arguments that simulate one of the demonstrations.
func demoArgs(name string) []string {
	folder := filepath.Join("testdata", "demo", name)
	return []string{"simulate", "-f", filepath.Join(folder, "deployment.json"), "-s", filepath.Join(folder, "scenario.json")}
}

func TestGoldenDemo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"healthy", "sick", "hook", "judged", "quiet", "site"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, "", demoArgs(name)...)
			require.Equal(t, statusOK, got.status, got.stderr)
			assert.Empty(t, got.stderr)
			assertGolden(t, "simulate-"+name+".txt", got.stdout)
		})
	}
}

func TestSameSimulationPrintsTheSameBytes(t *testing.T) {
	t.Parallel()
	args := demoArgs("sick")
	assert.Equal(t, run(t, "", args...), run(t, "", args...))
	args = append(args, "--json")
	assert.Equal(t, run(t, "", args...), run(t, "", args...))
}

func TestJSONIsOnlyTheResult(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"healthy", "sick", "hook", "judged", "quiet", "site"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := demoArgs(name)
			got := run(t, "", append(args, "--json")...)
			require.Equal(t, statusOK, got.status, got.stderr)

			decoder := json.NewDecoder(strings.NewReader(got.stdout))
			var printed map[string]json.RawMessage
			require.NoError(t, decoder.Decode(&printed))
			_, err := decoder.Token()
			assert.ErrorIs(t, err, io.EOF, "there is nothing behind the JSON")
			assert.ElementsMatch(t, fields(reflect.TypeFor[world.Result]()), keys(printed))
			assert.JSONEq(t, simulatedJSON(t, args[2], args[4]), got.stdout)
		})
	}
}

// fields returns the JSON names of a type's fields.
func fields(of reflect.Type) []string {
	names := make([]string, of.NumField())
	for i := range names {
		names[i] = of.Field(i).Tag.Get("json")
	}
	return names
}

func keys(object map[string]json.RawMessage) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	return names
}

// simulatedJSON returns the world's own result as JSON.
func simulatedJSON(t *testing.T, deployment, scenario string) string {
	t.Helper()
	input, err := os.ReadFile(deployment)
	require.NoError(t, err)
	text, err := os.ReadFile(scenario)
	require.NoError(t, err)
	s, err := world.DecodeScenario(text)
	require.NoError(t, err)
	result, err := world.Simulate(input, s, nil)
	require.NoError(t, err)
	marshalled, err := json.Marshal(result)
	require.NoError(t, err)
	return string(marshalled)
}

func TestStoryShowsWhatAPersonMustSee(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		deployment, scenario string
		want                 []string // the beginnings of lines, without the spaces that align them
	}{
		{
			"a short bake shows every poll",
			`{"function": "orders", "alarms": ["a"]}`, `{}`,
			[]string{
				"0:00 Publish version 2 for lambda:orders:live", "0:00 BeforeTraffic no hooks", "0:00 SetWeight 10% step 1 of 2",
				"1:00 CheckAlarms 10% Pass", "2:00 CheckAlarms 10% Pass", "3:00 CheckAlarms 10% Pass", "4:00 CheckAlarms 10% Pass", "5:00 CheckAlarms 10% Pass",
				"5:00 SetWeight 100% step 2 of 2", "5:00 Close 100% verified and closed", "5:00 Promoted 100%",
			},
		},
		{
			"the polls in the middle of a long bake are counted",
			`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": "Canary10Percent2880Minutes"}`, `{}`,
			[]string{"5:00 CheckAlarms 10% Pass", "… CheckAlarms 10% Pass 574 more checks passed", "48:00:00 CheckAlarms 10% Pass", "48:00:00 SetWeight 100% step 2 of 2"},
		},
		{
			"checks during a pause are counted, but have not passed",
			`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": "Canary10Percent10Minutes"}`,
			`{"events": [{"atSeconds": 90, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"}, {"atSeconds": 1200, "do": "resume", "target": "lambda:orders:live", "reason": "back"}]}`,
			[]string{"2:00 CheckAlarms 10% Wait paused by hand: lunch", "… CheckAlarms 10% Wait 5 more checks with the same", "18:27 CheckAlarms 10% Wait paused by hand: lunch", "22:33 CheckAlarms 10% Pass"},
		},
		{
			"a poll with a new result is shown",
			`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": "Canary10Percent10Minutes"}`,
			`{"events": [{"atSeconds": 450, "do": "setAlarmState", "alarm": "a", "state": "INSUFFICIENT_DATA"}]}`,
			[]string{"1:00 CheckAlarms 10% Pass", "… CheckAlarms 10% Pass 5 more checks passed", "7:00 CheckAlarms 10% Pass", "8:00 CheckAlarms 10% Pass alarm a has insufficient"},
		},
		{
			"tries that failed are counted",
			`{"function": "orders"}`, `{"faults": [{"call": "lambda:UpdateAlias", "error": "throttle", "times": 2}]}`,
			[]string{"0:57 SetWeight 10% step 1 of 2; after 2 failed tries, the", "last with Throttled"},
		},
		{
			"a failure is shown with its name",
			`{"function": "orders"}`, `{"functions": {"orders": {"absent": true}}}`,
			[]string{"0:00 Publish FunctionNotFound:", "0:00 Rollback nothing to undo", "0:00 Rejected", "outcome Rejected"},
		},
		{
			"a hook that does not answer is named",
			`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 90}]}}`,
			`{"functions": {"smoke": {"versions": 1}}, "hooks": {"smoke": {"result": "hang"}}}`,
			[]string{"1:30 BeforeTrafficHook asked smoke; States.Timeout", "1:30 Rollback", "1:30 Rejected"},
		},
		{
			"a hook that agrees is named, and so is their number",
			`{"function": "orders", "hooks": {"afterTraffic": [{"function": "smoke"}]}}`,
			`{"functions": {"smoke": {"versions": 1}}, "hooks": {"smoke": {"afterSeconds": 5}}}`,
			[]string{"5:05 AfterTrafficHook smoke agreed", "5:05 AfterTraffic 100% 1 hook agreed"},
		},
		{
			"nothing to shift says why",
			`{"function": "orders", "version": "3"}`, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}}}}`,
			[]string{"0:07 Open nothing to shift", "0:07 Unchanged lambda:orders:live already points at 3;", "outcome Unchanged", "cause lambda:orders:live already points at 3;", "next No traffic was moved. Nothing needs to be done."},
		},
		{
			"an execution that is stopped says where",
			`{"function": "orders"}`, `{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`,
			[]string{"1:30 ExecutionAborted in Bake", "1:30 SafetyNet 0% ExecutionEnded", "outcome RolledBack; the execution is ABORTED"},
		},
		{
			"several executions are distinguished",
			`{"function": "orders"}`, `{"events": [{"atSeconds": 30, "do": "startExecution", "input": {"function": "orders"}}]}`,
			[]string{"TIME EXECUTION STATE WEIGHT VERDICT", "0:30 another-1 Rejected", "5:00 simulated Promoted 100%"},
		},
		{
			"an alias that is created",
			`{"function": "orders", "createAlias": true}`, `{"functions": {"orders": {"versions": 1, "aliases": {}}}}`,
			[]string{"0:00 Open lambda:orders:live created with 2; 1", "step, 0s of baking", "routes 0:00 lambda:orders:live: 100% on 2"},
		},
		{
			"a long list of routes is cut in the middle",
			`{"function": "orders", "judge": "off", "strategy": "Linear5PercentEvery1Minute"}`, `{}`,
			[]string{"routes 0:00 lambda:orders:live: 5% on 2, the rest on 1", "… 8 more", "19:00 lambda:orders:live: 100% on 2", "announcements Started, Shifted ×20, Promoted"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, tt.deployment, "simulate", "-f", "-", "-s", writeFile(t, "scenario.json", tt.scenario))
			require.Equal(t, statusOK, got.status, got.stderr)
			assertInOrder(t, got.stdout, tt.want)
		})
	}
}

// assertInOrder checks that the text has lines with these beginnings, in this order.
// Other lines may be between them.
func assertInOrder(t *testing.T, text string, want []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		bare := strings.Join(strings.Fields(line), " ")
		if len(want) > 0 && strings.HasPrefix(bare, want[0]) {
			want = want[1:]
		}
	}
	assert.Emptyf(t, want, "these lines are missing, or not in this order, in:\n%s", text)
}

func TestScenarioOfAnotherDeploymentIsInvalid(t *testing.T) {
	t.Parallel()
	scenario := writeFile(t, "scenario.json", `{"hooks": {"smoke": {"result": "fail"}}, "events": [
		{"atSeconds": 1, "do": "setAlarmState", "alarm": "nobody", "state": "OK"},
		{"atSeconds": 2, "do": "updateAlias", "target": "lambda:other:live", "version": "1"}]}`)
	got := run(t, `{"function": "orders"}`, "simulate", "-f", "-", "-s", scenario)
	assert.Equal(t, statusInvalid, got.status)
	assert.Empty(t, got.stdout)
	for _, want := range []string{
		"hooks.smoke: no deployment has this hook", `events[0].alarm: there is no alarm "nobody"`,
		"events[1].target: no deployment shifts lambda:other:live; they shift lambda:orders:live",
	} {
		assert.Contains(t, got.stderr, want)
	}
}

// BenchmarkSimulateTwoDays runs the command for a canary of 48 hours.
func BenchmarkSimulateTwoDays(b *testing.B) {
	input := `{"function": "orders", "alarms": ["a"], "strategy": "Canary10Percent2880Minutes"}`
	for b.Loop() {
		if status := exec(b.Context(), []string{"simulate", "-f", "-"}, strings.NewReader(input), io.Discard, io.Discard); status != statusOK {
			b.Fatal(status)
		}
	}
}

func TestDeploymentOfAnEventIsPlayedAsTheTagsSay(t *testing.T) {
	t.Parallel()
	const event = `{"trigger": "event", "function": "orders", "version": "2"}`
	for tags, want := range map[string]string{
		`{"sluice:alias": "live", "sluice:strategy": "AllAtOnce"}`: "Promoted",
		`{}`: "Unchanged",
		`{"sluice:alias": "live", "sluice:strategy": "BigBang"}`: "Rejected",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			scenario := writeFile(t, "scenario.json", `{"functions": {"orders": {"tags": `+tags+`}}}`)
			got := run(t, event, "simulate", "-f", "-", "-s", scenario)
			require.Zero(t, got.status, got.stderr)
			assert.Regexp(t, `outcome +`+want, got.stdout)
		})
	}
}

// Somebody moves the alias to a third version: that is no traffic of the candidate.
func TestRequestsAreCountedByVersion(t *testing.T) {
	t.Parallel()
	scenario := writeFile(t, "scenario.json", `{
		"candidate": {"errorRate": 1},
		"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}},
		"events": [{"atSeconds": 60, "do": "updateAlias", "target": "lambda:orders:live", "version": "3"}]}`)
	const deployment = `{"function": "orders", "version": "2", "strategy": "Canary10Percent5Minutes"}`
	got := run(t, deployment, "simulate", "-f", "-", "-s", scenario, "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	var result world.Result
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &result))
	require.Len(t, result.Requests, 3, got.stdout)
	counts := map[string]world.Requests{}
	for _, r := range result.Requests {
		counts[r.Version] = r
	}
	assert.Equal(t, []world.Role{world.RoleStable, world.RoleCandidate, world.RoleOther}, []world.Role{counts["1"].Role, counts["2"].Role, counts["3"].Role})
	assert.InDelta(t, 540, counts["1"].Requests, 30)
	assert.InDelta(t, 60, counts["2"].Requests, 30)
	assert.Equal(t, counts["2"].Requests, counts["2"].Errors, "all of the candidate's fail")
	assert.Positive(t, counts["3"].Requests)
	assert.Zero(t, counts["3"].Errors, "version 3 does not behave like the candidate")

	assertInOrder(t, run(t, deployment, "simulate", "-f", "-", "-s", scenario).stdout, []string{"requests", "1, stable 5", "2, candidate ", "3, other "})
	file := filepath.Join(t.TempDir(), "report.html")
	require.Equal(t, statusOK, run(t, deployment, "simulate", "-f", "-", "-s", scenario, "--report", file).status)
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(page), ">other version</text>"), "in the plots of requests and errors")
	assert.Contains(t, string(page), ">0%</text>", "the candidate's weight ends at nothing")
}

func TestMisspeltFunctionOfAScenarioIsRefused(t *testing.T) {
	t.Parallel()
	scenario := writeFile(t, "scenario.json", `{"functions": {"ordres": {"versions": 3}, "orders": {}, "smoke": {}}, "events": [{"atSeconds": 1, "do": "updateCode", "function": "oders"}]}`)
	got := run(t, `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`, "simulate", "-f", "-", "-s", scenario)
	assert.Equal(t, result{status: statusInvalid, stderr: scenario + ":1:16: functions.ordres: no deployment names this function; they name orders, smoke\n" +
		scenario + `:1:119: events[0].function: there is no function "oders": no deployment names it; they name orders, smoke` + "\n"}, got)
}

func TestCauseSaysEachThingOnce(t *testing.T) {
	t.Parallel()
	const deployment = `{"function": "orders", "strategy": "Canary10Percent30Minutes", "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`
	tests := []struct{ name, scenario, want string }{
		{"a hook that refuses", `{"hooks": {"smoke": {"result": "fail"}}}`, "HookFailed: the BeforeTraffic hook smoke: Refused: smoke says no. No traffic was moved."},
		{"a hook that crashes", `{"hooks": {"smoke": {"result": "crash"}}}`, "HookFailed: the BeforeTraffic hook smoke: Runtime.ExitError: smoke crashed. No traffic was moved."},
		{"a hook that is absent", `{"functions": {"smoke": {"absent": true}}}`, "HookNotFound: check the hook smoke: hook not found: "},
		{"an abort without a reason", `{"events": [{"atSeconds": 60, "do": "abort", "target": "lambda:orders:live"}]}`, "Aborted. lambda:orders:live is back on 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, deployment, "simulate", "-f", "-", "-s", writeFile(t, "scenario.json", tt.scenario), "--json")
			require.Equal(t, statusOK, got.status, got.stderr)
			var result world.Result
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &result))
			assert.True(t, strings.HasPrefix(result.Cause, tt.want), result.Cause)
		})
	}
}

func TestOrderWithoutAReasonHasNoColon(t *testing.T) {
	t.Parallel()
	scenario := `{"events": [{"atSeconds": 10, "do": "pause", "target": "lambda:orders:live"}, {"atSeconds": 400, "do": "promote", "target": "lambda:orders:live"}]}`
	got := run(t, `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes"}`, "simulate", "-f", "-", "-s", writeFile(t, "scenario.json", scenario))
	assert.Contains(t, normalizeSpaces(got.stdout), "5:00 CheckAlarms 10% Wait paused by hand\n10:00 CheckAlarms 10% Pass promoted by hand\n")
}
