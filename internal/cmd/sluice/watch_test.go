package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// startDeployment returns a world in which a deployment named "one" was started some
// time ago.
func startDeployment(t *testing.T, deployment, scenario string, since time.Duration) (*remoteWorld, *asl.Execution) {
	t.Helper()
	a := newRemoteWorld(t, deployment, scenario)
	x, err := a.Start("one", json.RawMessage(deployment))
	require.NoError(t, err)
	require.NoError(t, a.Advance(since))
	return a, x
}

// normalizeSpaces removes the spaces that align the columns of a text.
func normalizeSpaces(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestWatchShowsTheExecutionFromItsBeginning(t *testing.T) {
	t.Parallel()
	for name, since := range map[string]time.Duration{
		"nothing yet": 0, "a part of it": 3*time.Minute + 7*time.Second, "all of it": time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, `{}`, since)
			byName, byARN := a.run("watch", "one"), a.run("watch", x.ARN())
			assert.Equal(t, statusOK, byName.status, byName.stderr)
			assert.Equal(t, byARN, byName)
			assertInOrder(t, byName.stdout, []string{
				"execution " + x.ARN(), "TIME STATE WEIGHT VERDICT", "0:00 Publish", "0:00 Open", "0:00 SetWeight 10%",
				"5:00 CheckAlarms 10% Pass", "5:00 SetWeight 100%", "5:00 Promoted 100%", "outcome Promoted", "time 5:00",
			})
			assert.Equal(t, 1, strings.Count(byName.stdout, "VERDICT"), "the columns are named once")
		})
	}
}

func TestWatchPrintsTheSameStoryAsSimulate(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, deployment, scenario string }{
		{"hooks that agree", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke"}], "afterTraffic": [{"function": "signoff", "mode": "callback"}]}}`, `{}`},
		{"a hook that refuses", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`, `{"hooks": {"smoke": {"result": "fail"}}}`},
		{"a hook that does not answer", `{"function": "orders", "hooks": {"afterTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 90}]}}`, `{"hooks": {"smoke": {"result": "hang"}}}`},
		{"tries that fail", `{"function": "orders"}`, `{"faults": [{"call": "lambda:UpdateAlias", "error": "throttle", "times": 2}]}`},
		{"nothing to shift", `{"function": "orders", "version": "3"}`, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}}}}`},
		{"a function that is absent", `{"function": "orders"}`, `{"functions": {"orders": {"absent": true}}}`},
		{"an edit by somebody else", `{"function": "orders"}`, `{"events": [{"atSeconds": 30, "do": "updateAlias", "target": "lambda:orders:live", "version": "1", "additional": "2", "percent": 77}]}`},
		{"a redrive", `{"function": "orders"}`, `{"events": [{"atSeconds": 90, "do": "stopExecution"}, {"atSeconds": 120, "do": "redriveExecution"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			simulated := run(t, tt.deployment, "simulate", "-f", "-", "-s", writeFile(t, "scenario.json", tt.scenario))
			a, _ := startDeployment(t, tt.deployment, tt.scenario, time.Hour)
			watched := a.run("watch", "one")

			story, _, _ := strings.Cut(simulated.stdout, "\n\n")
			_, watchedStory, _ := strings.Cut(watched.stdout, "\n\n")
			watchedStory, _, _ = strings.Cut(watchedStory, "\n\n")
			assert.Equal(t, strings.Join(strings.Fields(story), " "), strings.Join(strings.Fields(watchedStory), " "))
		})
	}
}

func TestWatchReadsOnlyNewEvents(t *testing.T) {
	t.Parallel()
	deployment := `{"function": "orders", "judge": "off", "strategy": "Canary10Percent2880Minutes"}`
	a, _ := startDeployment(t, deployment, `{}`, 47*time.Hour+50*time.Minute)
	got := a.run("watch", "one")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertInOrder(t, got.stdout, []string{"… CheckAlarms 10% Pass", "47:50:00 CheckAlarms 10% Pass", "47:55:00 CheckAlarms 10% Pass", "48:00:00 Promoted"})
	polls := int(10 * time.Minute / pollQuietEvery)
	calls := map[string]int{}
	for _, operation := range a.operations() {
		calls[operation]++
	}
	assert.Less(t, calls["GetExecutionHistory"], 2*polls, "a poll reads one page; the whole history has six")
	assert.Less(t, calls["GetItem"], 2*polls)
}

func TestWatchRetriesWhileAWSIsUnavailable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault func(w http.ResponseWriter) bool
	}{
		{"throttled", func(w http.ResponseWriter) bool {
			return respondWithError(w, 400, "ThrottlingException", "Rate exceeded")
		}},
		{"out of order", func(w http.ResponseWriter) bool {
			return respondWithError(w, 500, "InternalFailure", "")
		}},
		{"out of reach", func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, canary, `{}`, time.Minute)
			times := 0
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				if operation != "GetExecutionHistory" {
					return false
				}
				times++
				return times > 3 && times < 10 && tt.fault(w)
			}
			got := a.run("watch", "one")
			assert.Equal(t, statusOK, got.status, got.stderr)
			assert.Equal(t, 1, strings.Count(got.stderr, "sluice: AWS cannot be reached at the moment ("), got.stderr)
			assert.Contains(t, got.stderr, "). The deployment goes on by itself, and the safety net watches it. Trying again for up to 10m.\n")
			assert.Equal(t, 1, strings.Count(got.stderr, "sluice: AWS answers again, after "), got.stderr)
			assertInOrder(t, got.stdout, []string{"1:00 CheckAlarms", "2:00 CheckAlarms", "3:00 CheckAlarms", "4:00 CheckAlarms", "5:00 Promoted"})
		})
	}
}

func TestWatchGivesUpAfterAWhileAndSaysThatTheDeploymentGoesOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, code, want string
		patience         time.Duration
	}{
		{"throttled for ever", "ThrottlingException", "sluice: no answer from AWS for 10m: read the history of", defaultPatience},
		{"expired for ever", "ExpiredTokenException", "sluice: the AWS credentials have expired (read the history of", defaultPatience},
		{"not allowed any more", "AccessDeniedException", "AccessDeniedException: no", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, `{"function": "orders", "strategy": "Canary10Percent120Minutes"}`, `{}`, time.Minute)
			times := 0
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				if operation == "GetExecutionHistory" {
					times++
				}
				return times > 3 && respondWithError(w, 400, tt.code, "no")
			}
			got := a.run("watch", "one")
			assert.Equal(t, statusUnknown, got.status)
			assert.Contains(t, got.stderr, tt.want)
			assert.Contains(t, got.stderr, "\nThe deployment goes on. To watch it again:  sluice watch one\nTo put the traffic back:  sluice abort lambda:orders:live --reason '...'\n")
			assert.GreaterOrEqual(t, a.slept, tt.patience)
			assert.Less(t, a.slept, tt.patience+time.Minute)
		})
	}
}

// The whole process gets the signal, so this test cannot run in parallel.
func TestInterruptStopsTheWatchingAndNotTheDeployment(t *testing.T) {
	a, x := startDeployment(t, canary, `{}`, time.Minute)
	a.onSleep = func(ctx context.Context, passed time.Duration) {
		if passed > 2*time.Minute {
			self, err := os.FindProcess(os.Getpid())
			require.NoError(t, err)
			require.NoError(t, self.Signal(os.Interrupt))
			<-ctx.Done()
		}
	}
	got := a.run("watch", "one")
	assert.Equal(t, statusInterrupted, got.status)
	assert.Equal(t, "The deployment goes on. To watch it again:  sluice watch one\nTo put the traffic back:  sluice abort lambda:orders:live --reason '...'\n", got.stderr)
	assert.Equal(t, asl.Running, x.Status())
}

func TestInterruptWhileTheSafetyNetWorksSaysWhereToLook(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{"events": [{"atSeconds": 90, "do": "stopExecution"}], "delivery": {"executions": {"lost": true}, "sweeps": {"lost": true}}}`, 0)
	ctx, interrupt := context.WithCancel(t.Context())
	a.onSleep = func(_ context.Context, passed time.Duration) {
		if passed > 100*time.Second {
			interrupt()
		}
	}
	got := a.runIn(ctx, "watch", "one")
	assert.Equal(t, statusInterrupted, got.status)
	assert.Equal(t, "The execution has ended without an outcome, and it is not known yet whether the traffic is back. The safety net puts it back. To see:  sluice watch one\n", got.stderr)
}

// interruptingWriter interrupts the command once it has printed a text.
type interruptingWriter struct {
	written   bytes.Buffer
	text      string
	interrupt func()
}

func (w *interruptingWriter) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(w.text)) {
		w.interrupt()
	}
	return w.written.Write(text)
}

func (w *interruptingWriter) String() string { return w.written.String() }

// The last poll has read how the deployment ended. An interrupt after it takes nothing back.
func TestInterruptAfterTheLastPollTellsTheOutcome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario, last, want string
		status               int
	}{
		"promoted":    {`{}`, "Promoted", "outcome Promoted", statusOK},
		"rolled back": {sick, "RolledBack", "outcome RolledBack", statusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, canary, test.scenario, 0)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			out, stderr := &interruptingWriter{text: test.last, interrupt: interrupt}, &bytes.Buffer{}
			status := a.environment().exec(ctx, []string{"watch", "one"}, strings.NewReader(""), out, stderr)
			assert.Equal(t, test.status, status)
			assert.Empty(t, stderr.String())
			assertInOrder(t, out.String(), []string{test.want})
		})
	}
}

func TestWatchRejectsAnExecutionOfAnotherStateMachine(t *testing.T) {
	t.Parallel()
	a, x := startDeployment(t, canary, `{}`, time.Hour)
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		if operation == "GetExecutionHistory" {
			_, _ = w.Write([]byte(`{"events": [{"id": 1, "timestamp": 0, "type": "ExecutionSucceeded", "executionSucceededEventDetails": {"output": "\"done\""}}]}`))
			return true
		}
		return false
	}
	got := a.run("watch", x.ARN())
	assert.Equal(t, statusFailed, got.status)
	assert.Equal(t, "sluice: the execution's output is not Sluice's: "+x.ARN()+" is an execution of another state machine\n", got.stderr)
	assert.Equal(t, 1, strings.Count(got.stderr, "\n"))
}

func TestWatchWaitsUntilANewExecutionIsKnown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		unknown int
		status  int
	}{"for a moment": {3, statusOK}, "for good": {1000, statusFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			times := 0
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				if operation != "GetExecutionHistory" {
					return false
				}
				times++
				return times <= test.unknown && respondWithError(w, 400, "ExecutionDoesNotExist", "Execution Does Not Exist")
			}
			got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait")
			assert.Equal(t, test.status, got.status, got.stderr)
		})
	}
}

func TestWatchReportsAnExecutionThatDoesNotExist(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("watch", "nobody")
	assert.Equal(t, statusFailed, got.status)
	assert.Equal(t, "sluice: there is no execution arn:aws:states:us-east-1:123456789012:execution:sluice:nobody: it was never started, or it ended more than 90 days ago; and the ledger has no deployment of lambda:nobody:live: 'sluice status' lists those that are open\n", got.stderr)
	assert.Zero(t, a.slept)
}

func TestWatchReadsTheOutcomeOfAStoppedExecutionFromTheLedger(t *testing.T) {
	t.Parallel()
	lost := `{"events": [{"atSeconds": 90, "do": "stopExecution"}], "delivery": {"executions": {"lost": true}`
	tests := []struct {
		name, scenario string
		refuse         string // the error of GetItem
		want           []string
	}{
		{"the safety net is late", lost + `}}`, "", []string{"1:30 ExecutionAborted in Bake", "outcome RolledBack; the execution is ABORTED", "cause ExecutionEnded:"}},
		{"the safety net does nothing", lost + `, "sweeps": {"lost": true}}}`, "", []string{
			"outcome none: the execution is ABORTED, and the deployment is not closed", "cause The traffic is not back yet: the deployment's record is",
		}},
		{"the ledger cannot be read", lost + `}}`, "AccessDeniedException", []string{
			"outcome none: the execution is ABORTED", "cause The ledger's table sluice cannot be read",
		}},
		{
			"it is stopped before Open", `{"faults": [{"call": "lambda:PublishVersion", "error": "lose"}], "events": [{"atSeconds": 1, "do": "stopExecution"}]}`, "",
			[]string{"0:01 ExecutionAborted in Publish", "outcome Rejected; the execution is ABORTED", "cause ExecutionEnded:"},
		},
		{
			"it is stopped before Open, and nobody notices", `{"faults": [{"call": "lambda:PublishVersion", "error": "lose"}], "events": [{"atSeconds": 1, "do": "stopExecution"}], "delivery": {"executions": {"lost": true}}}`, "",
			[]string{"0:01 ExecutionAborted in Publish", "outcome none: the execution is ABORTED", "cause It had not locked any target, so no"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, `{"function": "orders"}`, tt.scenario, 0)
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				return operation == "GetItem" && tt.refuse != "" && respondWithError(w, 400, tt.refuse, "no")
			}
			got := a.run("watch", "one")
			assert.Equal(t, statusFailed, got.status)
			if tt.refuse == "" {
				assert.Empty(t, got.stderr)
			} else {
				assert.Equal(t, 1, strings.Count(got.stderr, "sluice: the ledger's table sluice cannot be read"), "said once")
			}
			assertInOrder(t, got.stdout, tt.want)
		})
	}
}

func TestWatchShowsTheSafetyNetsRestorationBeforeTheNextPoll(t *testing.T) {
	t.Parallel()
	const hour = `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes", "alarms": ["orders-5xx"]}`
	for name, scenario := range map[string]string{
		"AlarmFired": `{"events": [{"atSeconds": 420, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`,
		"Aborted":    `{"events": [{"atSeconds": 420, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, hour, scenario, 6*time.Minute)
			shown := time.Duration(0)
			var out bytes.Buffer
			a.onSleep = func(_ context.Context, passed time.Duration) {
				if shown == 0 && strings.Contains(out.String(), "SafetyNet") {
					shown = passed
				}
			}
			status := a.environment().exec(t.Context(), []string{"watch", "one"}, strings.NewReader(""), &out, io.Discard)
			assert.Equal(t, statusFailed, status)
			assertInOrder(t, out.String(), []string{"7:00 SafetyNet 0% " + name + ": ", "10:00 RolledBack 0%", "time 10:00, the traffic was back at 7:00"})
			assert.Contains(t, normalizeSpaces(a.run("history", "orders").stdout), "1 to 2 7:00 RolledBack one", "the times agree")
			assert.Contains(t, strings.Join(strings.Fields(out.String()), " "), "the traffic is back; the execution ends at its next poll")
			assert.NotZero(t, shown)
			assert.LessOrEqual(t, shown, 7*time.Minute+2*pollQuietEvery)
		})
	}
}

func TestWatchSaysThatTheTrafficIsNotBackYet(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{
		"events": [{"atSeconds": 90, "do": "abort", "target": "lambda:orders:live", "reason": "no"}],
		"faults": [{"call": "lambda:UpdateAlias", "error": "deny", "fromSeconds": 80, "untilSeconds": 110}]
	}`, 0)
	got := a.run("watch", "one")
	assert.Equal(t, statusFailed, got.status)
	assert.Equal(t, "sluice: the traffic is being put back, but is not back yet (Aborted: no)\n", got.stderr, "once")
	assertInOrder(t, got.stdout, []string{"1:00 CheckAlarms 10% Pass", "2:00 RolledBack 0%", "outcome RolledBack"})
}

func TestWatchAsJSONPrintsOnlyTheEnding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, deployment, scenario string
		status                     int
		want                       string
	}{
		{"promoted", canary, `{}`, statusOK, `"outcome": "Promoted", "status": "SUCCEEDED", "error": "", "cause": "", "seconds": 300`},
		{
			"unchanged", `{"function": "orders", "version": "3"}`, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}}}}`, statusOK,
			`"outcome": "Unchanged", "status": "SUCCEEDED", "error": "", "cause": "lambda:orders:live already points at 3; if CloudFormation sets the FunctionVersion of an alias, see \"Adoption\" in the README of Sluice", "seconds": 7`,
		},
		{
			"refused", canary, `{"events": [{"atSeconds": 0, "do": "deleteAlarm", "alarm": "orders-5xx"}]}`, statusFailed,
			`"outcome": "Rejected", "status": "FAILED", "error": "Rejected", "cause": "AlarmNotFound: `,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, tt.deployment, tt.scenario, 0)
			got := a.run("watch", "one", "--json")
			assert.Equal(t, tt.status, got.status, got.stderr)
			assert.True(t, json.Valid([]byte(got.stdout)), got.stdout)
			assert.Contains(t, normalizeSpaces(got.stdout), strings.ReplaceAll(tt.want, ", \"", ",\n\""))
		})
	}
}

// Open has read the alarms: whoever watches learns which of them cannot fire as it is meant to.
func TestWatchTellsTheWarningsOfAlarms(t *testing.T) {
	t.Parallel()
	const scenario = `{"alarms": [{"name": "orders-5xx", "metric": "Errors", "statistic": "Minimum", "threshold": 1, "periodSeconds": 60, "evaluationPeriods": 1, "treatMissingData": "notBreaching"}]}`
	a, _ := startDeployment(t, canary, scenario, time.Hour)
	const warning = "alarm orders-5xx takes the Minimum of Errors"
	assert.Contains(t, strings.Join(strings.Fields(a.run("watch", "one").stdout), " "), "warning: "+warning)
	assert.Contains(t, a.run("watch", "one", "--json").stdout, `"warnings": [`)
	assert.Contains(t, a.run("watch", "one", "--json").stdout, warning)
	file := filepath.Join(t.TempDir(), "report.html")
	require.Equal(t, statusOK, a.run("report", "one", "--out", file).status)
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), "<b>Warning:</b> "+warning)
}
