package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	assert.Equal(t, result{status: statusOK, stdout: "[]\n"}, a.run("status", "--json"))
}
