package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// GetAlias is throttled for the safety net when the event of an alarm wakes it. The record
// must be marked without waiting for a read, so that no further shift is accepted after the
// event.
func TestAnAlarmStopsTheNextShiftWhileReadsAreThrottled(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`)
	w, seen := observe(t, scenarioOf(t, `{"latencyMs": 50, "events": [
		{"atSeconds": 40, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		{"atSeconds": 50, "do": "setAlarmState", "alarm": "a", "state": "OK"}],
		"faults": [{"call": "lambda:GetAlias", "actor": "safety-net", "error": "throttle", "fromSeconds": 30, "untilSeconds": 75}]}`), input)
	const eventArrives = 40*time.Second + 500*time.Millisecond
	var shifts []string
	w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
		if c.Actor == flow.SetWeight.Function && w.Elapsed() > eventArrives+soon {
			shifts = append(shifts, w.Elapsed().String()+": "+show(c.After))
		}
	})
	r := w.Result(seen.play(input))

	require.Empty(t, seen.verify(), story(r))
	assert.Empty(t, shifts, "nothing is shifted further after an alarm's event")
	assert.Equal(t, string(shift.RolledBack), r.Outcome, story(r))
}
