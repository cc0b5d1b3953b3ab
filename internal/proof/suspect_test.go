package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// A deployment was rolled back, and its Targets are to be looked at once more. Meanwhile the
// function has lost the tag that lets Sluice read it, for good. The safety net must give the
// second look up after a day, and must not fill the queue of dead letters, whose alarm wakes
// people, with a letter for each sweep.
func TestASecondLookThatIsDeniedForGoodIsGivenUp(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`)
	w, seen := observe(t, scenarioOf(t, `{"latencyMs": 50, "traffic": {"requestsPerMinute": 0}, `+chaosFunctions+`, "events": [
		{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		{"atSeconds": 100, "do": "setTags", "function": "orders", "tags": {}}]}`), input)
	x, err := w.Start("main", input)
	require.NoError(t, err)
	require.NoError(t, w.Advance(25*time.Hour))

	require.Equal(t, string(shift.RolledBack), w.Outcome(x.ARN()), x.Failure().Cause)
	assert.Less(t, w.DeadLetters(), 10, "after %d invocations of the safety net", w.Invocations(flow.SafetyNet))
	assert.Empty(t, seen.suspects, "a day later nobody looks any more")
}
