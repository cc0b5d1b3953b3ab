package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A deployment of version 3 is promoted, but its Close is throttled for a minute. Meanwhile a
// deployment of version 2 begins to wait for the Target. Version 3 was promoted while it
// waited, so its turn must end as Unchanged, and must not bring the older version back.
func TestAWaiterThatWasOvertakenDoesNotBringAnOlderVersion(t *testing.T) {
	t.Parallel()
	first := json.RawMessage(`{"function": "orders", "version": "3", "strategy": "AllAtOnce"}`)
	second := json.RawMessage(`{"function": "orders", "version": "2", "strategy": "AllAtOnce", "whenHeld": "wait"}`)
	w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}}, "latencyMs": 50,
		"faults": [{"call": "lambda:GetAlias", "actor": "close-deployment", "error": "throttle", "untilSeconds": 60}]}`), first, second)
	_, err := w.Start("first", first)
	require.NoError(t, err)
	w.HappenAfter(20*time.Second, func() { w.StartSoon("second", second) })
	require.NoError(t, w.Advance(2*time.Hour))

	require.Empty(t, seen.verify())
	require.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[0].ARN()))
	assert.Equal(t, string(shift.Unchanged), w.Outcome(w.Executions()[1].ARN()))
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Equal(t, "3", alias.FunctionVersion)
}
