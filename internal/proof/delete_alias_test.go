package proof

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// DeleteAlias takes no RevisionId, so nothing in Lambda refuses one that comes late. These
// tests attack the deployment that has created the alias anew by then.

// A restorer is held up between its mark and its DeleteAlias, which follows a look from
// before the mark. By then the next deployment may have created the same alias, and may have
// been promoted. The restorer must not delete that alias.
func TestAHeldUpRestorerDoesNotDeleteTheAliasOfTheNextDeployment(t *testing.T) {
	t.Parallel()
	b := baseOf(t, "an alias that is created, with an alarm")
	s := scenarioOf(t, b.scenario)
	s.Latency = 50 * time.Millisecond
	w, _ := observe(t, s, json.RawMessage(b.input))
	atMoments(w, map[string]func(world.Moment){
		"safety-net before lambda:DeleteAlias 1": func(world.Moment) { w.Stall(100 * time.Second) }, // the Lambda may take 120 s
	})
	_, err := w.Start("main", json.RawMessage(b.input))
	require.NoError(t, err)
	w.HappenAfter(155*time.Second, func() { // somebody has fixed it, and tries again
		require.NoError(t, w.SetAlarm("a", localaws.AlarmOK, "fixed"))
		w.StartSoon("next", json.RawMessage(`{"function": "orders", "createAlias": true, "whenHeld": "wait", "strategy": "AllAtOnce"}`))
	})
	require.NoError(t, w.Advance(30*time.Minute))

	next := w.Executions()[1]
	require.Equal(t, string(shift.Promoted), w.Outcome(next.ARN()), next.Failure().Cause)
	_, exists := w.Cloud().Alias("orders", "live")
	assert.True(t, exists, "the next deployment was promoted, and its alias is there")
}

// A Lambda of the first deployment goes on as a zombie after a stop, and looks at the alias.
// Then a second deployment begins, and finds or creates the same alias. The zombie's
// DeleteAlias comes after the second deployment has ended well, and must not take its alias.
func TestAZombieDoesNotDeleteTheAliasOfTheNextDeployment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stopped strike
		later   time.Duration // from the entry of SetWeight to the second deployment
	}{
		"a set-weight that takes its own write back": {strike{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1}, 3950 * time.Millisecond},
		"a safety net that an alarm has woken":       {strike{actor: "safety-net", action: "lambda:GetAlias", nth: 1}, 90750 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const setWeight = 5 // the number of the state
			test.stopped.fault = theFault("stopped, a zombie at 0.6 s a call")
			r, err := play(baseOf(t, "an alias that is created, with an alarm"), guard{},
				test.stopped, strike{boundary: setWeight, later: test.later, fault: theFault(creates)})
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, 2)
		})
	}
}

// TestChaosASecondDeploymentThatCreatesItsAlias attacks an alias that two deployments create.
// A Lambda of the first one is killed, hangs, or goes on while everybody takes it for dead; the
// second one begins at any other moment. Every invariant must hold for both. Without CHAOS=all
// a fault only strikes DeleteAlias, and every third one is played.
func TestChaosASecondDeploymentThatCreatesItsAlias(t *testing.T) {
	var pairs atomic.Int64
	for _, name := range []string{"an alias that is created, with an alarm", "an alias that is created while the alarm fires"} {
		b := baseOf(t, name)
		firsts := outliving(t, b)
		require.NotEmpty(t, firsts)
		if !whole(t) {
			firsts = each(firsts, 3)
		}
		t.Run(name, func(t *testing.T) {
			explore(t, len(firsts), func(n int) error {
				disturbed, err := play(b, guard{}, firsts[n])
				if err != nil {
					return disturbed.story(err)
				}
				for _, second := range disturbed.everywhere(theFault(creates)) {
					pairs.Add(1)
					if r, err := play(b, guard{}, firsts[n], second); err != nil {
						return r.story(err)
					}
				}
				return nil
			})
		})
	}
	t.Logf("%d pairs of a fault and a second deployment", pairs.Load())
}

// outliving lists the faults after which a Lambda of a base may act, or its call may arrive,
// when others have gone on without it.
func outliving(t *testing.T, b base) []strike {
	undisturbed, err := play(b, guard{})
	require.NoError(t, undisturbed.story(err))
	var all []strike
	for _, m := range undisturbed.moments {
		if m.Action != "lambda:DeleteAlias" && !whole(t) {
			continue
		}
		for _, f := range faults {
			if slices.Contains([]class{killed, hung, slowed, forsaken}, f.class) {
				all = append(all, strike{number: m.Number, fault: f})
			}
		}
	}
	return all
}

// everywhere lists a fault at each fourth call of a run, and at every state and some time
// after it.
func (r *run) everywhere(f fault) []strike {
	var all []strike
	for i := 0; i < len(r.moments); i += 4 {
		all = append(all, strike{number: r.moments[i].Number, fault: f})
	}
	for n := 1; n <= r.states; n++ {
		for _, later := range []time.Duration{0, 20 * time.Second, 45 * time.Second} {
			all = append(all, strike{boundary: n, later: later, fault: f})
		}
	}
	return all
}
