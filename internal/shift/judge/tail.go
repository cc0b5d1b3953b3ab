package judge

import "math"

// negligible is the share of a sum below which the terms that follow are left out.
const negligible = 1e-17

// sumTail adds up the chances of a tail, from its highest one outwards. It starts from the
// logarithm of the highest one, and multiplies by a ratio for each of the steps after it.
func sumTail(logFirst, steps float64, ratio func(i float64) float64) float64 {
	sum := 1.0
	for i, term := 0.0, 1.0; i < steps && term > negligible*sum; i++ {
		term *= ratio(i)
		sum += term
	}
	return math.Min(1, math.Exp(logFirst+math.Log(sum)))
}

// chanceOfAtMost is how likely at most so many of n requests reach a version that has that
// share of the traffic: the lower tail of the binomial distribution. It is exact, and takes
// a number of steps that grows with the square root of n.
func chanceOfAtMost(reached, n, share float64) float64 {
	switch {
	case reached >= n || share <= 0:
		return 1
	case share >= 1:
		return 0
	}
	logChance := func(x float64) float64 {
		return LogChoose(n, x) + x*math.Log(share) + (n-x)*math.Log1p(-share)
	}
	against := (1 - share) / share
	if reached < n*share {
		return sumTail(logChance(reached), reached, func(i float64) float64 {
			x := reached - i
			return x / (n - x + 1) * against
		})
	}
	above := reached + 1
	return 1 - sumTail(logChance(above), n-above, func(i float64) float64 {
		x := above + i
		return (n - x) / (x + 1) / against
	})
}
