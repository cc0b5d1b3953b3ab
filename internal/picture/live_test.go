package picture_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestLiveShowsTheStateAtAGivenTime(t *testing.T) {
	t.Parallel()
	run := &picture.Run{
		Execution: "one", Alarms: []string{"a", "b"},
		Plan:   shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 120, Poll: 60}, {Weight: shift.All, Bake: 60, Poll: 60}}},
		Stages: []picture.Stage{{State: "SetWeight"}, {State: "Bake"}, {At: time.Minute, State: "CheckAlarms"}, {At: time.Minute, State: "Bake"}},
		Positions: []picture.Position{
			{Progress: shift.Progress{Step: 1, Steps: 2, Weight: 1000, Wait: 60}},
			{At: time.Minute, Progress: shift.Progress{
				Step: 1, Steps: 2, Wait: 60, Baked: 60, Checks: 1, Reasons: []shift.Reason{shift.ParseReason("alarm b has insufficient data")},
				Judged: []shift.Judged{{Target: "lambda:orders:live", Signals: []shift.JudgedSignal{{
					Signal: judge.Errors, Conclusion: judge.CannotTell, Stable: judge.Count{Requests: 180}, Candidate: judge.Count{Requests: 20, Bad: 1},
					Odds: 1e6, Evidence: 2.5, Threshold: 166.7, Hidden: 0.22,
				}}}},
			}},
		},
		Moments: []picture.Moment{{Execution: "one", Weight: picture.Share{Weight: 1000, Known: true}}, {At: time.Second, Execution: "two", Weight: picture.Share{Known: true}}},
	}
	first := run.At(30 * time.Second)
	assert.Equal(t, picture.Share{Weight: 1000, Known: true}, first.Weight, "the weight of another execution does not count")
	assert.Equal(t, 30*time.Second, first.Baked)
	assert.Equal(t, 150*time.Second, first.Left)
	assert.False(t, first.Judged)
	assert.Equal(t, []picture.AlarmNow{{Name: "a"}, {Name: "b"}}, first.Alarms, "unknown before the first check")

	later := run.At(90 * time.Second)
	assert.Equal(t, "Bake", later.State)
	assert.Equal(t, 90*time.Second, later.Baked)
	assert.True(t, later.Judged)
	assert.Equal(t, []picture.AlarmNow{{Name: "a", State: shift.AlarmOK}, {Name: "b", State: shift.AlarmInsufficient}}, later.Alarms)
	assert.False(t, later.HasTraffic)
	assert.Empty(t, first.Compared)
	assert.Equal(t, picture.Comparison{Target: "lambda:orders:live", Sentences: []string{
		"candidate: 1 of 20 requests failed (5%); stable: 0 of 180 requests failed (0%)",
		"the odds of a bad request are beyond all bounds, because stable had no bad request; up to 22% more could hide",
		"the evidence against the candidate is 2.5; it decides from 167 on",
	}}, later.Compared[0])
	assert.Equal(t, run.Compared(), later.Compared)

	assert.Equal(t, 120*time.Second, run.At(time.Hour).Baked, "a bake is not longer than its wait")
}

func TestRequestsAreSpreadEvenlyOverTheirMinute(t *testing.T) {
	t.Parallel()
	run := &picture.Run{Observed: &picture.Observed{Traffic: []picture.Minute{
		{Requests: 600}, {Requests: 60, Errors: 6, Candidate: true}, {Begins: time.Minute, Requests: 600},
	}}}
	assert.Equal(t, picture.Served{Requests: 300}, run.At(30*time.Second).Stable)
	assert.Equal(t, picture.Served{Requests: 30, Errors: 3}, run.At(30*time.Second).Candidate)
	assert.Equal(t, picture.Served{Requests: 1200}, run.At(time.Hour).Stable)
	assert.InDelta(t, 0.1, run.At(time.Hour).Candidate.ErrorShare(), 1e-9)
}

func TestStepsSayHowTheyWent(t *testing.T) {
	t.Parallel()
	run := &picture.Run{
		Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 120}, {Weight: 5000, Bake: 120}, {Weight: shift.All}}},
		Positions: []picture.Position{
			{Progress: shift.Progress{Step: 1}},
			{At: time.Minute, Progress: shift.Progress{Step: 1, Baked: 60, Checks: 1}},
			{At: 2 * time.Minute, Progress: shift.Progress{Step: 1, Baked: 120, Checks: 2}},
			{At: 2 * time.Minute, Progress: shift.Progress{Step: 2, Checks: 2}},
			{At: 3 * time.Minute, Progress: shift.Progress{Step: 2, Baked: 60, Checks: 3, Verdict: shift.Fail}},
		},
	}
	steps := run.Steps()
	assert.Equal(t, picture.StepResult{Step: run.Plan.Steps[0], Number: 1, Taken: true, Baked: 2 * time.Minute, Checks: 2, Judged: true}, steps[0])
	assert.Equal(t, picture.StepResult{Step: run.Plan.Steps[1], Number: 2, Taken: true, Began: 2 * time.Minute, Baked: time.Minute, Checks: 1, Judged: true, Verdict: shift.Fail}, steps[1])
	assert.Equal(t, picture.StepResult{Step: run.Plan.Steps[2], Number: 3}, steps[2])
}

func TestStepThatAnAlarmEndedHasFailed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]shift.Verdict{shift.AlarmFired: shift.Fail, shift.Aborted: shift.Pass} {
		run := &picture.Run{
			Plan:      shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 120}, {Weight: shift.All}}},
			Positions: []picture.Position{{Progress: shift.Progress{Step: 1}}},
		}
		run.Close(picture.Closing{At: time.Minute, Outcome: shift.RolledBack, Reasons: []shift.Reason{{Name: name}}})
		steps := run.Steps()
		assert.Equal(t, want, steps[0].Verdict, name)
		assert.Equal(t, want == shift.Fail, steps[0].Judged, name)
		assert.False(t, steps[1].Judged)
	}
}
