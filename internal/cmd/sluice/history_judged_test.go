package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judgedCanary is a deployment whose versions are compared in this mode.
func judgedCanary(mode string) string {
	return `{"function": "orders", "judge": "` + mode + `", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`
}

// deployJudged plays four deployments of a function whose candidates fail in 3 % of the
// requests: one is put back, one is only observed and promoted, the next is as bad as the
// stable version then, and the last is stopped before there is anything to compare.
func deployJudged(t *testing.T) *remoteWorld {
	t.Helper()
	a := newRemoteWorld(t, judgedCanary("enforce"), `{
		"candidate": {"errorRate": 0.03}, "traffic": {"requestsPerMinute": 2000},
		"events": [{"atSeconds": 3000, "do": "updateCode", "function": "orders"}, {"atSeconds": 6600, "do": "updateCode", "function": "orders"},
			{"atSeconds": 10200, "do": "updateCode", "function": "orders"}]
	}`)
	for _, d := range []struct{ name, mode string }{{"enforced", "enforce"}, {"observed", "observe"}, {"alike", "observe"}, {"stopped", "observe"}} {
		_, err := a.Start(d.name, json.RawMessage(judgedCanary(d.mode)))
		require.NoError(t, err)
		if d.name == "stopped" {
			require.NoError(t, a.Advance(90*time.Second))
			require.Equal(t, statusOK, a.run("abort", "orders").status)
		}
		require.NoError(t, a.Advance(time.Hour))
	}
	return a
}

func TestGoldenHistoryOfComparisons(t *testing.T) {
	t.Parallel()
	a := deployJudged(t)
	for name, args := range map[string][]string{
		"history-compared.txt": {"history", "orders"},
		"history-judged.txt":   {"history", "orders", "--judged"},
		"history-judged.json":  {"history", "orders", "--judged", "--json"},
	} {
		got := a.run(args...)
		require.Equal(t, statusOK, got.status, got.stderr)
		assertGolden(t, name, got.stdout)
	}
}

func TestTheSumOfComparisonsCoversTheDeploymentsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	a := deployJudged(t)
	sum := func(args ...string) (sums []track) {
		got := a.run(append([]string{"history", "orders", "--judged", "--json"}, args...)...)
		require.Equal(t, statusOK, got.status, got.stderr)
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &sums))
		require.Len(t, sums, 1)
		return sums
	}
	all := sum()[0]
	assert.Equal(t, []int{4, 4, 1, 1, 1, 1, 1}, []int{
		all.Deployments, all.Judged, all.RolledBack, all.WouldHaveRolledBack, all.PromotedInSpite, all.CouldNotTell, all.NothingFound,
	})
	latest := sum("--limit", "1")[0]
	assert.Equal(t, []int{1, 1, 0, 0, 0, 1, 0}, []int{
		latest.Deployments, latest.Judged, latest.RolledBack, latest.WouldHaveRolledBack, latest.PromotedInSpite, latest.CouldNotTell, latest.NothingFound,
	})
}

func TestASumOfComparisonsWithoutDeployments(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("history", "billing", "--judged")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertInOrder(t, got.stdout, []string{"target lambda:billing:live", "deployments 0 that have ended", "compared 0"})
	assert.NotContains(t, got.stdout, "These would")
}
