package proof

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/world"
)

// targets is an input that shifts a number of functions together.
func targets(n int, more string) json.RawMessage {
	list := make([]map[string]string, n)
	for i := range list {
		list[i] = map[string]string{"function": fmt.Sprintf("service-%02d", i)}
	}
	text, _ := json.Marshal(list)
	return json.RawMessage(fmt.Sprintf(`{"targets": %s%s}`, text, more))
}

// Lambda gives a whole account 15 control-plane requests a second: 32 targets
// need two seconds for each of their steps, and longer to be opened. The faster the
// calls are, the sooner they would be throttled, which takes half a minute and more
// each time: so a shift waits for its turn, and is not throttled.
func TestManyTargetsGetThroughTheControlPlane(t *testing.T) {
	t.Parallel()
	const many = 32
	for _, latency := range []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			t.Parallel()
			scenario := world.DefaultScenario()
			scenario.Latency = latency
			input := targets(many, "")
			w, seen := observe(t, scenario, input)
			r := w.Result(seen.play(input))
			assert.Equal(t, "Promoted", r.Outcome, story(r))
			assert.Empty(t, seen.verify())
			assert.LessOrEqual(t, r.Calls["lambda:UpdateAlias"], 2*many*3/2, "throttling must not multiply the calls")
			assert.Equal(t, 2, r.Invocations["set-weight"], "one for each step, as nothing was throttled")
			const bakes, polls, reads = 5 * time.Minute, 5, many * time.Second / 15
			assert.LessOrEqual(t, r.VirtualSeconds, (bakes + 40*time.Second + polls*reads).Seconds(), "each poll reads every alias, too")
		})
	}
}

// DynamoDB takes 100 actions in a transaction, two of which are the deployment's
// own.
func TestMoreThanOneTransactionOpensIsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		targets  int
		more     string
		outcome  string
		contains string
	}{
		{"49 targets", 49, "", "Promoted", ""},
		{"49 targets and an alarm", 49, `, "alarms": ["a"]`, "Rejected", "2 for each of the 49 targets and 1 for each of the 1 alarms are more than the 98 items"},
		{"48 targets and two alarms", 48, `, "alarms": ["a", "b"]`, "Promoted", ""},
		{"50 targets", 50, "", "Rejected", "split the deployment"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			input := targets(tc.targets, tc.more)
			w, seen := observe(t, world.DefaultScenario(), input)
			r := w.Result(seen.play(input))
			assert.Empty(t, seen.verify(), story(r))
			assert.Equal(t, tc.outcome, r.Outcome, story(r))
			assert.Contains(t, r.Cause, tc.contains)
		})
	}
}

// All of many targets go back when one of them cannot be shifted.
func TestManyTargetsGoBackTogether(t *testing.T) {
	t.Parallel()
	input := targets(32, `, "alarms": ["a"]`)
	scenario := scenarioOf(t, `{"delivery": {"alarms": {"lost": true}}, "faults": [
		{"call": "lambda:UpdateAlias", "actor": "set-weight", "resource": ":function:service-20", "error": "deny", "fromSeconds": 200}]}`)
	w, seen := observe(t, scenario, input)
	r := w.Result(seen.play(input))
	assert.Empty(t, seen.verify(), story(r))
	assert.Equal(t, "RolledBack", r.Outcome, story(r))
	assert.Contains(t, r.Cause, "lambda:service-20:live")
}
