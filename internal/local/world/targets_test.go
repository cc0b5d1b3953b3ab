package world

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
// need two seconds for each of their steps, and longer to be opened.
func TestManyTargetsGetThroughTheControlPlane(t *testing.T) {
	t.Parallel()
	const many = 32
	for _, latency := range []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			t.Parallel()
			scenario := DefaultScenario()
			scenario.Latency = latency
			input := targets(many, "")
			w, seen := observe(t, scenario, input)
			r := w.result(seen.play(input))
			assert.Equal(t, "Promoted", r.Outcome, story(r))
			assert.Empty(t, seen.verify())
			assert.LessOrEqual(t, r.Calls["lambda:UpdateAlias"], 2*many*3/2, "throttling must not multiply the calls")
		})
	}
}
