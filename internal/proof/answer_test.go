package proof

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A hook has passed, and the call that tells Step Functions so is throttled once. The task
// token stays valid, so the answer must be sent again: a healthy deployment that has all
// traffic must not be rolled back for it.
func TestOneThrottledAnswerOfAHookRollsNothingBack(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check"}]}}`)
	w, seen := observe(t, scenarioOf(t, `{"faults": [{"call": "states:SendTaskSuccess", "error": "throttle", "times": 1}]}`), input)
	r := w.Result(seen.play(input))

	require.Empty(t, seen.verify(), story(r))
	assert.Equal(t, string(shift.Promoted), r.Outcome, story(r))
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Equal(t, "2", alias.FunctionVersion)
}
