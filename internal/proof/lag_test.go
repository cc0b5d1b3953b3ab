package proof

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Lambda does not promise that a read tells of the write just before it: whose turn
// comes when another deployment has ended may still see its weights.
func TestWhoseTurnItIsMayStillSeeTheWeightsOfWhoWasBefore(t *testing.T) {
	t.Parallel()
	const old = `{"FunctionVersion":"1","Name":"live","RevisionId":"older","RoutingConfig":{"AdditionalVersionWeights":{"2":0.1}}}`
	tests := map[string]struct {
		oldReads int
		outcome  shift.Outcome
		cause    string
	}{
		"twice":    {2, shift.Promoted, ""},
		"for good": {1000, shift.Rejected, "TargetWeighted"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders"}`)
			w, seen := observe(t, world.DefaultScenario(), input)
			reads := 0
			w.Intercept(func(_ *world.World, actor string, r *http.Request) (*http.Response, error) {
				if actor != flow.Open.Function || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/aliases/") {
					return nil, nil
				}
				if reads++; reads > test.oldReads {
					return nil, nil
				}
				return nothing(old), nil
			})
			r := w.Result(seen.play(input))
			require.Empty(t, seen.verify(), story(r))
			assert.Equal(t, string(test.outcome), r.Outcome, story(r))
			assert.Contains(t, r.Cause, test.cause)
			assert.LessOrEqual(t, reads, 4, "and it is not read for ever")
		})
	}
}
