package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// predefined are CodeDeploy's strategies for Lambda (CodeDeploy user guide,
// Deployment configurations).
var predefined = []string{
	"Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
	"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
	"AllAtOnce",
}

// lockstep is a deployment that uses everything that a plan shows.
const lockstep = `{
	"targets": [{"function": "orders"}, {"function": "billing", "alias": "prod", "version": "42"}, {"function": "search"}],
	"strategy": {"exponential": {"startPercent": 0.5, "factor": 3, "everyMinutes": 90}},
	"alarms": ["orders-5xx", "billing-5xx"],
	"hooks": {
		"beforeTraffic": [{"function": "smoke", "timeoutSeconds": 120}],
		"afterTraffic": [{"function": "signoff", "mode": "callback", "timeoutSeconds": 604800}]
	},
	"createAlias": true
}`

func TestGoldenPlanOfEachPredefinedStrategy(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, strategy := range predefined {
		got := run(t, "", "plan", strategy)
		require.Equal(t, statusOK, got.status, got.stderr)
		assertFits(t, got.stdout)
		all.WriteString(got.stdout + "\n")
	}
	assertGolden(t, "plan-predefined.txt", all.String())
}

func TestGoldenPlanOfADeployment(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"plan-lockstep.txt":  {"plan", "-f", "-"},
		"plan-lockstep.json": {"plan", "-f", "-", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, lockstep, args...)
			require.Equal(t, statusOK, got.status, got.stderr)
			assertGolden(t, name, got.stdout)
		})
	}
}

func TestGoldenPlanWithAnAlarmOfAnotherRegion(t *testing.T) {
	t.Parallel()
	const deployment = `{"function": "orders", "judge": "off", "strategy": "Canary10Percent30Minutes",
		"alarms": ["orders-5xx", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-5xx"]}`
	got := run(t, deployment, "plan", "-f", "-")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertFits(t, got.stdout)
	assertGolden(t, "plan-alarm-elsewhere.txt", got.stdout)
	assert.Contains(t, run(t, deployment, "plan", "-f", "-", "--json").stdout, `"polledAlarms": [
    {
      "alarm": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-5xx",
      "region": "us-east-1",
      "withinSeconds": 180
    }
  ]`)
	atOnce := run(t, strings.Replace(deployment, "Canary10Percent30Minutes", "AllAtOnce", 1), "plan", "-f", "-")
	assert.NotContains(t, atOnce.stdout, "alarms elsewhere", "nothing polls")
}

func TestGoldenPlanWithSyntheticRequests(t *testing.T) {
	t.Parallel()
	file := demoArgs("quiet")[2]
	got := run(t, "", "plan", "-f", file, "--rpm", "4")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertFits(t, got.stdout)
	assertGolden(t, "plan-synthetic.txt", got.stdout)
	assert.Contains(t, run(t, "", "plan", "-f", file, "--json").stdout, `"synthetic": {
    "function": "orders-load",
    "perMinute": 120
  }`)

	const never = "orders-load is never asked for synthetic requests"
	for strategy, warned := range map[string]bool{
		`"AllAtOnce"`: true,
		`{"steps": [{"percent": 100, "bakeMinutes": 10}]}`: false, // the last bake keeps a control
		`"Canary10Percent10Minutes"`:                       false,
	} {
		got := run(t, `{"function": "orders", "strategy": `+strategy+`, "judge": {"synthetic": {"function": "orders-load"}}}`, "plan", "-f", "-", "--json")
		assert.Equal(t, warned, strings.Contains(got.stdout, never), strategy)
	}
}

func TestPrefixOfAPredefinedStrategyChangesOnlyItsName(t *testing.T) {
	t.Parallel()
	const prefix = "CodeDeployDefault.Lambda"
	for _, strategy := range predefined {
		short, long := run(t, "", "plan", strategy), run(t, "", "plan", prefix+strategy)
		assert.Equal(t, short.stdout, strings.TrimPrefix(long.stdout, prefix))
	}
}

func TestPlanPredictsTheCountsOfASimulation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, deployment string
	}{
		{"the default", `{"function": "orders"}`},
		{"a version that is given", `{"function": "orders", "version": "7"}`},
		{"all at once", `{"function": "orders", "strategy": "AllAtOnce", "alarms": ["a"]}`},
		{"linear", `{"function": "orders", "judge": "off", "strategy": "Linear10PercentEvery1Minute", "alarms": ["a", "b"]}`},
		{"two days in one bake", `{"function": "orders", "strategy": "Canary1Percent2880Minutes", "alarms": ["a"]}`},
		{"three targets", `{"targets": [{"function": "a"}, {"function": "b", "version": "3"}, {"function": "c"}], "alarms": ["a"]}`},
		{"alarms of other regions", `{"function": "orders", "alarms": ["a", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:b", "arn:aws:cloudwatch:ap-south-1:111122223333:alarm:a"]}`},
		{"an alarm of another region alone", `{"function": "orders", "alarms": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"]}`},
		{"a bake after the last step", `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 50, "bakeMinutes": 1.5}, {"percent": 100, "bakeMinutes": 20}]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var planned struct {
				Targets     []string
				Duration    float64 `json:"durationSeconds"`
				Transitions int
				Events      int `json:"historyEvents"`
				Lambda      struct {
					ControlPlane int `json:"controlPlaneCallsPerTarget"`
					Invocations  int
				}
				AlarmReads int
			}
			var played struct {
				Outcome            string
				Duration           float64 `json:"virtualSeconds"`
				Transitions        int
				Events             int `json:"historyEvents"`
				Invocations, Calls map[string]int
			}
			require.NoError(t, json.Unmarshal([]byte(run(t, tt.deployment, "plan", "-f", "-", "--json").stdout), &planned))
			require.NoError(t, json.Unmarshal([]byte(run(t, tt.deployment, "simulate", "-f", "-", "--json").stdout), &played))

			assert.Equal(t, "Promoted", played.Outcome)
			assert.Equal(t, planned.Duration, played.Duration)
			assert.Equal(t, planned.Transitions, played.Transitions)
			assert.Equal(t, planned.Events, played.Events)
			assert.Equal(t, planned.Lambda.Invocations, sum(played.Invocations, ""))
			assert.Equal(t, planned.Lambda.ControlPlane*len(planned.Targets), sum(played.Calls, "lambda:"))
			assert.Equal(t, planned.AlarmReads, sum(played.Calls, "cloudwatch:DescribeAlarms"))
		})
	}
}

// sum adds up the counts of the names with a prefix.
func sum(counts map[string]int, prefix string) int {
	total := 0
	for name, n := range counts {
		if strings.HasPrefix(name, prefix) {
			total += n
		}
	}
	return total
}

func TestPlanWarnsAboutRisks(t *testing.T) {
	t.Parallel()
	const (
		lastStep     = "The last step does not bake"
		atOnce       = "No step bakes"
		noAlarm      = "The deployment names no alarm"
		lateMetrics  = "Lambda's metrics arrive late"
		slowPipeline = "This may take "
		createdAlias = "An alias that does not exist yet"

		elsewhere     = "This plan takes an alarm that is named by its ARN to be in another region than the deployment (b in us-east-1)."
		whileHooksRun = "While the AfterTraffic hooks run"
	)
	tests := []struct {
		name, deployment string
		want             []string // the beginnings of the warnings
	}{
		{"a canary", `{"function": "f", "alarms": ["a"]}`, []string{lastStep}},
		{"a canary without alarms", `{"function": "f"}`, []string{lastStep}},
		{"a canary that nothing judges", `{"function": "f", "judge": "off"}`, []string{lastStep, noAlarm}},
		{"a canary that is only observed", `{"function": "f", "judge": "observe"}`, []string{lastStep, noAlarm}},
		{"all at once", `{"function": "f", "alarms": ["a"], "strategy": "AllAtOnce"}`, []string{atOnce}},
		{"steps faster than metrics", `{"function": "f", "alarms": ["a"], "strategy": "Linear10PercentEvery2Minutes"}`, []string{lastStep, lateMetrics}},
		{"steps as fast as metrics", `{"function": "f", "alarms": ["a"], "strategy": "Linear10PercentEvery3Minutes"}`, []string{lastStep}},
		{
			"a bake at the end", `{"function": "f", "alarms": ["a"], "strategy": {"steps": [{"percent": 1, "bakeMinutes": 10}, {"percent": 100, "bakeMinutes": 10}]}}`,
			[]string{},
		},
		{"as long as a pipeline waits", `{"function": "f", "alarms": ["a"], "strategy": "Canary10Percent10080Minutes"}`, []string{lastStep}},
		{"longer than a pipeline waits", `{"function": "f", "alarms": ["a"], "strategy": "Canary10Percent10081Minutes"}`, []string{lastStep, slowPipeline}},
		{
			"longer than a pipeline waits with its hooks",
			`{"function": "f", "alarms": ["a"], "hooks": {"afterTraffic": [{"function": "h", "mode": "callback", "timeoutSeconds": 604800}]}}`,
			[]string{lastStep, slowPipeline},
		},
		{"an alarm of another region", `{"function": "f", "alarms": ["a", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:b"]}`, []string{lastStep, elsewhere}},
		{
			"an alarm of another region, and a hook", `{"function": "f", "alarms": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:b"], "hooks": {"afterTraffic": [{"function": "h"}]}}`,
			[]string{lastStep, elsewhere, whileHooksRun},
		},
		{"an alias that may be created", `{"function": "f", "alarms": ["a"], "createAlias": true}`, []string{lastStep, createdAlias}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var planned struct{ Warnings []string }
			got := run(t, tt.deployment, "plan", "-f", "-", "--json")
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &planned), got.stderr)
			require.Len(t, planned.Warnings, len(tt.want), planned.Warnings)
			for i, want := range tt.want {
				assert.Truef(t, strings.HasPrefix(planned.Warnings[i], want), "%q begins with %q", planned.Warnings[i], want)
			}
		})
	}
}

func TestPlanRefusesADeploymentThatTagsConfigure(t *testing.T) {
	t.Parallel()
	got := run(t, `{"trigger": "event", "function": "orders", "version": "7"}`, "plan", "-f", "-")
	assert.Equal(t, 2, got.status)
	assert.Empty(t, got.stdout)
	assert.Contains(t, got.stderr, "standard input: trigger: a deployment that an event starts is configured by the function's tags")
}

func TestPlanIsComparedWithAPollingLoop(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, deployment, want string }{
		{"with alarms", `{"function": "f", "alarms": ["a"]}`, "polling loop $0.00292 2.5 times as much, for a loop that reads the alarms every 10s: 104 transitions"},
		{"without alarms", `{"function": "f"}`, "polling loop $0.00262 2.4 times as much"},
		{"without alarms, and nothing compared", `{"function": "f", "judge": "off"}`, "polling loop $0.00262 4.0 times as much"},
		{"too long for a loop", `{"function": "f", "strategy": "Canary10Percent480Minutes"}`, "it could not finish, because its 25,978 history events are more than an execution may have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, tt.deployment, "plan", "-f", "-")
			assert.Contains(t, strings.Join(strings.Fields(got.stdout), " "), tt.want)
		})
	}
}

func TestPlanDrawsTheWeightsUnlessAllMoveAtOnce(t *testing.T) {
	t.Parallel()
	assert.Contains(t, run(t, "", "plan", "Linear20PercentEvery3Minutes").stdout, "▅▅▅▅▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▆▆▆█\n  20% at once                               100% after 12m\n")
	assert.NotContains(t, run(t, "", "plan", "AllAtOnce").stdout, "█")
	const steps = `"strategy": {"steps": [{"percent": 50, "bakeMinutes": 10}, {"percent": 100, "bakeMinutes": 10}]}}`
	assert.Contains(t, run(t, `{"function": "f", "judge": "off", `+steps, "plan", "-f", "-").stdout, "100% after 10m, until 20m\n")
	assert.Contains(t, run(t, `{"function": "f", `+steps, "plan", "-f", "-").stdout, "100% after 20m\n", "90% after 10 minutes")
}

func TestPlanSaysWhatStepsWaitFor(t *testing.T) {
	t.Parallel()
	input := `{"function": "orders", "judge": "off", "window": {"days": ["Sat"], "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"},
		"strategy": {"steps": [{"percent": 10, "bakeMinutes": 5}, {"percent": 100, "approval": {"waitMinutes": 1440}}]}}`
	a := newRemoteWorld(t, `{"function": "orders"}`, `{}`)
	file := filepath.Join(t.TempDir(), "deployment.json")
	require.NoError(t, os.WriteFile(file, []byte(input), 0o600))
	got := a.run("plan", "-f", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	text := strings.Join(strings.Fields(got.stdout), " ")
	assert.Contains(t, text, "of step 2 within 24h, or else the traffic goes back; at most 3,858 transitions while it waits")
	assert.Contains(t, text, "step 1: Sat 09:00-16:00 Europe/Berlin; if it starts now, taken Sat 3 Jan 08:00 UTC")
	assert.Contains(t, text, "step 2: Sat 09:00-16:00 Europe/Berlin; if it starts now, taken Sat 3 Jan 08:05 UTC")
	var planned struct {
		Steps []struct{ Window, TakenAt string }
	}
	require.NoError(t, json.Unmarshal([]byte(a.run("plan", "--json", "-f", file).stdout), &planned))
	require.Len(t, planned.Steps, 2)
	assert.Equal(t, "Sat 09:00-16:00 Europe/Berlin", planned.Steps[0].Window)
	assert.Equal(t, "2026-01-03T08:00:00Z", planned.Steps[0].TakenAt)
	assert.Equal(t, "2026-01-03T08:05:00Z", planned.Steps[1].TakenAt)
	assert.NotContains(t, a.run("plan", "--json", "AllAtOnce").stdout, "takenAt", "without windows it does not depend on the time")
}
