package task

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A Target that settles needs nothing but time, so its error ends an event well. It must
// not take along what somebody has to hear of.
func TestATargetThatSettlesHidesNoOtherProblem(t *testing.T) {
	t.Parallel()
	settling, denied := fmt.Errorf("restore a: %w", shift.ErrRouteSettling), errors.New("restore b: denied")
	require.ErrorIs(t, joinProblems([]error{nil, settling, settling}), shift.ErrRouteSettling)
	for _, problems := range [][]error{{denied, settling}, {settling, nil, denied}} {
		err := joinProblems(problems)
		require.ErrorIs(t, err, denied)
		assert.NotErrorIs(t, err, shift.ErrRouteSettling)
	}
}

// One of two Targets is throttled. The one that is back already must be known to the next
// try, which may be the safety net's: it would write it again, while the other one waits.
func TestATryThatFailsRemembersWhatItHasRestored(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	_, err := s.shift(t, nil)
	require.NoError(t, err)
	why := []shift.Reason{{Name: shift.Aborted, Text: "no"}}
	mark := func(ctx context.Context) (shift.Record, error) { return s.MarkRestoring(ctx, first, why, noon) }

	s.before = throttle(billing)
	_, _, err = s.restorer().MarkAndRestore(t.Context(), why, mark, noon)
	require.ErrorIs(t, err, shift.ErrThrottled)
	require.Equal(t, shift.StatusRestoring, s.record.Status)
	back := s.routes[orders]
	require.Equal(t, shift.Route{Serving: "1", Revision: back.Revision}, back)

	s.before = nil
	closed, undone, err := s.restorer().MarkAndRestore(t.Context(), why, mark, noon)
	require.NoError(t, err)
	assert.Equal(t, back, s.routes[orders], "it is not written again")
	assert.Equal(t, shift.RolledBack, closed.Outcome)
	assert.Equal(t, []shift.Fate{shift.BackBefore, shift.Back}, []shift.Fate{undone[0].Fate, undone[1].Fate})
}

// An alarm and a stop may restore a Deployment at the same time. The cause is that of the one
// that began, as the record has it, whoever of them finishes.
func TestWhoeverFinishesARestorationGivesTheReasonsOfTheOneWhoBegan(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	_, err := s.shift(t, nil)
	require.NoError(t, err)
	alarm := []shift.Reason{shift.AlarmFiredReason("orders-5xx", "too many")}
	_, err = s.MarkRestoring(t.Context(), first, alarm, noon)
	require.NoError(t, err)
	stop := []shift.Reason{shift.ExecutionEndedReason("ABORTED")}
	closed, _, err := s.restorer().MarkAndRestore(t.Context(), stop, func(ctx context.Context) (shift.Record, error) {
		return s.MarkRestoring(ctx, first, stop, noon)
	}, noon)
	require.NoError(t, err)
	assert.Equal(t, alarm, closed.Reasons)
	assert.Contains(t, closed.Cause, "orders-5xx is in ALARM: too many")
	assert.NotContains(t, closed.Cause, "ABORTED")
}

// A Target that was left to somebody else is not back. Whoever tries again must find that
// out anew, or the Deployment would end as RolledBack.
func TestATryThatFailsDoesNotRememberWhatItHasLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	_, err := s.shift(t, nil)
	require.NoError(t, err)
	s.put(orders, shift.Route{Serving: "7"})
	mark := func(ctx context.Context) (shift.Record, error) { return s.MarkRestoring(ctx, first, nil, noon) }
	s.before = throttle(billing)
	_, _, err = s.restorer().MarkAndRestore(t.Context(), nil, mark, noon)
	require.ErrorIs(t, err, shift.ErrThrottled)
	s.before = nil
	closed, _, err := s.restorer().MarkAndRestore(t.Context(), nil, mark, noon)
	require.NoError(t, err)
	assert.Equal(t, shift.Stranded, closed.Outcome)
	assert.Equal(t, shift.Version("7"), s.routes[orders].Serving)
	assert.Equal(t, shift.Route{Serving: "1", Revision: s.routes[billing].Revision}, s.routes[billing])
}
