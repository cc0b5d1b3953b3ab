package shift_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

const (
	payments = shift.Target("lambda:payments:live")
	orderARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestADeploymentHoldsWhatWasDecidedAtItsOpening(t *testing.T) {
	t.Parallel()
	d, err := shift.Open(shift.Opening{
		ID: "execution", At: noon, Retries: 2, Firing: []string{"old"},
		Changes: []shift.Change{change, {Target: payments, Stable: "7", Candidate: "9", Revision: "p0"}},
		Release: shift.Release{
			Steps: canary(), Alarms: []string{"orders-5xx", "old"}, Retries: 1,
			Hooks:   shift.Hooks{BeforeTraffic: make([]shift.Hook, 1), AfterTraffic: make([]shift.Hook, 2)},
			Options: shift.Options{IgnoreUnreadableAlarms: true},
		},
	})
	require.NoError(t, err)
	assert.Equal(t, "execution", d.ID)
	assert.Equal(t, noon, d.OpenedAt)
	assert.Equal(t, []string{"orders-5xx", "old"}, d.Alarms)
	assert.Equal(t, []string{"old"}, d.FiringAtStart)
	assert.True(t, d.IgnoreUnreadableAlarms)
	assert.Equal(t, minute, d.Plan.Step(1).Poll)
	assert.Equal(t, 17+8+3*3, d.EventsAtStart)
	assert.Equal(t, 4+2*8+8+3*20*3, d.EventsReserved, "three hooks may each be retried 20 times, uncounted")
	assert.Equal(t, []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}, {Target: payments, Stable: "7", Candidate: "9"}}, d.Moves())
	assert.Equal(t, map[shift.Target]shift.Revision{orders: "r0", payments: "p0"}, d.Start().Revisions)
}

func TestNoDeploymentIsMadeOfAPlanThatDoesNotFit(t *testing.T) {
	t.Parallel()
	_, err := shift.Open(shift.Opening{Release: shift.Release{Steps: ladder(1000, minute)}})
	require.ErrorIs(t, err, shift.ErrPlanTooLong)
}

func TestStepsBeforeTheLastAreSkippedOnlyWhenEveryTargetIsNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes []shift.Change
		steps   int
	}{
		{"none is new", []shift.Change{change}, 2},
		{"one of two is new", []shift.Change{change, creating}, 2},
		{"all are new", []shift.Change{creating, creating}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := shift.Open(shift.Opening{Changes: test.changes, Release: shift.Release{Steps: canary()}})
			require.NoError(t, err)
			assert.Equal(t, test.steps, d.Plan.Len())
			assert.Equal(t, test.steps, d.Start().Steps)
		})
	}
}

func TestThereIsNothingToShiftOnlyWhenEveryTargetServesItsCandidate(t *testing.T) {
	t.Parallel()
	same := shift.Change{Target: payments, Stable: "9", Candidate: "9"}
	_, nothing := shift.NothingToShift([]shift.Change{same, change})
	assert.False(t, nothing)
	why, nothing := shift.NothingToShift([]shift.Change{same})
	assert.True(t, nothing)
	assert.Equal(t, shift.AlreadyServed, why.Name)
	assert.Equal(t,
		"lambda:payments:live already points at 9",
		why.String())
	other := shift.Change{Target: orders, Stable: "9", Candidate: "9"}
	another := shift.Change{Target: orders, Stable: "1", Candidate: "1"}
	why, _ = shift.NothingToShift([]shift.Change{same, other, another})
	assert.Equal(t,
		"lambda:payments:live and lambda:orders:live already point at 9, lambda:orders:live already points at 1",
		why.String())
}

func TestADeploymentSurvivesTheStateMachine(t *testing.T) {
	t.Parallel()
	d, err := shift.Open(shift.Opening{
		ID: "execution", At: noon, Firing: []string{},
		Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2", Revision: "r0", Detail: orderARN, Settles: true}},
		Release: shift.Release{
			Steps: canary(), Alarms: []string{"orders-5xx"},
			Options: shift.Options{PauseLimit: hour, WhenPauseEnds: shift.GoOnAfterWait},
		},
	})
	require.NoError(t, err)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var again shift.Deployment
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, d, again)
	assert.JSONEq(t, `{
		"schema": 1, "id": "execution", "openedAt": "2026-05-04T12:00:00Z", "alarms": ["orders-5xx"], "firingAtStart": [],
		"changes": [{"target": "lambda:orders:live", "stable": "1", "candidate": "2", "revision": "r0", "detail": "`+orderARN+`", "settles": true}],
		"plan": {"steps": [{"percent": 10, "bakeSeconds": 300, "pollSeconds": 60}, {"percent": 100, "bakeSeconds": 0}]},
		"ignoreUnreadableAlarms": false, "pauseLimitSeconds": 3600, "whenPauseEnds": "resume", "eventsAtStart": 17, "eventsReserved": 12
	}`, string(text))
}
