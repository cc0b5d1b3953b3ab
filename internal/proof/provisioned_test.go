package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Somebody, such as Application Auto Scaling, adds provisioned concurrency to an alias after
// Open has read that there is none. From then on Lambda moves the weights by itself for a
// while. Sluice must wait for that, and must not take it for a stranger's edit: not in Close,
// and not in Rollback.
func TestProvisionedConcurrencyThatIsAddedLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		afterTraffic string // the result of the hook, and when it comes
		outcome      shift.Outcome
		serves       string
	}{
		"the Candidate is healthy":                                  {`"result": "succeed"`, shift.Promoted, "2"},
		"the Candidate is refused":                                  {`"result": "fail"`, shift.RolledBack, "1"},
		"the Candidate is refused when its environments have moved": {`"result": "fail", "afterSeconds": 200`, shift.RolledBack, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
				"beforeTraffic": [{"function": "smoke"}], "afterTraffic": [{"function": "check"}]}}`)
			w, seen := observe(t, scenarioOf(t, `{"hooks": {"smoke": {"afterSeconds": 20}, "check": {`+test.afterTraffic+`}}}`), input)
			w.HappenAfter(5*time.Second, func() { // while the first hook is awaited, which may take days
				require.NoError(t, w.Cloud().ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 1, Settle: 2 * time.Minute}))
			})
			r := w.Result(seen.play(input))

			require.Empty(t, seen.verify(), story(r))
			assert.Equal(t, string(test.outcome), r.Outcome, story(r))
			alias, _ := w.Cloud().Alias("orders", "live")
			assert.Equal(t, test.serves, alias.FunctionVersion)
			assert.Empty(t, alias.Weights)
		})
	}
}
