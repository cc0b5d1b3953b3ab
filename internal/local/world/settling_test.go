package world

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/local/cloud"
	"sluice/internal/shift"
)

// Lambda takes minutes to move provisioned concurrency back. Nobody can speed that up: it
// is no reason to write the alias over and over, of which there are 15 requests a second
// for all, nor for a dead letter, which wakes people.
func TestWhatSettlesIsWaitedForAndNotWrittenAgain(t *testing.T) {
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
			w.cloud.OnCall(func(c cloud.Call) {
				if slices.Contains([]string{flow.SafetyNet, flow.Rollback.Function}, c.Actor) && c.Action() == "lambda:UpdateAlias" {
					writes++
				}
			})
			seen.play(input)
			require.Empty(t, seen.verify())
			assert.Equal(t, string(shift.RolledBack), w.outcome(w.executed[0].ARN()))
			assert.LessOrEqual(t, writes, 5)
			if name != "a stop" { // then nobody but the sweeps is left to say that it takes long
				assert.Zero(t, w.deadLetters)
			}
		})
	}
}
