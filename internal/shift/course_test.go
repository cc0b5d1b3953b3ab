package shift_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

func isRefusal(err error) bool {
	return errors.Is(err, shift.ErrInvalidPlan) || errors.Is(err, shift.ErrPlanTooLong)
}

func named(t *testing.T, strategy string) shift.Plan {
	t.Helper()
	list, err := shift.Strategy(strategy)
	require.NoError(t, err)
	return plan(t, list...)
}

func TestTheCourseOfAHealthyDeploymentIsShort(t *testing.T) {
	t.Parallel()
	tests := []struct {
		strategy            string
		transitions, events int // at most
		want                shift.Course
	}{
		{"Canary10Percent5Minutes", 27, 100, shift.Course{Transitions: 26, Events: 88, Polls: 5, Invocations: 10, Duration: 5 * minute}},
		{"Linear10PercentEvery1Minute", 57, 200, shift.Course{Transitions: 54, Events: 180, Polls: 9, Invocations: 22, Duration: 9 * minute}},
		{"AllAtOnce", 27, 100, shift.Course{Transitions: 9, Events: 36, Invocations: 4}},
	}
	for _, test := range tests {
		t.Run(test.strategy, func(t *testing.T) {
			t.Parallel()
			course := named(t, test.strategy).Course(shift.Hooks{})
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
	without := p.Course(shift.Hooks{})
	with := p.Course(shift.Hooks{BeforeTraffic: make([]shift.Hook, 2), AfterTraffic: make([]shift.Hook, 1)})
	assert.Equal(t, without.Transitions+3, with.Transitions)
	assert.Equal(t, without.Events+3*8, with.Events)
	assert.Equal(t, without.Invocations+3, with.Invocations)
}

func TestTheHistoryBeforeTheFirstStepCountsHooksAndRetries(t *testing.T) {
	t.Parallel()
	hooks := shift.Hooks{BeforeTraffic: make([]shift.Hook, 2), AfterTraffic: make([]shift.Hook, 5)}
	// ExecutionStarted, Publish 5, Open 5, Changed? 2, the Map 4.
	assert.Equal(t, 17, shift.EventsAtStart(shift.Hooks{}, 0))
	assert.Equal(t, 17+2*8, shift.EventsAtStart(hooks, 0), "hooks after traffic come later")
	assert.Equal(t, 17+2*8+4*3, shift.EventsAtStart(hooks, 4))
}
