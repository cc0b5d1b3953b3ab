package judge

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawNumber draws a figure, which may be missing.
func drawNumber(t *rapid.T, name string, most int) Number {
	if rapid.IntRange(0, 9).Draw(t, name+" missing") == 0 {
		return Number{}
	}
	return Reported(float64(rapid.IntRange(0, most).Draw(t, name)))
}

func drawMeasured(t *rapid.T, name string, requests int) Measured {
	share := func(name string) Number {
		n := drawNumber(t, name, 100)
		n.value /= 100
		return n
	}
	return Measured{
		Requests:  drawNumber(t, name+" requests", requests),
		Errors:    drawNumber(t, name+" errors", 5),
		Throttles: drawNumber(t, name+" throttles", 3),
		Slow:      share(name + " slow"),
		VerySlow:  share(name + " very slow"),
	}
}

// drawTraffic draws Traffic whose minutes are in order, each once.
func drawTraffic(t *rapid.T) Traffic {
	traffic := Traffic{Shifts: []Shift{{At: noon.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "second")) * time.Second), Weight: 1000}}}
	number := rapid.IntRange(0, 12).Draw(t, "minutes")
	if at := rapid.IntRange(1, 12).Draw(t, "whole"); at < number {
		traffic.Shifts = append(traffic.Shifts, Shift{At: minuteAt(at), Weight: All})
	}
	for i := range number {
		traffic.Minutes = append(traffic.Minutes, Minute{
			At: minuteAt(i), Stable: drawMeasured(t, "stable", 2000), Candidate: drawMeasured(t, "candidate", 200),
		})
	}
	return traffic
}

func TestEqualMinutesGiveEqualJudgementsWhateverTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		traffic := drawTraffic(t)
		now := minuteAt(rapid.IntRange(0, 20).Draw(t, "now"))
		want := Judge(DefaultSettings(), quiet, traffic, 1, now)

		mixed := Traffic{Shifts: slices.Clone(traffic.Shifts), Minutes: slices.Clone(traffic.Minutes)}
		for _, m := range traffic.Minutes {
			if rapid.Bool().Draw(t, "twice") {
				m.At = m.At.Add(30 * time.Second).In(time.FixedZone("CET", 3600)) // the same minute, written otherwise
				mixed.Minutes = append(mixed.Minutes, m)
			}
		}
		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffle.Shuffle(len(mixed.Minutes), func(i, j int) { mixed.Minutes[i], mixed.Minutes[j] = mixed.Minutes[j], mixed.Minutes[i] })
		slices.Reverse(mixed.Shifts)
		assert.Equal(t, want, Judge(DefaultSettings(), quiet, mixed, 1, now))
	})
}

func TestLateRevisionsAreJudgedAsIfTheyHadBeenThereFromTheStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		final := drawTraffic(t)
		for i := range final.Minutes {
			final.Minutes[i].Stable.Requests, final.Minutes[i].Candidate.Requests = Reported(1800), Reported(200)
		}
		read := Traffic{Shifts: final.Shifts}
		for _, m := range final.Minutes {
			early := Minute{At: m.At}
			for _, version := range []struct{ from, to *Measured }{{&m.Stable, &early.Stable}, {&m.Candidate, &early.Candidate}} {
				if rapid.Bool().Draw(t, "reported early") {
					*version.to = *version.from
					version.to.Requests = Reported(float64(rapid.IntRange(0, 199).Draw(t, "early requests")))
					version.to.Errors = Reported(0)
				}
			}
			read.Minutes = append(read.Minutes, early, m)
			if rapid.Bool().Draw(t, "late first") {
				n := len(read.Minutes)
				read.Minutes[n-2], read.Minutes[n-1] = m, early
			}
		}
		now := minuteAt(30)
		assert.Equal(t, Judge(DefaultSettings(), quiet, final, 1, now), Judge(DefaultSettings(), quiet, read, 1, now))
	})
}

func TestRevisionOfOneVersionKeepsWhatTheOtherHasReported(t *testing.T) {
	t.Parallel()
	traffic := atTenPercent(1, served(1800, 2), nothing)
	traffic.Minutes = append(traffic.Minutes,
		Minute{At: noon, Candidate: served(150, 1)},
		Minute{At: noon, Stable: served(1700, 1), Candidate: served(200, 3)},
		Minute{At: noon, Candidate: served(200, 2)})
	r := errorsOf(t, judged(traffic))
	assert.Equal(t, Count{1800, 2}, r.All.Stable, "more requests win")
	assert.Equal(t, Count{200, 3}, r.All.Candidate, "of equally many requests, more errors win")
}

func TestNumberThatIsNotReportedIsNotZero(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(Measured{Requests: Reported(0), Errors: Reported(2)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"requests":0,"errors":2,"throttles":null,"slow":null,"verySlow":null}`, string(raw))
	var m Measured
	require.NoError(t, json.Unmarshal([]byte(`{"requests":0,"errors":null}`), &m))
	assert.Equal(t, Measured{Requests: Reported(0)}, m)
	assert.Error(t, json.Unmarshal([]byte(`{"requests":"many"}`), &m))
	assert.Positive(t, Reported(0).compare(Number{}))
	assert.Zero(t, Reported(math.NaN()).compare(Reported(math.NaN())))
	assert.Negative(t, Reported(math.NaN()).compare(Reported(-1)))
	assert.Positive(t, Reported(-1).compare(Reported(math.NaN())))
}

// drawTallies draws minutes beside Stable.
func drawTallies(t *rapid.T) []tally {
	var list []tally
	for i := range rapid.IntRange(1, 8).Draw(t, "minutes") {
		m := tally{at: minuteAt(i)}
		m.stable.Requests = int64(rapid.IntRange(0, 500).Draw(t, "stable"))
		m.stable.Bad = int64(rapid.IntRange(0, int(m.stable.Requests)).Draw(t, "stable bad"))
		m.candidate.Requests = int64(rapid.IntRange(0, 200).Draw(t, "candidate"))
		m.candidate.Bad = int64(rapid.IntRange(0, int(m.candidate.Requests)).Draw(t, "candidate bad"))
		list = append(list, m)
	}
	return list
}

// uncorrected is the evidence of minutes with a clump that they do not change.
func uncorrected(list []tally) *evidence {
	e := newEvidence(DefaultSettings().rules(Errors), Record{Count: Count{100_000, 100}, Clump: 2})
	for _, m := range list {
		e.addUncorrected(m)
	}
	return e
}

func TestOneMoreErrorOfTheCandidateNeverLowersTheEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := drawTallies(t)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		if list[i].candidate.Bad == list[i].candidate.Requests {
			t.Skip("all are bad")
		}
		before := uncorrected(list)
		list[i].candidate.Bad++
		after := uncorrected(list)
		if before.logBeside() > after.logBeside()+1e-9 {
			t.Fatalf("ln E fell from %g to %g", before.logBeside(), after.logBeside())
		}
		if before.sample().hidden() > after.sample().hidden()+1e-9 {
			t.Fatalf("what could hide fell from %g to %g", before.sample().hidden(), after.sample().hidden())
		}
	})
}

func TestOneMoreErrorOfStableNeverRaisesTheEvidenceSideBySide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := drawTallies(t)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		if list[i].stable.Bad == list[i].stable.Requests {
			t.Skip("all are bad")
		}
		before := uncorrected(list).logWithoutRecord()
		list[i].stable.Bad++
		if after := uncorrected(list).logWithoutRecord(); before < after-1e-9 {
			t.Fatalf("ln E rose from %g to %g", before, after)
		}
	})
}

func TestWhatIsHiddenIsTheSmallestRegressionThatIsExcluded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := uncorrected(drawTallies(t)).sample()
		hidden := s.hidden()
		if hidden < 0 || hidden > 1 {
			t.Fatalf("hidden is %g", hidden)
		}
		if hidden < 1 && !s.excludes(hidden) {
			t.Fatalf("%g is not excluded", hidden)
		}
		d := rapid.Float64Range(0, 1).Draw(t, "difference")
		if s.excludes(d) != (d >= hidden) && math.Abs(d-hidden) > 1e-9 && hidden < 1 {
			t.Fatalf("hidden is %g, and %g is excluded: %t", hidden, d, s.excludes(d))
		}
	})
}

func TestFewRequestsExcludeLittle(t *testing.T) {
	t.Parallel()
	s := sample{stableRequests: 100_000, clump: 1}
	for _, c := range []struct {
		requests float64
		want     bool
	}{{58, false}, {59, true}} {
		s.candidateRequests = c.requests
		assert.Equal(t, c.want, s.excludes(0.05), "%g requests without an error", c.requests)
	}
	assert.EqualValues(t, 1, sample{candidateRequests: 1e6, clump: 1}.hidden(), "without a request of Stable")
	assert.EqualValues(t, 1, sample{stableRequests: 1e6, clump: 1}.hidden(), "without a request of the Candidate")
	clumped := sample{stableRequests: 100_000, candidateRequests: 59, clump: 2}
	assert.False(t, clumped.excludes(0.05), "two errors count as one")
	sick := sample{stableRequests: 10, stableBad: 10, candidateRequests: 100, candidateBad: 50, clump: 1}
	assert.Greater(t, sick.hidden(), 0.1, "Stable that fails wholly says little")
}

func TestClumpIsLoweredBesideStableAndNeverRaised(t *testing.T) {
	t.Parallel()
	steady := [][4]int64{{900, 20, 100, 10}, {900, 40, 100, 20}, {900, 20, 100, 10}, {900, 2, 100, 1}}
	e := evidenceOf(Errors, Record{Clump: 10}, steady...)
	const careful = 1 + 1.5*9 // what history's 10 counts as
	assert.InDelta(t, (4*careful+3*1)/7.0, e.badPerCause(), 1e-9, "three pairs in which the bad requests are divided alike")
	swinging := [][4]int64{{900, 0, 100, 50}, {900, 50, 100, 0}, {900, 0, 100, 50}}
	assert.InDelta(t, careful, evidenceOf(Errors, Record{Clump: 10}, swinging...).badPerCause(), 1e-9)
	assert.InDelta(t, 1, evidenceOf(Errors, Record{Clump: 1}, swinging...).badPerCause(), 1e-9)
	assert.InDelta(t, 1+1.5*19, evidenceOf(Errors, Record{Clump: 50}).badPerCause(), 1e-9, "bounded")
	assert.InDelta(t, 1, evidenceOf(Errors, Record{}).badPerCause(), 1e-9, "no history")
	assert.InDelta(t, 3, evidenceOf(Slow, Record{Clump: 1}).badPerCause(), 1e-9, "slow requests come together")
	assert.InDelta(t, 4, evidenceOf(Slow, Record{Clump: 3}).badPerCause(), 1e-9, "and more so where history shows it")
}

// requireSane holds what is true of every Finding.
func requireSane(t require.TestingT, f Finding) {
	raw, err := json.Marshal(f) // refuses NaN and infinite numbers
	require.NoError(t, err)
	require.NotEmpty(t, raw)
	require.GreaterOrEqual(t, f.Arrival.Chance, 0.0)
	require.LessOrEqual(t, f.Arrival.Chance, 1.0)
	for _, r := range f.Readings {
		require.GreaterOrEqual(t, r.E, 0.0)
		require.GreaterOrEqual(t, r.EAlone, 0.0)
		require.GreaterOrEqual(t, r.OncePer, int64(0))
		require.GreaterOrEqual(t, r.Hidden, 0.0)
		require.LessOrEqual(t, r.Hidden, 1.0)
		require.Contains(t, gravity, r.Conclusion)
		require.Equal(t, r.Conclusion == Worse || r.WorseAlone, !r.Since.IsZero())
		if r.Conclusion == CannotTell {
			require.NotEmpty(t, r.Missing)
		}
		for _, c := range []Comparison{r.All, r.SinceThen} {
			for _, count := range []Count{c.Stable, c.Candidate, c.Alone} {
				require.LessOrEqual(t, count.Bad, count.Requests)
				require.GreaterOrEqual(t, count.Bad, int64(0))
			}
		}
	}
}

func TestJudgementIsSaneAtTheExtremes(t *testing.T) {
	t.Parallel()
	few := Baseline{Latency: quiet.Latency}
	sick := Baseline{Errors: Record{Count: Count{1e9, 1e9}, Clump: 20, Sway: 0.5}, Latency: quiet.Latency}
	whole := func(requests, bad float64) Measured {
		return Measured{Requests: Reported(requests), Errors: Reported(bad), Throttles: Reported(bad), Slow: Reported(bad / max(requests, 1)), VerySlow: Reported(bad / max(requests, 1))}
	}
	for _, c := range []struct {
		name              string
		stable, candidate Measured
		want              Conclusion // after a quiet history
	}{
		{"0 requests", whole(0, 0), whole(0, 0), CannotTell},
		{"one request", whole(1, 0), whole(1, 0), CannotTell},
		{"one bad request", whole(0, 0), whole(1, 1), CannotTell},
		{"Stable at a quarter", whole(4, 1), whole(4, 4), Worse},
		{"a billion requests", whole(9e8, 1e5), whole(1e8, 1e4), NothingFound},
		{"a billion requests, all bad", whole(9e8, 9e8), whole(1e8, 1e8), BothSick},
		{"a billion requests, the Candidate's all bad", whole(9e8, 0), whole(1e8, 1e8), Worse},
		{"a billion requests, Stable's all bad", whole(9e8, 9e8), whole(1e8, 0), NothingFound},
		{"a billion requests, half of them bad", whole(9e8, 4.5e8), whole(1e8, 5e7), BothSick},
		{"more errors than requests", whole(9, 10), whole(9, 10), CannotTell},
		{"a billion beside one", whole(1e9, 1e9), whole(1, 0), RequestsMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			traffic := atTenPercent(5, c.stable, c.candidate)
			f := judged(traffic)
			requireSane(t, f)
			assert.Equal(t, c.want, f.Enforced, "%+v", f)
			for _, baseline := range []Baseline{few, sick} {
				requireSane(t, Judge(DefaultSettings(), baseline, traffic, 1000, minuteAt(8)))
				requireSane(t, Judge(DefaultSettings(), baseline, traffic.then(All, 5, nothing, c.candidate), 1, minuteAt(13)))
			}
		})
	}
}

func FuzzJudgementOfAnyMinutes(f *testing.F) {
	for _, traffic := range []Traffic{
		{},
		atTenPercent(3, served(1800, 2), served(200, 10)),
		atTenPercent(3, timed(1800, 0.1), timed(200, 0.5)).then(All, 3, nothing, served(2000, 1000)),
		atTenPercent(2, served(4, 1), served(4, 4)),
	} {
		raw, err := json.Marshal(traffic)
		require.NoError(f, err)
		f.Add(raw, int64(600))
	}
	f.Add([]byte(`{"shifts":[{"at":"0001-01-01T00:00:00Z","weight":-5}],"minutes":[{"at":"9999-12-31T23:59:59Z","stable":{"requests":1e300,"errors":-1}}]}`), int64(-1))
	f.Fuzz(func(t *testing.T, raw []byte, after int64) {
		var traffic Traffic
		if json.Unmarshal(raw, &traffic) != nil || len(traffic.Minutes) > 200 {
			t.Skip()
		}
		requireSane(t, Judge(DefaultSettings(), quiet, traffic, 1, noon.Add(time.Duration(after)*time.Second)))
	})
}
