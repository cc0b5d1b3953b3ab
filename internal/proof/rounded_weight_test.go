package proof

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Lambda keeps a weight with two decimals: it is told 12.5 % and answers 13 %. Rollback must
// not take the weight that Sluice itself has written for a stranger's, and must put the
// traffic back.
func TestAWeightThatLambdaRoundsIsStillOurs(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"steps": [{"percent": 12.5, "bakeMinutes": 10}, {"percent": 100, "bakeMinutes": 0}]}, "alarms": ["a"]}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 200, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`), input)
	rounded := 0
	w.Intercept(func(_ *world.World, _ string, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/aliases/") {
			return nil, nil
		}
		text, err := readBody(r)
		if bytes.Contains(text, []byte("0.125")) {
			rounded++
			setBody(r, bytes.ReplaceAll(text, []byte("0.125"), []byte("0.13")))
		}
		return nil, err
	})
	r := w.Result(seen.play(input))

	require.Positive(t, rounded)
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Empty(t, alias.Weights, story(r))
	assert.Equal(t, string(shift.RolledBack), r.Outcome, story(r))
}
