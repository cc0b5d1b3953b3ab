package picture_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestSparklineRisesWithTheWeights(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]string{
		"AllAtOnce":                   "████████████████████",
		"Canary10Percent5Minutes":     "▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█",
		"Linear10PercentEvery1Minute": "▁▁▁▂▂▃▃▃▃▄▄▅▅▅▅▆▆▇▇█",
		"Linear50PercentEvery1Minute": "▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄█",
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			steps, err := shift.Strategy(strategy)
			require.NoError(t, err)
			plan, err := shift.NewPlan(steps, shift.Hooks{}, shift.Judging{})
			require.NoError(t, err)
			assert.Equal(t, want, picture.Sparkline(plan, 20))
		})
	}
}
