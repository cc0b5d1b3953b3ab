package trial

import (
	"math"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
	"github.com/sluice-aws/sluice/internal/world"
)

// Method is a way to judge a Candidate.
type Method string

const (
	// Sluice compares both versions with the settings that every deployment has. Impatient is
	// the same with a patience of 0: it never waits for evidence after the bake.
	Sluice    Method = "Sluice"
	Impatient Method = "Sluice, patience 0"

	AliasError    Method = "alias Errors ≥ 1"
	AliasErrors   Method = "alias Errors ≥ 5"
	AliasRate     Method = "alias error rate > 5%"
	VersionError  Method = "ExecutedVersion Errors ≥ 1"
	VersionRate   Method = "candidate's error rate > 1% in 5 minutes"
	MannWhitney   Method = "Mann-Whitney, 98%"
	FisherPeeking Method = "Fisher's test each minute, 1%"
)

// Methods lists all Methods, Sluice's own first. The others are models.
var Methods = []Method{Sluice, Impatient, AliasError, AliasErrors, AliasRate, VersionError, VersionRate, MannWhitney, FisherPeeking}

// judgings are the Methods that are no models.
var judgings = map[Method]shift.Judging{Sluice: shift.DefaultJudging(), Impatient: impatient()}

func impatient() shift.Judging {
	j := shift.DefaultJudging()
	j.Evidence.Patience = 0
	return j
}

// minute is what both versions served in a minute.
type minute struct{ stable, candidate judge.Count }

func (m minute) alias() judge.Count {
	return judge.Count{Requests: m.stable.Requests + m.candidate.Requests, Bad: m.stable.Bad + m.candidate.Bad}
}

// model says whether a Method would put the traffic back after the last of some minutes. It
// is asked after each one.
type model func(minutes []minute) bool

var models = map[Method]model{
	AliasError:    func(m []minute) bool { return lastOf(m).alias().Bad >= 1 },
	AliasErrors:   func(m []minute) bool { return lastOf(m).alias().Bad >= 5 },
	AliasRate:     func(m []minute) bool { return lastOf(m).alias().Rate() > 0.05 },
	VersionError:  func(m []minute) bool { return lastOf(m).candidate.Bad >= 1 },
	VersionRate:   failsFiveTimes,
	MannWhitney:   func(m []minute) bool { return isBeside(m) && mannWhitney(m) >= mannWhitneyLimit },
	FisherPeeking: func(m []minute) bool { return isBeside(m) && fisher(m) <= 0.01 },
}

func lastOf(minutes []minute) minute { return minutes[len(minutes)-1] }

// isBeside says whether Stable serves, too.
func isBeside(minutes []minute) bool { return lastOf(minutes).stable.Requests > 0 }

// failsFiveTimes is how many analyses of a canary work: a check a minute, and the fifth that
// fails ends it.
func failsFiveTimes(minutes []minute) bool {
	failed := 0
	for _, m := range minutes {
		if m.candidate.Rate() > 0.01 {
			failed++
		}
	}
	return failed >= 5
}

// mannWhitneyLimit is the normal deviate of a confidence of 98 %, on both sides.
const mannWhitneyLimit = 2.326

// mannWhitney is how many deviations the rank sum of the Candidate's error rates is above what
// it would be if both versions were alike, with the corrections for ties and continuity. It
// needs five minutes.
func mannWhitney(minutes []minute) float64 {
	var stable, candidate []float64
	for _, m := range minutes {
		if m.stable.Requests > 0 && m.candidate.Requests > 0 {
			stable, candidate = append(stable, m.stable.Rate()), append(candidate, m.candidate.Rate())
		}
	}
	n := float64(len(stable))
	if n < 5 {
		return 0
	}
	above := 0.0 // pairs in which the Candidate's rate is the higher one; equal ones are half a pair
	for _, c := range candidate {
		for _, s := range stable {
			switch {
			case c > s:
				above++
			case c == s:
				above += 0.5
			}
		}
	}
	deviation := math.Sqrt(n * n / 12 * (2*n + 1 - ties(append(stable, candidate...))/(2*n*(2*n-1))))
	if deviation == 0 {
		return 0
	}
	return (above - n*n/2 - 0.5) / deviation
}

// ties sums up t³−t over all groups of t equal values.
func ties(values []float64) float64 {
	groups := map[float64]float64{}
	for _, v := range values {
		groups[v]++
	}
	sum := 0.0
	for _, t := range groups {
		sum += t*t*t - t
	}
	return sum
}

// fisher is how likely so many of the bad requests, or more, would be the Candidate's if both
// versions were alike, over all minutes together.
func fisher(minutes []minute) float64 {
	var stable, candidate judge.Count
	for _, m := range minutes {
		stable.Requests, stable.Bad = stable.Requests+m.stable.Requests, stable.Bad+m.stable.Bad
		candidate.Requests, candidate.Bad = candidate.Requests+m.candidate.Requests, candidate.Bad+m.candidate.Bad
	}
	c, s := float64(candidate.Requests), float64(stable.Requests)
	b, k := float64(candidate.Bad), float64(candidate.Bad+stable.Bad)
	if b <= k*c/(c+s) { // no more than its share: the chance is about a half, or more
		return 1
	}
	chance := math.Exp(judge.LogChoose(c, b) + judge.LogChoose(s, k-b) - judge.LogChoose(c+s, k))
	sum := chance
	for y := b; y < min(c, k) && chance > 1e-12*sum; y++ {
		chance *= (c - y) * (k - y) / ((y + 1) * (s - k + y + 1))
		sum += chance
	}
	return sum
}

// withoutControl plays the traffic of a run as a deployment without Sluice's comparison shifts
// it: ten minutes at the weight, and then everything at 100 %.
func (c Cell) withoutControl(run int) []minute {
	scenario := c.played(run)
	t := world.NewTraffic(scenario)
	minutes := make([]minute, planMinutes)
	served := func(version string, i int) judge.Count {
		at := world.Epoch.Add(timeOf(i))
		count := func(m world.Metric) int64 {
			return int64(t.Values(version, m, at, at.Add(timeOf(1))).Sum())
		}
		return judge.Count{Requests: count(world.Invocations), Bad: count(world.Errors)}
	}
	t.Shift(c.Weight)
	t.Advance(timeOf(canaryMinutes))
	t.Shift(shift.All)
	t.Advance(timeOf(finalMinutes))
	t.Advance(scenario.Metrics.VersionLag) // until everything can be read
	for i := range minutes {
		minutes[i] = minute{stable: served(world.TrafficStable, i), candidate: served(world.TrafficCandidate, i)}
	}
	return minutes
}

// watch returns how a deployment goes that a model watches, whose metrics are so many minutes
// late.
func (m model) watch(minutes []minute, late int) course {
	seen := course{minute: planMinutes}
	for known := 1; known+late <= planMinutes && !seen.undone; known++ {
		if m(minutes[:known]) {
			seen.undone, seen.minute, seen.canary = true, known+late, known+late <= canaryMinutes
		}
	}
	for _, m := range minutes[:seen.minute] {
		seen.requests += m.candidate.Requests
	}
	return seen
}
