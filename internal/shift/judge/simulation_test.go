package judge

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// cell is traffic that is simulated many times.
type cell struct {
	name     string
	requests int64 // a minute
	weight   Weight
	// rates are the shares of requests that fail in a minute, counted from the first Shift.
	// History is negative.
	stable, candidate func(minute int) float64
	clump             int64 // how many requests fail together
}

func always(rate float64) func(int) float64 { return func(int) float64 { return rate } }

// between has another rate from a minute on, up to another.
func between(from, to int, rate, otherwise float64) func(int) float64 {
	return func(minute int) float64 {
		if minute >= from && minute < to {
			return rate
		}
		return otherwise
	}
}

// version draws what a version did in a minute.
func (c cell) version(random chance, requests int64, rate float64) Measured {
	clump := max(c.clump, 1)
	bad := min(clump*random.binomial((requests+clump-1)/clump, rate), requests)
	if requests == 0 {
		return Measured{}
	}
	return served(requests, bad)
}

// run draws a deployment, and returns in which minute it is found to be worse: it is judged
// after every one. It is 0 when it is not found.
func (c cell) run(random chance, minutes int) int {
	var history []Minute
	for i := -180; i < 0; i++ {
		history = append(history, Minute{At: minuteAt(i), Stable: c.version(random, c.requests, c.stable(i))})
	}
	baseline := NewBaseline(history, LatencyLimits{})
	traffic := Traffic{Shifts: []Shift{{At: noon, Weight: c.weight}}}
	for i := range minutes {
		candidate := random.binomial(c.requests, c.weight.Share())
		traffic.Minutes = append(traffic.Minutes, Minute{
			At:        minuteAt(i),
			Stable:    c.version(random, c.requests-candidate, c.stable(i)),
			Candidate: c.version(random, candidate, c.candidate(i)),
		})
		settings := DefaultSettings()
		settings.Slow, settings.Throttles = Off, Off
		if Judge(settings, baseline, traffic, 1, minuteAt(i+1)).Enforced == Worse {
			return i + 1
		}
	}
	return 0
}

func TestHealthyDeploymentsAreSeldomFoundWorse(t *testing.T) {
	t.Parallel()
	const (
		runs        = 250
		independent = 0.01 // is proven for errors that alone decide
		clumped     = 0.01 // is the bound of a deployment, and measured
		// An outage of both, with only ten requests of Stable a minute beside it. Measured:
		// 0.3 % of such deployments, in 3,000 runs, so 3 of these runs are no wonder.
		littleBeside = 0.02
	)
	outage := between(3, 8, 0.3, 0.001)
	for seed, c := range []struct {
		cell
		most float64 // of the runs
	}{
		{cell{"little traffic", 20, 1000, always(0.001), always(0.001), 1}, independent},
		{cell{"little traffic that fails often", 20, 5000, always(0.05), always(0.05), 1}, independent},
		{cell{"some traffic at 1 %", 2000, 100, always(0.001), always(0.001), 1}, independent},
		{cell{"some traffic at 10 %", 2000, 1000, always(0.01), always(0.01), 1}, independent},
		{cell{"much traffic", 100_000, 1000, always(0.001), always(0.001), 1}, independent},
		{cell{"both fail for five minutes", 2000, 1000, outage, outage, 1}, independent},
		{cell{"both fail for five minutes, little traffic", 20, 1000, outage, outage, 1}, independent},
		{cell{"both fail for five minutes, mostly the Candidate's traffic", 2000, 9500, outage, outage, 1}, independent},
		{cell{"both fail for five minutes, with little of Stable beside", 200, 9500, outage, outage, 1}, littleBeside},
		{cell{"in clumps of five", 2000, 2000, always(0.01), always(0.01), 5}, clumped},
		{cell{"the Candidate is better", 2000, 1000, always(0.02), always(0.01), 1}, independent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			random, found := newChance(uint64(seed)), 0
			for range runs {
				if c.run(random, 10) > 0 {
					found++
				}
			}
			assert.LessOrEqual(t, float64(found)/runs, c.most, "%d of %d runs", found, runs)
		})
	}
}

func TestRegressionsAreFoundInMinutes(t *testing.T) {
	t.Parallel()
	const runs = 101
	for seed, c := range []struct {
		cell
		median, atLeast int // the minute, and the runs in which it is found at all
	}{
		{cell{"2,000 a minute at 10 %: 5 % fail", 2000, 1000, always(0.001), always(0.05), 1}, 1, 101},
		{cell{"2,000 a minute at 10 %: ten times as many fail", 2000, 1000, always(0.001), always(0.01), 1}, 5, 90},
		{cell{"200 a minute at 10 %: 5 % fail", 200, 1000, always(0.001), always(0.05), 1}, 6, 80},
		{cell{"20 a minute at 10 %: all fail", 20, 1000, always(0.001), always(1), 1}, 3, 101},
		{cell{"100,000 a minute at 10 %: twice as many fail", 100_000, 1000, always(0.001), always(0.002), 1}, 4, 101},
		{cell{"2,000 a minute at 10 %: 5 % fail from the sixth minute on", 2000, 1000, always(0.001), between(5, 99, 0.05, 0.001), 1}, 7, 101},
		{cell{"2,000 a minute at 10 %, both out for a while: 20 % more fail", 2000, 1000, between(0, 5, 0.3, 0.001), between(0, 5, 0.5, 0.2), 1}, 2, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			random := newChance(uint64(seed))
			var found []int
			for range runs {
				if minute := c.run(random, 12); minute > 0 {
					found = append(found, minute)
				}
			}
			assert.GreaterOrEqual(t, len(found), c.atLeast)
			slices.Sort(found)
			if assert.Greater(t, len(found), runs/2) {
				assert.LessOrEqual(t, found[runs/2], c.median)
			}
		})
	}
}

func TestDrawsHaveTheirMeanAndDeviation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n     int64
		share float64
	}{{10, 0.5}, {1000, 0.001}, {1000, 0.1}, {1000, 0.9}, {1_000_000, 0.3}, {1, 0.25}} {
		const draws = 20_000
		random, sum, squares := newChance(3), 0.0, 0.0
		mean := float64(c.n) * c.share
		for range draws {
			drawn := random.binomial(c.n, c.share)
			assert.True(t, drawn >= 0 && drawn <= c.n)
			sum += float64(drawn) - mean
			squares += (float64(drawn) - mean) * (float64(drawn) - mean)
		}
		variance := mean * (1 - c.share)
		assert.InDelta(t, 0, sum/draws, 4*math.Sqrt(variance/draws), "mean of %+v", c)
		assert.InEpsilon(t, variance, squares/draws, 0.05, "variance of %+v", c)
	}
	random := newChance(1)
	assert.Zero(t, random.binomial(10, 0))
	assert.Zero(t, random.binomial(-1, 0.5))
	assert.EqualValues(t, 10, random.binomial(10, 1))
	assert.Equal(t, newChance(5).binomial(1000, 0.2), newChance(5).binomial(1000, 0.2))
}
