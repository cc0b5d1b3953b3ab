package judge

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAMinuteBelongsToAShiftToTheNanosecond(t *testing.T) {
	t.Parallel()
	m := Minute{At: minuteAt(5)}
	at := func(since time.Duration, weight Weight) schedule {
		return newSchedule([]Shift{{At: m.At.Add(since), Weight: weight}})
	}
	const end = time.Minute
	for since, want := range map[time.Duration]struct{ begun, alone, settling bool }{
		end:                {false, false, false},
		end - 1:            {true, true, true},
		0:                  {true, true, true},
		-2*time.Minute + 1: {true, true, true},
		-2 * time.Minute:   {true, true, false},
	} {
		assert.Equal(t, want.begun, at(since, All).hasBegun(m), since)
		assert.Equal(t, want.alone, at(since, All).isAlone(m), since)
		assert.Equal(t, want.settling, at(since, All).isSettling(m), since)
		assert.False(t, at(since, All-1).isAlone(m), since)
	}
	assert.False(t, schedule(nil).hasBegun(m))
	assert.False(t, schedule(nil).isAlone(m))
}

func TestTheCurrentShiftIsTheLastOneUpToNow(t *testing.T) {
	t.Parallel()
	first, second := Shift{At: minuteAt(1), Weight: 1000}, Shift{At: minuteAt(3), Weight: 5000}
	s := newSchedule([]Shift{second, first})
	assert.Equal(t, schedule{first, second}, s)
	assert.Equal(t, Shift{}, s.current(minuteAt(1).Add(-1)))
	assert.Equal(t, first, s.current(minuteAt(1)))
	assert.Equal(t, first, s.current(minuteAt(3).Add(-1)))
	assert.Equal(t, second, s.current(minuteAt(3)))
	same := newSchedule([]Shift{{At: minuteAt(1), Weight: 5000}, {At: minuteAt(1), Weight: 1000}})
	assert.Equal(t, Weight(5000), same.current(minuteAt(1)).Weight, "of two at the same time the higher one")
}

func TestAMinuteIsCompleteThreeMinutesAfterItsEnd(t *testing.T) {
	t.Parallel()
	m := Minute{At: minuteAt(0)}
	for now, complete := range map[time.Duration]bool{4*time.Minute - 1: false, 4 * time.Minute: true} {
		assert.Equal(t, complete, window{now: noon.Add(now)}.isComplete(m), now)
	}
	traffic := Traffic{Shifts: []Shift{{At: noon, Weight: 1000}}, Minutes: []Minute{m}}
	assert.Empty(t, newWindow(traffic, noon.Add(time.Minute-1)).minutes, "it goes on")
	assert.Len(t, newWindow(traffic, noon.Add(time.Minute)).minutes, 1)
}

func TestFiguresHaveAnOrder(t *testing.T) {
	t.Parallel()
	none, nan, one, two := Number{}, Reported(math.NaN()), Reported(1), Reported(2)
	ordered := []Number{none, nan, one, two}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i != j {
				want = sign(i > j)
			}
			assert.Equal(t, want, a.compare(b), "%v %v", a, b)
		}
	}
}

func TestFiguresThatCannotBeAreNone(t *testing.T) {
	t.Parallel()
	for value, is := range map[float64]struct{ count, share bool }{
		-0.1: {}, 0: {true, true}, 1: {true, true}, 1.0001: {true, false}, maxCount: {true, false}, maxCount * 1.01: {}, math.Inf(1): {}, math.Inf(-1): {},
	} {
		_, count := Reported(value).count()
		_, share := Reported(value).share()
		assert.Equal(t, is.count, count, value)
		assert.Equal(t, is.share, share, value)
	}
	_, count := Reported(math.NaN()).count()
	_, share := Reported(math.NaN()).share()
	assert.False(t, count || share)
	_, count = Number{value: 1}.count()
	_, share = Number{value: 1}.share()
	assert.False(t, count || share, "not reported")
	c, known := countOf(Reported(3), Reported(3))
	assert.Equal(t, Count{3, 3}, c)
	assert.True(t, known)
	_, known = countOf(Reported(3), Reported(4))
	assert.False(t, known)
	_, known = countOf(Number{}, Reported(0))
	assert.False(t, known)
	_, known = countOf(Reported(3), Number{})
	assert.False(t, known)
}

func TestLimitsComeFromPercentilesThatCanBe(t *testing.T) {
	t.Parallel()
	const ms, longest = time.Millisecond, 15 * time.Minute
	for _, c := range []struct {
		p90, p99 time.Duration
		want     LatencyLimits
	}{
		{0, ms, LatencyLimits{}}, {ms, 0, LatencyLimits{}}, {-1, ms, LatencyLimits{}}, {longest + 1, longest, LatencyLimits{}}, {longest, longest + 1, LatencyLimits{}},
		{longest, longest, LatencyLimits{1_350_000, 1_800_000}}, {1, 1, LatencyLimits{21, 101}},
		{40 * ms, 100 * ms, LatencyLimits{60, 200}}, {10 * ms, 50 * ms, LatencyLimits{30, 150}}, {100 * ms, 300 * ms, LatencyLimits{150, 600}},
	} {
		assert.Equal(t, c.want, NewLatencyLimits(c.p90, c.p99), "%s %s", c.p90, c.p99)
	}
}

func TestAMinuteIsEvidenceWhereItTellsSomethingOfTheCandidate(t *testing.T) {
	t.Parallel()
	some := Count{Requests: 1}
	for _, c := range []struct {
		m                  tally
		compared, evidence bool
	}{
		{tally{stable: some, candidate: some}, true, true},
		{tally{stable: some}, false, false},
		{tally{candidate: some}, false, false},
		{tally{candidate: some, alone: true}, false, true},
		{tally{stable: some, candidate: some, alone: true}, false, true},
		{tally{alone: true}, false, false},
	} {
		assert.Equal(t, c.compared, c.m.isCompared(), "%+v", c.m)
		assert.Equal(t, c.evidence, c.m.isEvidence(), "%+v", c.m)
	}
}

func TestOddsAreOneWhereNothingIsBad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stable, candidate Count
		odds, difference  float64
	}{
		{Count{100, 0}, Count{10, 0}, 1, 0}, {Count{100, 10}, Count{10, 0}, 0, -0.1}, {Count{100, 0}, Count{10, 1}, maxOdds, 0.1}, {Count{100, 10}, Count{10, 1}, 1, 0},
		{Count{0, 0}, Count{0, 0}, 1, 0},
	} {
		e := effect{}
		if c.stable.Requests > 0 {
			e = newEffect(tally{stable: c.stable, candidate: c.candidate})
		}
		got := e.comparison()
		assert.InDelta(t, c.odds, got.Odds, 1e-12, "%+v", c)
		assert.InDelta(t, c.difference, got.Difference, 1e-12, "%+v", c)
	}
}

func TestAnEffectMattersFromWhatIsToleratedOn(t *testing.T) {
	t.Parallel()
	e := effect{excess: 1, weight: 10, worse: 3, better: 2}
	assert.True(t, e.matters(rules{difference: 0.1, odds: 1.5}))
	assert.False(t, e.matters(rules{difference: 0.11, odds: 1.5}))
	assert.False(t, e.matters(rules{difference: 0.1, odds: 1.51}))
	assert.False(t, effect{}.matters(rules{}), "nothing was compared")
	alone := effect{alone: Count{4, 2}}
	record := Count{4, 1}
	assert.True(t, alone.mattersAlone(rules{difference: 0.25, odds: 3}, record))
	assert.False(t, alone.mattersAlone(rules{difference: 0.26, odds: 3}, record))
	assert.False(t, alone.mattersAlone(rules{difference: 0.25, odds: 3.01}, record))
}
