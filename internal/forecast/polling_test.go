package forecast_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/forecast"
)

// The figures were reckoned by hand, state by state.
func TestPollingEveryTenSecondsTakesMuchMore(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]forecast.Course{
		"Canary10Percent5Minutes":     {Transitions: 104, Events: 328, Polls: 30, Invocations: 37, Duration: 5 * minute},
		"Linear10PercentEvery1Minute": {Transitions: 192, Events: 600, Polls: 54, Invocations: 69, Duration: 9 * minute},
		"AllAtOnce":                   {Transitions: 12, Events: 51, Invocations: 6},
	} {
		assert.Equal(t, want, forecast.Polling(named(t, strategy)), strategy)
	}
	assert.Less(t, forecast.Polling(named(t, "Canary10Percent460Minutes")).Events, forecast.MaxEvents)
	assert.Greater(t, forecast.Polling(named(t, "Canary10Percent480Minutes")).Events, forecast.MaxEvents, "the history is full after 7.7 hours")
}
