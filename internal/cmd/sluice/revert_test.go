package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const allAtOnce = `{"function": "orders", "strategy": "AllAtOnce"}`

func TestRevertSaysWhatWillHappenAndDoesIt(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, allAtOnce, `{}`, time.Minute)
	dry := a.run("revert", "orders", "--dry-run")
	require.Equal(t, statusOK, dry.status, dry.stderr)
	assertInOrder(t, dry.stdout, []string{"reverts one, promoted at 2026-01-01 00:00:00", "target lambda:orders:live goes from 2 back to 1, all of its traffic at once"})
	assert.Len(t, a.Executions(), 1, "nothing was started")

	got := a.run("revert", "orders", "--reason", "customers call", "--wait")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertInOrder(t, got.stdout, []string{"target lambda:orders:live goes from 2 back to 1", "outcome Promoted", "cause it reverted one: customers call"})
	alias, _ := a.Cloud().Alias("orders", "live")
	assert.Equal(t, "1", alias.FunctionVersion)

	history := a.run("history", "orders")
	assertInOrder(t, history.stdout, []string{"2026-01-01 00:01:00 2 to 1 0:00 Promoted revert-orders-live-", "it reverted one: customers call", "2026-01-01 00:00:00 1 to 2 0:00 Promoted one"})

	again := a.run("revert", "orders")
	assert.Equal(t, statusFailed, again.status)
	assert.Contains(t, again.stderr, "lambda:orders:live was reverted already (it reverted one: customers call): to undo that, name its execution, revert-orders-live-")

	back := a.run("revert", a.Executions()[1].Name(), "--json")
	require.Equal(t, statusOK, back.status, back.stderr)
	var told struct {
		Reverts string `json:"reverts"`
		Name    string `json:"name"`
	}
	require.NoError(t, json.Unmarshal([]byte(back.stdout), &told))
	assert.Equal(t, a.Executions()[1].ARN(), told.Reverts)
	require.NoError(t, a.Advance(time.Hour))
	alias, _ = a.Cloud().Alias("orders", "live")
	assert.Equal(t, "2", alias.FunctionVersion)
}

func TestRevertRefusesWhatOpenWouldRefuse(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, allAtOnce, `{}`, 73*time.Hour)
	got := a.run("revert", "orders")
	assert.Equal(t, statusFailed, got.status)
	assert.Contains(t, got.stderr, "and could be reverted until 2026-01-04T00:00:0")
	assert.Len(t, a.Executions(), 1)

	nothing := a.run("revert", "payments")
	assert.Equal(t, statusFailed, nothing.status)
	assert.Contains(t, nothing.stderr, "nothing was promoted there: lambda:payments:live in the last 90 days, so there is nothing to revert")

	open, _ := startDeployment(t, canary, `{}`, time.Minute)
	running := open.run("revert", "one")
	assert.Equal(t, statusFailed, running.status)
	assert.Contains(t, running.stderr, "the deployment has not ended: abort it")
}

func TestPruneSaysFirstWhatWouldGo(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, allAtOnce, `{"functions": {"orders": {"versions": 5, "aliases": {"live": {"version": "4"}, "old": {"version": "2"}}}}}`, time.Minute)
	dry := a.run("prune", "orders", "--keep", "1")
	require.Equal(t, statusOK, dry.status, dry.stderr)
	assertInOrder(t, dry.stdout, []string{
		"6 stays the alias live refers to it", "5 would go", "4 stays the deployment one can be reverted until 2026-01-04", "3 would go", "2 stays the alias old refers to it", "1 would go",
		"Nothing was deleted. With --delete, 3 of the 6 versions of orders go.",
	})
	_, exists := a.Cloud().Version("orders", "1")
	assert.True(t, exists)

	done := a.run("prune", "lambda:orders:live", "--keep", "1", "--delete", "--json")
	require.Equal(t, statusOK, done.status, done.stderr)
	for version, stays := range map[string]bool{"1": false, "2": true, "3": false, "4": true, "5": false, "6": true} {
		_, exists := a.Cloud().Version("orders", version)
		assert.Equal(t, stays, exists, version)
	}
	assert.Contains(t, done.stdout, `"deleted": true`)

	for _, wrong := range [][]string{{"prune", "orders"}, {"prune", "orders", "--keep", "0"}, {"prune", "cloudfront:E1ABCDEF", "--keep", "1"}, {"prune", "--keep", "1"}, {"prune", "sluice-set-weight", "--keep", "1"}} {
		assert.Equal(t, statusInvalid, a.run(wrong...).status, wrong)
	}
}
