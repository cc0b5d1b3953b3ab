package shift_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

// steps writes Steps down as "10% 5m, 100% 0s".
func steps(list []shift.Step) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.Weight.String() + " " + s.Bake.String()
	}
	return strings.Join(texts, ", ")
}

// linear10 is a tenth after the other, with a bake between.
func linear10(bake string) string {
	var texts []string
	for percent := 10; percent < 100; percent += 10 {
		texts = append(texts, fmt.Sprintf("%d%% %s", percent, bake))
	}
	return strings.Join(append(texts, "100% 0s"), ", ")
}

func TestCodeDeploysPredefinedNamesMeanTheirSteps(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Canary10Percent5Minutes":       "10% 5m, 100% 0s",
		"Canary10Percent10Minutes":      "10% 10m, 100% 0s",
		"Canary10Percent15Minutes":      "10% 15m, 100% 0s",
		"Canary10Percent30Minutes":      "10% 30m, 100% 0s",
		"Linear10PercentEvery1Minute":   linear10("1m"),
		"Linear10PercentEvery2Minutes":  linear10("2m"),
		"Linear10PercentEvery3Minutes":  linear10("3m"),
		"Linear10PercentEvery10Minutes": linear10("10m"),
		"AllAtOnce":                     "100% 0s",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := shift.Strategy(name)
			require.NoError(t, err)
			assert.Equal(t, want, steps(got))
		})
	}
}

func TestTheSamePatternsTakeAnyNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Canary5Percent90Minutes":         "5% 1h30m, 100% 0s",
		"Canary5Percent1Minute":           "5% 1m, 100% 0s",
		"Canary5Percent1Minutes":          "5% 1m, 100% 0s",
		"Canary5Percent2Minute":           "5% 2m, 100% 0s",
		"Canary0.5Percent30Minutes":       "0.5% 30m, 100% 0s",
		"Canary10Percent0.5Minutes":       "10% 30s, 100% 0s",
		"Canary99.99Percent2880Minutes":   "99.99% 48h, 100% 0s",
		"Linear20PercentEvery3Minutes":    "20% 3m, 40% 3m, 60% 3m, 80% 3m, 100% 0s",
		"Linear30PercentEvery1Minutes":    "30% 1m, 60% 1m, 90% 1m, 100% 0s",
		"Linear33.3PercentEvery10Minutes": "33.3% 10m, 66.6% 10m, 99.9% 10m, 100% 0s",
		"Linear50PercentEvery1.5Minutes":  "50% 1m30s, 100% 0s",
		shift.DefaultStrategy:             "10% 5m, 100% 0s",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := shift.Strategy(name)
			require.NoError(t, err)
			assert.Equal(t, want, steps(got))
		})
	}
}

func TestANameThatIsNoStrategyIsRefused(t *testing.T) {
	t.Parallel()
	const usage = "use AllAtOnce, CanaryNPercentMMinutes or LinearNPercentEveryMMinutes"
	nines := strings.Repeat("9", 100_000)
	tests := []struct {
		name, strategy string
		is             error
		want           string
	}{
		{"nothing", "", shift.ErrUnknownStrategy, usage},
		{"another word", "BlueGreen", shift.ErrUnknownStrategy, `unknown strategy "BlueGreen": ` + usage},
		{"another case", "canary10percent5minutes", shift.ErrUnknownStrategy, usage},
		{"CodeDeploy's for servers", "CodeDeployDefault.AllAtOnce", shift.ErrUnknownStrategy, usage},
		{"something after it", "AllAtOnce ", shift.ErrUnknownStrategy, usage},
		{"a line break after it", "Canary10Percent5Minutes\n", shift.ErrUnknownStrategy, usage},
		{"a sign", "Canary-10Percent5Minutes", shift.ErrUnknownStrategy, usage},
		{"no number", "CanaryPercent5Minutes", shift.ErrUnknownStrategy, usage},
		{"other digits", "Canary١٠Percent5Minutes", shift.ErrUnknownStrategy, usage},
		{"canary with linear's words", "Canary10PercentEvery5Minutes", shift.ErrUnknownStrategy, usage},
		{"a hostile name", strings.Repeat("x", 1_000_000), shift.ErrUnknownStrategy, usage},
		{"a canary of nothing", "Canary0Percent5Minutes", shift.ErrInvalidPlan, "the percentage of a canary is above 0 and below 100, not 0"},
		{"a canary of everything", "Canary100Percent5Minutes", shift.ErrInvalidPlan, "the percentage of a canary is above 0 and below 100, not 100"},
		{"more than everything", "Linear101PercentEvery1Minute", shift.ErrInvalidPlan, "101% is not between 0 and 100%"},
		{"too fine", "Canary0.001Percent5Minutes", shift.ErrInvalidPlan, "0.001% is finer than 0.01%: write at most two decimals"},
		{"no bake", "Linear10PercentEvery0Minutes", shift.ErrInvalidPlan, "a linear strategy needs at least a second between its steps"},
		{"less than a second", "Canary10Percent0.001Minutes", shift.ErrInvalidPlan, "0.001 minutes are not whole seconds"},
		{"too long", "Canary10Percent475201Minutes", shift.ErrInvalidPlan, "475201 minutes are longer than the 330 days that a deployment may take"},
		{"many digits", "Canary10Percent99999999999Minutes", shift.ErrInvalidPlan, "99999999999 minutes are longer than the 330 days"},
		{"hostile minutes", "Canary10Percent" + nines + "Minutes", shift.ErrInvalidPlan, "is not a plain decimal number"},
		{"a hostile percentage", "Canary" + nines + "Percent5Minutes", shift.ErrInvalidPlan, "is not a plain decimal number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := shift.Strategy(test.strategy)
			require.ErrorIs(t, err, test.is)
			require.ErrorContains(t, err, test.want)
			assert.Less(t, len(err.Error()), 400)
		})
	}
}

func TestMinutesMakeWholeSeconds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		decimal string
		want    shift.Seconds
		err     string
	}{
		{decimal: "0", want: 0},
		{decimal: "1", want: 60},
		{decimal: "0.05", want: 3},
		{decimal: "0.5", want: 30},
		{decimal: "2880", want: 48 * 3600},
		{decimal: "475200", want: shift.MaxDuration},
		{decimal: "475200.05", err: "475200.05 minutes are longer than the 330 days that a deployment may take"},
		{decimal: "-1", err: "-1 minutes are negative: write a positive number, such as 5"},
		{decimal: "0.01", err: "0.01 minutes are not whole seconds"},
		{decimal: "1e3", err: `"1e3" is not a plain decimal number`},
	}
	for _, test := range tests {
		t.Run(test.decimal, func(t *testing.T) {
			t.Parallel()
			got, err := shift.ParseMinutes(test.decimal)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAnExponentialStrategyMultipliesItsShare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, factor string
		start        shift.Weight
		want         string
	}{
		{"doubling", "2", 100, "1% 10m, 2% 10m, 4% 10m, 8% 10m, 16% 10m, 32% 10m, 64% 10m, 100% 0s"},
		{"by a fraction, without losing what is finer than a weight", "1.5", 1000, "10% 10m, 15% 10m, 22.5% 10m, 33.75% 10m, 50.62% 10m, 75.93% 10m, 100% 0s"},
		{"reaching everything exactly", "10", 100, "1% 10m, 10% 10m, 100% 0s"},
		{"at once beyond everything", "9999999999999999999999999999999", 1, "0.01% 10m, 100% 0s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			factor, err := shift.ParseFactor(test.factor)
			require.NoError(t, err)
			got, err := shift.Exponential(test.start, factor, 600)
			require.NoError(t, err)
			assert.Equal(t, test.want, steps(got))
		})
	}
}

func TestAnExponentialStrategyMustGrow(t *testing.T) {
	t.Parallel()
	for _, factor := range []string{"1.00999", "1", "0", "-2"} {
		f, err := shift.ParseFactor(factor)
		require.NoError(t, err)
		_, err = shift.Exponential(100, f, 60)
		require.ErrorIs(t, err, shift.ErrInvalidPlan)
		require.ErrorContains(t, err, "the factor of an exponential strategy is at least 1.01")
	}
	_, err := shift.ParseFactor("1e9")
	require.ErrorContains(t, err, "not a plain decimal number")
	_, err = shift.Exponential(0, big.NewRat(2, 1), 60)
	require.ErrorIs(t, err, shift.ErrInvalidPlan)
	_, err = shift.Exponential(100, big.NewRat(2, 1), 0)
	require.ErrorIs(t, err, shift.ErrInvalidPlan)
}

func TestTheSlowestExponentialStrategyEnds(t *testing.T) {
	t.Parallel()
	factor, err := shift.ParseFactor("1.01")
	require.NoError(t, err)
	list, err := shift.Exponential(1, factor, 60)
	require.NoError(t, err)
	assert.Less(t, len(list), 1000)
	_, err = shift.NewPlan(list, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err, "weights that grow by less than a basis point stand only once")
}

func TestStepsBeginWhenTheBakesBeforeThemEnd(t *testing.T) {
	t.Parallel()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 100, Bake: 60}, {Weight: 500}, {Weight: shift.All, Bake: 30}}, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{0, time.Minute, time.Minute}, plan.StepStarts())
}

// anyStrategy draws the Steps of any strategy, many of which are refused.
func anyStrategy(t *rapid.T) ([]shift.Step, error) {
	share := shift.Weight(rapid.OneOf(rapid.IntRange(-1, 10_001), rapid.IntRange(1, 300)).Draw(t, "share"))
	bake := shift.Seconds(rapid.OneOf(rapid.Int64Range(-1, 700), rapid.Int64Range(1, int64(shift.MaxDuration))).Draw(t, "bake"))
	switch rapid.SampledFrom([]string{"name", "canary", "linear", "exponential", "steps"}).Draw(t, "form") {
	case "name":
		return shift.Strategy(rapid.StringMatching(`Canary\d{1,3}(\.\d)?Percent\d{1,5}Minutes?|Linear\d{1,2}PercentEvery\d{1,5}Minutes`).Draw(t, "name"))
	case "canary":
		return shift.Canary(share, bake)
	case "linear":
		return shift.Linear(share, bake)
	case "exponential":
		return shift.Exponential(share, big.NewRat(rapid.Int64Range(90, 500).Draw(t, "hundredths"), 100), bake)
	}
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) shift.Step {
		return shift.Step{
			Weight: shift.Weight(rapid.IntRange(0, 10_000).Draw(t, "weight")),
			Bake:   shift.Seconds(rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(0, 3*24*3600)).Draw(t, "bake")),
		}
	}), 0, 30).Draw(t, "steps")
	if rapid.Bool().Draw(t, "tidy") {
		list = tidy(list)
	}
	return list, nil
}

// tidy makes Steps grow up to 100 %.
func tidy(list []shift.Step) []shift.Step {
	grown := []shift.Step{}
	before := shift.None
	for _, s := range list {
		if s.Weight > before && s.Weight < shift.All {
			grown, before = append(grown, s), s.Weight
		}
	}
	return append(grown, shift.Step{Weight: shift.All})
}

// anyAccepted draws the Steps of a strategy and Hooks that make a Plan.
func anyAccepted(t *rapid.T) ([]shift.Step, shift.Hooks) {
	list, err := anyStrategy(t)
	hooks := anyHooks(t)
	if err == nil {
		_, err = shift.NewPlan(list, hooks, shift.Judging{})
	}
	if err != nil {
		t.Skip("refused")
	}
	return list, hooks
}

// anyHooks draws Hooks as an input may have them.
func anyHooks(t *rapid.T) shift.Hooks {
	hook := rapid.Custom(func(t *rapid.T) shift.Hook {
		return shift.Hook{Function: "smoke", Mode: shift.Callback, Timeout: shift.Seconds(rapid.Int64Range(1, int64(shift.MaxCallbackHook)).Draw(t, "timeout"))}
	})
	return shift.Hooks{
		BeforeTraffic: rapid.SliceOfN(hook, 0, shift.MaxHooks).Draw(t, "before"),
		AfterTraffic:  rapid.SliceOfN(hook, 0, shift.MaxHooks).Draw(t, "after"),
	}
}

func TestStepsWithoutANameAreDescribed(t *testing.T) {
	t.Parallel()
	linear, err := shift.Linear(900, 60)
	require.NoError(t, err)
	exponential, err := shift.Exponential(100, big.NewRat(2, 1), 600)
	require.NoError(t, err)
	uneven := append([]shift.Step{{Weight: 50, Bake: 1800}}, linear...)
	watched := append(slices.Clone(linear[:11]), shift.Step{Weight: shift.All, Bake: 60})
	jump, whole := slices.Clone(linear[:5]), slices.Clone(linear[:5])
	jump[4].Weight, jump[4].Bake = shift.All, 0
	for i := range whole {
		whole[i] = shift.Step{Weight: shift.Weight(i+1) * 2000, Bake: 60}
	}
	whole[4].Bake = 0
	for want, steps := range map[string][]shift.Step{
		"":                                    nil,
		"9% to 100% in 5 steps, one every 1m": jump,
		"20% more every 1m":                   whole,
		"100%":                                shift.AllAtOnce(),
		"100% for 15m":                        {{Weight: shift.All, Bake: 900}},
		"1% for 48h, then 100%":               {{Weight: 100, Bake: 172_800}, {Weight: shift.All}},
		"0.5% for 30m, 50% for 1h, then 100% for 15m": {{Weight: 50, Bake: 1800}, {Weight: 5000, Bake: 3600}, {Weight: shift.All, Bake: 900}},
		"9% more every 1m":                            linear,
		"1% to 100% in 8 steps, one every 10m":        exponential,
		"0.5% to 100% in 13 steps, 41m in all":        uneven,
		"9% to 100% in 12 steps, 12m in all":          watched,
	} {
		assert.Equal(t, want, shift.DescribeSteps(steps))
	}
}

func TestANameOfAnotherFormIsNoStrategy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"10Percent5Minutes", "Canary10", "Canary10Percent", "Canary10Percent5", "CanaryPercent5Minutes", "Canary10PercentMinutes", "10PercentEvery5Minutes"} {
		_, err := shift.Strategy(name)
		require.ErrorIs(t, err, shift.ErrUnknownStrategy, name)
	}
}

func TestStepsAreDescribedInAFewWords(t *testing.T) {
	t.Parallel()
	bakes := func(bake shift.Seconds, weights ...shift.Weight) (steps []shift.Step) {
		for _, w := range weights {
			steps = append(steps, shift.Step{Weight: w, Bake: bake})
		}
		return append(steps, shift.Step{Weight: shift.All})
	}
	for _, test := range []struct {
		steps []shift.Step
		want  string
	}{
		{nil, ""},
		{bakes(60), "100%"},
		{bakes(60, 1000, 2000, 3000), "10% for 1m, 20% for 1m, 30% for 1m, then 100%"},
		{bakes(60, 2000, 4000, 6000, 8000), "20% more every 1m"},
		{bakes(60, 2000, 4000, 6000, 9000), "20% to 100% in 5 steps, one every 1m"},
		{bakes(60, 1000, 2500, 5000, 9500), "10% to 100% in 5 steps, one every 1m"},
		{append(bakes(60, 2000, 4000, 6000)[:3], shift.Step{Weight: 8000, Bake: 120}, shift.Step{Weight: shift.All}), "20% to 100% in 5 steps, 5m in all"},
	} {
		assert.Equal(t, test.want, shift.DescribeSteps(test.steps))
	}
}
