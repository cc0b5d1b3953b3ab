package proof

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The executions of a durable function stay on the version on which they began. People are told
// when a deployment may leave some on the Candidate, and when it has.
func TestPeopleAreToldThatAFunctionIsDurable(t *testing.T) {
	t.Parallel()
	const note = "lambda:orders:live is a durable function: its executions stay on the version on which they began"
	input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`)
	w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"durable": true}},
		"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`), input)
	r := w.Result(seen.play(input))
	require.Empty(t, seen.verify(), story(r))
	told := map[shift.Announced]bool{}
	for _, a := range w.Announcements() {
		told[a.State] = strings.Contains(a.Summary, note)
	}
	assert.Equal(t, map[shift.Announced]bool{shift.Started: true, shift.ShiftedTo: false, shift.Announced(shift.RolledBack): true}, told)
}
