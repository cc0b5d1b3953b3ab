package proof

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Lambda takes minutes to move provisioned concurrency back. That is no reason to write the
// alias over and over, of which there are 15 requests a second for all, nor for a dead
// letter, which wakes people.
func TestWhatSettlesIsNotWrittenOverAndOver(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"steps": [{"percent": 100, "bakeMinutes": 30}]}}`)
	for name, event := range map[string]string{
		"an alarm":              `{"atSeconds": 400, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}], "delivery": {"alarms": {"copies": 2}}`,
		"an alarm that is lost": `{"atSeconds": 400, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}], "delivery": {"alarms": {"lost": true}}`,
		"a stop":                `{"atSeconds": 400, "do": "stopExecution"}]`,
		"an abort by a person":  `{"atSeconds": 400, "do": "abort", "target": "lambda:orders:live"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"provisionedSeconds": {"live": 300}}}, "events": [`+event+`}`), input)
			writes := 0
			w.Cloud().OnCall(func(c localaws.Call) {
				if slices.Contains([]string{flow.SafetyNet, flow.Rollback.Function}, c.Actor) && c.Action() == "lambda:UpdateAlias" {
					writes++
				}
			})
			seen.play(input)
			require.Empty(t, seen.verify())
			assert.Equal(t, string(shift.RolledBack), w.Outcome(w.Executions()[0].ARN()))
			assert.LessOrEqual(t, writes, 5+5, "it is written by each who is woken, nudged once a minute by the sweep, and fenced off")
			assert.Zero(t, w.DeadLetters())
		})
	}
}

// An execution may wait for a hook for days. Nobody but the sweeps brings its traffic back.
const waitsForAHook = `{"function": "orders", "alarms": ["a"], "strategy": "AllAtOnce",
	"hooks": {"afterTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 86400}]}}`

func TestWhatIsStuckWhileItSettlesIsSetFree(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]string{
		"while a hook is awaited": waitsForAHook,
		"while it bakes":          `{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": {"steps": [{"percent": 100, "bakeMinutes": 30}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hooks := ""
			if input == waitsForAHook {
				hooks = `"hooks": {"smoke": {"result": "hang"}},`
			}
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"provisionedSeconds": {"live": 10}}}, `+hooks+`
				"events": [{"atSeconds": 400, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`), json.RawMessage(input))
			w.HappenAfter(390*time.Second, func() {
				require.NoError(t, w.Cloud().ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 1, Settle: 10 * time.Second, Sticks: true}))
			})
			seen.play(json.RawMessage(input))
			require.Empty(t, seen.verify())
			id := w.Executions()[0].ARN()
			assert.Equal(t, string(shift.RolledBack), w.Outcome(id))
			closed, err := time.Parse(time.RFC3339, seen.ledger("deployment#"+id, "record").text("closedAt"))
			require.NoError(t, err)
			assert.Less(t, closed.Sub(world.Epoch), 400*time.Second+2*world.SweepEvery+soon)
			assert.Zero(t, w.DeadLetters())
		})
	}
}

func TestSomebodyIsToldWhenItTakesTooLongToSettle(t *testing.T) {
	t.Parallel()
	w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"provisionedSeconds": {"live": 2400}}}, "hooks": {"smoke": {"result": "hang"}},
		"events": [{"atSeconds": 3000, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`), json.RawMessage(waitsForAHook))
	told := 0
	w.HappenAfter(3000*time.Second+14*time.Minute, func() { assert.Zero(t, w.DeadLetters(), "minutes are to be expected") })
	w.HappenAfter(3000*time.Second+25*time.Minute, func() { told = w.DeadLetters() })
	seen.play(json.RawMessage(waitsForAHook))
	require.Empty(t, seen.verify())
	assert.Equal(t, string(shift.RolledBack), w.Outcome(w.Executions()[0].ARN()))
	assert.Positive(t, told)
}
