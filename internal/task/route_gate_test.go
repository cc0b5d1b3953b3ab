package task

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

// All rollbacks of an account share the requests that a poll uses.
func TestAPollLeavesMostRequestsToRollbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		router := &asked{}
		gate := RouteGate{Router: router}
		subject := shift.Subject{
			Deployment: shift.Deployment{Changes: make([]shift.Change, 32), Plan: shift.Plan{Steps: []shift.Step{{Weight: shift.All}}}},
			Progress:   shift.Progress{Step: 1, Wait: 60},
		}
		for range 10 {
			time.Sleep(time.Minute)
			_, err := gate.Observe(t.Context(), subject)
			require.NoError(t, err)
			subject.Progress.Total += subject.Progress.Wait
		}
		require.Equal(t, 2*32, len(router.at), "in 10 minutes every Target is read twice")
		for from := range router.at {
			assert.LessOrEqual(t, router.within(t, time.Second, from), 5)
		}
	})
}
