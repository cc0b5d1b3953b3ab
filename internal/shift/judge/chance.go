package judge

import (
	"math"
	"math/rand/v2"
)

// chance draws random numbers. Equal seeds draw equal ones.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, seed))} }

// manyExpected is from how many expected successes on binomial draws from the normal
// distribution.
const manyExpected = 200

// binomial draws how many of n independent requests meet what each meets with that share.
// Where many are expected it is an approximation, which is close enough for a forecast.
func (c chance) binomial(n int64, share float64) int64 {
	switch expected := float64(n) * share; {
	case n <= 0 || share <= 0:
		return 0
	case share >= 1:
		return n
	case share > 0.5:
		return n - c.binomial(n, 1-share)
	case expected >= manyExpected:
		drawn := math.Round(expected + c.NormFloat64()*math.Sqrt(expected*(1-share)))
		return min(max(int64(drawn), 0), n)
	}
	hits, passed := int64(0), 0.0
	for {
		passed += 1 + math.Floor(math.Log(1-c.Float64())/math.Log1p(-share))
		if passed > float64(n) {
			return hits
		}
		hits++
	}
}
