package world

import (
	"math"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Latency is the distribution of a time: lognormal with this median and 99th percentile, or
// always P50 if the two are equal.
type Latency struct{ P50, P99 time.Duration }

// longest is how long an invocation can take (Lambda quotas), in milliseconds.
const longest = 900_000

// decodeLatency reads a number of milliseconds, or {"p50", "p99"}.
func decodeLatency(v strictjson.Value) Latency {
	if !v.IsObject() {
		always := millis(v)
		return Latency{always, always}
	}
	o := v.Object("p50", "p99")
	l := Latency{P50: millis(o.Require("p50")), P99: millis(o.Require("p99"))}
	switch {
	case v.HasProblem():
	case l.P50 == 0:
		o.Field("p50").Problem("must be above 0: write the number 0 in place of the object for a time of nothing")
	case l.P99 < l.P50:
		o.Field("p99").Problem("must not be below p50")
	}
	return l
}

// constant says that the time is always the same.
func (l Latency) constant() bool { return l.P99 <= l.P50 }

// sigma is the deviation of the time's logarithm.
func (l Latency) sigma() float64 {
	const normal99 = 2.3263478740408408 // the 99th percentile of the normal distribution
	return math.Log(float64(l.P99)/float64(l.P50)) / normal99
}

// mean returns the mean in milliseconds.
func (l Latency) mean() float64 {
	if l.constant() {
		return inMillis(l.P50)
	}
	return inMillis(l.P50) * math.Exp(l.sigma()*l.sigma()/2)
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// draw returns the times of n requests in milliseconds, each multiplied by a factor. Few are
// drawn one by one, many by steps of at most 1 %: a step's time is at most 0.5 % from
// those that it stands for.
func (l Latency) draw(n int64, factor float64, d dice) localaws.Distribution {
	switch {
	case n <= 0:
		return nil
	case l.constant():
		return localaws.Distribution{{Value: min(factor*inMillis(l.P50), longest), Count: n}}
	case n <= maxSingleTimes:
		samples := make([]localaws.Sample, n)
		for i := range samples {
			samples[i] = localaws.Sample{Value: l.one(factor, d), Count: 1}
		}
		return localaws.NewDistribution(samples...)
	}
	return l.drawBySteps(n, factor, d)
}

// maxSingleTimes is from where on drawing by steps is faster.
const maxSingleTimes = 256

// one draws a single time in milliseconds, to a hundredth as Lambda measures it.
func (l Latency) one(factor float64, d dice) float64 {
	if l.constant() {
		return min(factor*inMillis(l.P50), longest)
	}
	drawn := factor * inMillis(l.P50) * math.Exp(l.sigma()*d.random.NormFloat64())
	return min(math.Round(100*drawn)/100, longest)
}

func (l Latency) drawBySteps(n int64, factor float64, d dice) localaws.Distribution {
	steps := stepsOf(l)
	drawn := make(localaws.Distribution, 0, len(steps))
	for _, s := range steps {
		hits := d.binomial(n, s.share)
		if hits == 0 {
			continue
		}
		value := min(factor*s.value, longest)
		if last := len(drawn) - 1; last >= 0 && drawn[last].Value == value { // both are the longest
			drawn[last].Count += hits
		} else {
			drawn = append(drawn, localaws.Sample{Value: value, Count: hits})
		}
		if n -= hits; n == 0 {
			break
		}
	}
	return drawn
}

// step is a time in milliseconds, and its share among the requests that are not below it.
type step struct{ value, share float64 }

// stepWidth is the logarithm of the ratio of two neighbouring steps, of a distribution that is
// wider than stepsOfDeviation of them.
var stepWidth = math.Log(1.01)

// stepsOfDeviation is at least how many steps a standard deviation has, so that no step has
// more than a hundredth of the requests.
const stepsOfDeviation = 50

var knownSteps sync.Map // of []step by Latency

// stepsOf returns the steps of a Latency, the shortest first. The last one has the share 1.
func stepsOf(l Latency) []step {
	if known, ok := knownSteps.Load(l); ok {
		return known.([]step)
	}
	width := min(stepWidth, l.sigma()/stepsOfDeviation)
	scale := width / l.sigma() / math.Sqrt2
	// notBelow returns the share of times that are not below a step.
	notBelow := func(k int) float64 { return 0.5 * math.Erfc((float64(k)-0.5)*scale) }
	// Beyond 5.5 deviations there is less than one request in 50 million. Those below -4,
	// one in 30,000, count as the shortest.
	first, last := -int(math.Ceil(4*l.sigma()/width)), int(math.Ceil(5.5*l.sigma()/width))
	made := make([]step, 0, last-first+1)
	before := 1.0
	for k := first; k <= last; k++ {
		after := notBelow(k + 1)
		share := 1.0
		if k < last {
			share = 1 - after/before
		}
		before = after
		made = append(made, step{inMillis(l.P50) * math.Exp(float64(k)*width), share})
	}
	knownSteps.Store(l, made)
	return made
}
