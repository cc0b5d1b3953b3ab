package shift

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// DefaultStrategy is used if an input names no strategy.
const DefaultStrategy = "Canary10Percent5Minutes"

// Strategy returns the Steps of a strategy by its name: AllAtOnce, and the patterns of
// CodeDeploy's names with any numbers. It returns ErrUnknownStrategy for any other name.
func Strategy(name string) ([]Step, error) {
	if name == "AllAtOnce" {
		return AllAtOnce(), nil
	}
	if share, minutes, ok := splitStrategyName(name, "Canary", "Percent"); ok {
		return applyStrategy(share, minutes, Canary)
	}
	if share, minutes, ok := splitStrategyName(name, "Linear", "PercentEvery"); ok {
		return applyStrategy(share, minutes, Linear)
	}
	return nil, fmt.Errorf("%w %q: use AllAtOnce, CanaryNPercentMMinutes or LinearNPercentEveryMMinutes, or an object with canary, linear, exponential or steps",
		ErrUnknownStrategy, BoundText(name, 80))
}

// splitStrategyName splits a name such as Canary10Percent5Minutes into its share and its
// minutes. begins is the text before the share, and between is the text after it. ok is
// false for a name of another form.
func splitStrategyName(name, begins, between string) (share, minutes string, ok bool) {
	rest, begun := strings.CutPrefix(name, begins)
	share, rest, _ = strings.Cut(rest, between)
	minutes, ended := strings.CutSuffix(strings.TrimSuffix(rest, "s"), "Minute")
	return share, minutes, begun && ended && isDecimal(share) && isDecimal(minutes)
}

func applyStrategy(percent, minutes string, strategy func(Weight, Seconds) ([]Step, error)) ([]Step, error) {
	share, err := ParsePercent(percent)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidPlan, err)
	}
	every, err := ParseMinutes(minutes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidPlan, err)
	}
	return strategy(share, every)
}

// ParseMinutes reads a decimal number of minutes that makes whole seconds.
func ParseMinutes(decimal string) (Seconds, error) {
	hundredths, err := parseHundredths(decimal)
	if err != nil {
		return 0, err
	}
	seconds := hundredths.Mul(hundredths, big.NewRat(60, 100))
	switch {
	case !seconds.IsInt():
		return 0, fmt.Errorf("%s minutes are not whole seconds", decimal)
	case seconds.Sign() < 0:
		return 0, fmt.Errorf("%s minutes are negative: write a positive number, such as 5", decimal)
	case seconds.Cmp(big.NewRat(int64(MaxDuration), 1)) > 0:
		return 0, fmt.Errorf("%s minutes are longer than the %d days that a deployment may take", decimal, MaxDuration/(24*3600))
	}
	return Seconds(seconds.Num().Int64()), nil
}

// ParseFactor reads the factor of an exponential strategy, exactly.
func ParseFactor(decimal string) (*big.Rat, error) {
	factor, err := parseHundredths(decimal)
	if err != nil {
		return nil, err
	}
	return factor.Quo(factor, big.NewRat(100, 1)), nil
}

// AllAtOnce shifts everything at once.
func AllAtOnce() []Step { return []Step{{Weight: All}} }

// Canary shifts one share, bakes, and then shifts the rest. It returns
// ErrInvalidPlan for a share that is not between 0 and 100 %, and for no bake.
func Canary(share Weight, bake Seconds) ([]Step, error) {
	if err := checkShare("a canary", share, bake); err != nil {
		return nil, err
	}
	return []Step{{Weight: share, Bake: bake}, {Weight: All}}, nil
}

// Linear shifts the same share again and again, with the same bake between. It
// returns ErrInvalidPlan for a share that is not between 0 and 100 %, and for
// no bake.
func Linear(share Weight, every Seconds) ([]Step, error) {
	if err := checkShare("a linear strategy", share, every); err != nil {
		return nil, err
	}
	var steps []Step
	for w := share; w < All; w += share {
		steps = append(steps, Step{Weight: w, Bake: every})
	}
	return append(steps, Step{Weight: All}), nil
}

// millionth is the precision of an exponential share: a millionth of a basis point. An
// exact product would grow without bound.
const millionth = 1_000_000

// minFactor keeps an exponential strategy below a thousand Steps.
var minFactor = big.NewRat(101, 100)

// Exponential multiplies the share by a factor at every Step, with the same
// bake between. It returns ErrInvalidPlan for a share that is not between 0 and
// 100 %, a factor below 1.01, and for no bake.
func Exponential(start Weight, factor *big.Rat, every Seconds) ([]Step, error) {
	if err := checkShare("an exponential strategy", start, every); err != nil {
		return nil, err
	}
	if factor.Cmp(minFactor) < 0 {
		return nil, fmt.Errorf("%w: the factor of an exponential strategy is at least 1.01", ErrInvalidPlan)
	}
	var steps []Step
	before := None
	for share := big.NewInt(int64(start) * millionth); ; share = multiply(share, factor) {
		if share.Cmp(big.NewInt(int64(All)*millionth)) >= 0 {
			return append(steps, Step{Weight: All}), nil
		}
		if w := Weight(share.Int64() / millionth); w > before {
			steps, before = append(steps, Step{Weight: w, Bake: every}), w
		}
	}
}

func multiply(share *big.Int, factor *big.Rat) *big.Int {
	product := new(big.Int).Mul(share, factor.Num())
	return product.Quo(product, factor.Denom())
}

func checkShare(what string, share Weight, bake Seconds) error {
	if share <= None || share >= All {
		return fmt.Errorf("%w: the percentage of %s is above 0 and below 100, not %s", ErrInvalidPlan, what, share.Percent())
	}
	if bake <= 0 {
		return fmt.Errorf("%w: %s needs at least a second between its steps", ErrInvalidPlan, what)
	}
	return nil
}

// maxListedSteps is how many Steps are listed one by one.
const maxListedSteps = 4

// DescribeSteps describes Steps that have no name in a few words, as in "1% for 48h, then
// 100%".
func DescribeSteps(steps []Step) string {
	switch n := len(steps); {
	case n <= maxListedSteps:
		return listSteps(steps)
	case hasEqualShares(steps):
		return fmt.Sprintf("%s more every %s", steps[0].Weight, steps[0].Bake)
	case hasEqualBakes(steps):
		return fmt.Sprintf("%s to %s in %d steps, one every %s", steps[0].Weight, steps[n-1].Weight, n, steps[0].Bake)
	}
	return fmt.Sprintf("%s to %s in %d steps, %s in all", steps[0].Weight, steps[len(steps)-1].Weight, len(steps), Plan{Steps: steps}.Duration())
}

func listSteps(steps []Step) string {
	texts := make([]string, len(steps))
	for i, s := range steps {
		texts[i] = s.Weight.String()
		if s.Bake > 0 {
			texts[i] += " for " + s.Bake.String()
		}
	}
	if last := len(texts) - 1; last > 0 {
		texts[last] = "then " + texts[last]
	}
	return strings.Join(texts, ", ")
}

// hasEqualBakes says whether all Steps but the last bake equally long, and the last one
// does not bake.
func hasEqualBakes(steps []Step) bool {
	last := len(steps) - 1
	for _, s := range steps[:last] {
		if s.Bake != steps[0].Bake {
			return false
		}
	}
	return steps[last].Bake == 0
}

// hasEqualShares says whether the Steps have equal bakes and the Weight grows by the same
// share each time. The last Step may grow by less.
func hasEqualShares(steps []Step) bool {
	last := len(steps) - 1
	for i, s := range steps[:last] {
		if s.Weight != Weight(i+1)*steps[0].Weight {
			return false
		}
	}
	return steps[last].Weight-steps[last-1].Weight <= steps[0].Weight && hasEqualBakes(steps)
}

// StepStarts returns when each Step of the Plan begins, counted from the first.
func (p Plan) StepStarts() []time.Duration {
	starts := make([]time.Duration, 0, p.Len())
	var at time.Duration
	for _, s := range p.Steps {
		starts = append(starts, at)
		at += s.Bake.Duration()
	}
	return starts
}
