package shift_test

import (
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestTheLastBakeKeepsAControlOnStable(t *testing.T) {
	t.Parallel()
	enforced := shift.DefaultJudging()
	observed := shift.DefaultJudging()
	observed.Mode = judge.Observe
	none := shift.DefaultJudging()
	none.Control = 0
	least := shift.DefaultJudging()
	least.Control = 1
	ten, ninety := shift.Step{Weight: 1000, Bake: 300}, shift.Step{Weight: 9000, Bake: 300}
	watched, whole := shift.Step{Weight: shift.All, Bake: 600}, shift.Step{Weight: shift.All}
	tests := []struct {
		name    string
		steps   []shift.Step
		judging shift.Judging
		want    []shift.Step // without polls and waits
	}{
		{"a last bake", []shift.Step{ten, watched}, enforced, []shift.Step{ten, {Weight: 9000, Bake: 600}, whole}},
		{"a last bake that is the only one", []shift.Step{watched}, enforced, []shift.Step{{Weight: 9000, Bake: 600}, whole}},
		{"no last bake", []shift.Step{ten, whole}, enforced, []shift.Step{ten, whole}},
		{"a step before it that leaves no more than the control", []shift.Step{ninety, watched}, enforced, []shift.Step{ninety, {Weight: 9500, Bake: 600}, whole}},
		{"a step before it that leaves no more than half of it", []shift.Step{{Weight: 9500, Bake: 300}, watched}, enforced, []shift.Step{{Weight: 9500, Bake: 300}, watched}},
		{"the smallest control after a step that leaves as much", []shift.Step{{Weight: 9999, Bake: 300}, watched}, least, []shift.Step{{Weight: 9999, Bake: 300}, watched}},
		{"only observed", []shift.Step{ten, watched}, observed, []shift.Step{ten, watched}},
		{"no control", []shift.Step{ten, watched}, none, []shift.Step{ten, watched}},
		{"no judge", []shift.Step{ten, watched}, shift.Judging{}, []shift.Step{ten, watched}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := shift.NewPlan(tt.steps, shift.Hooks{}, tt.judging)
			require.NoError(t, err)
			got := make([]shift.Step, p.Len())
			for i, s := range p.Steps {
				got[i] = shift.Step{Weight: s.Weight, Bake: s.Bake}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAJudgedStepIsPolledMoreOftenAndWaitsForEvidence(t *testing.T) {
	t.Parallel()
	p, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 1800}, {Weight: 2000}, {Weight: 5000, Bake: 20 * 3600}, {Weight: shift.All}}, shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	assert.EqualValues(t, 60, p.Step(1).Poll, "a thirtieth of the bake")
	assert.EqualValues(t, 3*1800+180, p.Step(1).EvidenceWait, "three bakes, and three minutes for late metrics")
	assert.Zero(t, p.Step(2).EvidenceWait, "a step without a bake is not watched")
	assert.EqualValues(t, 300, p.Step(3).Poll)
	assert.EqualValues(t, 24*3600+180, p.Step(3).EvidenceWait, "a day at most")
	assert.Zero(t, p.Step(4).EvidenceWait)

	observed := shift.DefaultJudging()
	observed.Mode = judge.Observe
	p, err = shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 1800}, {Weight: shift.All}}, shift.Hooks{}, observed)
	require.NoError(t, err)
	assert.Zero(t, p.Step(1).EvidenceWait, "who only observes never waits")
}

// Whatever is accepted, and however long evidence is missing, the execution's history has
// room for all polls, for a pause of the longest kind, and for going back.
func TestNoPlanOutgrowsTheHistoryWhileItWaitsForEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 900).Draw(t, "steps")
		var steps []shift.Step
		for i := range n {
			bake := shift.Seconds(rapid.SampledFrom([]int{0, 1, 60, 61, 300, 3600, 90_000}).Draw(t, "bake"))
			steps = append(steps, shift.Step{Weight: shift.Weight(10 * (i + 1)), Bake: bake})
		}
		steps = append(steps, shift.Step{Weight: shift.All, Bake: shift.Seconds(rapid.IntRange(0, 900).Draw(t, "last"))})
		judging := shift.DefaultJudging()
		judging.Evidence.Patience = rapid.IntRange(0, 100).Draw(t, "patience")
		plan, err := shift.NewPlan(steps, shift.Hooks{}, judging)
		if err != nil {
			t.Skip()
		}
		d := shift.Deployment{Plan: plan, Judging: judging, EventsAtStart: 40, EventsReserved: 20, Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2", Judged: true}}}
		p, polls := d.Start(), 0
		for now := time.Unix(0, 0).UTC(); p.Next != shift.NextFinish; now = now.Add(p.Wait.Duration()) {
			require.NotEqual(t, shift.NextRollback, p.Next, "%v", p.Reasons)
			if p.Next == shift.NextShift {
				p = d.AfterShift(p, nil, 0).Taken(d, now)
				continue
			}
			polls++
			s := shift.Subject{Deployment: d, Progress: p, Now: now}
			p = d.AfterPoll(p, shift.Poll{Now: now, Observations: []shift.Observation{s.ObserveMinutes(d.Changes[0], nil)}})
		}
		const pause = 550 * shift.EventsOfPoll
		assert.Less(t, p.Events+pause, shift.HistoryBudget)
	})
}

func TestOnlyTheFirstOfVeryManyStepsWaitForEvidence(t *testing.T) {
	t.Parallel()
	var steps []shift.Step
	for i := range 850 {
		steps = append(steps, shift.Step{Weight: shift.Weight(10 * (i + 1)), Bake: 60})
	}
	p, err := shift.NewPlan(append(steps, shift.Step{Weight: shift.All}), shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	waiting := 0
	for i, s := range p.Steps {
		if s.EvidenceWait > 0 {
			waiting++
			assert.Equal(t, waiting, i+1, "the first ones wait")
		}
	}
	assert.Equal(t, 300, waiting, "each polls at least once")
}

// A Plan's waits for evidence are bounded together: the first ones are kept.
func TestWaitsForEvidenceAreBoundedTogether(t *testing.T) {
	t.Parallel()
	judging := shift.DefaultJudging()
	judging.Evidence.Patience = 100
	for watched := 1; watched <= 16; watched++ {
		var steps []shift.Step
		for i := range watched {
			steps = append(steps, shift.Step{Weight: shift.Weight(100 * (i + 1)), Bake: 3600})
		}
		p, err := shift.NewPlan(append(steps, shift.Step{Weight: shift.All}), shift.Hooks{}, judging)
		require.NoError(t, err)
		assert.EqualValues(t, 24*3600+180, p.LongestEvidenceWait())
		waiting := 0
		for _, s := range p.Steps {
			if s.EvidenceWait > 0 {
				waiting++
			}
		}
		assert.Equal(t, min(watched, 13), waiting, "two weeks at most, and each waits a day and three minutes")
	}
	assert.Zero(t, shift.Plan{Steps: []shift.Step{{Weight: shift.All}}}.LongestEvidenceWait())
}

func TestAJudgedPlanNeedsSteps(t *testing.T) {
	t.Parallel()
	_, err := shift.NewPlan(nil, shift.Hooks{}, shift.DefaultJudging())
	require.ErrorIs(t, err, shift.ErrInvalidPlan)
}

func TestAllStepsWaitWhoseWaitsTakeFewPolls(t *testing.T) {
	t.Parallel()
	var steps []shift.Step
	for i := range 200 {
		steps = append(steps, shift.Step{Weight: shift.Weight(10 * (i + 1)), Bake: 60})
	}
	p, err := shift.NewPlan(append(steps, shift.Step{Weight: shift.All}), shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	for _, s := range p.Steps[:200] {
		assert.EqualValues(t, 360, s.EvidenceWait, "one poll each")
	}
	// Both versions would be read every three seconds: a two-hundredth of the wait.
	s := judgedCanary(t, nil)
	s.deployment.Plan, err = shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 140}, {Weight: shift.All}}, shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	assert.EqualValues(t, 3, s.after(10).ObserveMinutes(s.deployment.Changes[0], nil).Limit.Poll)
}

// It must be as long as a wait of two hundredths that do not come out even.
func TestAWeekOfEvidenceIsBoundedToTheSecond(t *testing.T) {
	t.Parallel()
	judging := shift.DefaultJudging()
	judging.Evidence.Patience = 1
	// 14 waits of 86,400 s are two weeks exactly.
	var steps []shift.Step
	for i := range 14 {
		steps = append(steps, shift.Step{Weight: shift.Weight(100 * (i + 1)), Bake: 86_400 - 180})
	}
	p, err := shift.NewPlan(append(steps, shift.Step{Weight: shift.All}), shift.Hooks{}, judging)
	require.NoError(t, err)
	assert.EqualValues(t, 86_400, p.Step(14).EvidenceWait)
}

// The comparison is on unless an input turns it off. A plan that fits the history without it
// must not be refused for the step that the control adds.
func TestThePlanWithTheMostStepsHasNoControlRatherThanNoPlan(t *testing.T) {
	t.Parallel()
	bakingAtTheEnd := func(number int) []shift.Step {
		steps := ladder(number, 60)
		steps[number-1].Bake = 60
		return steps
	}
	lengths := map[int]bool{} // how many steps the plan has more than the input
	for hooks := range 20 {
		h := shift.Hooks{BeforeTraffic: slices.Repeat([]shift.Hook{{Function: "smoke", Timeout: 60}}, hooks)}
		most := sort.Search(2000, func(number int) bool {
			_, err := shift.NewPlan(bakingAtTheEnd(number+1), h, shift.Judging{})
			return err != nil
		})
		p, err := shift.NewPlan(bakingAtTheEnd(most), h, shift.DefaultJudging())
		require.NoError(t, err)
		lengths[p.Len()-most] = true
	}
	assert.Equal(t, map[int]bool{0: true, 1: true}, lengths, "some have room for the control, and some do not")
}
