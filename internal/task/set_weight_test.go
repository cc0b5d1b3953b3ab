package task

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

// hasPutBack is a ledger that has put every Deployment back.
type hasPutBack struct{ ShiftingLedger }

func (hasPutBack) Record(_ context.Context, id string) (shift.Record, error) {
	return shift.Record{ID: id, Status: shift.StatusClosed, Outcome: shift.RolledBack}, nil
}

// answering is a router that answers every write alike.
type answering struct {
	RouteWriter
	err error
}

func (a answering) SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error) {
	return shift.Route{}, a.err
}

func TestTheLogTellsALateWriteThatWasUndoneFromOneThatWasOverwritten(t *testing.T) {
	log := logged(t)
	for name, test := range map[string]struct {
		answer error
		says   string
		not    string
	}{
		"undone":      {nil, "late write undone", "left"},
		"overwritten": {fmt.Errorf("write: %w", shift.ErrRevisionMismatch), "late write left as it is", "undone"},
		"neither":     {shift.ErrThrottled, "", "late write"},
	} {
		log.Reset()
		m := move{
			SetWeight:  SetWeight{Ledger: hasPutBack{}, Router: answering{err: test.answer}},
			deployment: shift.Deployment{ID: "arn:first", Changes: []shift.Change{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}}},
			step:       1, own: map[shift.Target]shift.Revision{"lambda:orders:live": "r1"},
		}
		err := m.undo(t.Context(), shift.ErrDeploymentRestoring)
		require.ErrorIs(t, err, shift.ErrDeploymentRestoring, name)
		assert.Equal(t, name == "neither", errors.Is(err, shift.ErrThrottled), name)
		assert.Contains(t, log.String(), test.says, name)
		assert.NotContains(t, log.String(), test.not, name)
	}
}

// The last writes of a shift are recorded at its end anyway.
func TestAShiftOfManyTargetsRecordsItsWritesOncePerPart(t *testing.T) {
	t.Parallel()
	for targets, landings := range map[int]int{1: 1, landEvery: 1, landEvery + 1: 2, 2 * landEvery: 2, 2*landEvery + 1: 3} {
		var changes []shift.Change
		for i := range targets {
			changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
		}
		s := newStage(t, changes...)
		none := &faults{}
		s.failing(none)
		progress := s.record.Deployment.Start()
		_, err := s.shift(t, &progress)
		require.NoError(t, err)
		assert.Equal(t, landings, none.counts["Land"], targets)
	}
}

func TestACreatedAliasThatIsGoneWasTakenBackBySomebodyElse(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	m := move{SetWeight: SetWeight{Router: s.platform}}
	kept := s.routes[orders].Revision
	require.ErrorIs(t, m.deleteCreated(t.Context(), ordersChange, "other"), shift.ErrRevisionMismatch)
	require.Contains(t, s.routes, orders)
	require.NoError(t, m.deleteCreated(t.Context(), ordersChange, kept))
	require.NotContains(t, s.routes, orders)
	err := m.deleteCreated(t.Context(), ordersChange, kept)
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	require.NotErrorIs(t, err, shift.ErrTargetNotFound)
}
