package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

func TestOnlyAnOpenRecordLetsTrafficShift(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		record shift.Record
		is     error
		want   string
	}{
		{"open", shift.Record{Status: shift.StatusOpen}, nil, ""},
		{"restoring", shift.Record{Status: shift.StatusRestoring, Reasons: []string{"AlarmFired: a", "b"}}, shift.ErrDeploymentRestoring, "AlarmFired: a; b"},
		{
			"closed", shift.Record{Status: shift.StatusClosed, Outcome: shift.RolledBack, ClosedAt: noon, Reasons: []string{"AlarmFired: a"}},
			shift.ErrDeploymentClosed, "it ended as RolledBack at 2026-05-04T12:00:00Z",
		},
		{
			"closed without a reason", shift.Record{Status: shift.StatusClosed, Outcome: shift.Promoted, ClosedAt: noon},
			shift.ErrDeploymentClosed, "it ended as Promoted at 2026-05-04T12:00:00Z",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.record.CheckOpen()
			require.ErrorIs(t, err, test.is)
			if test.is != nil {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestWhatIsLeftToRestoreIsWhatWasTouchedAndIsNotBack(t *testing.T) {
	t.Parallel()
	other := shift.Change{Target: payments, Stable: "7", Candidate: "9"}
	d := &shift.Deployment{Changes: []shift.Change{change, other}}
	tests := []struct {
		name   string
		record shift.Record
		want   []shift.Change
	}{
		{"not yet opened", shift.Record{Intent: 1}, nil},
		{"nothing was meant to be written", shift.Record{Deployment: d}, nil},
		{"all", shift.Record{Deployment: d, Intent: 1}, []shift.Change{change, other}},
		{"one is back", shift.Record{Deployment: d, Intent: 1, Restored: []shift.Target{orders}}, []shift.Change{other}},
		{"all are back", shift.Record{Deployment: d, Intent: 3, Restored: []shift.Target{payments, orders}}, []shift.Change{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.record.Pending())
			assert.Equal(t, []shift.Change{change, other}, d.Changes, "the deployment is never edited")
		})
	}
}

func TestATargetIsClaimedByWhoeverWasToldThatItServesTheVersion(t *testing.T) {
	t.Parallel()
	closed := shift.Record{ID: "one", ClosedAt: noon}
	for _, test := range []struct {
		name    string
		arrived shift.Arrived
		claims  bool
	}{
		{"the deployment itself", shift.Arrived{DeploymentID: "one", Outcome: shift.Stranded, ClosedAt: noon}, false},
		{"one that is open", shift.Arrived{DeploymentID: "two"}, true},
		{"promoted since", shift.Arrived{DeploymentID: "two", Outcome: shift.Promoted, ClosedAt: noon}, true},
		{"found there since", shift.Arrived{DeploymentID: "two", Outcome: shift.Unchanged, ClosedAt: noon.Add(time.Minute)}, true},
		{"left there since", shift.Arrived{DeploymentID: "two", Outcome: shift.Stranded, ClosedAt: noon.Add(time.Minute)}, true},
		{"refused since", shift.Arrived{DeploymentID: "two", Outcome: shift.Rejected, ClosedAt: noon.Add(time.Minute)}, false},
		{"put back since", shift.Arrived{DeploymentID: "two", Outcome: shift.RolledBack, ClosedAt: noon.Add(time.Minute)}, false},
		{"promoted before", shift.Arrived{DeploymentID: "two", Outcome: shift.Promoted, ClosedAt: noon.Add(-time.Second)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.claims, test.arrived.Claims(closed))
		})
	}
}

func TestLandedWritesCountOnlyForTheirOwnStep(t *testing.T) {
	t.Parallel()
	landed := shift.Landed{Step: 2, Revisions: map[shift.Target]shift.Revision{orders: "r2"}}
	assert.Equal(t, landed.Revisions, landed.At(2))
	assert.Empty(t, landed.At(1))
	assert.Empty(t, landed.At(3))
}
