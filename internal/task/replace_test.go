package task

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Who would shift nothing, since its event came late or twice, waits for its turn, and the holder
// goes on.
func TestAnEventThatShiftsNothingReplacesNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trigger  shift.Trigger
		stable   shift.Version
		earlier  []shift.Arrived
		replaces bool
	}{
		"a new version":                      {shift.Event, "1", nil, true},
		"the version that the holder shifts": {shift.Event, "1", []shift.Arrived{{DeploymentID: first, Candidate: "2"}}, false},
		"the same, by a person":              {shift.Explicit, "1", []shift.Arrived{{DeploymentID: first, Candidate: "2"}}, true},
		"an older version":                   {shift.Event, "3", nil, false},
		"an older version, by a person":      {shift.Explicit, "3", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			a, call := s.apps(), s.opening(orders)
			call.ExecutionID = "newer"
			call.Document.Release.Trigger, call.Document.Release.Options.WhenHeld = test.trigger, shift.ReplaceWhenHeld
			s.record.Deployment.Changes[0].Stable = test.stable
			a.arrived = map[shift.Version][]shift.Arrived{"2": test.earlier}
			held := fmt.Errorf("open: %w", &shift.HeldError{Target: orders, By: first, Since: noon.Add(-time.Hour)})
			s.failing(&faults{name: "Open", from: 1, err: held})
			h, _ := s.openDeployment(a)
			d, err := h.Handle(t.Context(), call)
			if test.replaces {
				require.ErrorIs(t, err, shift.ErrTargetBeingRestored)
				assert.Equal(t, shift.StatusRestoring, s.record.Status)
				return
			}
			require.NoError(t, err)
			require.NotNil(t, d.Turn)
			assert.Equal(t, shift.StatusOpen, s.record.Status)
		})
	}
}
