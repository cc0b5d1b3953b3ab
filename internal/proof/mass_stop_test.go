package proof

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// TestChaosAllGoBackAtOnce : many deployments (100, or 1000 with CHAOS=all) share one control
// plane and have to go back at the same moment. A rollback needs two calls, and Lambda accepts
// 15 a second from an account. The last one must be back within 1.3 times what that takes, and
// after at most 1.5 times as many calls.
func TestChaosAllGoBackAtOnce(t *testing.T) {
	n := 100
	if whole(t) {
		n = 1000
	}
	for name, test := range map[string]struct {
		alarms int // of all deployments together
		goBack func(t *testing.T, w *world.World, alarms int)
	}{
		"all are stopped":   {n, stopAll},
		"one alarm for all": {1, fireAll},
		"an alarm each":     {n, fireAll},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := world.DefaultScenario()
			scenario.RequestsPerMinute = 0 // so nothing is compared either
			scenario.Latency = 50 * time.Millisecond
			inputs := make([]json.RawMessage, n)
			for i := range inputs {
				inputs[i] = json.RawMessage(fmt.Sprintf(`{"function": "f%d", "judge": "off", "strategy": {"canary": {"percent": 10, "bakeMinutes": 120}}, "alarms": ["a%d"]}`, i, i%test.alarms))
			}
			s := newStorm(t, scenario, inputs)
			const at = 50*time.Minute + 20*time.Second // in the middle of all bakes, and between two sweeps
			s.w.HappenAfter(at, func() { test.goBack(t, s.w, test.alarms) })
			s.play(t, inputs)

			last := s.w.Began().Add(at)
			for target, back := range s.restored {
				assert.True(t, back.After(s.w.Began().Add(at)), "%s went back before there was a reason", target)
				if back.After(last) {
					last = back
				}
			}
			delay := last.Sub(s.w.Began().Add(at))
			t.Logf("%v; the last is back after %s and %d control-plane calls; %d calls in all; %d invocations of the safety net",
				s.outcomes, delay, s.untilBack, s.restoring, s.w.Invocations(flow.SafetyNet))
			needed := 2 * n
			assert.Equal(t, map[shift.Outcome]int{shift.RolledBack: n}, s.outcomes)
			assert.Len(t, s.restored, n)
			assert.LessOrEqual(t, delay.Seconds(), 1.3*float64(needed)/15, "seconds until the last is back")
			assert.LessOrEqual(t, float64(s.untilBack), 1.5*float64(needed), "throttling multiplied the calls")
			assert.Zero(t, s.w.DeadLetters())
		})
	}
}

// stopAll stops every execution.
func stopAll(t *testing.T, w *world.World, _ int) {
	for _, x := range w.Machine().Executions() {
		require.NoError(t, w.Machine().Stop(x.ARN(), "", ""))
	}
}

// fireAll lets every alarm fire.
func fireAll(t *testing.T, w *world.World, alarms int) {
	for i := range alarms {
		require.NoError(t, w.SetAlarm(fmt.Sprintf("a%d", i), localaws.AlarmAlarm, "bad"))
	}
}
