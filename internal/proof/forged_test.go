package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/shift"
)

// Somebody who may invoke set-weight sends it the id of an open deployment of another
// function, with a Target that this deployment does not hold. set-weight must go by what the
// record says is shifted, and must leave the Target alone.
func TestAForgedSetWeightShiftsNothingThatItsDeploymentDoesNotHold(t *testing.T) {
	t.Parallel()
	open := json.RawMessage(`{"function": "payments", "strategy": {"canary": {"percent": 10, "bakeMinutes": 60}}}`)
	s := scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}, "tags": {"sluice:alias": "live"}}}}`)
	s.Open = true
	w, _ := observe(t, s, open)
	x, err := w.Start("main", open)
	require.NoError(t, err)
	var moved []string
	w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
		if c.Before.Function == "orders" {
			moved = append(moved, w.Elapsed().String()+": "+show(c.After))
		}
	})
	require.NoError(t, w.Advance(time.Minute))

	payload, err := json.Marshal(flow.Call[flow.Document]{State: flow.SetWeight.State, ExecutionID: x.ARN(), Document: flow.Document{Deployment: &shift.Deployment{
		ID:      x.ARN(),
		Changes: []shift.Change{{Target: ordersLive, Stable: "3", Candidate: "1", Revision: "unknown"}},
		Plan:    shift.Plan{Steps: []shift.Step{{Weight: shift.All}}},
	}}})
	require.NoError(t, err)
	answered := false
	w.InvokeLambda(flow.SetWeight.Function, payload, func(json.RawMessage, *asl.Failure) { answered = true })
	require.NoError(t, w.Advance(2*time.Hour))

	require.True(t, answered)
	assert.Empty(t, moved, "no deployment of orders has begun")
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Equal(t, "3", alias.FunctionVersion)
}
