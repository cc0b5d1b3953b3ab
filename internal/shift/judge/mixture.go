package judge

import "math"

// mixture is the stake over all starts: nobody knows since when a Candidate is worse, so a
// part of the stake is bet from every minute on.
type mixture struct {
	logValues []float64 // for each alternative, what the stakes up to now have become
	minutes   int       // how many minutes have been bet on
}

func newMixture(alternatives int) mixture {
	m := mixture{logValues: make([]float64, alternatives)}
	for i := range m.logValues {
		m.logValues[i] = math.Inf(-1)
	}
	return m
}

// startStake is the part of the stake that is bet from a minute on, counted from 0. Half is
// bet on the first one. All parts together are 1.
func startStake(minute int) float64 {
	if minute == 0 {
		return 0.5
	}
	n := float64(minute)
	return 0.5 / (n * (n + 1))
}

// unspent is the part of the stake that is kept for minutes to come.
func (m *mixture) unspent() float64 {
	if m.minutes == 0 {
		return 1
	}
	return 0.5 / float64(m.minutes)
}

// add bets on one more minute. The clump is how many bad requests count as one.
func (m *mixture) add(logBets []float64, clump float64) {
	logStake := math.Log(startStake(m.minutes))
	for i, bet := range logBets {
		m.logValues[i] = logAdd(m.logValues[i], logStake) + bet/clump
	}
	m.minutes++
}
