package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const specOfOrders = `version: 0.0
Resources:
  - orders:
      Type: AWS::Lambda::Function
      Properties:
        Name: orders
        Alias: live
        CurrentVersion: 1
        TargetVersion: 2
`

func TestAnAppSpecIsStartedWithWhatTheFlagsSay(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, `{"function": "orders", "version": "2", "alarms": ["orders-5xx"]}`, `{}`)
	got := a.run("start", "-f", writeFile(t, "appspec.yaml", specOfOrders), "--strategy", "CodeDeployDefault.LambdaCanary10Percent5Minutes", "--alarm", "orders-5xx", "--wait")
	require.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	assert.Contains(t, got.stdout, "Promoted")
	assert.Contains(t, got.stdout, "lambda:orders:live")
}

func TestAnAppSpecThatExpectsAnotherVersionIsRejected(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, `{"function": "orders", "version": "2", "alarms": ["orders-5xx"]}`, `{}`)
	got := a.run("start", "-f", writeFile(t, "appspec.yml", strings.Replace(specOfOrders, "CurrentVersion: 1", "CurrentVersion: 3", 1)), "--wait")
	require.Equal(t, statusFailed, got.status, got.stdout+got.stderr)
	assert.Contains(t, got.stdout, "StableDiffers")
	assert.Contains(t, got.stdout, "No traffic was moved")
}

func TestAnAppSpecIsPlannedAndPlayed(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "appspec.yaml", specOfOrders+"Hooks:\n  - BeforeAllowTraffic: smoke\n")
	plan := run(t, "", "plan", "-f", file, "--strategy", "Linear25PercentEvery10Minutes", "--alarm", "a", "--alarm", "b")
	require.Equal(t, statusOK, plan.status, plan.stderr)
	assert.Contains(t, plan.stdout, "25%")
	assert.NotContains(t, plan.stdout, "names no alarm")
	got := run(t, "", "simulate", "-f", file, "--strategy", "Canary5Percent5Minutes", "--alarm", "a", "--hook-mode", "sync", "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stdout, `"outcome": "Promoted"`)
	same := run(t, specOfOrders, "simulate", "-f", "-", "--plain")
	require.Equal(t, statusOK, same.status, same.stderr)
}

func TestWhatTheFlagsOfAnAppSpecSayIsChecked(t *testing.T) {
	t.Parallel()
	spec := writeFile(t, "appspec.yaml", strings.Replace(specOfOrders, "TargetVersion", "Target", 1))
	got := run(t, "", "plan", "-f", spec, "--strategy", "BigBang", "--alarm", "a", "--alarm", "a", "--hook-mode", "none")
	assert.Equal(t, statusInvalid, got.status)
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	require.Len(t, lines, 5, got.stderr)
	assert.Contains(t, got.stderr, "--strategy: unknown strategy")
	assert.Contains(t, got.stderr, "--alarm: a appears twice")
	assert.Contains(t, got.stderr, "--hook-mode: must be one of codedeploy, sync, callback")
	assert.Contains(t, got.stderr, spec+":9:9: Resources[0].orders.Properties.Target: is not known here")
	assert.Contains(t, got.stderr, spec+":5:7: Resources[0].orders.Properties.targetversion: is missing")

	ordinary := writeFile(t, "deployment.yaml", "function: orders\n")
	assert.Equal(t, result{status: statusInvalid, stderr: "--alarm: goes with an AppSpec, and " + ordinary + " is none: write it there, as alarms\n" +
		"--strategy: goes with an AppSpec, and " + ordinary + " is none: write it there, as strategy\n"},
		run(t, "", "simulate", "-f", ordinary, "--strategy", "AllAtOnce", "--alarm", "a"))

	held := writeFile(t, "held.yaml", "strategy: AllAtOnce\nappSpec: |\n  "+strings.ReplaceAll(specOfOrders, "\n", "\n  ")+"\n")
	assert.Equal(t, result{status: statusInvalid, stderr: "--strategy: " + held + " has strategy already: remove one of the two\n"},
		run(t, "", "plan", "-f", held, "--strategy", "AllAtOnce"))
	assert.Equal(t, statusOK, run(t, "", "plan", "-f", held, "--alarm", "a").status)

	broken := writeFile(t, "broken.json", "{")
	got = run(t, "", "plan", "-f", broken, "--alarm", "a")
	assert.Equal(t, result{status: statusInvalid, stderr: broken + ": not JSON: line 1, column 2: the text ends too early\n"}, got)
	assert.Contains(t, run(t, "", "plan", "AllAtOnce", "--alarm", "a").stderr, "--strategy, --alarm and --hook-mode go with the file of an AppSpec")
}

func TestYAMLIsReadWhereverAFileIs(t *testing.T) {
	t.Parallel()
	deployment := writeFile(t, "deployment.yaml", "# which\ntargets:\n  - function: orders\n    version: \"2\"\nstrategy:\n  canary: {percent: 10, bakeMinutes: 5}\nalarms: [orders-5xx]\n")
	scenario := writeFile(t, "scenario.yml", "events:\n  - {atSeconds: 90, do: setAlarmState, alarm: orders-5xx, state: ALARM}\n")
	got := run(t, "", "simulate", "-f", deployment, "-s", scenario, "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stdout, `"outcome": "RolledBack"`)
	page := deployment + ".html"
	require.Equal(t, statusOK, run(t, "", "simulate", "-f", deployment, "-s", scenario, "--plain", "--report", page).status)
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(html), "setAlarmState")

	deployment = writeFile(t, "deployment.yaml", "targets:\n  - function: orders\n    version: 2\ncreateAlias: yes\n")
	scenario = writeFile(t, "scenario.yaml", "events:\n  - do: explode\nseed: 1.5\n")
	got = run(t, "", "simulate", "-f", deployment, "-s", scenario)
	assert.Equal(t, statusInvalid, got.status)
	for _, want := range []string{
		deployment + ":4:1: createAlias: yes is a boolean to some readers of YAML and text to others",
		scenario + ":3:1: seed: must be a whole number", scenario + ":2:5: events[0]",
	} {
		assert.Contains(t, got.stderr, want)
	}
	assert.Contains(t, run(t, "targets:\n  - function: orders\n    version: 2\n", "plan", "-f", "-").stderr, "standard input:3:5: targets[0].version: must be a string, not a number")
	tab := writeFile(t, "deployment.yaml", "targets:\n\t- function: orders\n")
	assert.Equal(t, result{status: statusInvalid, stderr: tab + ": not YAML: line 2, column 1: a tab is not allowed there: indent with spaces\n"}, run(t, "", "plan", "-f", tab))
}
