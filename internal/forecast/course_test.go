package forecast_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
)

const minute = shift.Seconds(60)

func named(t *testing.T, strategy string) shift.Plan {
	t.Helper()
	steps, err := shift.Strategy(strategy)
	require.NoError(t, err)
	plan, err := shift.NewPlan(steps, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	return plan
}

func TestTheCourseOfAHealthyDeploymentIsShort(t *testing.T) {
	t.Parallel()
	tests := []struct {
		strategy            string
		transitions, events int // at most
		want                forecast.Course
	}{
		{"Canary10Percent5Minutes", 27, 100, forecast.Course{Transitions: 26, Events: 88, Polls: 5, Invocations: 10, Duration: 5 * minute}},
		{"Linear10PercentEvery1Minute", 57, 200, forecast.Course{Transitions: 54, Events: 180, Polls: 9, Invocations: 22, Duration: 9 * minute}},
		{"AllAtOnce", 27, 100, forecast.Course{Transitions: 9, Events: 36, Invocations: 4}},
	}
	for _, test := range tests {
		t.Run(test.strategy, func(t *testing.T) {
			t.Parallel()
			course := forecast.Healthy(named(t, test.strategy), shift.Hooks{})
			assert.LessOrEqual(t, course.Transitions, test.transitions)
			assert.LessOrEqual(t, course.Events, test.events)
			assert.Equal(t, test.want, course)
		})
	}
}

// A hook is a state within a Map: entered once, and 8 events of the history (the
// iteration's 2 and a task's with a token 6).
func TestEveryHookAddsToTheCourse(t *testing.T) {
	t.Parallel()
	p := named(t, "AllAtOnce")
	without := forecast.Healthy(p, shift.Hooks{})
	with := forecast.Healthy(p, shift.Hooks{BeforeTraffic: make([]shift.Hook, 2), AfterTraffic: make([]shift.Hook, 1)})
	assert.Equal(t, without.Transitions+3, with.Transitions)
	assert.Equal(t, without.Events+3*8, with.Events)
	assert.Equal(t, without.Invocations+3, with.Invocations)
}
