package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

const twoFunctions = `{"targets": [{"function": "billing"}, {"function": "carts"}], "strategy": "Linear10PercentEvery10Minutes"}`

func TestGoldenStatusListsWhatIsOpen(t *testing.T) {
	t.Parallel()
	const hour = `{"function": "orders", "strategy": "Canary10Percent60Minutes"}`
	a := newRemoteWorld(t, hour, `{
		"events": [{"atSeconds": 0, "do": "startExecution", "input": `+twoFunctions+`}],
		"faults": [{"call": "lambda:UpdateAlias", "error": "deny", "resource": "billing", "fromSeconds": 600}]}`)
	assert.Equal(t, result{status: statusOK, stdout: "  No deployment is open.\n"}, a.run("status"))
	require.NoError(t, a.Advance(90*time.Second))
	_, err := a.Start("one", json.RawMessage(hour))
	require.NoError(t, err)
	require.NoError(t, a.Advance(7*time.Minute))
	require.Equal(t, statusOK, a.run("pause", "orders", "--reason", "lunch").status)
	require.NoError(t, a.Advance(5*time.Minute))
	require.Equal(t, statusFailed, a.run("abort", "billing", "--reason", "no").status)

	got := a.run("status")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "status.txt", got.stdout)
	got = a.run("status", "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "status.json", got.stdout)
}

func TestStatusLeavesOutWhatHasEnded(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Hour)
	assert.Equal(t, result{status: statusOK, stdout: "{\n  \"deployments\": [],\n  \"freeze\": null\n}\n"}, a.run("status", "--json"))
}

const waits = `{"function": "orders", "version": "1", "judge": "off", "whenHeld": "wait"}`

func TestWhoWaitsInTheQueueIsSeenAndCanBeAborted(t *testing.T) {
	t.Parallel()
	a, x := startDeployment(t, `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes"}`, `{}`, time.Minute)
	second, err := a.Start("second", json.RawMessage(waits))
	require.NoError(t, err)
	third, err := a.Start("third", json.RawMessage(waits))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))
	seen := a.run("status")
	require.Equal(t, statusOK, seen.status, seen.stderr)
	assertInOrder(t, seen.stdout, []string{"2026-01-01 00:00:00 open one", "2026-01-01 00:01:00 waiting second", "lambda:orders:live: version 1 waits for its turn", "2026-01-01 00:01:00 waiting third"})
	refused := a.run("pause", "second")
	assert.Equal(t, statusFailed, refused.status)
	assert.Contains(t, refused.stderr, "second waits for its turn, so there is nothing to pause: it can only be aborted")

	for _, named := range []string{"second", third.ARN()} {
		aborted := a.run("abort", named, "--reason", "not this one")
		require.Equal(t, statusOK, aborted.status, aborted.stderr)
		assertInOrder(t, aborted.stdout, []string{"target lambda:orders:live", "outcome Rejected"})
	}
	require.NoError(t, a.Advance(20*time.Minute))
	assert.Equal(t, asl.Failed, second.Status())
	assert.Equal(t, asl.Failed, third.Status())
	assert.Equal(t, asl.Running, x.Status(), "the holder goes on")
	assert.NotContains(t, a.run("status").stdout, "waiting")
}

// Who may not read the queue is told so, and not that there is nothing to abort: the deployment
// would shift later. What is found without the queue is aborted.
func TestAbortSaysThatTheQueueCannotBeRead(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes"}`, `{"faults": [`+denied("dynamodb:Query")+`]}`, time.Minute)
	second, err := a.Start("second", json.RawMessage(waits))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))
	for _, named := range []string{"second", second.ARN(), "billing", "lambda:billing:live"} {
		got := a.run("abort", named)
		assert.Equal(t, statusFailed, got.status)
		assert.Contains(t, got.stderr, "sluice: cannot tell whether "+named+" waits for its turn: ")
		assert.Contains(t, got.stderr, ": allow dynamodb:Query on the table sluice in us-east-1")
	}
	for _, named := range []string{"orders", "one"} {
		got := a.run("abort", named)
		assert.NotContains(t, got.stderr, "dynamodb:Query", "its deployment was found")
	}
}

// Whoever is the next may look only later whether the target is free.
func TestWhoWaitsForAFreeTargetCanBeAbortedByTheTarget(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes"}`, `{}`, 55*time.Minute)
	second, err := a.Start("second", json.RawMessage(waits))
	require.NoError(t, err)
	require.NoError(t, a.Advance(20*time.Second))
	require.Equal(t, statusOK, a.run("abort", "orders").status, "the holder")
	aborted := a.run("abort", "orders", "--reason", "nor this one")
	require.Equal(t, statusOK, aborted.status, aborted.stderr)
	assertInOrder(t, aborted.stdout, []string{"execution " + second.ARN(), "outcome Rejected"})
}

func TestStatusTellsAFreezeInJSON(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Minute)
	require.Equal(t, statusOK, a.run("freeze", "--until", "30m", "--reason", "the sale").status)
	var told struct {
		Deployments []json.RawMessage
		Freeze      *struct {
			Until  time.Time
			Reason string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.run("status", "--json").stdout), &told))
	assert.Len(t, told.Deployments, 1)
	require.NotNil(t, told.Freeze)
	assert.Equal(t, "the sale", told.Freeze.Reason)
	require.NoError(t, a.Advance(time.Hour))
	assert.Contains(t, a.run("status", "--json").stdout, `"freeze": null`, "it is over")
}
