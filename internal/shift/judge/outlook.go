package judge

import (
	"math"
	"slices"
	"time"
)

// Step is a Weight, and how long it is kept.
type Step struct {
	Weight Weight
	Bake   time.Duration
}

// Prospect is what is expected of a deployment before it starts.
type Prospect struct {
	Steps             []Step
	RequestsPerMinute float64       // of both versions
	ErrorRate         float64       // share of Stable's requests that fail, 0 to 1
	Clump             float64       // how many errors count as one; 0 and 1 are the same
	MetricLag         time.Duration // from a minute's end until CloudWatch has its figures
	Functions         int           // that the deployment shifts
}

// Detection is how a regression would be found.
type Detection struct {
	// Regression is the share of the Candidate's requests that fail in addition.
	Regression float64
	// Found is in which share of the runs it is found before the Step ends.
	Found float64
	// After is the median of the time until it is found, from the Step's begin on. It is 0
	// when it is found in less than half of the runs.
	After time.Duration
	// Bad is how many of the Candidate's requests fail until then, or until the Step ends.
	Bad int64
}

// StepOutlook is what the judgement can do in a Step.
type StepOutlook struct {
	Step
	Detections []Detection
	// Hidden is the smallest regression that is excluded at the end of the Step, if the
	// Candidate is like Stable: by up to that share of its requests it may be worse, unseen.
	// It counts all Steps up to this one. 1 excludes nothing.
	Hidden float64
}

// regressions are the shares of requests whose failing is forecast.
var regressions = [...]float64{0.01, 0.05, 0.20}

const (
	forecastRuns    = 101 // how often a Step is simulated for each regression
	forecastMinutes = 480 // how long at most: a longer bake counts as so long for Detections
	historyMinutes  = 180 // how much of Stable's history is expected
	forecastSeed    = 1
)

// Outlook forecasts, for each Step of a plan, after how long regressions of 1, 5 and 20 % of
// the requests would be found, and what would go unseen.
//
// A Detection comes from simulated minutes with a fixed seed, so equal Prospects give equal
// forecasts: 101 runs in which requests are routed and fail at random, with the Candidate
// worse from the Step's first request on, judged by the same evidence as a deployment.
// Every minute has equally many requests, and the evidence of earlier Steps is left out.
// Nothing is found in a Step at 100 %, where there is no Stable to compare with. Hidden is
// computed from expected numbers.
func Outlook(settings Settings, p Prospect) []StepOutlook {
	p = p.bounded()
	outlook := make([]StepOutlook, 0, len(p.Steps))
	for i, step := range p.Steps {
		s := StepOutlook{Step: step, Hidden: p.sampleAfter(p.Steps[:i+1]).hidden()}
		for _, regression := range regressions {
			s.Detections = append(s.Detections, p.detection(settings, step, regression))
		}
		outlook = append(outlook, s)
	}
	return outlook
}

// bounded returns the Prospect with numbers that can be.
func (p Prospect) bounded() Prospect {
	p.RequestsPerMinute = bounded(p.RequestsPerMinute, 0, maxCount)
	p.ErrorRate = bounded(p.ErrorRate, 0, 1)
	p.Clump = bounded(p.Clump, 1, maxClump)
	p.MetricLag = max(p.MetricLag, 0)
	return p
}

// bounded returns x between two bounds, and the lower one for what is no number.
func bounded(x, low, high float64) float64 {
	if x >= low {
		return min(x, high)
	}
	return low
}

// record is Stable's history as it is expected.
func (p Prospect) record() Record {
	requests := math.Min(p.RequestsPerMinute*historyMinutes, maxCount)
	return Record{
		Count: Count{Requests: int64(requests), Bad: int64(math.Round(requests * p.ErrorRate))},
		Clump: p.Clump,
	}
}

// sampleAfter is what CloudWatch is expected to have reported at the end of some Steps.
func (p Prospect) sampleAfter(steps []Step) sample {
	s := sample{clump: p.record().Clump}
	unknown := p.MetricLag
	for _, step := range slices.Backward(steps) {
		known := max(step.Bake-unknown, 0)
		unknown = max(unknown-step.Bake, 0)
		if step.Weight < All {
			requests := known.Minutes() * p.RequestsPerMinute
			s.candidateRequests += requests * step.Weight.Share()
			s.stableRequests += requests * (1 - step.Weight.Share())
		}
	}
	s.stableBad, s.candidateBad = s.stableRequests*p.ErrorRate, s.candidateRequests*p.ErrorRate
	return s
}

// detection simulates a Step with a regression from its first request on.
func (p Prospect) detection(settings Settings, step Step, regression float64) Detection {
	random := newChance(forecastSeed)
	worse := math.Min(p.ErrorRate+regression, 1)
	minutes := min(int((step.Bake-p.MetricLag)/time.Minute), forecastMinutes)
	var found []int
	if step.Weight < All {
		for range forecastRuns {
			if minute, ok := p.run(settings, step.Weight, worse, minutes, random); ok {
				found = append(found, minute)
			}
		}
	}
	d := Detection{Regression: regression, Found: float64(len(found)) / forecastRuns}
	lasts := step.Bake
	if len(found) > forecastRuns/2 {
		slices.Sort(found)
		d.After = time.Duration(found[forecastRuns/2])*time.Minute + p.MetricLag
		lasts = d.After
	}
	d.Bad = int64(math.Round(math.Min(lasts.Minutes()*p.RequestsPerMinute*step.Weight.Share()*worse, maxCount)))
	return d
}

// run simulates some minutes, and returns after how many the Candidate is found to be worse.
func (p Prospect) run(settings Settings, weight Weight, worse float64, minutes int, random chance) (int, bool) {
	rules := settings.rules(Errors)
	logThreshold := math.Log(float64(max(p.Functions, 1)) / rules.falseAlarms)
	e := newEvidence(rules, p.record())
	for minute := 1; minute <= minutes; minute++ {
		requests := p.requestsUntil(minute) - p.requestsUntil(minute-1)
		candidate := random.binomial(requests, weight.Share())
		stable := requests - candidate
		e.addUncorrected(tally{
			stable:    Count{Requests: stable, Bad: random.binomial(stable, p.ErrorRate)},
			candidate: Count{Requests: candidate, Bad: random.binomial(candidate, worse)},
		})
		if e.fails(logThreshold) {
			return minute, true
		}
	}
	return 0, false
}

// requestsUntil is how many requests there are in the first minutes of a Step.
func (p Prospect) requestsUntil(minute int) int64 {
	return int64(math.Min(float64(minute)*p.RequestsPerMinute, maxCount))
}
