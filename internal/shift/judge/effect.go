package judge

import "math"

// effect is how much worse the Candidate looks over some minutes, side by side: sums after
// Mantel and Haenszel, which trouble that both versions share does not change.
type effect struct {
	excess, weight float64 // of the common difference
	worse, better  float64 // of the common odds ratio
	stable         Count
	candidate      Count
	alone          Count // the Candidate's in minutes at 100 %, which are no part of the sums
}

func newEffect(m tally) effect {
	if m.alone {
		return effect{alone: m.candidate}
	}
	s, c := float64(m.stable.Requests), float64(m.candidate.Requests)
	a, goodStable := m.stable.odds()
	b, goodCandidate := m.candidate.odds()
	n := s + c
	return effect{
		excess: (b*s - a*c) / n, weight: c * s / n,
		worse: b * goodStable / n, better: a * goodCandidate / n,
		stable: m.stable, candidate: m.candidate,
	}
}

func (e effect) plus(other effect) effect {
	return effect{
		excess: e.excess + other.excess, weight: e.weight + other.weight,
		worse: e.worse + other.worse, better: e.better + other.better,
		stable: e.stable.plus(other.stable), candidate: e.candidate.plus(other.candidate),
		alone: e.alone.plus(other.alone),
	}
}

// maxOdds is shown for an odds ratio without bound: Stable had no bad request.
const maxOdds = 1e6

// comparison is the effect as people are told it.
func (e effect) comparison() Comparison {
	c := Comparison{Stable: e.stable, Candidate: e.candidate, Alone: e.alone, Odds: 1}
	if e.weight > 0 {
		c.Difference = e.excess / e.weight
	}
	if e.worse > 0 || e.better > 0 {
		c.Odds = math.Min(e.worse/e.better, maxOdds)
	}
	return c
}

// matters says whether the Candidate looks worse than tolerated, side by side.
func (e effect) matters(r rules) bool {
	return e.weight > 0 && e.excess >= r.difference*e.weight && e.worse >= r.odds*e.better
}

// mattersAlone says whether the Candidate looks worse than tolerated in minutes at 100 %,
// compared with Stable's record.
func (e effect) mattersAlone(r rules, record Count) bool {
	bad, good := e.alone.odds()
	recordBad, recordGood := record.odds()
	return e.alone.Rate()-record.Rate() >= r.difference && bad*recordGood >= r.odds*recordBad*good
}
