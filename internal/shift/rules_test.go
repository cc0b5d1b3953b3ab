package shift_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAPlanKeepsToTheRulesOfItsTargets(t *testing.T) {
	t.Parallel()
	steps := []shift.Step{{Weight: 1050, Bake: 2 * minute}, {Weight: 9000, Bake: 2 * minute}, {Weight: shift.All}}
	for _, test := range []struct {
		name  string
		rules shift.Rules
		steps []shift.Step
		want  string
	}{
		{"no rules", shift.Rules{}, steps, ""},
		{"of a fine grain", shift.Rules{Grain: 1}, steps, ""},
		{"of halves of a percent", shift.Rules{Grain: 50}, steps, ""},
		{"of whole percents", shift.Rules{Grain: 100}, steps, "step 1 is at 10.5%, and lambda:orders:live takes multiples of 1%: use 10% or 11%"},
		{"below a ceiling", shift.Rules{Ceiling: 9000}, steps, ""},
		{"above a ceiling", shift.Rules{Ceiling: 1500}, steps, "step 2 is at 90%, and lambda:orders:live takes at most 15% below 100%: use 15% or less, or go on to 100%"},
		{"of what cannot be divided", shift.Rules{AllAtOnce: true}, steps, "the traffic of lambda:orders:live cannot be divided, and all targets of a deployment move together: use AllAtOnce"},
		{"of what need not be divided", shift.Rules{AllAtOnce: true, Grain: 7000}, shift.AllAtOnce(), ""},
		{"with time for the traffic to move", shift.Rules{Lag: minute}, steps, ""},
		{"with too little time", shift.Rules{Lag: minute + 1}, steps, "step 1 bakes for 2m, and viewers of lambda:orders:live may see the step before for 1m1s, so the step would be over before the traffic has moved: bake each step for at least 2m2s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := shift.CheckPlan([]shift.Limited{{Target: orders, Rules: test.rules}}, test.steps)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrInvalidPlan)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestTheStrictestOfSeveralTargetsDecidesAndIsNamed(t *testing.T) {
	t.Parallel()
	const site, name, switched = shift.Target("cloudfront:E1"), shift.Target("route53:Z1:api.example.com"), shift.Target("switch:www.example.com")
	targets := []shift.Limited{
		{Target: orders, Rules: shift.Rules{Grain: 1}},
		{Target: site, Rules: shift.Rules{Grain: 20, Lag: 60, Ceiling: 9000}},
		{Target: name, Rules: shift.Rules{Grain: 50, Lag: 360, Ceiling: 5000}},
	}
	steps := func(bake shift.Seconds, weights ...shift.Weight) (list []shift.Step) {
		for _, w := range weights {
			list = append(list, shift.Step{Weight: w, Bake: bake})
		}
		return append(list, shift.Step{Weight: shift.All})
	}
	for _, test := range []struct {
		name    string
		targets []shift.Limited
		steps   []shift.Step
		want    []string
	}{
		{"all can take it", targets, steps(720, 100, 5000), nil},
		{"both are too coarse", targets, steps(720, 30), []string{"step 1 is at 0.3%, and " + string(name) + " takes multiples of 0.5%: use 0.5%"}},
		{"only the finer one is too coarse", targets, steps(720, 150), []string{"step 1 is at 1.5%, and " + string(site) + " takes multiples of 0.2%: use 1.4% or 1.6%"}},
		{"the shortest bake of all", targets, steps(719, 100), []string{"step 1 bakes for 11m59s, and viewers of " + string(name) + " may see the step before for 6m", "at least 12m"}},
		{"without a bake", targets[:2], steps(0, 100), []string{"step 1 bakes for 0s, and viewers of " + string(site), "at least 2m"}},
		{"above both ceilings", targets, steps(720, 9500), []string{string(name) + " takes at most 50% below 100%"}},
		{"everything at once", targets, steps(10, 100, 5050, 9930), []string{"step 2 is at 50.5%, and " + string(site) + " takes multiples of 0.2%", "step 2 is at 50.5%, and " + string(name) + " takes at most", "step 1 bakes for 10s"}},
		{"what cannot be divided makes the rest idle", append(targets[:3:3], shift.Limited{Target: switched, Rules: shift.Rules{AllAtOnce: true}}),
			steps(10, 30), []string{"the traffic of " + string(switched) + " cannot be divided, and all targets of a deployment move together: use AllAtOnce, or shift it in a deployment of its own"}},
		{"all at once", append(targets[:3:3], shift.Limited{Target: switched, Rules: shift.Rules{AllAtOnce: true}}), shift.AllAtOnce(), nil},
		{"no steps", targets, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := shift.CheckPlan(test.targets, test.steps)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrInvalidPlan)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), string(orders))
		})
	}
}

func TestAPlanFitsSeveralTargetsIfItFitsEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var targets []shift.Limited
		for i := range rapid.IntRange(1, 4).Draw(t, "targets") {
			targets = append(targets, shift.Limited{Target: shift.Target(fmt.Sprintf("store:%d", i)), Rules: shift.Rules{
				Grain: shift.Weight(rapid.SampledFrom([]int{0, 1, 50, 100}).Draw(t, "grain")), Lag: shift.Seconds(rapid.IntRange(0, 90).Draw(t, "lag")),
				Ceiling: shift.Weight(rapid.SampledFrom([]int{0, 1500, 9000}).Draw(t, "ceiling")), AllAtOnce: rapid.IntRange(0, 9).Draw(t, "all at once") == 0,
			}})
		}
		var steps []shift.Step
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			steps = append(steps, shift.Step{Weight: shift.Weight(rapid.SampledFrom([]int{50, 75, 100, 1500, 2000, 9500}).Draw(t, "weight")), Bake: shift.Seconds(rapid.IntRange(0, 240).Draw(t, "bake"))})
		}
		steps = append(steps, shift.Step{Weight: shift.All})
		var fits []bool
		for _, one := range targets {
			fits = append(fits, shift.CheckPlan([]shift.Limited{one}, steps) == nil)
		}
		err := shift.CheckPlan(targets, steps)
		require.Equal(t, !slices.Contains(fits, false), err == nil)
		if err == nil {
			return
		}
		named := slices.IndexFunc(targets, func(l shift.Limited) bool { return strings.Contains(err.Error(), string(l.Target)) })
		require.GreaterOrEqual(t, named, 0, "it names who cannot take it: %v", err)
		require.Contains(t, fits, false)
	})
}

// Only when all viewers are on the Candidate the hooks after traffic can tell anything.
func TestTheLastStepBakesUntilAllViewersSeeIt(t *testing.T) {
	t.Parallel()
	for lag, want := range map[shift.Seconds]shift.Seconds{0: minute, 30: minute, 5 * minute: 5 * minute} {
		given := []shift.Step{{Weight: 1000, Bake: hour}, {Weight: shift.All, Bake: minute}}
		d, err := shift.Open(shift.Opening{
			Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2"}, {Target: payments, Stable: "1", Candidate: "2", Lag: lag}},
			Release: shift.Release{Steps: given},
		})
		require.NoError(t, err)
		assert.Equal(t, want, d.Plan.Step(2).Bake)
		assert.Equal(t, minute, given[1].Bake, "what was asked for stays as it was")
	}
}
