package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sluice/internal/shift"
)

// The figures were reckoned by hand, state by state.
func TestPollingEveryTenSecondsTakesMuchMore(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]shift.Course{
		"Canary10Percent5Minutes":     {Transitions: 104, Events: 328, Polls: 30, Invocations: 37, Duration: 5 * minute},
		"Linear10PercentEvery1Minute": {Transitions: 192, Events: 600, Polls: 54, Invocations: 69, Duration: 9 * minute},
		"AllAtOnce":                   {Transitions: 12, Events: 51, Invocations: 6},
	} {
		assert.Equal(t, want, named(t, strategy).PollingCourse(), strategy)
	}
	assert.Less(t, named(t, "Canary10Percent460Minutes").PollingCourse().Events, shift.MaxEvents)
	assert.Greater(t, named(t, "Canary10Percent480Minutes").PollingCourse().Events, shift.MaxEvents, "the history is full after 7.7 hours")
}

func TestWeightAtATimeIsThatOfTheStepThatBakesThen(t *testing.T) {
	t.Parallel()
	p := named(t, "Linear20PercentEvery2Minutes")
	for baked, want := range map[shift.Seconds]shift.Weight{
		0: 2000, 119: 2000, 120: 4000, 6 * minute: 8000, 8 * minute: shift.All, 99 * minute: shift.All,
	} {
		assert.Equal(t, want, p.WeightAt(baked), baked)
	}
}
