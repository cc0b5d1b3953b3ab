package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// logTotalOfAll adds up every term.
func logTotalOfAll(s split, odds float64) float64 {
	sum := math.Inf(-1)
	for y := s.least(); y <= s.most(); y++ {
		sum = logAdd(sum, s.logWays(y)+y*math.Log(odds))
	}
	return sum
}

func TestTotalIsTheSumOfAllTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		candidate, stable, bad, odds float64
	}{
		{5, 20, 3, 2}, {50, 450, 60, 1}, {50, 450, 60, 1.25}, {7, 3, 9, 30}, {100, 10, 50, 0.3}, {3, 3, 6, 9},
		{10, 90, 1, 1000}, {1, 1, 1, 60}, {0, 10, 3, 5}, {10, 0, 3, 5}, {4, 4, 0, 2}, {2000, 8000, 9990, 60},
		{40_000, 40_000, 39_000, 2.5}, {10_000, 90_000, 50_000, 12},
	} {
		s := split{c.candidate, c.stable, c.bad}
		want := logTotalOfAll(s, c.odds)
		assert.InDelta(t, want, s.logTotal(c.odds), 1e-11*math.Max(1, math.Abs(want)), "%+v", c)
	}
}

func TestTotalIsTheSumOfAllTermsWhateverTheNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		candidate, stable := rapid.IntRange(0, 20_000).Draw(t, "candidate"), rapid.IntRange(0, 20_000).Draw(t, "stable")
		bad := rapid.IntRange(0, candidate+stable).Draw(t, "bad")
		odds := rapid.SampledFrom([]float64{0.1, 1, 1.5, 2.5, 5, 12, 60}).Draw(t, "odds")
		s := split{float64(candidate), float64(stable), float64(bad)}
		want := logTotalOfAll(s, odds)
		if got := s.logTotal(odds); math.Abs(want-got) > 1e-11*math.Max(1, math.Abs(want)) {
			t.Fatalf("want %.12f, got %.12f", want, got)
		}
	})
}

func TestSpacedSumIsExact(t *testing.T) {
	t.Parallel()
	for _, s := range []split{{300, 700, 400}, {3000, 27_000, 9000}, {50_000, 50_000, 90_000}, {100_000, 900_000, 3000}} {
		for _, odds := range []float64{1, 1.5, 5, 60} {
			mode := s.mode(odds)
			deviation := s.deviation(mode)
			if deviation < wide/4 {
				continue
			}
			each, spaced := s.sumEach(mode, odds), s.sumSpaced(mode, odds, math.Floor(deviation/1.5))
			// What differs is the rounding of logarithms of large factorials.
			assert.InEpsilon(t, each, spaced, 1e-8, "%+v, odds %g, deviation %g", s, odds, deviation)
		}
	}
}

func TestTotalIsFoundForVeryManyRequests(t *testing.T) {
	t.Parallel()
	for _, s := range []split{{5e8, 5e8, 5e8}, {1, 1e9, 1e9}, {1e9, 1, 1}, {1e9, 1e9, 2e9 - 1}, {1e12, 1e12, 1e12}} {
		// All odds alike, the total is the number of ways to choose the bad requests among all.
		assert.InEpsilon(t, s.logAllWays(), s.logTotal(1), 1e-6, "%+v", s)
		assert.False(t, math.IsNaN(s.logTotal(60)) || math.IsInf(s.logTotal(60), 0), "%+v", s)
	}
}

func TestFishersTestIsTheSumOfItsTail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		candidate, stable := rapid.IntRange(1, 300).Draw(t, "candidate"), rapid.IntRange(1, 300).Draw(t, "stable")
		bad := rapid.IntRange(0, candidate+stable).Draw(t, "bad")
		s := split{float64(candidate), float64(stable), float64(bad)}
		y := float64(rapid.IntRange(int(s.least()), int(s.most())+1).Draw(t, "bad of the candidate"))
		want := 0.0
		for x := y; x <= s.most(); x++ {
			want += math.Exp(s.logWays(x) - s.logAllWays())
		}
		if got := s.chanceOfAtLeast(y); math.Abs(want-got) > 1e-9 {
			t.Fatalf("want %g, got %g", want, got)
		}
	})
}

func TestBinomialTailIsTheSumOfItsTerms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "n")
		reached := rapid.IntRange(0, n).Draw(t, "reached")
		share := float64(rapid.IntRange(1, 9999).Draw(t, "basis points")) / 10000
		want := 0.0
		for x := range reached + 1 {
			want += math.Exp(LogChoose(float64(n), float64(x)) + float64(x)*math.Log(share) + float64(n-x)*math.Log1p(-share))
		}
		if got := chanceOfAtMost(float64(reached), float64(n), share); math.Abs(want-got) > 1e-9 {
			t.Fatalf("want %g, got %g", want, got)
		}
	})
}

func TestBinomialTailAtItsEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		reached, n, share float64
		low, high         float64
	}{
		{"no requests", 0, 0, 0.1, 1, 1},
		{"no share", 0, 100, 0, 1, 1},
		{"whole share", 99, 100, 1, 0, 0},
		{"none of 131", 0, 131, 0.1, 1e-6, 1.1e-6},
		{"none of 132", 0, 132, 0.1, 0.9e-6, 1e-6},
		{"none of very many", 0, 1e11, 0.5, 0, 0},
		{"just what is expected of very many", 5e10, 1e11, 0.5, 0.499, 0.501},
		// Six standard deviations below: 1e-9.
		{"far less of very many", 5e10 - 6*158_114, 1e11, 0.5, 0.9e-9, 1.1e-9},
	} {
		got := chanceOfAtMost(c.reached, c.n, c.share)
		assert.GreaterOrEqual(t, got, c.low, c.name)
		assert.LessOrEqual(t, got, c.high, c.name)
	}
}

// At the edges, where all requests of a version are bad or good, a count of 0 is taken for 1.
func TestDeviationIsKnownAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, s := range []split{{stable: 100, candidate: 1, bad: 50}, {stable: 100, candidate: 1, bad: 1}, {stable: 1, candidate: 1, bad: 1}, {stable: 1, candidate: 100, bad: 100}} {
		for _, mode := range []float64{s.least(), s.most()} {
			assert.Positive(t, s.deviation(mode), "%+v at %g", s, mode)
			assert.Less(t, s.deviation(mode), math.Sqrt(s.bad+1), "%+v at %g", s, mode)
		}
	}
}
