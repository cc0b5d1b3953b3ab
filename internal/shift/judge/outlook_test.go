package judge

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary is a plan that keeps 10 % for ten minutes, then 95 %, then all.
func canary(requestsPerMinute float64) Prospect {
	return Prospect{
		Steps:             []Step{{1000, 10 * time.Minute}, {9500, 10 * time.Minute}, {All, 10 * time.Minute}},
		RequestsPerMinute: requestsPerMinute, ErrorRate: 0.001, MetricLag: time.Minute, Functions: 1,
	}
}

// detection is how a Step of the canary finds a regression.
func detection(t *testing.T, s StepOutlook, regression float64) Detection {
	t.Helper()
	for _, d := range s.Detections {
		if d.Regression == regression {
			return d
		}
	}
	require.Fail(t, "no such regression", "%g", regression)
	return Detection{}
}

func TestOutlookTellsHowSoonARegressionIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		requests   float64
		regression float64
		least      float64 // share of runs in which it is found
		most       float64
		after      time.Duration // at most; 0 when it is mostly not found
	}{
		{"no traffic", 0, 0.20, 0, 0, 0},
		{"20 a minute, 5 %", 20, 0.05, 0, 0.1, 0},
		{"200 a minute, 1 %", 200, 0.01, 0, 0.3, 0},
		{"200 a minute, 5 %", 200, 0.05, 0.9, 1, 6 * time.Minute},
		{"200 a minute, 20 %", 200, 0.20, 1, 1, 3 * time.Minute},
		{"2,000 a minute, 1 %", 2000, 0.01, 0.95, 1, 5 * time.Minute},
		{"2,000 a minute, 5 %", 2000, 0.05, 1, 1, 2 * time.Minute},
		{"a million a minute, 1 %", 1e6, 0.01, 1, 1, 2 * time.Minute},
	} {
		d := detection(t, Outlook(DefaultSettings(), canary(c.requests))[0], c.regression)
		assert.GreaterOrEqual(t, d.Found, c.least, c.name)
		assert.LessOrEqual(t, d.Found, c.most, c.name)
		assert.LessOrEqual(t, d.After, c.after, c.name)
		assert.Equal(t, c.after > 0, d.After > 0, c.name)
	}
}

func TestOutlookCountsTheRequestsThatFailUntilThen(t *testing.T) {
	t.Parallel()
	steps := Outlook(DefaultSettings(), canary(2000))
	assert.EqualValues(t, math.Round(2*200*0.051), detection(t, steps[0], 0.05).Bad, "in two minutes")
	steps = Outlook(DefaultSettings(), canary(20))
	assert.EqualValues(t, math.Round(10*2*0.011), detection(t, steps[0], 0.01).Bad, "until the step ends")
}

func TestNothingIsFoundWithoutStableBeside(t *testing.T) {
	t.Parallel()
	whole := Outlook(DefaultSettings(), canary(2000))[2]
	for _, d := range whole.Detections {
		assert.Zero(t, d.Found)
		assert.Zero(t, d.After)
	}
	alone := Prospect{Steps: []Step{{All, time.Hour}}, RequestsPerMinute: 2000}
	assert.EqualValues(t, 1, Outlook(DefaultSettings(), alone)[0].Hidden)
}

func TestLateMetricsFindLaterAndLeaveMoreHidden(t *testing.T) {
	t.Parallel()
	soon, late := canary(2000), canary(2000)
	late.MetricLag = 4 * time.Minute
	a, b := Outlook(DefaultSettings(), soon)[0], Outlook(DefaultSettings(), late)[0]
	assert.Equal(t, detection(t, a, 0.05).After+3*time.Minute, detection(t, b, 0.05).After)
	assert.Less(t, a.Hidden, b.Hidden)
	late.MetricLag = time.Hour
	b = Outlook(DefaultSettings(), late)[0]
	assert.EqualValues(t, 1, b.Hidden, "nothing is known when the step ends")
	assert.Zero(t, detection(t, b, 0.20).Found)
}

func TestHiddenIsWhatTheExpectedNumbersLeaveOpen(t *testing.T) {
	t.Parallel()
	p := canary(2000)
	steps := Outlook(DefaultSettings(), p)
	// Nine of ten minutes are known: 1,800 requests of the Candidate.
	assert.InDelta(t, sample{16_200, 16.2, 1800, 1.8, 1}.hidden(), steps[0].Hidden, 1e-9)
	// One minute of the first step is known later, and one of the second is not.
	assert.InDelta(t, sample{18_900, 18.9, 19_100, 19.1, 1}.hidden(), steps[1].Hidden, 1e-9)
	assert.Less(t, steps[1].Hidden, steps[0].Hidden)
	p.Clump = 5
	assert.Greater(t, Outlook(DefaultSettings(), p)[0].Hidden, steps[0].Hidden, "errors that come together tell less")
}

func TestManyFunctionsNeedMoreEvidence(t *testing.T) {
	t.Parallel()
	one, many := canary(200), canary(200)
	many.Functions = 50
	assert.Greater(t, detection(t, Outlook(DefaultSettings(), one)[0], 0.05).Found, detection(t, Outlook(DefaultSettings(), many)[0], 0.05).Found)
}

func TestOutlookIsTheSameEveryTimeAndForEachStepByItself(t *testing.T) {
	t.Parallel()
	whole := Outlook(DefaultSettings(), canary(200))
	assert.Equal(t, whole, Outlook(DefaultSettings(), canary(200)))
	second := canary(200)
	second.Steps = second.Steps[1:]
	assert.Equal(t, whole[1].Detections, Outlook(DefaultSettings(), second)[0].Detections)
}

func TestOutlookOfNumbersThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 1e300} {
		p := canary(x)
		p.ErrorRate, p.Clump, p.MetricLag, p.Functions = x, x, -time.Minute, -1
		for _, s := range Outlook(DefaultSettings(), p) {
			assert.True(t, s.Hidden >= 0 && s.Hidden <= 1, "%g: hidden is %g", x, s.Hidden)
			for _, d := range s.Detections {
				assert.True(t, d.Found >= 0 && d.Found <= 1 && d.Bad >= 0, "%g: %+v", x, d)
			}
		}
	}
	assert.Empty(t, Outlook(DefaultSettings(), Prospect{}))
}

// The time is that of the median of the runs: a bake of this length finds the regression in
// half of them, and one that is a minute shorter finds it less often.
func TestHalfOfTheRunsFindARegressionByTheTimeThatIsTold(t *testing.T) {
	t.Parallel()
	for _, requests := range []float64{100, 200, 300, 400, 600} {
		p := canary(requests)
		find := func(bake time.Duration) Detection { return p.detection(DefaultSettings(), Step{1000, bake}, 0.05) }
		d := find(30 * time.Minute)
		require.Positive(t, d.After)
		assert.GreaterOrEqual(t, find(d.After).Found, 0.4, "%g a minute", requests)
		assert.LessOrEqual(t, find(d.After-time.Minute).Found, 0.6, "%g a minute", requests)
	}
}
