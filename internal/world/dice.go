package world

import (
	"math"
	"math/rand/v2"
)

// dice draw how many of many requests have a certain fate.
type dice struct {
	random *rand.Rand
	// exact says that counts are drawn from their exact distribution. Scenarios without
	// distributions of durations, incidents and the like keep the draws that they always had,
	// so that a seed still means the same course.
	exact bool
}

// maxSingleDraws bounds the number of requests that are drawn one by one.
const maxSingleDraws = 4096

// binomial draws from the binomial distribution of n trials with probability p. Unless exact,
// it uses the normal approximation for large n.
func (d dice) binomial(n int64, p float64) int64 {
	switch {
	case p <= 0 || n <= 0:
		return 0
	case p >= 1:
		return n
	case d.exact:
		return d.exactBinomial(n, p)
	case n > maxSingleDraws:
		return d.normal(n, float64(n)*p, math.Sqrt(float64(n)*p*(1-p)))
	}
	var hits int64
	for range n {
		if d.random.Float64() < p {
			hits++
		}
	}
	return hits
}

// normal draws from a normal distribution, rounded and within 0 and n.
func (d dice) normal(n int64, mean, deviation float64) int64 {
	drawn := int64(math.Round(mean + deviation*d.random.NormFloat64()))
	return min(max(drawn, 0), n)
}

// exactBinomial draws from the binomial distribution, in a time that does not grow with n.
func (d dice) exactBinomial(n int64, p float64) int64 {
	if p > 0.5 {
		return n - d.exactBinomial(n, 1-p)
	}
	if float64(n)*p < 10 {
		return d.fewHits(n, p)
	}
	return d.manyHits(n, p)
}

// fewHits sums up probabilities until they exceed a random number.
func (d dice) fewHits(n int64, p float64) int64 {
	u := d.random.Float64()
	if u < 1-float64(n)*p { // no hit is at least as probable
		return 0
	}
	odds := p / (1 - p)
	probability := math.Exp(float64(n) * math.Log1p(-p)) // of no hit
	for k := int64(0); ; k++ {
		if u < probability || k == n {
			return k
		}
		u -= probability
		probability *= odds * float64(n-k) / float64(k+1)
		if probability == 0 { // rounding has left a rest of u
			return k
		}
	}
}

// manyHits is the rejection method BTRS of W. Hörmann, "The generation of binomial random
// variates" (1993).
func (d dice) manyHits(n int64, p float64) int64 {
	count, deviation := float64(n), math.Sqrt(float64(n)*p*(1-p))
	b := 1.15 + 2.53*deviation
	a := -0.0873 + 0.0248*b + 0.01*p
	centre, sure := count*p+0.5, 0.92-4.2/b
	mode := math.Floor((count + 1) * p)
	for {
		u, v := d.random.Float64()-0.5, d.random.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + centre)
		if k < 0 || k > count {
			continue
		}
		if us >= 0.07 && v <= sure { // most are accepted here
			return int64(k)
		}
		scale := (2.83 + 5.1/b) * deviation / (a/(us*us) + b)
		relative := logFactorial(mode) + logFactorial(count-mode) - logFactorial(k) - logFactorial(count-k) + (k-mode)*math.Log(p/(1-p))
		if math.Log(v*scale) <= relative {
			return int64(k)
		}
	}
}

// logFactorials are the logarithms of the first factorials.
var logFactorials = func() (logs [1024]float64) {
	for k := 2; k < len(logs); k++ {
		logs[k] = logs[k-1] + math.Log(float64(k))
	}
	return logs
}()

// logFactorial returns the logarithm of k!, for large k by Stirling's series.
func logFactorial(k float64) float64 {
	if k < float64(len(logFactorials)) {
		return logFactorials[int(k)]
	}
	const halfLogTwoPi = 0.9189385332046728
	return (k+0.5)*math.Log(k) - k + halfLogTwoPi + 1/(12*k)
}

// clumps draws the errors of n requests that come in bunches. The bunches have geometric sizes
// of a mean of size, which shrinks to 1 as the rate goes to 1: then all requests fail.
func (d dice) clumps(n int64, rate, size float64) int64 {
	size = 1 + (size-1)*(1-rate)
	bunches := d.binomial(n, rate/size)
	if size == 1 || bunches == 0 {
		return bunches
	}
	if bunches > maxSingleDraws {
		return d.normal(n, float64(bunches)*size, math.Sqrt(float64(bunches)*size*(size-1)))
	}
	failed := bunches
	more := math.Log(1 - 1/size) // of the probability that a bunch goes on
	for range bunches {
		failed += int64(math.Log(1-d.random.Float64()) / more)
	}
	return min(failed, n)
}
