package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
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

func TestTheRouteGateStopsAtTheFirstTargetThatFails(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	shifted(t, s)
	subject := shift.Subject{Deployment: *s.record.Deployment, Progress: shift.Progress{Step: 1, Wait: 300}}
	pauses := 0
	gate := RouteGate{Router: s.platform, Pause: func(context.Context, time.Duration) { pauses++ }}
	got, err := gate.Observe(t.Context(), subject)
	require.NoError(t, err)
	assert.Equal(t, []shift.Observation{{Verdict: shift.Pass}, {Verdict: shift.Pass}}, got)
	assert.Zero(t, pauses)

	s.put(orders, shift.Route{Serving: "7"})
	s.calls = map[shift.Target]int{}
	got, err = gate.Observe(t.Context(), subject)
	require.NoError(t, err)
	assert.Equal(t, []shift.Observation{subject.ObserveRoute(ordersChange, s.routes[orders], true)}, got)
	assert.Equal(t, 3, pauses, "the read may be outdated")
	assert.Equal(t, map[shift.Target]int{orders: 4}, s.calls)

	s.before = func(shift.Target) error { return errLost }
	s.calls = map[shift.Target]int{}
	got, err = gate.Observe(t.Context(), subject)
	require.NoError(t, err)
	assert.Equal(t, []shift.Observation{shift.RouteNotRead(ordersChange, errLost), shift.RouteNotRead(billingChange, errLost)}, got)
	assert.Equal(t, map[shift.Target]int{orders: 1, billing: 1}, s.calls)

	subject.Progress.Wait = 10
	got, err = gate.Observe(t.Context(), subject)
	require.NoError(t, err)
	assert.Nil(t, got, "it is not due")
}
