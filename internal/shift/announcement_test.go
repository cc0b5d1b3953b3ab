package shift_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

func TestAnAnnouncementOfProgressSaysWhereItStands(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	text, err := json.Marshal(d.Announce(shift.ShiftedTo, d.Shifted(d.Start(), nil, 0), noon))
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"id": "execution/Shifted/1", "deploymentId": "execution", "state": "Shifted", "weightPercent": 10, "step": 1,
		"targets": [{"target": "lambda:orders:live", "stable": "1", "candidate": "2"}], "reasons": [],
		"summary": "lambda:orders:live sends 10% to 2, the rest to 1.", "at": "2026-05-04T12:00:00Z"
	}`, string(text))
	assert.Equal(t, "execution/Started", d.Announce(shift.Started, d.Start(), noon).ID)
}

// I8: repeats carry the same id.
func TestARepeatedAnnouncementCarriesTheSameID(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	first := d.Shifted(d.Start(), nil, 0)
	assert.Equal(t, d.Announce(shift.ShiftedTo, first, noon).ID, d.Announce(shift.ShiftedTo, first, noon.Add(hour.Duration())).ID)
	assert.NotEqual(t, d.Announce(shift.ShiftedTo, first, noon).ID, d.Announce(shift.ShiftedTo, d.Shifted(first, nil, 0), noon).ID)
	record := shift.Record{ID: "execution", Outcome: shift.RolledBack}
	assert.Equal(t, record.AnnounceOutcome(noon).ID, record.AnnounceOutcome(noon.Add(hour.Duration())).ID)
}

func TestAnOutcomeIsAnnouncedWithItsWeightAndStep(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	arrivals := []shift.Arrival{{Target: orders, Candidate: "2"}}
	tests := []struct {
		name   string
		record shift.Record
		want   shift.Announcement
	}{
		{
			"promoted", shift.Record{Deployment: &d, Intent: 2, Outcome: shift.Promoted},
			shift.Announcement{ID: "execution/Promoted", State: "Promoted", Changes: d.Moves(), Weight: shift.All, Step: 2, Reasons: []string{}, Summary: "lambda:orders:live serves 2."},
		},
		{
			"rolled back", shift.Record{Deployment: &d, Intent: 1, Outcome: shift.RolledBack, Reasons: []string{"AlarmFired: a"}, Cause: "AlarmFired: \"a\"\nand \\ b."},
			shift.Announcement{ID: "execution/RolledBack", State: "RolledBack", Changes: d.Moves(), Step: 1, Reasons: []string{"AlarmFired: a"}, Summary: "AlarmFired: 'a' and / b."},
		},
		{
			"rejected before stable was read", shift.Record{Arrivals: arrivals, Outcome: shift.Rejected, Reasons: []string{"AliasNotFound: x"}},
			shift.Announcement{
				ID: "execution/Rejected", State: "Rejected", Reasons: []string{"AliasNotFound: x"},
				Changes: []shift.Move{{Target: orders, Candidate: "2"}},
			},
		},
		{
			"rejected before anything was known", shift.Record{Outcome: shift.Rejected},
			shift.Announcement{ID: "execution/Rejected", State: "Rejected", Changes: []shift.Move{}, Reasons: []string{}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.record.ID, test.want.DeploymentID, test.want.At = "execution", "execution", noon
			assert.Equal(t, test.want, test.record.AnnounceOutcome(noon))
		})
	}
}
