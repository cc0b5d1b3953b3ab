package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files; review the diff")

// result is the exit status and the output of a run of the command.
type result struct {
	status         int
	stdout, stderr string
}

// run runs the command as main does.
func run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := exec(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// writeFile writes a file for a test, and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// assertGolden compares a text with a golden file.
func assertGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "%s; to update it: go test ./internal/cmd/sluice -run Golden -update", path)
}

func TestInvalidArgumentsExitWith2AndPointToTheHelp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"an unknown command", []string{"shift"}, "sluice: unknown command \"shift\" for \"sluice\"\nSee 'sluice --help'.\n"},
		{"an unknown flag", []string{"plan", "--nope"}, "sluice: unknown flag: --nope\nSee 'sluice plan --help'.\n"},
		{"an unknown flag of the root", []string{"--nope"}, "sluice: unknown flag: --nope\nSee 'sluice --help'.\n"},
		{"a flag without its value", []string{"simulate", "-f"}, "sluice: flag needs an argument: 'f' in -f\nSee 'sluice simulate --help'.\n"},
		{"a plan of nothing", []string{"plan"}, "sluice: plan needs a STRATEGY or a deployment's file: -f FILE\nSee 'sluice plan --help'.\n"},
		{"a plan of two strategies", []string{"plan", "AllAtOnce", "Other"}, "sluice: plan takes only one STRATEGY: remove \"Other\"\nSee 'sluice plan --help'.\n"},
		{"a plan of a strategy and a file", []string{"plan", "AllAtOnce", "-f", "x"}, "sluice: plan takes a STRATEGY or a file, not both\nSee 'sluice plan --help'.\n"},
		{"a simulation of nothing", []string{"simulate"}, "sluice: simulate needs a deployment's file: -f FILE\nSee 'sluice simulate --help'.\n"},
		{"a simulation of an argument", []string{"simulate", "x.json"}, "sluice: simulate takes no arguments, but got \"x.json\": give the deployment's file with -f\nSee 'sluice simulate --help'.\n"},
		{"a start of nothing", []string{"start"}, "sluice: start needs a deployment's file: -f FILE\nSee 'sluice start --help'.\n"},
		{"a start of an argument", []string{"start", "x.json"}, "sluice: start takes no arguments, but got \"x.json\": give the deployment's file with -f\nSee 'sluice start --help'.\n"},
		{"a watch of nothing", []string{"watch"}, "sluice: watch needs a TARGET, such as orders or lambda:orders:live, or the name or ARN of an execution: 'sluice status' lists what is open\nSee 'sluice watch --help'.\n"},
		{"a watch of two", []string{"watch", "a", "b"}, "sluice: watch takes only one TARGET: remove \"b\"\nSee 'sluice watch --help'.\n"},
		{"a watch of another ARN", []string{"watch", "arn:aws:states:us-east-1:123456789012:stateMachine:sluice"}, "sluice: \"arn:aws:states:us-east-1:123456789012:stateMachine:sluice\" is not the ARN of an execution: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME\nSee 'sluice watch --help'.\n"},
		{"a watch of what is nothing", []string{"watch", "a b"}, "sluice: \"a b\" is no target: write lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live\nSee 'sluice watch --help'.\n"},
		{"a watch of an empty word", []string{"watch", ""}, "sluice: \"\" is no target: write lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live\nSee 'sluice watch --help'.\n"},
		{"a status of one", []string{"status", "orders"}, "sluice: status takes no arguments, but got \"orders\": 'sluice history orders' lists the deployments of a target\nSee 'sluice status --help'.\n"},
		{"a report of nothing", []string{"report", "--out", "x"}, "sluice: report needs a TARGET, such as orders or lambda:orders:live, or the name or ARN of an execution: 'sluice status' lists what is open\nSee 'sluice report --help'.\n"},
		{"a report to nowhere", []string{"report", "a"}, "sluice: report needs a file to write to: --out FILE\nSee 'sluice report --help'.\n"},
		{"an order without its target", []string{"abort"}, "sluice: abort needs a TARGET, such as orders or lambda:orders:live, or the name or ARN of an execution: 'sluice status' lists what is open\nSee 'sluice abort --help'.\n"},
		{"an order for two", []string{"pause", "a", "b"}, "sluice: pause takes only one TARGET: remove \"b\"\nSee 'sluice pause --help'.\n"},
		{"an order for a version", []string{"resume", "orders:7"}, "sluice: \"orders:7\" names a version, and traffic is shifted at an alias: write lambda:orders:ALIAS\nSee 'sluice resume --help'.\n"},
		{"a history of half a target", []string{"history", "lambda:orders"}, "sluice: \"lambda:orders\" is no target: write lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live\nSee 'sluice history --help'.\n"},
		{"a history of none", []string{"history", "orders", "--limit", "0"}, "sluice: --limit must be at least 1, not 0\nSee 'sluice history --help'.\n"},
		{"a help of nothing", []string{"help", "nosuch"}, "sluice: there is no command \"nosuch\": 'sluice help' lists them\nSee 'sluice help --help'.\n"},
		{"a help of a command's argument", []string{"help", "plan", "AllAtOnce"}, "sluice: there is no command \"plan AllAtOnce\": 'sluice help' lists them\nSee 'sluice help --help'.\n"},
		{"JSON and lines of a simulation", []string{"simulate", "-f", "x", "--json", "--plain"}, "sluice: --json and --plain exclude each other: --json prints JSON, and --plain lines for people\nSee 'sluice simulate --help'.\n"},
		{"JSON and lines of a start", []string{"start", "-f", "x", "--json", "--plain"}, "sluice: --json and --plain exclude each other: --json prints JSON, and --plain lines for people\nSee 'sluice start --help'.\n"},
		{"JSON and lines of a watch", []string{"watch", "x", "--json", "--plain"}, "sluice: --json and --plain exclude each other: --json prints JSON, and --plain lines for people\nSee 'sluice watch --help'.\n"},
		{"a limit that is no number", []string{"history", "x", "--limit", "many"}, "sluice: invalid argument \"many\" for \"--limit\": it must be a whole number\nSee 'sluice history --help'.\n"},
		{"a limit that is too high", []string{"history", "x", "--limit", "99999999999999999999"}, "sluice: invalid argument \"99999999999999999999\" for \"--limit\": it must be a smaller number\nSee 'sluice history --help'.\n"},
		{"a speed that is no number", []string{"local", "--speed", "fast"}, "sluice: invalid argument \"fast\" for \"--speed\": it must be a number\nSee 'sluice local --help'.\n"},
		{"JSON that is no choice", []string{"plan", "x", "--json=maybe"}, "sluice: invalid argument \"maybe\" for \"--json\": it must be true or false\nSee 'sluice plan --help'.\n"},
		{"one standard input for two", []string{"simulate", "-f", "-", "-s", "-"}, "sluice: the deployment and the scenario cannot both be standard input\nSee 'sluice simulate --help'.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, result{status: statusInvalid, stderr: tt.want}, run(t, "", tt.args...))
		})
	}
}

func TestUnreadableFileExitsWith1AndIsNamed(t *testing.T) {
	t.Parallel()
	deployment := writeFile(t, "deployment.json", `{"function": "orders"}`)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a deployment to plan", []string{"plan", "-f", "nowhere.json"}, "sluice: open nowhere.json: no such file or directory\n"},
		{"a deployment to simulate", []string{"simulate", "-f", "nowhere.json"}, "sluice: open nowhere.json: no such file or directory\n"},
		{"a scenario", []string{"simulate", "-f", deployment, "-s", "nowhere.json"}, "sluice: open nowhere.json: no such file or directory\n"},
		{"a folder", []string{"plan", "-f", "testdata"}, "sluice: read testdata: is a directory\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, result{status: statusFailed, stderr: tt.want}, run(t, "", tt.args...))
		})
	}
}

func TestInvalidFilesExitWith2AndListEveryProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		deployment, scenario string
		want                 []string // the beginnings of the lines on stderr
	}{
		{"an empty deployment", ``, `{}`, []string{"deployment.json: not JSON: "}},
		{"not an object", `[]`, `{}`, []string{"deployment.json: must be an object"}},
		{"more text behind", `{"function": "orders"} {}`, `{}`, []string{"deployment.json: not JSON: line 1, column 24: the end of the text is expected"}},
		{
			"several problems in the deployment",
			`{"targets": [{"alias": "live"}], "Alarms": [], "strategy": "Canary", "hooks": {"beforeTraffic": [{"function": "x y"}]}, "unchanged": 3}`, `{}`,
			[]string{
				"deployment.json:1:34: Alarms: is not known here", "deployment.json:1:14: targets[0].function: is missing",
				"deployment.json:1:48: strategy: unknown strategy", "deployment.json:1:99: hooks.beforeTraffic[0].function: is not the name",
				"deployment.json:1:121: unchanged: must be a string",
			},
		},
		{"a plan that cannot fit", `{"function": "orders", "strategy": "Linear0.01PercentEvery1Minute"}`, `{}`, []string{"deployment.json:1:24: strategy: plan too long", "deployment.json: document too large"}},
		{"a deployment that is too large for an execution", `{"function": "orders"}` + strings.Repeat(" ", maxText), `{}`, []string{"deployment.json: it is larger than 262144 bytes"}},
		{
			"several problems in the scenario", `{"function": "orders"}`,
			`{"candidate": {"errorRate": 2}, "events": [{"atSeconds": 1, "do": "explode"}], "seed": -1}`,
			[]string{
				"scenario.json:1:16: candidate.errorRate: must be a number from 0 to 1", "scenario.json:1:80: seed: must be a whole number",
				"scenario.json:1:44: events[0]: do is not known",
			},
		},
		{
			"problems in both", `{"function": "orders", "version": "$LATEST"}`, `{"traffic": 600}`,
			[]string{"deployment.json:1:24: version: must be a published version", "scenario.json:1:2: traffic: must be an object"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			deployment, scenario := writeFile(t, "deployment.json", tt.deployment), writeFile(t, "scenario.json", tt.scenario)

			got := run(t, "", "simulate", "-f", deployment, "-s", scenario)

			assert.Equal(t, statusInvalid, got.status)
			assert.Empty(t, got.stdout)
			lines := strings.Split(strings.TrimSuffix(got.stderr, "\n"), "\n")
			require.Len(t, lines, len(tt.want), got.stderr)
			for _, want := range tt.want {
				assert.Condition(t, func() bool { return hasLine(lines, want) }, "a line with %q in:\n%s", want, got.stderr)
			}
		})
	}
}

// hasLine reports whether a line is about a file in some folder, and says what is wanted.
func hasLine(lines []string, want string) bool {
	for _, line := range lines {
		if strings.Contains(line, string(filepath.Separator)+want) {
			return true
		}
	}
	return false
}

func TestPlanOfAnInvalidDeploymentPrintsNoPlan(t *testing.T) {
	t.Parallel()
	got := run(t, `{"strategy": {"canary": {"percent": 100, "bakeMinutes": 5}}}`, "plan", "-f", "-", "--json")
	assert.Equal(t, statusInvalid, got.status)
	assert.Empty(t, got.stdout)
	assert.Contains(t, got.stderr, "standard input:1:1: targets: is missing")
	assert.Contains(t, got.stderr, "standard input:1:26: strategy.canary.percent: must be above 0 and below 100, not 100")
}

func TestUnknownStrategyListsTheValidForms(t *testing.T) {
	t.Parallel()
	got := run(t, "", "plan", "Canary10Percent")
	assert.Equal(t, statusInvalid, got.status)
	assert.Empty(t, got.stdout)
	assert.Equal(t, "STRATEGY: unknown strategy \"Canary10Percent\": use AllAtOnce, CanaryNPercentMMinutes or LinearNPercentEveryMMinutes, or an object with canary, linear, exponential or steps\n", got.stderr)
}

func TestHelpFitsATerminalAndExplainsTheExitStatus(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"plan", "--help"}, {"simulate", "--help"}, {"help", "plan"}, {"start", "--help"}, {"watch", "--help"},
		{"abort", "--help"}, {"promote", "--help"}, {"pause", "--help"}, {"resume", "--help"}, {"history", "--help"}, {"status", "--help"}, {"report", "--help"}, {"judge", "--help"}, {"local", "--help"}, {"tour", "--help"}, {"codedeploy", "--help"}, {"init", "--help"}, {"schema", "--help"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			got := run(t, "", args...)
			assert.Equal(t, statusOK, got.status)
			assert.Empty(t, got.stderr)
			assert.Contains(t, got.stdout, "Examples:\n  sluice ")
			assert.Contains(t, got.stdout, "Exit status:\n  0 ")
			assertFits(t, got.stdout)
		})
	}
}

// Each order's example gives a reason for that order, and no two the same.
func TestExamplesFitTheirCommand(t *testing.T) {
	t.Parallel()
	reasons := map[string]bool{}
	for _, order := range []string{"abort", "promote", "pause", "resume"} {
		help := run(t, "", order, "--help").stdout
		_, rest, found := strings.Cut(help, "  sluice "+order+" orders --reason '")
		require.True(t, found, help)
		reason, _, _ := strings.Cut(rest, "'")
		assert.False(t, reasons[reason], "%s has the reason of another order: %s", order, reason)
		reasons[reason] = true
	}
}

// assertFits checks that a text is not wider than a page.
func assertFits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), pageWidth, line)
	}
}

// fullDisk is a writer that fails as if the disk were full.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWrittenExitsWith1(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"plan", "AllAtOnce"}, {"plan", "AllAtOnce", "--json"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			status := exec(t.Context(), args, strings.NewReader(""), fullDisk{}, &stderr)
			assert.Equal(t, statusFailed, status)
			assert.Equal(t, "sluice: write the output: no space left on device\n", stderr.String())
		})
	}
}

// The logger belongs to the whole process, so this test cannot run in parallel.
func TestHandlersLogOnlyWhenAsked(t *testing.T) {
	silent := run(t, `{"function": "orders"}`, "simulate", "-f", "-")
	verbose := run(t, `{"function": "orders"}`, "simulate", "-f", "-", "--verbose")

	assert.Empty(t, silent.stderr)
	assert.Contains(t, verbose.stderr, "level=INFO msg=judged deployment=")
	assert.NotContains(t, verbose.stderr, "time=")
	assert.Equal(t, silent.stdout, verbose.stdout)
}
