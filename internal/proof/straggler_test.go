package proof

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A deployment that creates its alias is stopped after its intent, and put back at once.
// Its CreateAlias comes at 25.5 s, and whoever sent it is killed before it can take the
// alias away: that is left to the second look, at 240 s. Until a second look finds nothing
// any more, the deployment keeps the lock, so nobody can build on what is going to go.
func TestWhatAStragglerHasCreatedGoesBeforeAnybodyCanBuildOnIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		later   time.Duration // after the first deployment was stopped
		input   string
		outcome shift.Outcome
		serves  string // in the end; empty for nothing
	}{
		"needs an alias": {
			45 * time.Second, `{"function": "orders", "version": "1"}`,
			shift.Rejected, "",
		},
		"creates the alias itself": {
			45 * time.Second, `{"function": "orders", "version": "1", "createAlias": true}`,
			shift.Promoted, "1",
		},
		"creates the alias itself, after it has waited since before": {
			-250 * time.Millisecond, `{"function": "orders", "version": "2", "createAlias": true, "whenHeld": "wait"}`,
			shift.Promoted, "2",
		},
		"would be told that it is so": {
			45 * time.Second, `{"function": "orders", "version": "2"}`,
			shift.Rejected, "",
		},
		"an event that came late": {
			45 * time.Second, `{"trigger": "event", "function": "orders", "version": "2"}`,
			shift.Unchanged, "",
		},
		"comes at the second look": {
			239500 * time.Millisecond, `{"function": "orders", "version": "1", "createAlias": true}`,
			shift.Promoted, "1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := base{name: name, outcome: shift.Promoted,
				input:    `{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}}`,
				scenario: `{"functions": {"orders": {"versions": 1, "aliases": {}, "tags": {"sluice:alias": "live"}}}}`}
			next := fault{name: "the next deployment", strike: done(func(r *run) { r.refused["next"] = true; r.w.StartSoon("next", json.RawMessage(test.input)) })}
			strikes := []strike{
				{boundary: 5, later: test.later, fault: next},
				{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			}
			if test.later < 0 { // when the first one is being opened
				strikes[0].boundary, strikes[0].later = 2, 0
			}
			r, err := play(b, guard{}, strikes...)
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, 2)
			require.Equal(t, string(test.outcome), r.w.Outcome(r.w.Executions()[1].ARN()))
			s := r.target(ordersLive)
			require.Contains(t, strings.Join(r.calls, "; "), "set-weight         lambda:CreateAlias", "the straggler has come")
			if test.serves == "" {
				assert.Nil(t, s.alias)
				return
			}
			require.NotNil(t, s.alias)
			assert.Equal(t, test.serves, s.alias.FunctionVersion)
			assert.Empty(t, s.alias.Weights)
		})
	}
}

// A deployment that created its alias ends as Stranded, because somebody has moved it: a
// person must look. What the person makes of it is theirs, though it is what the
// deployment had wanted.
func TestWhatAPersonSetsAfterStrandedStays(t *testing.T) {
	t.Parallel()
	b := baseOf(t, "an alias that is created, with an alarm")
	byHand := fault{name: "set by hand", strike: done(func(r *run) {
		alias, _ := r.w.Cloud().Alias("orders", "live")
		alias.FunctionVersion, alias.RevisionID = "2", ""
		_, err := r.w.Cloud().UpdateAlias(alias)
		require.NoError(t, err)
	})}
	r, err := play(b, guard{},
		strike{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 2, fault: theFault("edited by a stranger after")},
		strike{boundary: 5, later: 3 * time.Minute, fault: byHand})
	require.NoError(t, r.story(err))
	require.Len(t, r.struck, 2)
	require.Equal(t, shift.Stranded, r.outcome())
	require.NotNil(t, r.target(ordersLive).alias)
	assert.Equal(t, "2", r.target(ordersLive).alias.FunctionVersion)
}
