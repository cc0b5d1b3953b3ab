package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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
		{"of whole percents", shift.Rules{Grain: 100}, steps, "step 1 is at 10.5%, and lambda:orders:live takes multiples of 1%"},
		{"below a ceiling", shift.Rules{Ceiling: 9000}, steps, ""},
		{"above a ceiling", shift.Rules{Ceiling: 1500}, steps, "step 2 is at 90%, and lambda:orders:live takes at most 15% below 100%"},
		{"of what cannot be divided", shift.Rules{AllAtOnce: true}, steps, "cannot be divided: use AllAtOnce"},
		{"of what need not be divided", shift.Rules{AllAtOnce: true, Grain: 7000}, shift.AllAtOnce(), ""},
		{"with time for the traffic to move", shift.Rules{Lag: minute}, steps, ""},
		{"with too little time", shift.Rules{Lag: minute + 1}, steps, "step 1 bakes for 2m, and viewers of lambda:orders:live may see the step before for 1m1s: the step would be over before the traffic has moved; bake for at least 2m2s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.rules.CheckPlan(orders, test.steps)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrInvalidPlan)
			assert.ErrorContains(t, err, test.want)
		})
	}
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
