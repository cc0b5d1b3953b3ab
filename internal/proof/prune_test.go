package proof

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// pruned checks, when a version was deleted, that nothing needed it: no Deployment that goes on,
// and none that can be reverted.
func (r *run) pruned(c localaws.Call) {
	if c.Action() != "lambda:DeleteFunction" || c.ErrorCode != "" || !r.w.IsSluice(c.Actor) {
		return
	}
	_, rest, _ := strings.Cut(c.Resource, ":function:")
	function, version, qualified := strings.Cut(rest, ":")
	if !qualified {
		r.breaks("prune: the whole function %s was deleted", function)
		return
	}
	for _, d := range r.deployments {
		recent := d.outcome == shift.Promoted && r.w.Now().Sub(d.closed) < shift.DefaultRevertWindow.Duration()
		if d.deployment != nil && (recent || !d.finished()) && d.shifts(function, shift.Version(version)) {
			r.breaks("prune: version %s of %s was deleted, and %s needs it", version, function, nameOf(d.id))
		}
	}
}

// shifts says whether a Deployment needs a version of a function: Stable, and the Candidate when it
// has ended.
func (d *standing) shifts(function string, version shift.Version) bool {
	return slices.ContainsFunc(d.deployment.Changes, func(c shift.Change) bool {
		name, _, err := flow.SplitLambdaTarget(c.Target)
		return err == nil && name == function && (c.Stable == version || d.finished() && c.Candidate == version)
	})
}

// The versions that nothing needs go when a deployment was promoted, and what it needs stays.
func TestOldVersionsAreDeletedAfterAPromotion(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "keepVersions": 2}`)
	w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 8, "aliases": {"live": {"version": "5"}, "old": {"version": "2", "additional": "3", "percent": 10}}}}}`), input)
	require.NoError(t, w.Cloud().ProvisionConcurrency("orders", "4", localaws.ProvisionedConcurrency{Executions: 1}))
	w.Cloud().AddEventSource("orders:6")
	r := w.Result(seen.play(input))
	require.Empty(t, seen.verify())
	require.Equal(t, "Promoted", r.Outcome, story(r))
	stays := []string{}
	for _, v := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		if _, exists := w.Cloud().Version("orders", v); exists {
			stays = append(stays, v)
		}
	}
	assert.Equal(t, []string{"2", "3", "4", "5", "6", "8", "9"}, stays,
		"2 and 3 have an alias, 4 provisioned concurrency, 5 served before, 6 an event source, 8 and 9 are the newest")
}

// What cannot be deleted, or looked at, keeps no deployment from being promoted.
func TestADeploymentIsPromotedWhateverBecomesOfOldVersions(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"lambda:ListVersionsByFunction", "lambda:ListAliases", "lambda:ListEventSourceMappings", "lambda:DeleteFunction", "dynamodb:Query"} {
		for _, fails := range []string{"throttle", "deny", "fail", "lose", "loseReply"} {
			t.Run(call+" "+fails, func(t *testing.T) {
				t.Parallel()
				input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "keepVersions": 1}`)
				w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 4, "aliases": {"live": {"version": "4"}}}},
					"faults": [{"call": "`+call+`", "actor": "close-deployment", "error": "`+fails+`"}]}`), input)
				r := w.Result(seen.play(input))
				require.Empty(t, seen.verify())
				assert.Equal(t, "Promoted", r.Outcome, story(r))
				assert.Less(t, r.VirtualSeconds, time.Minute.Seconds())
				assert.Equal(t, 1, r.Invocations["close-deployment"])
			})
		}
	}
}

// A deployment that waits with an old version still finds it.
func TestAVersionThatSomebodyWaitsWithStays(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "version": "5", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "keepVersions": 1}`)
	w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 5, "aliases": {"live": {"version": "4"}}}},
		"events": [{"atSeconds": 60, "do": "startExecution", "input": {"function": "orders", "version": "1", "whenHeld": "wait", "strategy": "AllAtOnce"}}]}`), input)
	seen.play(input)
	require.Empty(t, seen.verify())
	_, exists := w.Cloud().Version("orders", "1")
	assert.True(t, exists)
	_, exists = w.Cloud().Version("orders", "2")
	assert.False(t, exists)
}
