package judge

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecordOfASignalCountsTheMinutesThatReportIt(t *testing.T) {
	t.Parallel()
	b := NewBaseline([]Minute{
		{At: minuteAt(0), Stable: Measured{Requests: Reported(100), Errors: Reported(1), Slow: Reported(0.1), VerySlow: Reported(0.02), Throttles: Reported(25)}},
		{At: minuteAt(1), Stable: Measured{Requests: Reported(100), Errors: Reported(3)}},
		{At: minuteAt(2), Stable: Measured{Requests: Reported(100), Slow: Reported(0.3)}},
	}, LatencyLimits{Slow: 150, VerySlow: 800})
	for signal, want := range map[Signal]Count{
		Errors: {Requests: 200, Bad: 4}, Slow: {Requests: 200, Bad: 40}, VerySlow: {Requests: 100, Bad: 2}, Throttles: {Requests: 125, Bad: 25},
	} {
		assert.Equal(t, want, b.record(signal).Count, signal)
	}
}

func TestSpanOfFiveMinutesCountsWhenItIsComplete(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int][]Count{
		0: nil, 4: nil, 5: {{Requests: 50}}, 9: {{Requests: 50}}, 10: {{Requests: 50}, {Requests: 50}},
	} {
		counts, times := make([]Count, minutes), make([]time.Time, minutes)
		for i := range minutes {
			counts[i], times[i] = Count{Requests: 10}, minuteAt(i)
		}
		assert.Equal(t, want, spans(counts, times), minutes)
	}
}

func TestEffectOfNoRequestsDoesNotMatter(t *testing.T) {
	t.Parallel()
	assert.False(t, effect{}.matters(rules{}))
	assert.True(t, effect{weight: 1}.matters(rules{}))
}

func TestOfTwoShiftsAtOnceTheHigherWeightIsTheLater(t *testing.T) {
	t.Parallel()
	low, high := Shift{At: noon, Weight: 1000}, Shift{At: noon, Weight: All}
	for _, shifts := range [][]Shift{{low, high}, {high, low}} {
		assert.Equal(t, schedule{low, high}, newSchedule(shifts))
	}
}

// A regression of this share of the requests could be there unseen.
func TestWhatIsHiddenShrinksWithTheRequests(t *testing.T) {
	t.Parallel()
	hidden := func(minutes int) float64 {
		return errorsOf(t, judged(atTenPercent(minutes, Measured{Requests: Reported(900), Errors: Reported(0)}, Measured{Requests: Reported(100), Errors: Reported(0)}))).Hidden
	}
	few, many := hidden(3), hidden(30)
	assert.Greater(t, few, many)
	assert.Greater(t, many, 0.0)
	assert.Less(t, few, 1.0)
}

func TestHistoryMayComeInAnyOrderAndTwice(t *testing.T) {
	t.Parallel()
	var history []Minute
	for i := range 20 {
		history = append(history, Minute{At: minuteAt(i), Stable: served(100+int64(i), int64(i%4))})
	}
	want := NewBaseline(history, LatencyLimits{})
	require.Positive(t, want.Errors.Bad)
	again := slices.Clone(history)
	slices.Reverse(again)
	again = append(again, Minute{At: minuteAt(3), Stable: served(7, 7)})
	assert.Equal(t, want, NewBaseline(again, LatencyLimits{}))
}

func TestASpanWithoutRequestsTellsNothing(t *testing.T) {
	t.Parallel()
	times := make([]time.Time, 15)
	for i := range times {
		times[i] = minuteAt(i)
	}
	counts := make([]Count, 15)
	for i := range 5 {
		counts[i], counts[10+i] = Count{Requests: 100, Bad: 1}, Count{Requests: 100, Bad: 50}
	}
	assert.Equal(t, []Count{{500, 5}, {500, 250}}, spans(counts, times))
	assert.Equal(t, []Count{{500, 5}}, spans(counts[:14], times[:14]), "the last is not complete")
}

func TestOneSpanDoesNotSway(t *testing.T) {
	t.Parallel()
	assert.Zero(t, swayOf(nil, 0.1))
	assert.Zero(t, swayOf([]Count{{100, 50}}, 0.1))
	assert.InDelta(t, math.Sqrt(0.16-0.0009), swayOf([]Count{{100, 50}, {100, 50}}, 0.1), 1e-9)
	assert.Zero(t, swayOf([]Count{{100, 10}, {100, 10}}, 0.1), "less than chance alone makes")
}
