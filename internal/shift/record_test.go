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
		{"restoring", shift.Record{Status: shift.StatusRestoring, Reasons: reasons("AlarmFired: a", "b")}, shift.ErrDeploymentRestoring, "AlarmFired: a; b"},
		{
			"closed", shift.Record{Status: shift.StatusClosed, Outcome: shift.RolledBack, ClosedAt: noon, Reasons: reasons("AlarmFired: a")},
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

func TestOnlyOnePartOfTheHistoryComesAfterADeployment(t *testing.T) {
	t.Parallel()
	closed := shift.Record{ID: "one", ClosedAt: noon}
	for _, test := range []struct {
		name    string
		arrived shift.Arrived
		since   bool
	}{
		{"the deployment itself", shift.Arrived{DeploymentID: "one", Outcome: shift.Stranded, ClosedAt: noon}, false},
		{"one that is open", shift.Arrived{DeploymentID: "two", Candidate: "9"}, true},
		{"closed later", shift.Arrived{DeploymentID: "two", Outcome: shift.RolledBack, ClosedAt: noon.Add(time.Minute)}, true},
		{"closed by the same sweep", shift.Arrived{DeploymentID: "two", Outcome: shift.RolledBack, ClosedAt: noon}, true},
		{"closed before", shift.Arrived{DeploymentID: "two", Outcome: shift.Promoted, ClosedAt: noon.Add(-time.Second)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.since, test.arrived.Since(closed))
		})
	}
}

// A straggler of another deployment has left version 2 at orders, which was not there
// before.
func TestWhatAStragglerHasLeftIsAdoptedByWhoeverBuildsOnIt(t *testing.T) {
	t.Parallel()
	began := func(o shift.Outcome, stable, candidate shift.Version) shift.Record {
		return shift.Record{
			Outcome: o, Arrivals: []shift.Arrival{{Target: orders, Candidate: candidate}},
			Deployment: &shift.Deployment{Changes: []shift.Change{{Target: orders, Stable: stable, Candidate: candidate}}},
		}
	}
	beside := shift.Record{
		Outcome: shift.RolledBack, Arrivals: []shift.Arrival{{Target: orders, Candidate: "2"}, {Target: payments, Candidate: "9"}},
		Deployment: &shift.Deployment{Changes: []shift.Change{{Target: payments, Stable: "7", Candidate: "9"}}},
	}
	unchanged := func(reason shift.Reason) shift.Record {
		return shift.Record{Outcome: shift.Unchanged, Reasons: []shift.Reason{reason}}
	}
	for _, test := range []struct {
		name   string
		since  shift.Record
		adopts bool
	}{
		{"began from it, and goes on", began("", "2", "3"), true},
		{"began from it, and is back on it", began(shift.RolledBack, "2", "3"), true},
		{"began from it, and was refused by a hook", began(shift.Rejected, "2", "3"), true},
		{"began from it, and has left it behind", began(shift.Promoted, "2", "3"), true},
		{"found it beside another target, which it shifts", beside, true},
		{"was told that it is so", unchanged(shift.ParseReason("orders already points at 2")), true},
		{"found it newer than its own version", unchanged(shift.ParseReason("orders already serves version 2, which is newer")), true},
		{"met it, and somebody has to look", began(shift.Stranded, "", "3"), true},
		{"brought the same version there itself", began(shift.Promoted, "", "2"), true},
		{"found nothing, and is about to create it", began("", "", "3"), false},
		{"found nothing, and has taken away what it had created", began(shift.RolledBack, "", "3"), false},
		{"found nothing, and was refused by a hook", began(shift.Rejected, "", "2"), false},
		{"found another version there, which somebody had set", began(shift.RolledBack, "1", "2"), true},
		{"was refused before it had begun from anything", shift.Record{Outcome: shift.Rejected}, false},
		{"has not said yet what it found", shift.Record{Status: shift.StatusOpen}, false},
		{
			"was an event that came late, and has not looked",
			unchanged(shift.DeployedBeforeReason(orders, shift.Arrived{DeploymentID: "one", Candidate: "2", Outcome: shift.RolledBack})), false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.adopts, test.since.Adopts(orders))
		})
	}
}

func TestOnlyAStrandedDeploymentIsLeftToPeople(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Outcome{shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded} {
		assert.Equal(t, o == shift.Stranded, shift.Record{Outcome: o}.LeftToPeople(), o)
	}
}

func TestAnEventThatBringsNothingNewSaysWhatHasBecomeOfItsVersion(t *testing.T) {
	t.Parallel()
	before := shift.Arrived{DeploymentID: "one", Candidate: "2", Outcome: shift.RolledBack}
	assert.Equal(t, "DeployedBefore: version 2 of lambda:orders:live was already deployed (RolledBack) by one; start an execution yourself to deploy it again",
		shift.DeployedBeforeReason(orders, before).String())
}

func TestLandedWritesCountOnlyForTheirOwnStep(t *testing.T) {
	t.Parallel()
	landed := shift.Landed{Step: 2, Revisions: map[shift.Target]shift.Revision{orders: "r2"}}
	assert.Equal(t, landed.Revisions, landed.At(2))
	assert.Empty(t, landed.At(1))
	assert.Empty(t, landed.At(3))
}
