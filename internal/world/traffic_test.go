package world

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

func rolled(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 1)), true} }

// moments draws many times, and returns the mean and the variance.
func moments(times int, draw func() int64) (mean, variance float64) {
	var sum, squares float64
	for range times {
		x := float64(draw())
		sum, squares = sum+x, squares+x*x
	}
	mean = sum / float64(times)
	return mean, squares/float64(times) - mean*mean
}

func TestCountsHaveTheirExactDistribution(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n int64
		p float64
	}{{1, 0.3}, {20, 0.05}, {20, 0.95}, {300, 0.02}, {1000, 0.4}, {100_000, 0.00003}, {100_000, 0.001}, {1_000_000, 0.7}} {
		t.Run(fmt.Sprintf("%d at %g", c.n, c.p), func(t *testing.T) {
			t.Parallel()
			const times = 40_000
			d := rolled(7)
			counts := map[int64]int{}
			mean, variance := moments(times, func() int64 {
				k := d.binomial(c.n, c.p)
				counts[k]++
				require.True(t, k >= 0 && k <= c.n)
				return k
			})
			wantMean, wantVariance := float64(c.n)*c.p, float64(c.n)*c.p*(1-c.p)
			assert.InDelta(t, wantMean, mean, 5*math.Sqrt(wantVariance/times))
			assert.InEpsilon(t, wantVariance, variance, 0.05)
			// The most frequent counts are as frequent as they should be.
			for k := int64(wantMean) - 1; k <= int64(wantMean)+1; k++ {
				if k < 0 || k > c.n {
					continue
				}
				log := logFactorial(float64(c.n)) - logFactorial(float64(k)) - logFactorial(float64(c.n-k)) +
					float64(k)*math.Log(c.p) + float64(c.n-k)*math.Log1p(-c.p)
				want := times * math.Exp(log)
				assert.InDelta(t, want, counts[k], 5*math.Sqrt(want)+1, "%d hits", k)
			}
		})
	}
	assert.Equal(t, int64(50), rolled(1).binomial(50, 1))
	assert.Zero(t, rolled(1).binomial(50, 0))
}

func TestErrorsComeInClumpsOfTheMeanSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n          int64
		rate, size float64
	}{{2000, 0.01, 3}, {2000, 0.02, 10}, {1_000_000, 0.02, 4}} {
		t.Run(fmt.Sprintf("%g of %d by %g", c.rate, c.n, c.size), func(t *testing.T) {
			t.Parallel()
			d := rolled(3)
			mean, variance := moments(20_000, func() int64 { return d.clumps(c.n, c.rate, c.size) })
			size := 1 + (c.size-1)*(1-c.rate)
			assert.InEpsilon(t, float64(c.n)*c.rate, mean, 0.03)
			// Of geometric bunches of the mean size m, the variance is 2m-1 times the mean.
			assert.InEpsilon(t, 2*size-1, variance/mean, 0.06)
		})
	}
	assert.Equal(t, int64(1000), rolled(1).clumps(1000, 1, 10), "a version that always fails fails always")
}

func TestDurationsAreLognormal(t *testing.T) {
	t.Parallel()
	for _, l := range []Latency{{40 * time.Millisecond, 200 * time.Millisecond}, {2 * time.Millisecond, 900 * time.Millisecond}, {100 * time.Millisecond, 101 * time.Millisecond}} {
		for _, factor := range []float64{1, 3} {
			t.Run(fmt.Sprintf("%v times %g", l, factor), func(t *testing.T) {
				t.Parallel()
				const n = 2_000_000
				drawn := l.draw(n, factor, rolled(5))
				require.EqualValues(t, n, drawn.Count())
				few := make([]localaws.Distribution, 1000)
				d := rolled(6)
				for i := range few {
					few[i] = l.draw(100, factor, d)
				}
				singly := localaws.MergeDistributions(few)
				require.EqualValues(t, 100_000, singly.Count())
				for _, z := range []float64{-1.2815515655446004, 0, 1.2815515655446004, 2.3263478740408408, 3.090232306167813} {
					share := 0.5 * math.Erfc(-z/math.Sqrt2)
					want := factor * inMillis(l.P50) * math.Exp(z*l.sigma())
					assert.InEpsilon(t, want, drawn.Percentile(share), 0.01, "p%g of many", 100*share)
					assert.InEpsilon(t, want, singly.Percentile(share), 0.03*max(1, l.sigma()*max(1, z*z/2)), "p%g of few", 100*share)
					assert.InDelta(t, share, float64(drawn.Within(math.Inf(-1), want).Count())/n, 0.01, "the rank of %g", want)
				}
				assert.InEpsilon(t, factor*l.mean(), drawn.Sum()/n, 0.02)
			})
		}
	}
	always := Latency{80 * time.Millisecond, 80 * time.Millisecond}
	assert.Equal(t, localaws.Distribution{{Value: 160, Count: 9}}, always.draw(9, 2, rolled(1)))
	endless := Latency{time.Minute, 24 * time.Hour}
	drawn := endless.draw(100_000, 1, rolled(1))
	assert.InDelta(t, 900_000, drawn[len(drawn)-1].Value, 0, "Lambda ends an invocation after 15 minutes")
}

// play plays the traffic of a scenario with the Candidate at a share.
func play(t *testing.T, scenario string, w shift.Weight, d time.Duration) *Traffic {
	t.Helper()
	s, err := DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	played := NewTraffic(s)
	played.Shift(w)
	played.Advance(d)
	return played
}

// minute returns the values of a metric in a minute.
func (t *Traffic) minute(version string, m Metric, minute int) localaws.Distribution {
	from := Epoch.Add(time.Duration(minute) * time.Minute)
	return t.Values(version, m, from, from.Add(time.Minute))
}

func (t *Traffic) rate(version string, minute int) float64 {
	return t.minute(version, Errors, minute).Sum() / t.minute(version, Invocations, minute).Sum()
}

func TestAnIncidentHitsBothVersions(t *testing.T) {
	t.Parallel()
	played := play(t, `{"traffic": {"requestsPerMinute": 100000}, "stable": {"errorRate": 0.01, "durationMs": {"p50": 40, "p99": 200}}, "candidate": {"errorRate": 0.02, "durationMs": 50},
		"incidents": [{"fromSeconds": 300, "untilSeconds": 450, "errorRate": 0.3, "durationTimes": 2}, {"fromSeconds": 360, "untilSeconds": 420, "throttleRate": 0.1},
			{"fromSeconds": -600, "untilSeconds": -540, "errorRate": 0.5}]}`, 5000, 11*time.Minute)
	for minute, incident := range map[int]float64{0: 0, 4: 0, 5: 0.3, 6: 0.3, 7: 0.15, 8: 0} {
		assert.InDelta(t, 0.01+0.99*incident, played.rate(TrafficStable, minute), 0.012, "minute %d", minute)
		assert.InDelta(t, 0.02+0.98*incident, played.rate(TrafficCandidate, minute), 0.012, "minute %d", minute)
	}
	for minute, times := range map[int]float64{4: 1, 5: 2, 6: 2, 7: math.Sqrt2, 8: 1} {
		assert.InEpsilon(t, 40*times, played.minute(TrafficStable, Duration, minute).Percentile(0.5), 0.02, "minute %d", minute)
		assert.InEpsilon(t, 50*times, played.minute(TrafficCandidate, Duration, minute).Percentile(0.5), 0.01, "minute %d", minute)
	}
	for _, version := range []string{TrafficStable, TrafficCandidate} {
		assert.InEpsilon(t, 5_000, played.minute(version, Throttles, 6).Sum(), 0.1)
		assert.InEpsilon(t, 45_000, played.minute(version, Invocations, 6).Sum(), 0.03, "a throttled request is no invocation")
		assert.InDelta(t, 50_000, played.minute(version, Throttles, 6).Sum()+played.minute(version, Invocations, 6).Sum(), 1500)
		assert.Empty(t, played.minute(version, Throttles, 5))
	}
	assert.InDelta(t, 0.505, played.rate(TrafficStable, -10), 0.01, "an incident in the history")
	assert.InDelta(t, 0.01, played.rate(TrafficStable, -11), 0.005)
	assert.InDelta(t, played.rate(TrafficStable, -10), played.rate("", -10), 0, "nobody else has served then")
}

func TestAnErrorRateDrifts(t *testing.T) {
	t.Parallel()
	played := play(t, `{"traffic": {"requestsPerMinute": 200000}, "candidate": {"errorRate": 0.1, "drift": {"toErrorRate": 0.5, "fromSeconds": 120, "untilSeconds": 360}}}`, 5000, 10*time.Minute)
	for minute, want := range map[int]float64{0: 0.1, 1: 0.1, 2: 0.15, 3: 0.25, 4: 0.35, 5: 0.45, 6: 0.5, 8: 0.5} {
		assert.InDelta(t, want, played.rate(TrafficCandidate, minute), 0.01, "minute %d", minute)
		assert.Zero(t, played.rate(TrafficStable, minute))
	}
}

func TestNewSandboxesStartCold(t *testing.T) {
	t.Parallel()
	const scenario = `{"traffic": {"requestsPerMinute": 6000}, "stable": {"durationMs": 100, "coldStartMs": 900}, "candidate": {"durationMs": 100, "coldStartMs": 900}%s}`
	cold := func(played *Traffic, version string, minute int) int64 {
		return played.minute(version, Duration, minute).Within(999, 1000).Count()
	}
	played := play(t, fmt.Sprintf(scenario, ""), 5000, 20*time.Minute)
	// 3,000 requests a minute of 100 ms: 5 at once, and at times 5 + 2·√5.
	assert.InDelta(t, 10, cold(played, TrafficCandidate, 0), 2)
	assert.LessOrEqual(t, cold(played, TrafficCandidate, 1), int64(2))
	assert.Zero(t, cold(played, TrafficStable, 0), "its sandboxes are there from before")
	played.Shift(shift.All)
	played.Advance(20 * time.Minute)
	assert.InDelta(t, 7, cold(played, TrafficCandidate, 20), 2, "twice as many requests need more")
	played.Shift(shift.None)
	played.Advance(2 * time.Minute)
	assert.Positive(t, cold(played, TrafficStable, 40), "Lambda has removed the idle ones")

	fresh := play(t, fmt.Sprintf(scenario, `, "metrics": {"historyMinutes": 0}`), 0, 2*time.Minute)
	assert.Positive(t, cold(fresh, TrafficStable, 0), "a function without a history has no sandboxes")
}

func TestABrokenSandboxFailsUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	played := play(t, `{"traffic": {"requestsPerMinute": 6000}, "candidate": {"durationMs": 100, "sandboxDeaths": {"perHour": 1, "deadSeconds": 120}}, "stable": {"durationMs": 100}}`, 5000, 4*time.Hour)
	healthy, ill, failed, requests := 0, 0, 0.0, 0.0
	for minute := range 200 {
		rate := played.rate(TrafficCandidate, minute)
		if rate == 0 {
			healthy++
		}
		if rate > 0.06 { // of about ten sandboxes at least one
			ill++
		}
		failed += played.minute(TrafficCandidate, Errors, minute).Sum()
		requests += played.minute(TrafficCandidate, Invocations, minute).Sum()
		assert.Zero(t, played.rate(TrafficStable, minute))
	}
	// Each is broken for 2 minutes of 62.
	assert.InDelta(t, 2.0/62, failed/requests, 0.015)
	assert.Greater(t, healthy, 80, "minutes without an error")
	assert.Greater(t, ill, 40, "and minutes with many")
}

func TestAVersionIsThrottled(t *testing.T) {
	t.Parallel()
	played := play(t, `{"traffic": {"requestsPerMinute": 60000}, "stable": {"durationMs": 100, "throttleRate": 0.02}, "candidate": {"durationMs": 100, "maxConcurrency": 10}}`, 5000, 10*time.Minute)
	assert.InEpsilon(t, 600, played.minute(TrafficStable, Throttles, 3).Sum(), 0.2)
	// Ten at once of 100 ms are 6,000 a minute.
	assert.InEpsilon(t, 6000, played.minute(TrafficCandidate, Invocations, 3).Sum(), 0.05)
	assert.InEpsilon(t, 24_000, played.minute(TrafficCandidate, Throttles, 3).Sum(), 0.05)
	assert.Zero(t, played.minute(TrafficCandidate, Errors, 3).Sum(), "a throttled request is no error")
	for range 30 {
		played.Advance(5 * time.Second)
	}
	assert.InEpsilon(t, 6000, played.minute(TrafficCandidate, Invocations, 10).Sum(), 0.05, "however often the requests are counted")
}

func TestASandboxIsBrokenForItsTime(t *testing.T) {
	t.Parallel()
	deaths := SandboxDeaths{PerHour: 1e-9, Dead: 90 * time.Second}
	p := pool{warm: true, broken: []breakdown{{30 * time.Second, 2 * time.Minute}}}
	var broken []float64
	var cold []int64
	for minute := range int64(4) {
		from := time.Duration(minute) * time.Minute
		replaced, share := p.serve(deaths, rolled(1), part{minute, from, from + time.Minute}, 16) // of 24 sandboxes
		broken, cold = append(broken, share), append(cold, replaced)
	}
	assert.InDeltaSlice(t, []float64{0.5 / 24, 1.0 / 24, 0, 0}, broken, 1e-9)
	assert.Equal(t, []int64{0, 0, 1, 0}, cold, "the one that replaces it is cold")
}

func TestRetriesAreRoutedAnew(t *testing.T) {
	t.Parallel()
	const quarter = 2500
	played := play(t, `{"traffic": {"requestsPerMinute": 60000, "retries": 2}, "candidate": {"errorRate": 1}}`, quarter, 10*time.Minute)
	served := func(version string, minute int) float64 { return played.minute(version, Invocations, minute).Sum() }
	assert.InDelta(t, 15_000, served(TrafficCandidate, 0), 600)
	assert.InDelta(t, 60_000, served(TrafficCandidate, 0)+served(TrafficStable, 0), 0)
	// The 15,000 that failed come again after a minute, and a quarter of them fails again; those
	// come again two minutes later.
	assert.InDelta(t, 75_000, served("", 1), 600)
	assert.InDelta(t, 15_000+15_000.0/4, served(TrafficCandidate, 1), 700)
	assert.InDelta(t, 60_000+15_000+15_000.0/4, served("", 3), 800)
	assert.InDelta(t, (60_000+15_000+15_000.0/4)/4, served(TrafficCandidate, 3), 800, "routed by the weights")

	// The first retry waits for a minute and the second for two: what failed twice comes in minute 3.
	assert.InDelta(t, 60_000+15_000, served("", 2), 800)
	throttled := play(t, `{"traffic": {"requestsPerMinute": 60000, "retries": 1}, "candidate": {"throttleRate": 1}}`, quarter, 10*time.Minute)
	assert.InDelta(t, 45_000+0.75*15_000, throttled.minute("", Invocations, 1).Sum(), 700, "a throttled request is sent again, too")

	requests, errors := played.Served(TrafficCandidate)
	assert.Equal(t, requests, errors)
	none := play(t, `{"traffic": {"requestsPerMinute": 60000}, "candidate": {"errorRate": 1}}`, quarter, 10*time.Minute)
	assert.InDelta(t, 60_000, none.minute("", Invocations, 5).Sum(), 0)
}

func TestTheTrafficIsTheSameForASeedHoweverItIsRead(t *testing.T) {
	t.Parallel()
	const scenario = `{"seed": 4, "traffic": {"requestsPerMinute": 900, "retries": 1}, "stable": {"errorRate": 0.05, "durationMs": {"p50": 40, "p99": 200}},
		"candidate": {"errorRate": 0.1, "errorClump": 3, "sandboxDeaths": {"perHour": 2, "deadSeconds": 60}, "coldStartMs": {"p50": 300, "p99": 900}}, "metrics": {"lagMinutes": %d}}`
	unread := play(t, fmt.Sprintf(scenario, 0), 3000, 30*time.Minute)
	read := play(t, fmt.Sprintf(scenario, 5), 3000, 0)
	for range 60 {
		read.Advance(30 * time.Second)
		read.MetricData(localaws.Metric{Namespace: "AWS/Lambda", Name: "Errors", Dimensions: map[string]string{"FunctionName": "orders"}}, Epoch.Add(-time.Hour), Epoch.Add(time.Hour))
	}
	read.Advance(10 * time.Minute)
	// The world itself advances in halves of a minute here, which changes the draws. But whoever
	// asks for metrics does not.
	again := play(t, fmt.Sprintf(scenario, 5), 3000, 0)
	for range 60 {
		again.Advance(30 * time.Second)
	}
	again.Advance(10 * time.Minute)
	for minute := range 29 {
		for _, m := range []Metric{Invocations, Errors, Duration} {
			assert.Equal(t, again.minute(TrafficCandidate, m, minute), read.minute(TrafficCandidate, m, minute), "%s in minute %d", m, minute)
		}
	}
	twin := play(t, fmt.Sprintf(scenario, 0), 3000, 30*time.Minute)
	assert.Equal(t, unread.Values("", Duration, Epoch.Add(-time.Hour), Epoch.Add(time.Hour)), twin.Values("", Duration, Epoch.Add(-time.Hour), Epoch.Add(time.Hour)))
}

// A request that comes alone in a moment needs one sandbox, however long it takes.
func TestAMomentNeedsNoMoreSandboxesThanRequests(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{time.Nanosecond, time.Second, time.Minute} {
		v, p := server{main: rolled(1), extra: rolled(2)}, pool{}
		b := Behaviour{Duration: Latency{time.Microsecond, 24 * time.Hour}, Deaths: SandboxDeaths{PerHour: 1, Dead: time.Hour}}
		v.serve(b, &p, part{0, 0, length}, 3)
		assert.LessOrEqual(t, p.size(length), int64(7), length)
	}
}
