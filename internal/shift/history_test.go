package shift_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
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

func TestTheHistoryBeforeTheFirstStepCountsHooksAndRetries(t *testing.T) {
	t.Parallel()
	hooks := shift.Hooks{BeforeTraffic: make([]shift.Hook, 2), AfterTraffic: make([]shift.Hook, 5)}
	// ExecutionStarted, Publish 5, Open 5, Changed? 2, the Map 4.
	assert.Equal(t, 17, shift.EventsAtStart(shift.Hooks{}, 0))
	assert.Equal(t, 17+2*8, shift.EventsAtStart(hooks, 0), "hooks after traffic come later")
	assert.Equal(t, 17+2*8+4*3, shift.EventsAtStart(hooks, 4))
}
