package judge

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quiet is a history in which one request of a thousand fails, three of a hundred are slow
// and three of a thousand very slow.
var quiet = Baseline{
	Errors:    Record{Count: Count{Requests: 360_000, Bad: 360}, Clump: 1},
	Slow:      Record{Count: Count{Requests: 360_000, Bad: 10_800}, Clump: 1},
	VerySlow:  Record{Count: Count{Requests: 360_000, Bad: 1080}, Clump: 1},
	Throttles: Record{Count: Count{Requests: 360_000}, Clump: 1},
	Latency:   LatencyLimits{Slow: 150, VerySlow: 800},
}

// atTenPercent is a number of equal minutes from noon on, when a tenth of the traffic was
// shifted.
func atTenPercent(number int, stable, candidate Measured) Traffic {
	t := Traffic{Shifts: []Shift{{At: noon, Weight: 1000}}}
	for i := range number {
		t.Minutes = append(t.Minutes, Minute{At: minuteAt(i), Stable: stable, Candidate: candidate})
	}
	return t
}

// then adds equal minutes at another Weight.
func (t Traffic) then(weight Weight, number int, stable, candidate Measured) Traffic {
	from := len(t.Minutes)
	t.Shifts = append(t.Shifts, Shift{At: minuteAt(from), Weight: weight})
	for i := range number {
		t.Minutes = append(t.Minutes, Minute{At: minuteAt(from + i), Stable: stable, Candidate: candidate})
	}
	return t
}

// nothing is a version that CloudWatch reports nothing of.
var nothing Measured

// judged is the judgement of one function when all figures are complete.
func judged(t Traffic) Finding {
	return Judge(DefaultSettings(), quiet, t, 1, minuteAt(len(t.Minutes)+3))
}

// errorsOf is what a Finding says of errors.
func errorsOf(t *testing.T, f Finding) Reading {
	t.Helper()
	r, ok := f.Reading(Errors)
	require.True(t, ok)
	return r
}

func TestConclusionFollowsFromWhatBothVersionsDid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		traffic Traffic
		want    Conclusion
		missing Missing
	}{
		{"no traffic was shifted", Traffic{}, CannotTell, CandidateFigures},
		{"CloudWatch has reported nothing", atTenPercent(0, nothing, nothing), CannotTell, CandidateFigures},
		{"only Stable has reported, too little to be unlikely", atTenPercent(1, served(100, 0), nothing), CannotTell, CandidateFigures},
		{"only the Candidate has reported", atTenPercent(5, nothing, served(200, 0)), CannotTell, StableFigures},
		{"a few requests", atTenPercent(2, served(54, 0), served(6, 0)), CannotTell, MoreRequests},
		{"both are alike", atTenPercent(5, served(1800, 2), served(200, 0)), NothingFound, ""},
		{"the Candidate fails", atTenPercent(3, served(1800, 2), served(200, 10)), Worse, ""},
		{"the Candidate fails wholly, at little traffic", atTenPercent(4, served(18, 0), served(2, 2)), Worse, ""},
		{"both fail", atTenPercent(5, served(1800, 600), served(200, 66)), BothSick, ""},
		{"both fail, the Candidate more", atTenPercent(5, served(1800, 180), served(200, 100)), Worse, ""},
		{"both fail as always", atTenPercent(5, served(1800, 85), served(200, 9)), NothingFound, ""},
		{"Stable fails and the Candidate does not", atTenPercent(5, served(1800, 900), served(200, 0)), NothingFound, ""},
		{"requests do not come back", atTenPercent(5, served(1800, 2), served(20, 0)), RequestsMissing, ""},
		{"no request comes back", atTenPercent(5, served(1800, 2), nothing), RequestsMissing, CandidateFigures},
		{"everything shifted at once", Traffic{}.then(All, 10, nothing, served(2000, 2)), CannotTell, SharedMinutes},
		{"everything shifted at once, failing", Traffic{}.then(All, 10, nothing, served(2000, 1000)), CannotTell, SharedMinutes},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := judged(c.traffic)
			assert.Equal(t, c.want, f.Enforced, "%+v", f)
			if c.missing != "" {
				assert.Equal(t, c.missing, errorsOf(t, f).Missing)
			}
		})
	}
}

func TestFindingTellsWhatBothVersionsDidSinceTheCandidateBecameWorse(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(10, served(1800, 2), served(200, 0)).then(1000, 3, served(1800, 2), served(200, 10))
	r := errorsOf(t, judged(traffic))
	assert.Equal(t, Worse, r.Conclusion)
	assert.Equal(t, minuteAt(10), r.Since)
	assert.Equal(t, Count{600, 30}, r.SinceThen.Candidate)
	assert.Equal(t, Count{5400, 6}, r.SinceThen.Stable)
	assert.InDelta(t, 0.05-2.0/1800, r.SinceThen.Difference, 1e-12)
	assert.InDelta(t, (0.05/0.95)/(2.0/1798), r.SinceThen.Odds, 1e-9)
	assert.Equal(t, Count{2600, 30}, r.All.Candidate)
	assert.Equal(t, Count{23_400, 26}, r.All.Stable)
	assert.Greater(t, r.E, r.Threshold)
}

func TestRarityIsThatOfTheEvidence(t *testing.T) {
	t.Parallel()
	assert.EqualValues(t, 100, OncePer(1/0.006, 1/0.006), "at the threshold")
	assert.EqualValues(t, 10, OncePer(1/0.006, 10/0.006))
	assert.EqualValues(t, 0, OncePer(1, 1/0.006), "rounded down")
	assert.EqualValues(t, 99, OncePer(99.99/0.6, 1/0.006), "rounded down")
	assert.EqualValues(t, 1_000_000_000, OncePer(math.MaxFloat64, 1/0.006))
}

func TestFunctionsShareTheFalseAlarms(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(3, served(1800, 2), served(200, 3))
	one := errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 1, minuteAt(6)))
	hundred := errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 100, minuteAt(6)))
	assert.InDelta(t, 100, one.Threshold, 1e-9)
	assert.InDelta(t, 10_000, hundred.Threshold, 1e-9)
	assert.Equal(t, one.E, hundred.E)
	assert.Equal(t, Worse, one.Conclusion)
	assert.NotEqual(t, Worse, hundred.Conclusion)
	assert.Equal(t, one, errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 0, minuteAt(6))), "there is at least one")
}

// evidenceOf is the evidence of minutes, [stable, stable bad, candidate, candidate bad] each.
func evidenceOf(signal Signal, record Record, minutes ...[4]int64) *evidence {
	e := newEvidence(DefaultSettings().rules(signal), record)
	for i, m := range minutes {
		e.add(tally{at: minuteAt(i), stable: Count{m[0], m[1]}, candidate: Count{m[2], m[3]}})
	}
	return e
}

func TestFailNeedsTheWholeThreshold(t *testing.T) {
	t.Parallel()
	e := evidenceOf(Errors, quiet.Errors, [4]int64{1800, 2, 200, 10})
	assert.True(t, e.fails(e.logBeside()), "reached exactly")
	assert.False(t, e.fails(math.Nextafter(e.logBeside(), 1000)), "missed by the least")
}

func TestTheChanceSideBySideIsOnlyAskedWhereTheBetDoesNotSuffice(t *testing.T) {
	t.Parallel()
	e := evidenceOf(Errors, quiet.Errors, [4]int64{1, 0, 40, 12})
	assert.True(t, e.fails(e.logWithoutRecord()), "it suffices exactly")
	assert.False(t, e.fails(math.Nextafter(e.logWithoutRecord(), 1000)), "it misses by the least, and the chance says nothing")
}

func TestSpeakingAtOneHundredPercentNeedsWhatAFailNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		record Count
		alone  Count
		want   bool
	}{
		{"two bad requests", Count{1_000_000, 0}, Count{1000, 2}, true},
		{"one bad request", Count{1_000_000, 0}, Count{1000, 1}, false},
		{"0.06 points more", Count{1_000_000, 0}, Count{10_000, 6}, true},
		{"0.04 points more", Count{1_000_000, 0}, Count{10_000, 4}, false},
		{"odds 1.6", Count{1_000_000, 100_000}, Count{10_000, 1510}, true},
		{"odds 1.4", Count{1_000_000, 100_000}, Count{10_000, 1345}, false},
	} {
		e := newEvidence(DefaultSettings().rules(Errors), Record{Count: c.record})
		e.add(tally{at: noon, candidate: c.alone, alone: true})
		logAlone := e.logAlone()
		assert.Equal(t, c.want, e.speaks(logAlone), c.name)
		assert.False(t, e.speaks(math.Nextafter(logAlone, 1e9)), "%s: the threshold is missed by the least", c.name)
	}
}

func TestFailNeedsBadRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signal Signal
		bad    int64 // that a Fail needs
	}{{Errors, 2}, {Throttles, 2}, {Slow, 5}, {VerySlow, 5}} {
		record := Record{Count: Count{Requests: 1_000_000}, Clump: 1}
		few := evidenceOf(c.signal, record, [4]int64{1_000_000, 0, 1000, c.bad - 1})
		enough := evidenceOf(c.signal, record, [4]int64{1_000_000, 0, 1000, c.bad})
		few.rules.difference, enough.rules.difference = 0, 0
		assert.False(t, few.fails(-10), "%s: %d bad requests", c.signal, c.bad-1)
		assert.True(t, enough.fails(-10), "%s: %d bad requests", c.signal, c.bad)
	}
}

func TestFailNeedsMoreThanIsTolerated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		signal Signal
		minute [4]int64
		want   bool
	}{
		{"errors: odds 1.6, 3 points", Errors, [4]int64{900_000, 45_000, 100_000, 7_770}, true},
		{"errors: odds 1.45", Errors, [4]int64{900_000, 45_000, 100_000, 7_090}, false},
		{"errors: 0.06 points", Errors, [4]int64{9_000_000, 900, 1_000_000, 700}, true},
		{"errors: 0.04 points", Errors, [4]int64{9_000_000, 900, 1_000_000, 500}, false},
		{"slow: odds 3.2", Slow, [4]int64{900_000, 9_000, 100_000, 3_132}, true},
		{"slow: odds 2.8", Slow, [4]int64{900_000, 9_000, 100_000, 2_750}, false},
		{"slow: 0.6 points", Slow, [4]int64{900_000, 90, 100_000, 610}, true},
		{"slow: 0.4 points", Slow, [4]int64{900_000, 90, 100_000, 410}, false},
	} {
		e := evidenceOf(c.signal, quiet.record(c.signal), c.minute)
		assert.Greater(t, e.logBeside(), 10.0, "%s: the evidence suffices", c.name)
		assert.Equal(t, c.want, e.fails(10), c.name)
	}
}

func TestUserSaysWhatIsTolerated(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(3, served(1800, 2), served(200, 10))
	for _, c := range []struct {
		name      string
		tolerates Tolerance
		want      Conclusion
	}{
		{"odds 40 times as high", Tolerance{Times: 40, Percent: 0.05}, Worse},
		{"odds 60 times as high", Tolerance{Times: 60, Percent: 0.05}, CannotTell},
		{"4 points", Tolerance{Times: 1.5, Percent: 4}, Worse},
		{"6 points", Tolerance{Times: 1.5, Percent: 6}, CannotTell},
	} {
		s := DefaultSettings()
		s.Tolerates = c.tolerates
		assert.Equal(t, c.want, Judge(s, quiet, traffic, 1, minuteAt(6)).Enforced, c.name)
	}
}

func TestBetAgainstTheRecordDecidesOnlyWithAChanceOfOnePercentSideBySide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		minutes [][4]int64
		chance  float64
		want    bool
	}{
		{"Stable served more", [][4]int64{{41, 0, 40, 9}}, 0.00105, true},
		{"of one request of Stable none failed: that tells nothing", [][4]int64{{1, 0, 40, 12}}, 0.712, false},
		{"Stable served less", [][4]int64{{12, 0, 40, 20}}, 0.00132, true},
		{"Stable served less, and just enough", [][4]int64{{8, 0, 40, 20}}, 0.00934, true},
		{"Stable served less, and not enough", [][4]int64{{7, 0, 40, 20}}, 0.0158, false},
		{"Stable served less, in two minutes", [][4]int64{{4, 0, 40, 20}, {4, 0, 40, 20}}, 0.00695, true},
		// Stable serves half of the quiet minutes, and a twentieth of those with trouble of both.
		// All together would say 0.6 %.
		{"Stable served the quiet minutes", [][4]int64{{20, 0, 20, 0}, {20, 0, 20, 0}, {1, 0, 19, 6}, {1, 0, 19, 6}}, 0.497, false},
	} {
		e := evidenceOf(Errors, quiet.Errors, c.minutes...)
		assert.Less(t, e.logWithoutRecord(), 5.0, c.name)
		assert.Greater(t, e.logBeside(), 5.0, c.name)
		assert.InEpsilon(t, c.chance, e.chanceSideBySide(0), 0.01, c.name)
		assert.Equal(t, c.want, e.fails(5), c.name)
	}
}

// Where each minute counts by itself, the chance is a bound: never below the true one.
func TestTheChanceSideBySideIsNeverTooLow(t *testing.T) {
	t.Parallel()
	random := newChance(5)
	for range 300 {
		e, ways := evidenceOf(Errors, quiet.Errors), []float64{1} // how likely each number of bad requests is
		for i := range int(random.Uint64()%4) + 1 {
			stable, bad := int64(random.Uint64()%9), int64(0)
			candidate := stable + int64(random.Uint64()%20) + 1
			all := int64(random.Uint64() % uint64(stable+candidate+1))
			s := newSplit(Count{candidate, 0}, Count{stable, all})
			bad = int64(s.most())
			e.add(tally{at: minuteAt(i), stable: Count{stable, all - bad}, candidate: Count{candidate, bad}})
			ways = convolve(ways, s)
		}
		exact := 0.0
		for bad, chance := range ways {
			if int64(bad) >= e.candidate.Bad {
				exact += chance
			}
		}
		assert.GreaterOrEqual(t, e.chanceSideBySide(0)*(1+1e-9), exact)
	}
}

// convolve is how likely each number of bad requests is after one more minute, if both versions
// are alike.
func convolve(ways []float64, s split) []float64 {
	next := make([]float64, len(ways)+int(s.most()))
	for before, chance := range ways {
		for y := s.least(); y <= s.most(); y++ {
			next[before+int(y)] += chance * math.Exp(s.logWays(y)-s.logAllWays())
		}
	}
	return next
}

func TestAtOneHundredPercentTheBetOnlySpeaks(t *testing.T) {
	t.Parallel()
	healthy := atTenPercent(10, served(1800, 2), served(200, 0))
	f := judged(healthy.then(All, 5, nothing, served(2000, 800)))
	r := errorsOf(t, f)
	assert.Equal(t, NothingFound, f.Enforced)
	assert.True(t, r.WorseAlone)
	assert.Equal(t, minuteAt(10), r.Since)
	assert.Equal(t, Count{10_000, 4000}, r.SinceThen.Alone)
	assert.Zero(t, r.SinceThen.Candidate)
	assert.Greater(t, r.EAlone, r.Threshold)
	assert.Less(t, r.E, r.Threshold)
	assert.Positive(t, r.OncePer)

	r = errorsOf(t, judged(healthy.then(All, 5, nothing, served(2000, 2))))
	assert.False(t, r.WorseAlone)
	assert.Zero(t, r.Since)
}

func TestEvidenceAtOneHundredPercentDoesNotAddToThatBesideStable(t *testing.T) {
	t.Parallel()
	doubtful := atTenPercent(2, served(180, 0), served(20, 1))
	before := errorsOf(t, judged(doubtful))
	after := errorsOf(t, judged(doubtful.then(All, 5, nothing, served(200, 100))))
	assert.NotEqual(t, Worse, before.Conclusion)
	assert.NotEqual(t, Worse, after.Conclusion)
	assert.True(t, after.WorseAlone)
	assert.LessOrEqual(t, after.E, before.E)
}

func TestMinuteOfTheShiftToOneHundredPercentIsNotBesideStable(t *testing.T) {
	t.Parallel()
	// Both fail from 12:10:30 on. Ten seconds before, Stable has lost its last traffic.
	traffic := atTenPercent(10, served(1800, 2), served(200, 0))
	traffic.Shifts = append(traffic.Shifts, Shift{At: minuteAt(10).Add(20 * time.Second), Weight: All})
	traffic.Minutes = append(traffic.Minutes, Minute{At: minuteAt(10), Stable: served(600, 0), Candidate: served(1400, 1000)})
	assert.Equal(t, NothingFound, judged(traffic).Enforced)
}

func TestLastBakeBelowOneHundredPercentStillDecides(t *testing.T) {
	t.Parallel()
	healthy := atTenPercent(10, served(1800, 2), served(200, 0))
	assert.Equal(t, Worse, judged(healthy.then(9500, 3, served(100, 0), served(1900, 600))).Enforced)
	assert.Equal(t, BothSick, judged(healthy.then(9500, 3, served(100, 32), served(1900, 600))).Enforced)
}

func TestIncompleteMinuteCountsOnlyWhenBothVersionsReport(t *testing.T) {
	t.Parallel()
	const second = time.Second
	both := Minute{At: noon, Stable: served(1800, 2), Candidate: served(200, 10)}
	for _, c := range []struct {
		name    string
		minute  Minute
		age     time.Duration // since the minute's end
		counted bool
	}{
		{"both, before it has ended", both, -second, false},
		{"both, when it has ended", both, 0, true},
		{"both, complete", both, 3 * time.Minute, true},
		{"only Stable, incomplete", Minute{At: noon, Stable: both.Stable}, 3*time.Minute - second, false},
		{"only Stable, complete", Minute{At: noon, Stable: both.Stable}, 3 * time.Minute, true},
		{"the Candidate's errors are missing", Minute{At: noon, Stable: both.Stable, Candidate: Measured{Requests: Reported(200)}}, 0, false},
		{"the Candidate has more errors than requests", Minute{At: noon, Stable: both.Stable, Candidate: served(5, 6)}, 0, false},
		{"Stable has more errors than requests", Minute{At: noon, Stable: served(1, 2), Candidate: both.Candidate}, 0, false},
		{"Stable has as many errors as requests", Minute{At: noon, Stable: served(2, 2), Candidate: both.Candidate}, 0, true},
	} {
		traffic := Traffic{Shifts: []Shift{{At: noon, Weight: 1000}}, Minutes: []Minute{c.minute}}
		r := errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 1, minuteAt(1).Add(c.age)))
		assert.Equal(t, c.counted, r.All.Stable.Requests > 0, c.name)
	}
}

func TestFiguresThatCannotBeAreNotReported(t *testing.T) {
	t.Parallel()
	for _, bad := range []Measured{
		served(5, 6), served(-1, -1), {Requests: Reported(math.NaN()), Errors: Reported(0)}, {Requests: Reported(math.Inf(1)), Errors: Reported(0)},
		{Requests: Reported(1e13), Errors: Reported(0)}, {Requests: Reported(10)}, {Errors: Reported(1)},
	} {
		r := errorsOf(t, judged(atTenPercent(1, served(100, 1), bad)))
		assert.Equal(t, Count{}, r.All.Candidate, "%+v", bad)
		assert.Equal(t, CandidateFigures, r.Missing, "%+v", bad)
	}
}

func TestOnlyMinutesSinceTheFirstShiftCount(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(0, nothing, nothing)
	traffic.Shifts[0].At = noon.Add(30 * time.Second)
	for i := -3; i < 2; i++ {
		traffic.Minutes = append(traffic.Minutes, Minute{At: minuteAt(i), Stable: served(100, 0), Candidate: served(10, 0)})
	}
	assert.EqualValues(t, 200, errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 1, minuteAt(9))).All.Stable.Requests)
	traffic.Shifts = nil
	assert.Zero(t, errorsOf(t, Judge(DefaultSettings(), quiet, traffic, 1, minuteAt(9))).All.Stable.Requests)
}

// timed is a version with a share of slow requests.
func timed(requests, slow float64) Measured {
	return Measured{Requests: Reported(requests), Errors: Reported(0), Slow: Reported(slow), VerySlow: Reported(slow / 10)}
}

func TestLatencyIsNotCountedWhileSandboxesStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		shift   time.Time
		minutes []int // that count, of ten from noon on
	}{
		{"shifted at a minute's start", minuteAt(4), []int{0, 1, 2, 3, 6, 7, 8, 9}},
		{"shifted within a minute", minuteAt(4).Add(time.Second), []int{0, 1, 2, 3, 7, 8, 9}},
	} {
		w := window{now: minuteAt(20), schedule: newSchedule([]Shift{{At: minuteAt(-5), Weight: 1000}, {At: c.shift, Weight: 5000}})}
		for i := range 10 {
			w.minutes = append(w.minutes, Minute{At: minuteAt(i), Stable: timed(1800, 0.03), Candidate: timed(200, 0.03)})
		}
		var counted []int
		for _, m := range w.tallies(Slow) {
			counted = append(counted, int(m.at.Sub(noon)/time.Minute))
		}
		assert.Equal(t, c.minutes, counted, c.name)
		assert.Len(t, w.tallies(VerySlow), len(c.minutes), c.name)
		assert.Len(t, w.tallies(Errors), 10, "errors count at once")
	}
}

func TestSlowCandidateIsObservedByDefaultAndEnforcedOnDemand(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(8, timed(1800, 0.03), timed(200, 0.3))
	f := judged(traffic)
	assert.Equal(t, NothingFound, f.Enforced)
	assert.Equal(t, Worse, f.Observed)
	slow, _ := f.Reading(Slow)
	assert.Equal(t, Count{1200, 360}, slow.All.Candidate, "six of eight minutes count")

	s := DefaultSettings()
	s.Slow = Enforce
	assert.Equal(t, Worse, Judge(s, quiet, traffic, 1, minuteAt(11)).Enforced)
	s.Slow = Off
	f = Judge(s, quiet, traffic, 1, minuteAt(11))
	assert.Equal(t, NothingFound, f.Enforced)
	_, ok := f.Reading(Slow)
	assert.False(t, ok)
}

func TestLatencyIsNotJudgedWithoutHistory(t *testing.T) {
	t.Parallel()
	baseline := quiet
	baseline.Latency = LatencyLimits{}
	f := Judge(DefaultSettings(), baseline, atTenPercent(8, timed(1800, 0.03), timed(200, 0.3)), 1, minuteAt(11))
	slow, _ := f.Reading(Slow)
	assert.Equal(t, CannotTell, slow.Conclusion)
	assert.Equal(t, LatencyHistory, slow.Missing)
	assert.EqualValues(t, 1, slow.Hidden)
}

func TestThrottledRequestsAreNotAmongTheServedOnes(t *testing.T) {
	t.Parallel()
	count, known := Throttles.count(Measured{Requests: Reported(90), Throttles: Reported(10)})
	assert.True(t, known)
	assert.Equal(t, Count{100, 10}, count)
	count, known = Throttles.count(Measured{Throttles: Reported(10)})
	assert.True(t, known, "all are throttled")
	assert.Equal(t, Count{10, 10}, count)
	_, known = Throttles.count(Measured{Requests: Reported(90)})
	assert.False(t, known)
}

func TestNothingIsConcludedWhereEverythingIsOff(t *testing.T) {
	t.Parallel()
	s := DefaultSettings()
	s.Errors, s.Slow, s.Throttles = Off, Off, Off
	f := Judge(s, quiet, atTenPercent(3, served(1800, 2), served(200, 100)), 1, minuteAt(6))
	assert.Empty(t, f.Enforced)
	assert.Empty(t, f.Observed)
	assert.Empty(t, f.Readings)
}

func TestObservedErrorsDecideNothing(t *testing.T) {
	t.Parallel()
	s := DefaultSettings()
	s.Errors = Observe
	f := Judge(s, quiet, atTenPercent(3, served(1800, 2), served(200, 100)), 1, minuteAt(6))
	assert.Empty(t, f.Enforced)
	assert.Equal(t, Worse, f.Observed)
}

func TestRequestsAreMissedOnlyWhereTheirMinuteIsCompleteAndItsWeightConstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		traffic Traffic
		now     time.Time
		want    Arrival
	}{
		{"complete", atTenPercent(2, served(900, 0), served(100, 0)), minuteAt(5), Arrival{Weight: 1000, Requests: 2000, Candidate: 200}},
		{"one minute incomplete", atTenPercent(2, served(900, 0), served(100, 0)), minuteAt(5).Add(-time.Second), Arrival{Weight: 1000, Requests: 1000, Candidate: 100}},
		{
			"since the last shift", atTenPercent(5, served(900, 0), nothing).then(5000, 2, served(500, 0), served(500, 0)), minuteAt(20),
			Arrival{Weight: 5000, Requests: 2000, Candidate: 1000},
		},
		{"at 100 %", atTenPercent(5, served(900, 0), nothing).then(All, 2, nothing, served(500, 0)), minuteAt(20), Arrival{Weight: All}},
		{"before a shift that is to come", Traffic{Shifts: []Shift{{At: minuteAt(9), Weight: 5000}}}, minuteAt(5), Arrival{}},
	} {
		got := Judge(DefaultSettings(), quiet, c.traffic, 1, c.now).Arrival
		assert.False(t, got.isShort(), c.name)
		got.Chance = 0
		assert.Equal(t, c.want, got, c.name)
	}
	traffic := atTenPercent(2, served(900, 0), served(100, 0))
	traffic.Shifts[0].At = noon.Add(time.Second)
	assert.EqualValues(t, 1000, judged(traffic).Arrival.Requests, "the minute of the shift is left out")
	assert.EqualValues(t, 100, judged(traffic).Arrival.Expected())
}

func TestRequestsAreMissedBelowOneInAMillion(t *testing.T) {
	t.Parallel()
	// 0.9^131 is 1.02e-6, and 0.9^132 0.91e-6.
	assert.Equal(t, CannotTell, judged(atTenPercent(1, served(131, 0), nothing)).Enforced)
	assert.Equal(t, RequestsMissing, judged(atTenPercent(1, served(132, 0), nothing)).Enforced)
}

func TestWorseCandidateIsNotCalledMissing(t *testing.T) {
	t.Parallel()
	f := judged(atTenPercent(5, served(1800, 2), served(20, 20)))
	assert.True(t, f.Arrival.isShort())
	assert.Equal(t, Worse, f.Enforced)
}

func TestUserSaysWhichRegressionMustBeExcluded(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(2, served(1800, 2), served(200, 0)) // excludes 0.9 %
	for percent, want := range map[float64]Conclusion{0.5: CannotTell, 5: NothingFound, 50: NothingFound} {
		s := DefaultSettings()
		s.ExcludesPercent = percent
		f := Judge(s, quiet, traffic, 1, minuteAt(5))
		assert.Equal(t, want, f.Enforced, "%g %%: %+v", percent, f)
	}
}

func TestNewestMinuteIsTheLastWithRequestsOfTheCandidate(t *testing.T) {
	t.Parallel()
	assert.Equal(t, minuteAt(2), judged(atTenPercent(3, served(90, 0), served(10, 0)).then(1000, 2, served(90, 0), nothing)).Newest)
	assert.Zero(t, judged(atTenPercent(3, served(90, 0), nothing)).Newest)
}

func TestBothAreSickOnlyWhileBothFail(t *testing.T) {
	t.Parallel()
	outage := atTenPercent(5, served(1800, 600), served(200, 66))
	assert.Equal(t, BothSick, judged(outage).Enforced)
	assert.NotEqual(t, BothSick, judged(outage.then(1000, 3, served(1800, 2), served(200, 0))).Enforced, "it is over")
	assert.NotEqual(t, BothSick, judged(outage.then(All, 1, nothing, served(2000, 600))).Enforced, "nothing is beside the Candidate")
	for _, c := range []struct {
		stable, candidate int64 // bad of 3000 and of 300, in three minutes
		history           int64 // bad of 360,000
		want              bool
	}{
		{150, 15, 360, true}, {149, 15, 360, false}, {150, 14, 360, false},
		{180, 18, 7200, true}, {179, 18, 7200, false}, // three times 2 % of history
		{3000, 1, 360, false}, {3000, 300, 360, true},
	} {
		e := evidenceOf(Errors, Record{Count: Count{360_000, c.history}, Clump: 1},
			[4]int64{1000, c.stable / 3, 100, c.candidate / 3}, [4]int64{1000, c.stable / 3, 100, c.candidate / 3},
			[4]int64{1000, c.stable - 2*(c.stable/3), 100, c.candidate - 2*(c.candidate/3)})
		assert.Equal(t, c.want, e.isBothSick(), "%+v", c)
	}
	single := evidenceOf(Errors, quiet.Errors, [4]int64{10, 1, 10, 1})
	assert.False(t, single.isBothSick(), "one bad request on either version is no outage")
}

func TestRequestsAreMissingOnlyWhereThatIsUnlikelyAndMatters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		candidate int64
		chance    float64
		short     bool
	}{{89, 0, true}, {90, 0, false}, {89, 1e-6, false}, {89, 0.99e-6, true}, {95, 0, false}, {0, 1, false}} {
		assert.Equal(t, c.short, Arrival{Weight: 1000, Requests: 1000, Candidate: c.candidate, Chance: c.chance}.isShort(), "%+v", c)
	}
}

func TestThereIsNoBetAgainstTheRecordTooCloseToIt(t *testing.T) {
	t.Parallel()
	count := Count{Requests: 10, Bad: 5}
	assert.InDelta(t, 5*math.Log(2)+5*math.Log(0.5/0.75), logBetAgainstRecord(count, 0.25, 0.5), 1e-12)
	assert.Zero(t, logBetAgainstRecord(count, 0.2501, 0.5))
	assert.Zero(t, logBetAgainstRecord(count, 0.9, 0.5))
}
