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
