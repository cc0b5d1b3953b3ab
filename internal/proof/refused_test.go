package proof

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// weightsRefused has Lambda refuse every write of weights, and none of a version alone:
// a rule that a shift of all traffic at once never meets.
var weightsRefused = guard{without: func(_ *run, c *wireCall) (*http.Response, error) {
	if !c.updatesAlias() || len(c.weights()) == 0 {
		return nil, nil
	}
	return &http.Response{
		StatusCode: http.StatusBadRequest,
		Header:     http.Header{"Content-Type": {"application/json"}, "X-Amzn-Errortype": {"InvalidParameterValueException"}},
		Body:       io.NopCloser(strings.NewReader(`{"Type":"User","message":"Alias with weights can not be used with Provisioned Concurrency"}`)),
	}, nil
}}

// A zero weight may be refused where all traffic may be shifted. Then the write
// that is still on its way has to be fenced off by something else.
func TestALateShiftOfAllTrafficIsFencedOffWhereWeightsAreRefused(t *testing.T) {
	t.Parallel()
	b := base{name: "all at once", input: `{"function": "orders", "strategy": "AllAtOnce"}`, scenario: `{` + chaosFunctions + `}`, outcome: shift.RolledBack, keeps: true}
	stopped := strike{boundary: 5, later: 20 * time.Second, fault: theStop} // in SetWeight
	late := strike{actor: "set-weight", action: "lambda:UpdateAlias", nth: 1, fault: theFault("slower than the Lambda may be, and late")}
	for name, strikes := range map[string][]strike{
		"a zombie":    {{actor: "set-weight", action: "lambda:UpdateAlias", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")}},
		"a late call": {late, stopped},
		"a late call, and who fences it off dies between": {late, stopped,
			{actor: "safety-net", action: "lambda:UpdateAlias", nth: 3, fault: theFault("killed after")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := play(b, weightsRefused, strikes...)
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, len(strikes), "every fault has struck")
			require.Equal(t, shift.RolledBack, r.outcome())
			alias, _ := r.w.Cloud().Alias("orders", "live")
			assert.Equal(t, "2", alias.FunctionVersion)
			assert.Empty(t, alias.Weights)
			assert.Empty(t, alias.Description, "what was written to fence it off")
		})
	}
}

// Where nothing gives the alias another Revision, a late write cannot be refused: the
// deployment stays on its way back until that write has come, and is taken back.
func TestATargetThatCannotBeFencedOffIsNotGivenUp(t *testing.T) {
	t.Parallel()
	b := base{name: "all at once", input: `{"function": "orders", "strategy": "AllAtOnce"}`, scenario: `{` + chaosFunctions + `}`, outcome: shift.RolledBack, keeps: true}
	keeps := guard{without: func(r *run, c *wireCall) (*http.Response, error) {
		if _, describes := c.body["Description"]; !c.updatesAlias() || !describes {
			return weightsRefused.without(r, c)
		}
		alias, _ := r.w.Cloud().Alias("orders", "live")
		text, _ := json.Marshal(map[string]any{"FunctionVersion": alias.FunctionVersion, "Name": alias.Name, "RevisionId": alias.RevisionID})
		return nothing(string(text)), nil
	}}
	r, err := play(b, keeps,
		strike{actor: "set-weight", action: "lambda:UpdateAlias", nth: 1, fault: theFault("slower than the Lambda may be, and late")},
		strike{boundary: 5, later: 20 * time.Second, fault: theStop})
	require.NoError(t, r.story(err))
	require.Equal(t, shift.RolledBack, r.outcome())
	alias, _ := r.w.Cloud().Alias("orders", "live")
	assert.Equal(t, "2", alias.FunctionVersion)
}
