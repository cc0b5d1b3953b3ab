package picture_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// restoredRun is a run with a bake of an hour and a poll every five minutes. The alarm b
// fires at 7:00, and the execution notices it at 10:00.
func restoredRun() *picture.Run {
	run := &picture.Run{
		Execution: "one", Alarms: []string{"a", "b"},
		Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 3600, Poll: 300}, {Weight: shift.All}}},
		Stages: []picture.Stage{
			{State: "SetWeight"}, {State: "Bake", Step: 1}, {At: 5 * time.Minute, State: "CheckAlarms", Step: 1}, {At: 5 * time.Minute, State: "Bake", Step: 1},
			{At: 10 * time.Minute, State: "CheckAlarms", Step: 1}, {At: 10 * time.Minute, State: "Rollback", Step: 1},
		},
		Positions: []picture.Position{
			{Progress: shift.Progress{Step: 1, Steps: 2, Weight: 1000, Wait: 300}},
			{At: 5 * time.Minute, Progress: shift.Progress{Step: 1, Steps: 2, Weight: 1000, Wait: 300, Baked: 300, Checks: 1}},
		},
		Moments: []picture.Moment{
			{Execution: "one", State: "SetWeight", Weight: picture.Share{Weight: 1000, Known: true}},
			{At: 5 * time.Minute, Execution: "one", State: "CheckAlarms", Verdict: "Pass", Weight: picture.Share{Weight: 1000, Known: true}},
			{At: 10 * time.Minute, Execution: "one", State: "Rollback", Weight: picture.Share{Known: true}},
		},
	}
	run.Close(picture.Closing{At: 7 * time.Minute, Outcome: shift.RolledBack, Reasons: []shift.Reason{shift.ParseReason("AlarmFired: b is in ALARM: because")}})
	return run
}

func TestTrafficIsBackFromTheClosingInTheLedger(t *testing.T) {
	t.Parallel()
	run := restoredRun()
	assert.Equal(t, []picture.WeightChange{{Weight: 1000}, {At: 7 * time.Minute}}, run.WeightTracks()[0].Changes)

	before, after := run.At(6*time.Minute), run.At(9*time.Minute)
	assert.Equal(t, shift.Weight(1000), before.Weight.Weight)
	assert.Equal(t, "Bake", before.State)
	assert.Equal(t, shift.Pass, before.Verdict)
	assert.Equal(t, shift.None, after.Weight.Weight)
	assert.Equal(t, "traffic back since 7:00", after.State)
	assert.Equal(t, shift.Fail, after.Verdict)
	assert.Equal(t, []string{"the traffic is back; the execution ends at its next poll", "AlarmFired: b is in ALARM: because"}, after.Reasons)
	assert.Equal(t, 7*time.Minute, after.Baked, "the bake ended with the closing")
	assert.Zero(t, after.Left)
	assert.Equal(t, "Rollback", run.At(10*time.Minute).State)
}

func TestAlarmStateIsUnknownAfterTheLastCheck(t *testing.T) {
	t.Parallel()
	tracks := restoredRun().AlarmTracks()
	const read = 5 * time.Minute
	assert.Equal(t, []picture.AlarmChange{{Name: "a", State: shift.AlarmOK}, {At: read, Name: "a"}}, tracks[0].Changes)
	assert.Equal(t, []picture.AlarmChange{{Name: "b", State: shift.AlarmOK}, {At: read, Name: "b"}, {At: 7 * time.Minute, Name: "b", State: shift.AlarmFiring}}, tracks[1].Changes)

	assert.Equal(t, []picture.AlarmNow{{Name: "a", State: shift.AlarmOK}, {Name: "b", State: shift.AlarmFiring}}, restoredRun().At(8*time.Minute).Alarms)
}

func TestAnAlarmOfAnotherRegionIsShownWithItsRegion(t *testing.T) {
	t.Parallel()
	const abroad = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:b"
	run := restoredRun()
	run.Alarms, run.Closed.Reasons = []string{"b", abroad}, []shift.Reason{shift.AlarmFiredReason(abroad, "because")}
	assert.Equal(t, []picture.AlarmNow{{Name: "b", State: shift.AlarmOK}, {Name: "b in us-east-1", State: shift.AlarmFiring}}, run.At(8*time.Minute).Alarms)
	tracks := run.AlarmTracks()
	assert.Equal(t, []string{"b", "b in us-east-1"}, []string{tracks[0].Name, tracks[1].Name})
	assert.Equal(t, shift.AlarmFiring, tracks[1].Changes[len(tracks[1].Changes)-1].State)
}

func TestClosingByTheSafetyNetAddsOneMoment(t *testing.T) {
	t.Parallel()
	run := restoredRun()
	assert.Equal(t, picture.SafetyNet, run.Moments[2].State)
	assert.Equal(t, 7*time.Minute, run.Moments[2].At)
	assert.Equal(t, "0%", run.Moments[2].Weight.String())
	assert.Len(t, run.Moments, 4)
	run.Close(picture.Closing{Outcome: shift.RolledBack})
	assert.Len(t, run.Moments, 4, "a second closing is ignored")
}

func TestOnlyAClosingByTheSafetyNetAddsAMoment(t *testing.T) {
	t.Parallel()
	run := &picture.Run{Execution: "one", Stages: []picture.Stage{{State: "Bake"}, {At: time.Minute, State: "Rollback"}}}
	run.Close(picture.Closing{At: time.Minute, Outcome: shift.RolledBack})
	assert.Empty(t, run.Moments)
	run = &picture.Run{Execution: "one", Stages: []picture.Stage{{State: "Bake"}, {At: time.Minute, State: "Rollback"}}, Moments: []picture.Moment{
		{At: time.Hour, Execution: "one", State: "RollbackIncomplete", Failed: true},
	}}
	run.Close(picture.Closing{At: 2 * time.Hour, Outcome: shift.RolledBack})
	assert.Len(t, run.Moments, 2, "the execution gave up, and the safety net finished")
	run = &picture.Run{Execution: "one", Stages: []picture.Stage{{State: "Bake"}}}
	run.Close(picture.Closing{At: time.Minute, Outcome: shift.Promoted})
	assert.Empty(t, run.Moments)
}

func TestAlarmHasTheStateThatOpenReadUntilTheFirstCheck(t *testing.T) {
	t.Parallel()
	run := picture.NewRun()
	add := func(at time.Duration, kind, state, data string) {
		run.Add("one", at, operator.Event{Type: kind, State: state, Data: json.RawMessage(data)})
	}
	const deployment = `"deployment": {"plan": {"steps": [{"percent": 10, "bakeSeconds": 600}]}, "alarms": ["a", "b"], "firingAtStart": ["a"],
		"warnings": [{"name": "AlarmTooSlow", "subject": "b", "text": "alarm b is too slow"}]}`
	add(0, "TaskStateEntered", "Open", `{}`)
	add(time.Second, "TaskStateExited", "Open", `{`+deployment+`}`)
	add(time.Minute, "TaskStateEntered", "CheckAlarms", `{`+deployment+`}`)
	add(time.Minute, "TaskStateExited", "CheckAlarms", `{`+deployment+`, "progress": {"step": 1, "checks": 1, "reasons": []}}`)
	require.Equal(t, []string{"a", "b"}, run.Alarms)
	assert.Equal(t, []string{"alarm b is too slow"}, run.Warnings)
	assert.Contains(t, run.Moments[0].Notes, "warning: alarm b is too slow")
	tracks := run.AlarmTracks()
	assert.Equal(t, []picture.AlarmChange{
		{At: time.Second, Name: "a", State: shift.AlarmFiring}, {At: time.Minute, Name: "a", State: shift.AlarmOK}, {At: time.Minute, Name: "a"},
	}, tracks[0].Changes)
	assert.Equal(t, []picture.AlarmChange{{At: time.Second, Name: "b", State: shift.AlarmOK}, {At: time.Minute, Name: "b"}}, tracks[1].Changes)
}
