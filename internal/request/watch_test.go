package request_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAStrategyWithANameIsWatchedAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ strategy, said, bakes string }{
		{`"AllAtOnce"`, "AllAtOnce, then watched for 30m", "0.30"},
		{`"Canary10Percent5Minutes"`, "Canary10Percent5Minutes, then watched for 30m", "5.30"},
		{`{"canary": {"percent": 10, "bakeMinutes": 5}}`, "10% for 5m, then 100% for 30m", "5.30"},
		{`{"linear": {"percent": 50, "everyMinutes": 5}}`, "50% for 5m, then 100% for 30m", "5.30"},
	} {
		release := decode(t, `{"function": "orders", "strategy": `+test.strategy+`, "watchMinutes": 30}`)
		last := release.Steps[len(release.Steps)-1]
		assert.Equal(t, shift.Step{Weight: shift.All, Bake: 1800}, last, test.strategy)
		assert.Equal(t, test.said, release.Strategy)
		plan, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging)
		assert.NoError(t, err)
		assert.Equal(t, last.Bake, plan.Step(plan.Len()).Bake, "no share stays on stable")
		assert.Len(t, plan.Steps, len(release.Steps))
	}
	steps, _ := shift.Strategy("AllAtOnce")
	assert.Zero(t, steps[0].Bake)
}

func TestWatchingIsRefusedWhereItMakesNoSense(t *testing.T) {
	t.Parallel()
	for input, problem := range map[string]string{
		`{"function": "orders", "watchMinutes": 0}`:                                                                      `watchMinutes: must be at least a second`,
		`{"function": "orders", "watchMinutes": 5, "strategy": {"steps": [{"percent": 100}]}}`:                           `watchMinutes: stands beside strategy.steps, whose last step can bake by itself: write bakeMinutes there`,
		`{"function": "orders", "watchMinutes": 5, "judge": {"controlPercent": 10}}`:                                     `watchMinutes: stands beside judge.controlPercent, which keeps a share on stable while the last step bakes, and this watches the candidate at 100%: leave out one of the two`,
		`{"function": "orders", "watchMinutes": 5, "judge": "off"}`:                                                      `watchMinutes: has nothing to watch with: name alarms, or have the versions compared (judge)`,
		`{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "2"}, "strategy": "AllAtOnce", "watchMinutes": 5}`: `watchMinutes: has nothing to watch with: name alarms, or have the versions compared (judge)`,
		`{"function": "orders", "strategy": "AllAtOnce", "watchMinutes": 600000, "hooks": {"beforeTraffic": []}}`:        `watchMinutes: 600000 minutes are longer than the 330 days that a deployment may take`,
	} {
		assert.Equal(t, []string{problem}, problems(t, input), input)
	}
}
