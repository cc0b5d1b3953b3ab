package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
