package judge

import "math"

// split is how bad requests fall upon two versions: of all requests of a minute, so many
// were the Candidate's, so many Stable's, and so many of both were bad. How many of the bad
// ones were the Candidate's follows Fisher's noncentral hypergeometric distribution.
type split struct {
	candidate, stable, bad float64
}

func newSplit(candidate, stable Count) split {
	return split{
		candidate: float64(candidate.Requests),
		stable:    float64(stable.Requests),
		bad:       float64(candidate.Bad + stable.Bad),
	}
}

// tells says whether the split can differ at all: it cannot when no request was bad, or
// all were.
func (s split) tells() bool { return s.bad > 0 && s.bad < s.candidate+s.stable }

// least and most bound the Candidate's number of bad requests.
func (s split) least() float64 { return math.Max(0, s.bad-s.stable) }
func (s split) most() float64  { return math.Min(s.candidate, s.bad) }

// logWays is the logarithm of the number of ways in which y of the bad requests are the
// Candidate's.
func (s split) logWays(y float64) float64 {
	return LogChoose(s.candidate, y) + LogChoose(s.stable, s.bad-y)
}

// logAllWays is the logarithm of the number of ways to choose the bad requests among all.
func (s split) logAllWays() float64 { return LogChoose(s.candidate+s.stable, s.bad) }

// growth is by how much the weight of y+1 exceeds the weight of y when the odds of a bad
// request are that many times higher on the Candidate.
func (s split) growth(y, odds float64) float64 {
	return (s.candidate - y) * (s.bad - y) / ((y + 1) * (s.stable - s.bad + y + 1)) * odds
}

// mode is the most likely number of the Candidate's bad requests. There, growth is 1.
func (s split) mode(odds float64) float64 {
	// (candidate−y)(bad−y)·odds = y(stable−bad+y), solved for y.
	a := odds - 1
	b := odds*(s.candidate+s.bad) + s.stable - s.bad
	c := odds * s.candidate * s.bad
	y := 2 * c / (b + math.Sqrt(math.Max(0, b*b-4*a*c)))
	return math.Min(math.Max(math.Floor(y), s.least()), s.most())
}

// deviation is the standard deviation of the Candidate's number of bad requests around the
// mode.
func (s split) deviation(mode float64) float64 {
	return 1 / math.Sqrt(1/(mode+1)+1/(s.candidate-mode+1)+1/(s.bad-mode+1)+1/(s.stable-s.bad+mode+1))
}

// wide is the deviation from which on it is faster to leave terms of the sum out.
const wide = 40

// logTotal is the logarithm of Z(odds) = Σ C(candidate, y)·C(stable, bad−y)·oddsʸ, the sum
// of the weights of all y. It needs a number of terms that grows with the deviation up to
// wide, and about 26 beyond it.
func (s split) logTotal(odds float64) float64 {
	mode := s.mode(odds)
	relative := 0.0
	if deviation := s.deviation(mode); deviation < wide {
		relative = s.sumEach(mode, odds)
	} else {
		relative = s.sumSpaced(mode, odds, math.Floor(deviation/1.5))
	}
	return s.logWays(mode) + mode*math.Log(odds) + math.Log(relative)
}

// sumEach adds up all weights, as multiples of the weight at the mode.
func (s split) sumEach(mode, odds float64) float64 {
	sum := 1.0
	for y, term := mode, 1.0; y < s.most() && term > negligible*sum; y++ {
		term *= s.growth(y, odds)
		sum += term
	}
	for y, term := mode-1, 1.0; y >= s.least() && term > negligible*sum; y-- {
		term /= s.growth(y, odds)
		sum += term
	}
	return sum
}

// sumSpaced adds up the weights at a distance from each other, and multiplies the sum by
// the distance. For a curve as smooth as this one the error falls exponentially with the
// square of the deviation divided by the distance: at 1.5 it is far below the rounding of
// logFactorial.
func (s split) sumSpaced(mode, odds, distance float64) float64 {
	logOdds := math.Log(odds)
	top := s.logWays(mode)
	weight := func(y float64) float64 {
		return math.Exp(s.logWays(y) - top + (y-mode)*logOdds)
	}
	sum := 1.0
	for y, term := mode+distance, 1.0; y <= s.most() && term > negligible*sum; y += distance {
		term = weight(y)
		sum += term
	}
	for y, term := mode-distance, 1.0; y >= s.least() && term > negligible*sum; y -= distance {
		term = weight(y)
		sum += term
	}
	return sum * distance
}

// chanceOfAtLeast is how likely so many of the bad requests, or more, are the Candidate's
// when both versions are alike: Fisher's exact test, one-sided.
func (s split) chanceOfAtLeast(y float64) float64 {
	switch {
	case y <= s.least():
		return 1
	case y > s.most():
		return 0
	case y <= s.mode(1):
		below := y - 1
		return 1 - sumTail(s.logWays(below)-s.logAllWays(), below-s.least(), func(i float64) float64 {
			return 1 / s.growth(below-i-1, 1)
		})
	default:
		return sumTail(s.logWays(y)-s.logAllWays(), s.most()-y, func(i float64) float64 {
			return s.growth(y+i, 1)
		})
	}
}
