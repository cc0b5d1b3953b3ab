package world

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// The alarms and the dashboard of the stack depend on these lines. The world's Lambdas are built
// as in AWS, so they write them too.
func TestEveryOutcomeIsCountedInTheMetrics(t *testing.T) {
	t.Parallel()
	for outcome, scenario := range map[string]string{
		"Promoted":   `{}`,
		"RolledBack": `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`,
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			decoded, err := DecodeScenario([]byte(scenario))
			require.NoError(t, err)
			input := json.RawMessage(`{"function": "orders", "alarms": ["a"]}`)
			w, err := New(decoded, input)
			require.NoError(t, err)
			defer w.Close()
			var lines bytes.Buffer
			w.metrics = &lines
			_, err = w.Start(Simulated, input)
			require.NoError(t, err)
			require.NoError(t, w.Run())
			assert.Contains(t, lines.String(), `"`+flow.DeploymentsMetric+`":1,"`+flow.OutcomeDimension+`":"`+outcome+`"`)
			assert.Contains(t, lines.String(), `"Namespace":"`+flow.DefaultMetrics+`"`)
		})
	}
}
