package judge

import "math"

// logAdd returns ln(eᵃ + eᵇ) without leaving the range of a float.
func logAdd(a, b float64) float64 {
	a, b = max(a, b), min(a, b)
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// expBounded returns eˣ, or a very large number where that would be infinite: it must be
// possible to write it as JSON.
func expBounded(x float64) float64 { return math.Exp(min(x, 700)) }

// LogChoose returns the logarithm of the number of ways to choose k of n.
func LogChoose(n, k float64) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n float64) float64 {
	l, _ := math.Lgamma(n + 1)
	return l
}
