package judge

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// expectedBet is what a stake of 1 is expected to become, when the odds of a bad request are
// that many times higher on the Candidate, and logBet is what a number of bad requests makes
// of it.
func expectedBet(s split, odds float64, logBet func(bad float64) float64) float64 {
	sum, total := math.Inf(-1), logTotalOfAll(s, odds)
	for y := s.least(); y <= s.most(); y++ {
		sum = logAdd(sum, s.logWays(y)+y*math.Log(odds)-total+logBet(y))
	}
	return math.Exp(sum)
}

func TestBetSideBySideIsNotExpectedToWinAgainstACandidateThatIsNoWorse(t *testing.T) {
	t.Parallel()
	for _, odds := range []float64{0.2, 0.9, 1} {
		for _, s := range []split{{5, 45, 3}, {50, 50, 40}, {1, 99, 2}, {20, 180, 199}, {900, 100, 30}, {2000, 18_000, 700}} {
			for _, a := range alternatives(false) {
				for _, clump := range []float64{1, 3} {
					expected := expectedBet(s, odds, func(bad float64) float64 { return logBetSideBySide(s, bad, a.odds) / clump })
					assert.LessOrEqual(t, expected, 1+1e-9, "odds %g, %+v, bet on odds %g, clump %g", odds, s, a.odds, clump)
				}
			}
		}
	}
}

func TestBetSideBySideIsExactWhenBothVersionsAreAlike(t *testing.T) {
	t.Parallel()
	s := split{50, 150, 20}
	expected := expectedBet(s, 1, func(bad float64) float64 { return logBetSideBySide(s, bad, 5) })
	assert.InDelta(t, 1, expected, 1e-9, "a stake that is expected to shrink throws evidence away")
}

func TestBetAgainstTheRecordIsNotExpectedToWinAgainstWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, allowed := range []float64{0.01, 0.05, 0.2, 0.25, 0.44} {
		for _, share := range []float64{0, allowed / 3, allowed} {
			for _, requests := range []int64{1, 7, 60} {
				for _, a := range alternatives(true)[5:] {
					for _, clump := range []float64{1, 3} {
						expected := 0.0
						for bad := range requests + 1 {
							n, b := float64(requests), float64(bad)
							chance := math.Exp(LogChoose(n, b)) * math.Pow(share, b) * math.Pow(1-share, n-b)
							bet := logBetAgainstRecord(Count{Requests: requests, Bad: bad}, allowed, a.badShare(allowed))
							expected += chance * math.Exp(bet/clump)
						}
						assert.LessOrEqual(t, expected, 1+1e-9, "allowed %g, true %g, %d requests, %+v, clump %g", allowed, share, requests, a, clump)
					}
				}
			}
		}
	}
}

func TestBetsAreFiniteWhateverIsAllowed(t *testing.T) {
	t.Parallel()
	for _, allowed := range []float64{0.01, 0.25, 0.45, 0.5, 0.999, 1, 1.0000001, 4} {
		for _, m := range []tally{
			{stable: Count{4, 1}, candidate: Count{10, 10}},
			{stable: Count{4, 4}, candidate: Count{10, 0}},
			{candidate: Count{10, 10}, alone: true},
		} {
			for i, bet := range logBets(alternatives(true), m, allowed) {
				assert.False(t, math.IsNaN(bet) || math.IsInf(bet, 0), "allowed %g, %+v: alternative %d is %g", allowed, m, i, bet)
			}
		}
	}
}

func TestStakesAddUpToOne(t *testing.T) {
	t.Parallel()
	for _, withRecord := range []bool{true, false} {
		sum := 0.0
		for _, a := range alternatives(withRecord) {
			sum += a.stake
		}
		assert.InDelta(t, 1, sum, 1e-12, "with record: %t", withRecord)
	}
	m, spent := newMixture(1), 0.0
	for minute := range 100 {
		assert.InDelta(t, 1, spent+m.unspent(), 1e-12, "after %d minutes", minute)
		spent += startStake(minute)
		m.add([]float64{0}, 1)
	}
}

// outcome is how a minute may end, and how likely that is.
type outcome struct {
	tally
	chance float64
}

// outcomes lists how minutes of few requests may end, when a share of them is bad.
func outcomes(stable, candidate int64, stableShare, candidateShare float64, alone bool) []outcome {
	chance := func(n, k int64, p float64) float64 {
		return math.Exp(LogChoose(float64(n), float64(k))) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
	}
	var list []outcome
	for a := range stable + 1 {
		for b := range candidate + 1 {
			list = append(list, outcome{
				tally{stable: Count{stable, a}, candidate: Count{candidate, b}, alone: alone},
				chance(stable, a, stableShare) * chance(candidate, b, candidateShare),
			})
		}
	}
	return list
}

func TestEvidenceIsNotExpectedToGrowAgainstACandidateThatIsNoWorse(t *testing.T) {
	t.Parallel()
	quiet := Record{Count: Count{Requests: 10_000, Bad: 10}}
	for _, c := range []struct {
		name    string
		record  Record
		minutes [][]outcome
	}{
		{"alike for three minutes", quiet, [][]outcome{
			outcomes(6, 2, 0.01, 0.01, false), outcomes(4, 4, 0.01, 0.01, false), outcomes(3, 5, 0.01, 0.01, false),
		}},
		{"better than Stable", quiet, [][]outcome{
			outcomes(6, 2, 0.01, 0.002, false), outcomes(5, 3, 0.01, 0.002, false), outcomes(3, 5, 0.01, 0.002, false),
		}},
		{"then at 100 %", quiet, [][]outcome{
			outcomes(5, 3, 0.01, 0.01, false), outcomes(4, 4, 0.01, 0.01, false), outcomes(0, 12, 0, 0.01, true),
		}},
		{"at 100 % all the time", quiet, [][]outcome{
			outcomes(0, 9, 0, 0.009, true), outcomes(0, 8, 0, 0.009, true), outcomes(0, 8, 0, 0.009, true),
		}},
		{"in clumps of three", Record{Count: quiet.Count, Clump: 3}, [][]outcome{
			outcomes(6, 2, 0.01, 0.01, false), outcomes(4, 4, 0.01, 0.01, false), outcomes(0, 12, 0, 0.01, true),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expected, certain := 0.0, 0.0
			eachCourse(c.minutes, func(course []tally, chance float64) {
				e := newEvidence(DefaultSettings().rules(Errors), c.record)
				for _, m := range course {
					e.addUncorrected(m)
				}
				certain += chance
				expected += chance * (math.Exp(e.logBeside()) + math.Exp(e.logAlone()))
			})
			assert.InDelta(t, 1, certain, 1e-9, "the outcomes are complete")
			assert.LessOrEqual(t, expected, 1+1e-9)
		})
	}
}

// eachCourse calls f with each sequence of outcomes and how likely it is.
func eachCourse(minutes [][]outcome, f func(course []tally, chance float64)) {
	var walk func(course []tally, chance float64)
	walk = func(course []tally, chance float64) {
		if len(course) == len(minutes) {
			f(course, chance)
			return
		}
		for _, o := range minutes[len(course)] {
			walk(append(slices.Clone(course), o.tally), chance*o.chance)
		}
	}
	walk(nil, 1)
}
