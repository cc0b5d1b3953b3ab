package forecast_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestCostIsShownShortAndWrittenExactly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		cost         forecast.Cost
		shown, exact string
	}{
		{"nothing", 0, "$0", "0"},
		{"the price of a transition", forecast.PriceOfTransition, "$0.000025", "0.000025"},
		{"a picodollar", 1, "$0.000000000001", "0.000000000001"},
		{"more than three digits", 714_500_010, "$0.000715", "0.00071450001"},
		{"rounding up into the next digit", 999_600_000, "$0.001", "0.0009996"},
		{"whole dollars", 12_000_000_000_000, "$12", "12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(tt.cost)
			require.NoError(t, err)
			assert.Equal(t, tt.shown, tt.cost.String())
			assert.Equal(t, tt.exact, string(text))
		})
	}
}

func TestBillAddsUpTheCourseAtItsPrices(t *testing.T) {
	t.Parallel()
	steps, err := shift.Strategy("Canary10Percent5Minutes")
	require.NoError(t, err)
	plan, err := shift.NewPlan(steps, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	course := forecast.Healthy(plan, shift.Hooks{})

	bill := course.Bill(course.AlarmReads(1), 0)

	assert.Equal(t, "$0.00065", bill.Transitions.String(), "26 transitions at $0.025 per 1,000")
	assert.Equal(t, "$0.0000045", bill.Invocations.String(), "10 invocations of 128 MB for 150 ms")
	assert.Equal(t, "$0.00007", bill.AlarmReads.String(), "two before the start, and 5 polls")
	assert.Equal(t, "$0.000725", bill.Total().String())
	assert.Zero(t, course.Bill(0, 0).AlarmReads, "a deployment without alarms reads none")
}

func TestControlCallsGrowByOneForEachStepAndRouteRead(t *testing.T) {
	t.Parallel()
	for strategy, calls := range map[string]int{"AllAtOnce": 9, "Canary10Percent5Minutes": 10 + 1, "Linear10PercentEvery1Minute": 18 + 1} {
		steps, err := shift.Strategy(strategy)
		require.NoError(t, err)
		plan, err := shift.NewPlan(steps, shift.Hooks{}, shift.Judging{})
		require.NoError(t, err)
		assert.Equal(t, calls, forecast.ControlCalls(plan), strategy)
	}
}

func TestAJudgedCanaryCostsLittleMore(t *testing.T) {
	t.Parallel()
	steps, err := shift.Strategy("Canary10Percent5Minutes")
	require.NoError(t, err)
	j := shift.DefaultJudging()
	plan, err := shift.NewPlan(steps, shift.Hooks{}, j)
	require.NoError(t, err)
	course := forecast.Healthy(plan, shift.Hooks{})
	assert.Equal(t, 5*8+5, course.MetricReads(j, 1), "8 metrics at each of 5 polls, and 5 before the start")
	assert.Equal(t, "$0.00045", course.Bill(0, course.MetricReads(j, 1)).MetricReads.String())
	assert.Equal(t, 3*45, course.MetricReads(j, 3))
	assert.Zero(t, course.MetricReads(shift.Judging{}, 1))
	assert.Zero(t, forecast.Course{}.MetricReads(j, 1), "nothing is compared where nothing bakes")
	j.Slow, j.Throttles = judge.Off, judge.Off
	assert.Equal(t, 5*4+3, course.MetricReads(j, 1))
}
