package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

func TestGoldenAbortPutsTheTrafficBackAndSaysSo(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{"by its name": "lambda:orders:live", "by its function": "orders"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, `{}`, 90*time.Second)
			got := a.run("abort", target, "--reason", "customers call")
			require.Equal(t, statusOK, got.status, got.stderr)
			assertGolden(t, "abort.txt", got.stdout)

			watched := a.run("watch", "one")
			assert.Equal(t, statusFailed, watched.status)
			assertInOrder(t, watched.stdout, []string{"outcome RolledBack", "cause Aborted: customers call."})
			assert.Equal(t, asl.Failed, x.Status())
		})
	}
}

func TestAbortSucceedsIfItsFirstTryFailsAfterItsEffect(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{"faults": [{"call": "events:PutEvents", "actor": "safety-net", "error": "fail", "times": 1}]}`, 90*time.Second)
	got := a.run("abort", "orders", "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.JSONEq(t, `{
		"target": "lambda:orders:live", "outcome": "RolledBack",
		"executionArn": "arn:aws:states:us-east-1:123456789012:execution:sluice:one", "name": "one", "consoleUrl": "",
		"reasons": [{"name": "Aborted", "text": "no reason was given"}],
		"cause": "Aborted: no reason was given. lambda:orders:live is back on 1 (it had 10% on 2, the rest on 1). Start a new execution when this version, or a fixed one, is to be tried again."
	}`, got.stdout)
}

func TestOrdersAreObeyedAtTheNextPoll(t *testing.T) {
	t.Parallel()
	deployment := `{"function": "orders", "judge": "off", "alarms": ["orders-5xx"], "strategy": "Canary10Percent60Minutes"}`
	a, _ := startDeployment(t, deployment, `{}`, 30*time.Second)

	paused := a.run("pause", "orders", "--reason", "lunch")
	require.Equal(t, statusOK, paused.status, paused.stderr)
	assertInOrder(t, paused.stdout, []string{"target lambda:orders:live", "execution arn:aws:states:us-east-1:123456789012:execution:sluice:one", "result it stays at its weight from its next poll on"})
	require.NoError(t, a.Advance(2*time.Hour))
	resumed := a.run("resume", "orders", "--reason", "back")
	require.Equal(t, statusOK, resumed.status, resumed.stderr)
	require.NoError(t, a.Advance(20*time.Minute))
	promoted := a.run("promote", "orders", "--reason", "all is well")
	require.Equal(t, statusOK, promoted.status, promoted.stderr)

	watched := a.run("watch", "one")
	assert.Equal(t, statusOK, watched.status)
	assertInOrder(t, watched.stdout, []string{"5:00 CheckAlarms 10% Wait paused by hand: lunch", "2:05:00 CheckAlarms 10% Pass", "2:25:00 CheckAlarms 10% Pass promoted by hand: all is well", "2:25:00 SetWeight 100%", "2:25:00 Promoted 100%"})
}

// A person is asked, answers with the command, and the record says who that was.
func TestAPersonApprovesAStep(t *testing.T) {
	t.Parallel()
	deployment := `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5}, {"percent": 100, "approval": {"waitMinutes": 60}}]}}`
	a, x := startDeployment(t, deployment, `{}`, 10*time.Minute)
	a.caller = "arn:aws:sts::123456789012:assumed-role/Admin/ann"
	asked := a.run("status")
	require.Equal(t, statusOK, asked.status, asked.stderr)
	assertInOrder(t, asked.stdout, []string{"step 2 waits for approval until 2026-01-01 01:05 UTC or later", "without an answer the traffic is put back", "sluice approve lambda:orders:live --step 2 --reason TEXT --region us-east-1"})

	frozen := a.run("freeze", "--until", "30m", "--reason", "the sale")
	require.Equal(t, statusOK, frozen.status, frozen.stderr)
	assertInOrder(t, frozen.stdout, []string{"Deployments are frozen until Thu 1 Jan 00:40 UTC (assumed-role/Admin/ann): the sale."})
	approved := a.run("approve", "orders", "--reason", "looks good")
	require.Equal(t, statusOK, approved.status, approved.stderr)
	assertInOrder(t, approved.stdout, []string{"result the step is taken at its next poll"})
	again := a.run("reject", "orders", "--reason", "too late")
	assert.Equal(t, statusFailed, again.status)
	assert.Contains(t, again.stderr, "sluice: cannot reject lambda:orders:live: ")
	assert.Contains(t, again.stderr, "step 2 was answered already, at 2026-01-01T00:10:00Z: approve (assumed-role/Admin/ann): looks good")
	seen := a.run("status")
	assertInOrder(t, seen.stdout, []string{"step 2 was approved (assumed-role/Admin/ann): looks good", "Deployments are frozen until"})
	require.NoError(t, a.Advance(10*time.Minute))
	assert.Equal(t, asl.Running, x.Status())

	thawed := a.run("unfreeze")
	require.Equal(t, statusOK, thawed.status, thawed.stderr)
	assertInOrder(t, thawed.stdout, []string{"Deployments are not frozen."})
	require.NoError(t, a.Advance(6*time.Minute))
	assert.Equal(t, asl.Succeeded, x.Status())

	for _, until := range []string{"yesterday", "-1h", ""} {
		refused := a.run("freeze", "--until", until)
		assert.Equal(t, statusFailed, refused.status)
		assert.Contains(t, refused.stderr, "write a time such as 2026-12-27T06:00:00Z")
	}
	assert.Contains(t, a.run("freeze", "--until", "1h", "--name-prefix", "team").stderr, "sluice: there is no function team-safety-net in us-east-1: deploy Sluice there")
	assert.Contains(t, a.run("freeze", "--until", "2000h").stderr, "may last at most")
	assert.Contains(t, a.run("freeze", "--until", "2020-01-01T00:00:00Z").stderr, "is no order to freeze")
}

// Who has read about one step does not approve the next one unseen.
func TestAnAnswerIsForTheStepThatItNames(t *testing.T) {
	t.Parallel()
	deployment := `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5},
		{"percent": 50, "bakeMinutes": 5, "approval": {"waitMinutes": 60}}, {"percent": 100, "approval": {"waitMinutes": 60}}]}}`
	a, x := startDeployment(t, deployment, `{}`, 10*time.Minute)
	require.Equal(t, statusOK, a.run("approve", "orders", "--step", "2").status)
	early := a.run("approve", "orders", "--step", "3")
	assert.Equal(t, statusFailed, early.status)
	assert.Contains(t, early.stderr, "the answer is about step 3, and step 2 was asked about last")
	require.NoError(t, a.Advance(20*time.Minute))
	for _, order := range []string{"approve", "reject"} {
		late := a.run(order, "orders", "--step", "2")
		assert.Equal(t, statusFailed, late.status)
		assert.Contains(t, late.stderr, "sluice: cannot "+order+" lambda:orders:live: ")
		assert.Contains(t, late.stderr, "the answer is about step 2, and step 3 was asked about last")
	}
	require.NoError(t, a.Advance(10*time.Minute))
	assert.Equal(t, asl.Running, x.Status())
	require.Equal(t, statusOK, a.run("approve", "orders").status, "an older announcement names no step")
	require.NoError(t, a.Advance(10*time.Minute))
	assert.Equal(t, asl.Succeeded, x.Status())

	for _, step := range []string{"0", "-1"} {
		assert.Contains(t, a.run("approve", "orders", "--step", step).stderr, "--step is "+step+", and must be at least 1")
	}
	assert.Contains(t, a.run("pause", "orders", "--step", "2").stderr, "unknown flag: --step")
}

func TestRefusedOrderSaysWhy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, scenario string
		since          time.Duration
		args           []string
		want           string
	}{
		{"nobody holds the target", `{}`, 0, []string{"abort", "billing"}, "sluice: no deployment holds lambda:billing:live, so there is nothing to abort: 'sluice history lambda:billing:live' lists the earlier ones\n"},
		{"the deployment has ended", `{}`, time.Hour, []string{"promote", "orders"}, "sluice: no deployment holds lambda:orders:live, so there is nothing to promote"},
		{
			"the deployment is being put back", `{"events": [{"atSeconds": 80, "do": "stopExecution"}], "faults": [{"call": "lambda:UpdateAlias", "actor": "safety-net", "error": "deny", "fromSeconds": 60, "untilSeconds": 7200}]}`,
			100 * time.Second, []string{"pause", "orders"}, "sluice: cannot pause lambda:orders:live: its deployment is already putting the traffic back: ",
		},
		{"no safety net of the prefix", `{}`, 0, []string{"abort", "orders", "--name-prefix", "team"}, "sluice: there is no function team-safety-net in us-east-1: deploy Sluice there"},
		{
			"the safety net cannot do it", `{"faults": [{"call": "dynamodb:GetItem", "actor": "safety-net", "error": "deny"}]}`,
			time.Minute, []string{"abort", "orders"}, "sluice: abort lambda:orders:live: the safety net failed: ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, canary, tt.scenario, tt.since)
			got := a.run(tt.args...)
			assert.Equal(t, statusFailed, got.status)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, tt.want)
		})
	}
}

// The first call asks for the deployment, and the second one gives the order.
func TestOrderIsNotRetriedIfItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	for lost := 1; lost <= 2; lost++ {
		a, _ := startDeployment(t, canary, `{}`, time.Minute)
		a.intercept = func(string, http.ResponseWriter) bool {
			if len(a.requested) == lost {
				panic(http.ErrAbortHandler)
			}
			return false
		}
		got := a.run("abort", "orders")
		assert.Equal(t, statusFailed, got.status)
		assert.Contains(t, got.stderr, "sluice: abort lambda:orders:live: invoke sluice-safety-net: ")
		assert.Len(t, a.operations(), lost)
	}
}

func TestOrderFailsIfTheDeploymentEndsMeanwhile(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"abort", "promote", "pause", "resume"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, `{}`, time.Minute)
			a.intercept = func(string, http.ResponseWriter) bool {
				if len(a.requested) == 2 {
					require.NoError(t, a.Advance(time.Hour))
				}
				return false
			}
			got := a.run(order, "orders")
			assert.Equal(t, statusFailed, got.status)
			assert.Contains(t, got.stderr, "sluice: the deployment that held lambda:orders:live has ended: ")
			assert.Equal(t, asl.Succeeded, x.Status())
		})
	}
}

func TestOrderSaysThatALaterOneWasObeyedInstead(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Minute)
	a.intercept = func(_ string, w http.ResponseWriter) bool {
		if len(a.requested) == 2 {
			_, _ = w.Write([]byte(`{"deploymentId": "arn:aws:states:us-east-1:123456789012:execution:sluice:one", "instead": "pause"}`))
		}
		return len(a.requested) == 2
	}
	got := a.run("resume", "orders")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertInOrder(t, got.stdout, []string{"result not obeyed: a later order, to pause, has already arrived"})
}

func TestGoldenHistoryOfATarget(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}, {"atSeconds": 150, "do": "setAlarmState", "alarm": "orders-5xx", "state": "OK"}]}`, time.Hour)
	for _, name := range []string{"two", "three"} {
		_, err := a.Start(name, json.RawMessage(canary))
		require.NoError(t, err)
		require.NoError(t, a.Advance(90*time.Second))
		got := a.run("abort", "orders", "--reason", "not today")
		require.Equal(t, statusOK, got.status, got.stderr)
		require.NoError(t, a.Advance(10*time.Minute))
	}
	_, err := a.Start("four", json.RawMessage(canary))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))
	require.Equal(t, statusOK, a.run("pause", "orders", "--reason", "lunch").status)

	got := a.run("history", "orders")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "history.txt", got.stdout)
	asJSON := a.run("history", "lambda:orders:live", "--json")
	require.Equal(t, statusOK, asJSON.status, asJSON.stderr)
	assertGolden(t, "history.json", asJSON.stdout)
	short := a.run("history", "orders", "--limit", "2")
	assertInOrder(t, short.stdout, []string{"OPENED (UTC)", "2026-01-01 01:23:00", "2026-01-01 01:11:30", "2 older deployments not shown: see --limit"})
}

func TestGoldenHistoryAndStatusOfAFrontEnd(t *testing.T) {
	t.Parallel()
	const site = `{"targets": [
		{"function": "orders"},
		{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "2026-11-29.1", "bucket": "site-prod"}}],
		"strategy": "Canary10Percent5Minutes"}`
	a, _ := startDeployment(t, site, `{"sites": {"E1ABCDEF234567": {"release": "2026-11-28.1"}}}`, 90*time.Second)
	require.Equal(t, statusOK, a.run("abort", "cloudfront:E1ABCDEF234567", "--reason", "the logo is wrong").status)
	require.NoError(t, a.Advance(10*time.Minute))
	_, err := a.Start("two", json.RawMessage(site))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))

	for name, args := range map[string][]string{
		"history-site.txt": {"history", "cloudfront:E1ABCDEF234567"},
		"status-site.txt":  {"status"},
	} {
		got := a.run(args...)
		require.Equal(t, statusOK, got.status, got.stderr)
		assertFits(t, got.stdout)
		assertGolden(t, name, got.stdout)
	}
}

func TestHistoryOfATargetWithoutOne(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	assert.Equal(t, result{stdout: "  lambda:billing:live has no deployments in the ledger.\n"}, a.run("history", "billing"))
	assert.Equal(t, result{stdout: "[]\n"}, a.run("history", "billing", "--json"))
}

func TestHistoryFromAMissingTable(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("history", "orders", "--table", "other")
	assert.Equal(t, statusFailed, got.status)
	assert.Equal(t, "sluice: there is no table other in us-east-1: deploy Sluice there, or choose another --table, --name-prefix, --region or --profile\n", got.stderr)
}
