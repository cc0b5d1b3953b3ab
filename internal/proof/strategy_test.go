package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// shiftedAt is a Weight, and when the traffic must get it.
type shiftedAt struct {
	at     time.Duration
	weight shift.Weight
}

// canary is one share at once, and the rest after a while.
func canary(percent float64, bake time.Duration) []shiftedAt {
	return []shiftedAt{{0, shift.Weight(percent * 100)}, {bake, shift.All}}
}

// evenly is a Weight each time, with the same time between.
func evenly(every time.Duration, percents ...float64) []shiftedAt {
	course := make([]shiftedAt, len(percents))
	for i, p := range percents {
		course[i] = shiftedAt{time.Duration(i) * every, shift.Weight(p * 100)}
	}
	return course
}

func tenths(every time.Duration) []shiftedAt {
	return evenly(every, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
}

// strategies are the forms in which one can be written, with the course that its
// words promise.
func strategies() map[string][]shiftedAt {
	all := map[string][]shiftedAt{
		`"Canary5Percent90Minutes"`:                                             canary(5, 90*time.Minute),
		`"Canary0.5Percent2.5Minutes"`:                                          canary(0.5, 150*time.Second),
		`"Linear20PercentEvery3Minutes"`:                                        evenly(3*time.Minute, 20, 40, 60, 80, 100),
		`"Linear30PercentEvery1Minute"`:                                         evenly(time.Minute, 30, 60, 90, 100),
		`{"canary": {"percent": 10, "bakeMinutes": 5}}`:                         canary(10, 5*time.Minute),
		`{"linear": {"percent": 25, "everyMinutes": 1}}`:                        evenly(time.Minute, 25, 50, 75, 100),
		`{"exponential": {"startPercent": 1, "factor": 2, "everyMinutes": 10}}`: evenly(10*time.Minute, 1, 2, 4, 8, 16, 32, 64, 100),
		`{"steps": [{"percent": 0.5, "bakeMinutes": 30}, {"percent": 50, "bakeMinutes": 60}, {"percent": 100, "bakeMinutes": 15}]}`: {
			{0, 50}, {30 * time.Minute, 5000}, {90 * time.Minute, shift.All},
		},
	}
	predefined := map[string][]shiftedAt{
		"Canary10Percent5Minutes":       canary(10, 5*time.Minute),
		"Canary10Percent10Minutes":      canary(10, 10*time.Minute),
		"Canary10Percent15Minutes":      canary(10, 15*time.Minute),
		"Canary10Percent30Minutes":      canary(10, 30*time.Minute),
		"Linear10PercentEvery1Minute":   tenths(time.Minute),
		"Linear10PercentEvery2Minutes":  tenths(2 * time.Minute),
		"Linear10PercentEvery3Minutes":  tenths(3 * time.Minute),
		"Linear10PercentEvery10Minutes": tenths(10 * time.Minute),
		"AllAtOnce":                     evenly(0, 100),
	}
	for name, course := range predefined {
		all[fmt.Sprintf("%q", name)] = course
		all[fmt.Sprintf("%q", "CodeDeployDefault.Lambda"+name)] = course
	}
	return all
}

func TestEveryStrategyShiftsAsItsWordsSay(t *testing.T) {
	t.Parallel()
	for strategy, course := range strategies() {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			r := promote(t, json.RawMessage(fmt.Sprintf(`{"function": "orders", "alarms": ["orders-5xx"], "strategy": %s}`, strategy)))
			wanted := make([]world.Routed, len(course))
			for i, c := range course {
				wanted[i] = world.Routed{Seconds: c.at.Seconds(), Target: "lambda:orders:live", Stable: "1", Candidate: "2", Percent: c.weight, IsOurs: true}
			}
			assert.Equal(t, wanted, r.Routes)
		})
	}
}

// promote plays a healthy deployment that compares nothing, so that it waits for no evidence. It
// checks that it costs what its Plan predicts: with one write for each Target and Step, and no
// read of a route but at the opening and at the closing.
func promote(t *testing.T, input json.RawMessage) world.Result {
	t.Helper()
	input = unjudged(input)
	w, seen := observe(t, world.DefaultScenario(), input)
	r := w.Result(seen.play(input))
	require.Equal(t, "Promoted", r.Outcome, story(r))
	assert.Empty(t, seen.verify())

	release, err := request.DecodeInput(input, w.StateMachine())
	require.NoError(t, err)
	plan, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging)
	require.NoError(t, err)
	course, targets := forecast.Healthy(plan, release.Hooks), len(release.Arrivals)
	assert.Equal(t, course.Transitions, r.Transitions, "transitions")
	assert.Equal(t, course.Events, r.HistoryEvents, "history events")
	assert.Equal(t, course.Polls, r.Invocations["check-alarms"], "polls")
	assert.Equal(t, targets*plan.Len(), r.Calls["lambda:UpdateAlias"], "writes of aliases")
	assert.Equal(t, (2+plan.RouteReads())*targets, r.Calls["lambda:GetAlias"], "reads of aliases")
	invoked := 0
	for _, times := range r.Invocations {
		invoked += times
	}
	assert.Equal(t, course.Invocations, invoked, "invocations")
	return r
}

// unjudged returns an input that has nothing compared. What it tests depends on the time of each
// shift, which waits for evidence.
func unjudged(input json.RawMessage) json.RawMessage {
	return json.RawMessage(`{"judge": "off", ` + strings.TrimPrefix(string(input), "{"))
}

// What a deployment may cost, and what no accepted one may outgrow.
func TestDeploymentsStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	const hook = `{"function": "smoke"}`
	for _, tc := range []struct {
		name, input         string
		transitions, events int
	}{
		{"a canary of five minutes", `{"function": "orders"}`, 27, 100},
		{"a linear shift by the minute", `{"function": "orders", "strategy": "Linear10PercentEvery1Minute"}`, 57, 200},
		{"48 hours in one bake", `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2880}}}`, 0, 15_000},
		{"99 steps of 28 minutes", `{"function": "orders", "strategy": {"linear": {"percent": 1, "everyMinutes": 28}}}`, 0, 15_000},
		{"30 days", `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 43200}}}`, 0, 15_000},
		{"hooks at both points", `{"function": "orders", "strategy": "AllAtOnce", "hooks": {
			"beforeTraffic": [` + hook + `, ` + hook + `], "afterTraffic": [` + hook + `]}}`, 0, 15_000},
		{"200 steps", `{"function": "orders", "strategy": "Linear0.5PercentEvery1Minute"}`, 0, 15_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := promote(t, json.RawMessage(tc.input))
			assert.LessOrEqual(t, r.HistoryEvents, tc.events)
			if tc.transitions > 0 {
				assert.LessOrEqual(t, r.Transitions, tc.transitions)
			}
		})
	}
}

func TestThreeTargetsCostTheStatesOfOne(t *testing.T) {
	t.Parallel()
	one, three := promote(t, targets(1, "")), promote(t, targets(3, ""))
	assert.Equal(t, one.Transitions, three.Transitions)
	assert.Equal(t, one.HistoryEvents, three.HistoryEvents)
	assert.Equal(t, one.Invocations, three.Invocations)
}

// An alarm that fires in any bake of a linear shift takes the traffic back from
// just that weight.
func TestAlarmFiresAtEachStepOfALinearPlan(t *testing.T) {
	t.Parallel()
	input := unjudged(json.RawMessage(`{"function": "orders", "strategy": "Linear10PercentEvery1Minute", "alarms": ["orders-5xx"]}`))
	for step := 1; step < 10; step++ {
		t.Run(fmt.Sprintf("step %d", step), func(t *testing.T) {
			t.Parallel()
			scenario, err := world.DecodeScenario([]byte(fmt.Sprintf(`{"delivery": {"alarms": {"lost": true}},
				"events": [{"atSeconds": %d, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`, 60*step-1)))
			require.NoError(t, err)
			w, seen := observe(t, scenario, input)
			r := w.Result(seen.play(input))
			assert.Empty(t, seen.verify(), story(r))
			assert.Equal(t, "RolledBack", r.Outcome)
			assert.Contains(t, r.Cause, "AlarmFired: orders-5xx")
			if !assert.Len(t, r.Routes, step+1, story(r)) {
				return
			}
			assert.Equal(t, shift.Weight(1000*step), r.Routes[step-1].Percent)
			assert.Equal(t, world.Routed{Seconds: float64(60 * step), Target: "lambda:orders:live", Stable: "1", Candidate: "2", IsOurs: true}, r.Routes[step])
		})
	}
}
