package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	minute shift.Seconds = 60
	hour                 = 60 * minute
	day                  = 24 * hour
)

// plan makes a Plan that must be accepted.
func plan(t *testing.T, list ...shift.Step) shift.Plan {
	t.Helper()
	p, err := shift.NewPlan(list, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	return p
}

// ladder is a number of Steps of one bake, the last one at 100 % without.
func ladder(number int, bake shift.Seconds) []shift.Step {
	list := make([]shift.Step, 0, number)
	for i := 1; i < number; i++ {
		list = append(list, shift.Step{Weight: shift.Weight(i), Bake: bake})
	}
	return append(list, shift.Step{Weight: shift.All})
}

func TestStepsThatMakeNoPlanAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []shift.Step
		is    error
		want  string
	}{
		{"none", nil, shift.ErrInvalidPlan, "it has no steps"},
		{"not up to everything", []shift.Step{{Weight: 1000}}, shift.ErrInvalidPlan, "the last step is at 10%, and must be at 100%"},
		{"nothing", []shift.Step{{Weight: 0}, {Weight: shift.All}}, shift.ErrInvalidPlan, "step 1 is at 0%, and must be above the 0% before it"},
		{"twice the same", []shift.Step{{Weight: 1000}, {Weight: 1000}, {Weight: shift.All}}, shift.ErrInvalidPlan, "step 2 is at 10%, and must be above the 10% before it"},
		{"shrinking", []shift.Step{{Weight: 5000}, {Weight: 1000}, {Weight: shift.All}}, shift.ErrInvalidPlan, "step 2 is at 10%, and must be above the 50% before it"},
		{"after everything", []shift.Step{{Weight: shift.All}, {Weight: shift.All}}, shift.ErrInvalidPlan, "step 2 is at 100%, and must be above the 100% before it"},
		{"more than everything", []shift.Step{{Weight: shift.All + 1}}, shift.ErrInvalidPlan, "step 1 is above 100%"},
		{"a foreign weight", []shift.Step{{Weight: shift.Foreign}, {Weight: shift.All}}, shift.ErrInvalidPlan, "step 1"},
		{"a negative bake", []shift.Step{{Weight: shift.All, Bake: -1}}, shift.ErrInvalidPlan, "step 1 bakes for a negative time"},
		{"one endless bake", []shift.Step{{Weight: shift.All, Bake: shift.MaxDuration + 1}}, shift.ErrPlanTooLong, "step 1 bakes for longer than 7920h"},
		{"an endless bake in pieces", ladder(400, 2*day), shift.ErrPlanTooLong, "it may take 19152h, and an execution lives at most a year: bake at most 7920h in all"},
		{"the longest of all", ladder(10_000, shift.MaxDuration), shift.ErrPlanTooLong, "it may take 79192080h, and an execution"},
		{"too many steps", ladder(1000, minute), shift.ErrPlanTooLong, "1000 steps need 16020 history events even when each is judged only once, and a plan may use 15000 of the 25,000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := shift.NewPlan(test.steps, shift.Hooks{}, shift.Judging{})
			require.ErrorIs(t, err, test.is)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestHooksCountForHowLongAPlanMayTake(t *testing.T) {
	t.Parallel()
	week := shift.Hook{Timeout: shift.MaxCallbackHook}
	hooks := shift.Hooks{BeforeTraffic: []shift.Hook{week}, AfterTraffic: []shift.Hook{week}}
	_, err := shift.NewPlan([]shift.Step{{Weight: shift.All, Bake: shift.MaxDuration - 14*day}}, hooks, shift.Judging{})
	require.NoError(t, err)
	_, err = shift.NewPlan([]shift.Step{{Weight: shift.All, Bake: shift.MaxDuration - 14*day + 1}}, hooks, shift.Judging{})
	require.ErrorIs(t, err, shift.ErrPlanTooLong)
	require.ErrorContains(t, err, "with its hooks it may take 7920h0m1s")
}

func TestAlarmsAreReadEveryTenthOfABakeWithinOneAndFiveMinutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		bake, want shift.Seconds
		polls      int
	}{
		{"no bake", 0, 0, 0},
		{"a second", 1, 1, 1},
		{"less than a minute", 59, 59, 1},
		{"a minute", minute, minute, 1},
		{"a second more", 61, minute, 2},
		{"five minutes", 5 * minute, minute, 5},
		{"ten minutes", 10 * minute, minute, 10},
		{"ten minutes and ten seconds", 610, 61, 10},
		{"half an hour", 30 * minute, 3 * minute, 10},
		{"fifty minutes", 50 * minute, 5 * minute, 10},
		{"two hours", 2 * hour, 5 * minute, 24},
		{"two days", 2 * day, 5 * minute, 576},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := plan(t, shift.Step{Weight: shift.All, Bake: test.bake})
			assert.Equal(t, test.want, p.Step(1).Poll)
			assert.Equal(t, test.polls, p.Polls())
		})
	}
}

func TestLongPlansAreReadLessOftenUntilTheyFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []shift.Step
		poll  shift.Seconds // of the first Step
	}{
		{"48 hours in one bake", []shift.Step{{Weight: 1000, Bake: 2 * day}, {Weight: shift.All}}, 5 * minute},
		{"99 steps of 28 minutes", append(ladder(100, 28*minute)[:98], shift.Step{Weight: shift.All, Bake: 28 * minute}), 168},
		{"30 days", []shift.Step{{Weight: 1000, Bake: 30 * day}, {Weight: shift.All}}, 30 * minute},
		{"30 days in 30 steps", append(ladder(31, day)[:30], shift.Step{Weight: shift.All}), 30 * minute},
		{"the longest", []shift.Step{{Weight: 1000, Bake: shift.MaxDuration}, {Weight: shift.All}}, 290 * minute},
		{"as many steps as fit", ladder(936, minute), minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := plan(t, test.steps...)
			assert.Equal(t, test.poll, p.Step(1).Poll)
			assert.Less(t, p.Events(shift.Hooks{}), shift.HealthyEvents)
		})
	}
}

func TestMakingAPlanLeavesTheGivenStepsAlone(t *testing.T) {
	t.Parallel()
	given := []shift.Step{{Weight: 1000, Bake: hour}, {Weight: shift.All}}
	plan(t, given...)
	assert.Zero(t, given[0].Poll)
}

func TestAPlanForWhatServesNothingYetHasOnlyItsLastStep(t *testing.T) {
	t.Parallel()
	p := plan(t, shift.Step{Weight: 1000, Bake: hour}, shift.Step{Weight: shift.All, Bake: 10 * minute})
	whole := p.WholeOnly()
	assert.Equal(t, []shift.Step{{Weight: shift.All, Bake: 10 * minute, Poll: minute}}, whole.Steps)
	assert.Equal(t, 2, p.Len())
}

// I9: an accepted Plan never outgrows the history limit.
func TestEveryAcceptedPlanGrowsToEverythingAndFitsTheHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, err := anyStrategy(t)
		if err != nil {
			require.ErrorIs(t, err, shift.ErrInvalidPlan)
			return
		}
		hooks := anyHooks(t)
		p, err := shift.NewPlan(list, hooks, shift.Judging{})
		if err != nil {
			require.True(t, isRefusal(err), "%v", err)
			return
		}
		before := shift.None
		for _, s := range p.Steps {
			require.Greater(t, s.Weight, before)
			require.LessOrEqual(t, s.Poll, s.Bake)
			require.Equal(t, s.Bake == 0, s.Poll == 0)
			before = s.Weight
		}
		require.Equal(t, shift.All, before)
		require.Less(t, p.Events(hooks), shift.HealthyEvents)
		require.LessOrEqual(t, p.Duration()+hooks.Timeouts(), shift.MaxDuration)
		requireClosestPolls(t, p, hooks)
	})
}

// requireClosestPolls holds that a Plan is judged as often as the history lets it be.
func requireClosestPolls(t *rapid.T, p shift.Plan, hooks shift.Hooks) {
	scale := shift.Seconds(1)
	for _, s := range p.Steps {
		if best := bestPoll(s); best > 0 {
			scale = max(scale, (s.Poll+best-1)/best)
		}
	}
	require.Equal(t, stretched(p, scale), p, "all Steps are stretched alike")
	if scale > 1 {
		require.GreaterOrEqual(t, stretched(p, scale-1).Events(hooks), shift.HealthyEvents, "polls could be closer")
	}
}

// bestPoll is clamp(bake/10, 60 s, 5 min), never longer than the bake.
func bestPoll(s shift.Step) shift.Seconds {
	return min(s.Bake, max(minute, min(5*minute, s.Bake/10)))
}

func stretched(p shift.Plan, scale shift.Seconds) shift.Plan {
	list := make([]shift.Step, p.Len())
	for i, s := range p.Steps {
		list[i] = shift.Step{Weight: s.Weight, Bake: s.Bake, Poll: min(s.Bake, scale*bestPoll(s))}
	}
	return shift.Plan{Steps: list}
}

func TestWeightAtATimeIsThatOfTheStepThatBakesThen(t *testing.T) {
	t.Parallel()
	p := named(t, "Linear20PercentEvery2Minutes")
	for baked, want := range map[shift.Seconds]shift.Weight{
		0: 2000, 119: 2000, 120: 4000, 6 * minute: 8000, 8 * minute: shift.All, 99 * minute: shift.All,
	} {
		assert.Equal(t, want, p.WeightAt(baked), baked)
	}
}

func TestAPlanFitsWhatALongestDeploymentTakes(t *testing.T) {
	t.Parallel()
	half := []shift.Step{{Weight: 1000, Bake: shift.MaxDuration / 2}, {Weight: shift.All, Bake: shift.MaxDuration / 2}}
	_, err := shift.NewPlan(half, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	half[1].Bake++
	_, err = shift.NewPlan(half, shift.Hooks{}, shift.Judging{})
	require.ErrorIs(t, err, shift.ErrPlanTooLong)
}

// Plans of every length around the limit: what needs one event too many is stretched or refused.
func TestNoPlanReachesTheLimitOfItsHistory(t *testing.T) {
	t.Parallel()
	smallest := shift.HealthyEvents
	for steps := 930; steps < 945; steps++ {
		for unbaked := range 16 {
			h, list := shift.Hooks{}, ladder(steps, minute)
			for i := range unbaked {
				list[i].Bake = 0
			}
			p, err := shift.NewPlan(list, h, shift.Judging{})
			if err == nil {
				require.Less(t, p.Events(h), shift.HealthyEvents)
				smallest = min(smallest, shift.HealthyEvents-p.Events(h))
				continue
			}
			require.ErrorIs(t, err, shift.ErrPlanTooLong)
		}
	}
	require.Equal(t, 1, smallest, "and one that just fits is accepted")
	for bake := 1400 * minute; bake < 1800*minute; bake += minute {
		for hooks := range 9 {
			h := shift.Hooks{BeforeTraffic: make([]shift.Hook, hooks)}
			p, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 50 * bake}, {Weight: shift.All}}, h, shift.Judging{})
			require.NoError(t, err)
			require.Less(t, p.Events(h), shift.HealthyEvents)
		}
	}
}
