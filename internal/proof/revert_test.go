package proof

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

const simulatedARN = "arn:aws:states:us-east-1:123456789012:execution:sluice:" + world.Simulated

// reverting is an event that starts a revert of the first deployment.
func reverting(at string) string {
	return `{"atSeconds": ` + at + `, "do": "startExecution", "input": {"revert": "` + simulatedARN + `", "reason": "customers call"}}`
}

// A revert brings all targets back to what served before, at once, without the alarms, and says so.
func TestARevertPutsEverythingBackAtOnce(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"targets": [{"function": "orders"}, {"function": "payments"}, {"function": "stock"}], "strategy": "AllAtOnce", "alarms": ["a"]}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [
		{"atSeconds": 50, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}, `+reverting("60")+`]}`), input)
	seen.play(input)
	require.Empty(t, seen.verify())

	require.Len(t, w.Executions(), 2)
	revert := w.Executions()[1]
	r := w.Result(revert)
	require.Equal(t, "Promoted", r.Outcome, story(r))
	assert.Equal(t, []string{"Publish", "Open", "Changed?", "BeforeTraffic", "SetWeight", "Next?", "AfterTraffic", "Close", "Promoted"}, r.Path)
	for _, function := range []string{"orders", "payments", "stock"} {
		alias, _ := w.Cloud().Alias(function, "live")
		assert.Equal(t, "1", alias.FunctionVersion, function)
	}
	var out shift.Summary
	require.NoError(t, json.Unmarshal(revert.Output(), &out))
	assert.Equal(t, simulatedARN, out.Reverts)
	assert.Equal(t, "it reverted simulated: customers call", out.Reason)
	assert.Equal(t, shift.Target("lambda:stock:live"), out.Changes[0].Target, "the last one goes back first")
	record, err := w.Ledger().Record(t.Context(), revert.ARN())
	require.NoError(t, err)
	assert.Equal(t, shift.Reverted, shift.FirstReason(record.Reasons).Name)
	assert.Equal(t, simulatedARN, record.Deployment.Reverts)
	told := w.Announcements()[len(w.Announcements())-1]
	assert.Contains(t, told.Summary, "It reverted simulated: customers call.")
}

func TestARevertIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, input, events, why string }{
		{"something newer was promoted since", `{"function": "orders", "strategy": "AllAtOnce"}`,
			`{"atSeconds": 30, "do": "updateCode", "function": "orders"}, {"atSeconds": 40, "do": "startExecution", "input": {"function": "orders", "strategy": "AllAtOnce"}}, ` + reverting("100"),
			"3 was promoted to lambda:orders:live since, by arn:aws:states"},
		{"its time is over", `{"function": "orders", "strategy": "AllAtOnce"}`, reverting("260000"), "and could be reverted until"},
		{"it was put back", `{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "no"}]}}`, reverting("60"), "the deployment ended as RolledBack"},
		{"it goes on", `{"function": "orders"}`, reverting("60"), "the deployment has not ended: abort it"},
		{"the alias was moved by hand since", `{"function": "orders", "strategy": "AllAtOnce"}`,
			`{"atSeconds": 30, "do": "updateAlias", "target": "lambda:orders:live", "version": "1"}, ` + reverting("60"), "was expected to serve 2"},
		{"the alias was divided by hand since", `{"function": "orders", "strategy": "AllAtOnce"}`,
			`{"atSeconds": 30, "do": "updateAlias", "target": "lambda:orders:live", "version": "2", "additional": "1", "percent": 50}, ` + reverting("60"), "no deployment of Sluice did that"},
		{"the alias is gone", `{"function": "orders", "strategy": "AllAtOnce"}`,
			`{"atSeconds": 30, "do": "deleteAlias", "target": "lambda:orders:live"}, ` + reverting("60"), "somebody has deleted it"},
		{"another deployment holds the target", `{"function": "orders", "strategy": "AllAtOnce"}`,
			`{"atSeconds": 30, "do": "updateCode", "function": "orders"}, {"atSeconds": 40, "do": "startExecution", "input": {"function": "orders"}}, ` + reverting("60"), "is held by"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(test.input)
			hooks := ""
			if strings.Contains(test.input, "hooks") {
				hooks = `"hooks": {"no": {"result": "fail"}}, `
			}
			w, seen := observe(t, scenarioOf(t, `{`+hooks+`"events": [`+test.events+`]}`), input)
			seen.play(input)
			require.Empty(t, seen.verify())
			r := w.Result(w.Executions()[len(w.Executions())-1])
			assert.Equal(t, "Rejected", r.Outcome, story(r))
			assert.Contains(t, r.Cause, test.why)
			if test.name != "another deployment holds the target" {
				assert.Contains(t, r.Cause, "RevertRefused: ")
			}
		})
	}
}

func TestARevertIsRefusedWhenTheVersionIsGone(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce"}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [`+reverting("60")+`]}`), input)
	w.HappenAfter(30*time.Second, func() {
		_, err := lambda.NewFromConfig(w.Config("somebody")).DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("orders"), Qualifier: aws.String("1")})
		require.NoError(t, err)
	})
	seen.play(input)
	require.Empty(t, seen.verify())
	r := w.Result(w.Executions()[1])
	assert.Equal(t, "Rejected", r.Outcome, story(r))
	assert.Contains(t, r.Cause, "RevertRefused: ")
	assert.Contains(t, r.Cause, "its version 1 does not")
}

// A revert is a promoted deployment, and can be reverted in turn.
func TestARevertCanBeReverted(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce"}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [`+reverting("60")+`]}`), input)
	w.HappenAfter(2*time.Minute, func() {
		w.StartSoon("again", json.RawMessage(`{"revert": "`+w.Executions()[1].ARN()+`"}`))
	})
	seen.play(input)
	require.NoError(t, w.Advance(time.Hour))
	require.Empty(t, seen.verify())
	require.Len(t, w.Executions(), 3)
	assert.Equal(t, "Promoted", w.Outcome(w.Executions()[2].ARN()))
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Equal(t, "2", alias.FunctionVersion)
}

// The rules of each kind's router apply: a revert waits until all viewers have what served before.
func TestSitesNamesAndSwitchesAreRevertedToo(t *testing.T) {
	t.Parallel()
	for _, b := range frontEndBases {
		if b.outcome != shift.Promoted || b.kinds != nil || b.name == nameShiftedBefore {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			scenario := scenarioOf(t, b.scenario)
			scenario.Open = true
			w, seen := observe(t, scenario, json.RawMessage(b.input))
			before := map[shift.Target]string{}
			for _, target := range w.Targets() {
				before[target] = w.Division(target).Serving
			}
			x := seen.play(json.RawMessage(b.input))
			w.StartSoon("back", json.RawMessage(`{"revert": "`+x.ARN()+`"}`))
			require.NoError(t, w.Advance(2*time.Hour))
			require.Empty(t, seen.verify())
			r := w.Result(w.Executions()[1])
			created := false
			for target, serving := range before {
				created = created || serving == ""
				if serving != "" && r.Outcome == "Promoted" {
					assert.Equal(t, serving, w.Division(target).Serving, target)
				}
			}
			want := map[bool]string{false: "Promoted", true: "Rejected"}[created]
			assert.Equal(t, want, r.Outcome, story(r))
		})
	}
}
