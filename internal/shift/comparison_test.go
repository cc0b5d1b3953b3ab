package shift_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestWhatAnObservingComparisonWouldHaveDoneIsKept(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Mode = judge.Observe })
	var r shift.Record
	poll := func(minutes int, served []judge.Minute) shift.Comparison {
		subject := s.after(minutes)
		comparisons, compared := r.Compared([]shift.Observation{subject.ObserveMinutes(s.deployment.Changes[0], served)}, subject.Now)
		require.True(t, compared)
		r.Comparisons = comparisons
		require.Len(t, comparisons, 1)
		return comparisons[0]
	}

	early := poll(1, nil)
	assert.Equal(t, shift.CannotTell, early.Reason.Name)
	assert.Nil(t, early.WouldRollBack)

	worse := poll(3, s.served(3, 900, 1, 100, 20))
	require.NotNil(t, worse.WouldRollBack)
	assert.Equal(t, s.noon.Add(3*time.Minute), worse.WouldRollBack.At)
	assert.Equal(t, shift.CandidateWorseObserved, worse.WouldRollBack.Reason.Name)
	assert.Contains(t, worse.WouldRollBack.Reason.Text, "the candidate fails 20% of 300 requests")

	later := poll(9, s.served(9, 900, 1, 100, 0))
	assert.NotEqual(t, shift.CandidateWorseObserved, later.Reason.Name, "late figures have changed the judgement")
	assert.Equal(t, worse.WouldRollBack, later.WouldRollBack, "the first time is kept")
	assert.Equal(t, later, *r.Comparison(orders))
	assert.Nil(t, r.Comparison("lambda:other:live"))
}

func TestAPollThatComparesNothingLeavesTheLastComparisons(t *testing.T) {
	t.Parallel()
	before := shift.Record{Comparisons: []shift.Comparison{{Judged: shift.Judged{Target: orders}}}}
	after, compared := before.Compared([]shift.Observation{{Verdict: shift.Pass}}, time.Time{})
	assert.False(t, compared)
	assert.Equal(t, before.Comparisons, after)
}

// A record has room for what is kept of all Targets.
func TestAComparisonThatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	long := shift.Reason{Name: shift.CannotTell, Text: strings.Repeat("x", 1000)}
	comparisons, _ := shift.Record{}.Compared([]shift.Observation{{Judged: &shift.Judged{}, Reason: long, WouldFail: &long}}, time.Time{})
	assert.Len(t, []rune(comparisons[0].Reason.Text), 256)
	assert.Len(t, []rune(comparisons[0].WouldRollBack.Reason.Text), 256)
}

func TestOnlyWhatIsObservedWouldHaveRolledBack(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	o := s.after(3).ObserveMinutes(s.deployment.Changes[0], s.served(3, 900, 1, 100, 20))
	assert.Equal(t, shift.Fail, o.Verdict)
	assert.Nil(t, o.WouldFail, "it does")
}

func TestEachTargetKeepsItsOwnComparison(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 13, 0, 0, 500, time.FixedZone("CET", 3600))
	first := shift.Observation{Judged: &shift.Judged{Target: orders}, Reason: shift.Reason{Name: "A", Text: "a"}, WouldFail: &shift.Reason{Name: "W", Text: "w"}}
	second := shift.Observation{Judged: &shift.Judged{Target: payments, Conclusion: judge.Worse}, Reason: shift.Reason{Name: "B", Text: "b"}}
	hour := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	want := []shift.Comparison{
		{Judged: *first.Judged, At: hour, Reason: first.Reason, WouldRollBack: &shift.WouldRollBack{At: hour, Reason: *first.WouldFail}},
		{Judged: *second.Judged, At: hour, Reason: second.Reason},
	}
	got, compared := shift.Record{}.Compared([]shift.Observation{first, {Verdict: shift.Pass}, second}, at)
	assert.True(t, compared)
	assert.Equal(t, want, got)

	second.WouldFail = &shift.Reason{Name: "V", Text: "v"}
	r := shift.Record{Comparisons: got}
	got, _ = r.Compared([]shift.Observation{second}, at.Add(time.Minute))
	later := hour.Add(time.Minute)
	want[1].At, want[1].WouldRollBack = later, &shift.WouldRollBack{At: later, Reason: *second.WouldFail}
	assert.Equal(t, want, got)
	assert.Nil(t, r.Comparisons[1].WouldRollBack, "what was is left as it was")
	assert.Equal(t, &r.Comparisons[1], r.Comparison(payments))
}
