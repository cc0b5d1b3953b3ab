package shift_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

const (
	payments = shift.Target("lambda:payments:live")
	orderARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestADeploymentHoldsWhatWasDecidedAtItsOpening(t *testing.T) {
	t.Parallel()
	changes := []shift.Change{change, {Target: payments, Stable: "7", Candidate: "9", Revision: "p0", Judged: true}}
	baselines := map[shift.Target]judge.Baseline{payments: {Errors: judge.Record{Clump: 2}}}
	release := shift.Release{
		Steps: canary(), Alarms: []string{"orders-5xx", "old"}, Retries: 1, Judging: shift.DefaultJudging(),
		Hooks:   shift.Hooks{BeforeTraffic: make([]shift.Hook, 1), AfterTraffic: make([]shift.Hook, 2)},
		Options: shift.Options{IgnoreUnreadableAlarms: true, PauseLimit: hour, WhenPauseEnds: shift.GoOnAfterWait},
	}
	d, err := shift.Open(shift.Opening{
		ID: "execution", At: noon, Retries: 2, Firing: []string{"old"}, Changes: changes, Baselines: baselines, Release: release,
	})
	require.NoError(t, err)
	judging := shift.DefaultJudging()
	judging.Control = 0 // one of the two is not judged
	plan, err := shift.NewPlan(canary(), release.Hooks, judging)
	require.NoError(t, err)
	assert.Equal(t, shift.Deployment{
		Schema: shift.Schema, ID: "execution", Changes: changes, Plan: plan, Alarms: []string{"orders-5xx", "old"}, FiringAtStart: []string{"old"},
		IgnoreUnreadableAlarms: true, PauseLimit: hour, WhenPauseEnds: shift.GoOnAfterWait, Judging: judging, Baselines: baselines, OpenedAt: noon,
		EventsAtStart:  17 + 8 + 3*3,
		EventsReserved: 4 + 2*8 + 8 + 3*20*3, // three hooks may each be retried 20 times, uncounted
	}, d)
	assert.Equal(t, []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}, {Target: payments, Stable: "7", Candidate: "9"}}, d.Moves())
	assert.Equal(t, shift.Progress{
		Steps: 2, NextStep: 1, Revisions: map[shift.Target]shift.Revision{orders: "r0", payments: "p0"}, Events: 17 + 8 + 3*3, Next: shift.NextShift,
	}, d.Start())
	assert.Equal(t, d.EventsAtStart+3, d.WithRetries(release, nil, 3).EventsAtStart)
	assert.Equal(t, d.EventsAtStart, d.WithRetries(release, nil, 1).EventsAtStart, "an earlier try had counted more")
}

func TestWhatIsToBeShiftedIsShownBeforeItIsOpened(t *testing.T) {
	t.Parallel()
	arrivals := []shift.Arrival{{Target: orders, Candidate: "2"}, {Target: payments, Candidate: "9"}}
	moves := []shift.Move{{Target: orders, Candidate: "2"}, {Target: payments, Candidate: "9"}}
	assert.Equal(t, moves, shift.Release{Arrivals: arrivals}.Moves())
	assert.Equal(t, moves, shift.Record{Arrivals: arrivals}.Moves())
	assert.Equal(t, []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}},
		shift.Record{Arrivals: arrivals, Deployment: &shift.Deployment{Changes: []shift.Change{change}}}.Moves())
}

func TestTheLastStepBakesAsLongAsAPlatformMayBeLate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lags []shift.Seconds
		bake shift.Seconds
		want shift.Seconds
	}{{nil, 0, 0}, {[]shift.Seconds{30}, 0, 30}, {[]shift.Seconds{30, 90, 60}, 0, 90}, {[]shift.Seconds{30}, 300, 300}} {
		steps := []shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All, Bake: test.bake}}
		changes := []shift.Change{change}
		for _, lag := range test.lags {
			changes = append(changes, shift.Change{Target: payments, Stable: "7", Candidate: "9", Lag: lag})
		}
		d, err := shift.Open(shift.Opening{Changes: changes, Release: shift.Release{Steps: steps}})
		require.NoError(t, err)
		assert.Equal(t, test.want, d.Plan.Step(2).Bake)
		assert.EqualValues(t, 300, d.Plan.Step(1).Bake)
		assert.Equal(t, test.bake, steps[1].Bake, "the release keeps its own")
	}
	_, err := shift.Open(shift.Opening{Changes: []shift.Change{change}})
	require.ErrorIs(t, err, shift.ErrInvalidPlan, "it has no step that could bake")
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
	why, nothing := shift.NothingToShift([]shift.Change{same, change})
	assert.False(t, nothing)
	assert.Equal(t, shift.Reason{}, why)
	why, nothing = shift.NothingToShift([]shift.Change{same})
	assert.True(t, nothing)
	assert.Equal(t, shift.Reason{Name: shift.AlreadyServed, Text: "lambda:payments:live already points at 9"}, why)
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
