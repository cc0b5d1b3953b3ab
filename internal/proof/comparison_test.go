package proof

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A comparison that only observes is announced once for each deployment and target, with the
// outcome, and the ledger keeps it, whoever closes the deployment.
func TestWhatAnObservingComparisonWouldHaveDoneIsAnnouncedWithTheOutcome(t *testing.T) {
	t.Parallel()
	const would = "What is only observed would have put the traffic back at 00:02 UTC: lambda:orders:live: the candidate fails 5.1% of 216 requests"
	for name, test := range map[string]struct {
		judge, more string
		outcome     shift.Outcome
		would       bool
	}{
		"promoted in spite of it":   {"observe", "", shift.Promoted, true},
		"closed by the safety net":  {"observe", `, "events": [{"atSeconds": 200, "do": "stopExecution"}]`, shift.RolledBack, true},
		"stopped before it was bad": {"observe", `, "events": [{"atSeconds": 90, "do": "stopExecution"}]`, shift.RolledBack, false},
		"enforced":                  {"enforce", "", shift.RolledBack, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "judge": "` + test.judge + `", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`)
			w, seen := observe(t, scenarioOf(t, `{"candidate": {"errorRate": 0.05}, "traffic": {"requestsPerMinute": 2000}`+test.more+`}`), input)
			x := seen.play(input)
			r := w.Result(x)
			require.Empty(t, seen.verify(), story(r))
			require.Equal(t, string(test.outcome), r.Outcome, story(r))
			for _, a := range w.Announcements() {
				if a.State != shift.Announced(test.outcome) {
					assert.Empty(t, a.Comparisons, a.State)
					continue
				}
				require.Len(t, a.Comparisons, 1)
				assert.Equal(t, test.would, a.Comparisons[0].WouldRollBack != nil)
				if test.would {
					assert.Contains(t, a.Summary, would)
				} else {
					assert.NotContains(t, a.Summary, "What is only observed")
				}
				kept, err := w.Ledger().Record(t.Context(), a.DeploymentID)
				require.NoError(t, err)
				assert.Equal(t, a.Comparisons, kept.Comparisons)
			}
		})
	}
}
