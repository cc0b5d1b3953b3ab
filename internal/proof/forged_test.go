package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
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

// Somebody has edited the alias of an open deployment, and sends set-weight the id of that
// deployment with the Revision of the edit. set-weight must go by the Revision that the
// ledger knows, so that its write is refused.
func TestAForgedSetWeightDoesNotOverwriteWhatSomebodyElseHasWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration // of the edit
		step  int           // that was taken last
	}{
		{"before the first step", 580 * time.Millisecond, 0},
		{"after a step", 30 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "strategy": {"linear": {"percent": 10, "everyMinutes": 1}}}`)
			s := scenarioOf(t, `{"latencyMs": 50, "functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}}}}`)
			w, _ := observe(t, s, input)
			x, err := w.Start("main", input)
			require.NoError(t, err)
			require.NoError(t, w.Advance(tt.after))
			require.Equal(t, tt.step > 0, len(weightsOf(w)) > 0, "the step is taken")
			edited, _ := w.Cloud().Alias("orders", "live")
			edited.FunctionVersion, edited.Weights, edited.RevisionID = "1", nil, ""
			edited, err = w.Cloud().UpdateAlias(edited)
			require.NoError(t, err)

			payload, err := json.Marshal(flow.Call[flow.Document]{State: flow.SetWeight.State, ExecutionID: x.ARN(), Document: flow.Document{
				Deployment: &shift.Deployment{ID: x.ARN(), Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000}, {Weight: shift.All}}}, Changes: []shift.Change{
					{Target: ordersLive, Stable: "2", Candidate: "3", Revision: shift.Revision(edited.RevisionID)},
				}},
				Progress: &shift.Progress{Step: tt.step, NextStep: tt.step + 1, Revisions: map[shift.Target]shift.Revision{ordersLive: shift.Revision(edited.RevisionID)}},
			}})
			require.NoError(t, err)
			w.InvokeLambda(flow.SetWeight.Function, payload, func(json.RawMessage, *asl.Failure) {})
			require.NoError(t, w.Advance(2*time.Hour))

			alias, _ := w.Cloud().Alias("orders", "live")
			assert.Equal(t, edited.RevisionID, alias.RevisionID, "nobody has written over the edit")
		})
	}
}

// weightsOf are the weights of orders' alias.
func weightsOf(w *world.World) map[string]float64 {
	alias, _ := w.Cloud().Alias("orders", "live")
	return alias.Weights
}
