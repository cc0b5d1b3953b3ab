package judge

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSettingsThatMeanNothingAreRefusedTogetherWithTheRemedy(t *testing.T) {
	t.Parallel()
	require.NoError(t, DefaultSettings().Validate())
	err := Settings{Errors: "enforced", Slow: Observe, Throttles: "", Tolerates: Tolerance{Times: 0.5, Percent: -1}, ExcludesPercent: 0}.Validate()
	require.ErrorIs(t, err, ErrInvalidSettings)
	assert.EqualError(t, err, `invalid settings of the judge: errors is "enforced": use enforce, observe or off
invalid settings of the judge: throttles is "": use enforce, observe or off
invalid settings of the judge: tolerates.times is 0.5: use 1 to 1000
invalid settings of the judge: tolerates.percent is -1: use 0 to 100
invalid settings of the judge: excludesPercent is 0: use more than 0, up to 100`)
}

func TestSettingsAtTheirBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*Settings)
		valid  bool
	}{
		{"times 1", func(s *Settings) { s.Tolerates.Times = 1 }, true},
		{"times 1000", func(s *Settings) { s.Tolerates.Times = 1000 }, true},
		{"times 1001", func(s *Settings) { s.Tolerates.Times = 1001 }, false},
		{"times without a number", func(s *Settings) { s.Tolerates.Times = math.NaN() }, false},
		{"no points", func(s *Settings) { s.Tolerates.Percent = 0 }, true},
		{"100 points", func(s *Settings) { s.Tolerates.Percent = 100 }, true},
		{"101 points", func(s *Settings) { s.Tolerates.Percent = 101 }, false},
		{"excludes 100", func(s *Settings) { s.ExcludesPercent = 100 }, true},
		{"excludes 100.5", func(s *Settings) { s.ExcludesPercent = 100.5 }, false},
		{"excludes without a number", func(s *Settings) { s.ExcludesPercent = math.NaN() }, false},
		{"all off", func(s *Settings) { s.Errors, s.Slow, s.Throttles = Off, Off, Off }, true},
	} {
		s := DefaultSettings()
		c.change(&s)
		assert.Equal(t, c.valid, s.Validate() == nil, c.name)
	}
}

func TestSignalsThatDecideHaveOneFalseAlarmInAHundred(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		slow, throttles Mode
		errors          float64
	}{
		{Enforce, Enforce, 0.006},
		{Enforce, Observe, 0.007},
		{Observe, Enforce, 0.009},
		{Observe, Observe, 0.01},
		{Off, Off, 0.01},
	} {
		s := DefaultSettings()
		s.Slow, s.Throttles = c.slow, c.throttles
		sum := 0.0
		for _, signal := range signals {
			if s.mode(signal) == Enforce {
				sum += s.rules(signal).falseAlarms
			}
		}
		assert.InDelta(t, allFalseAlarms, sum, 1e-12, "%+v", c)
		assert.InDelta(t, c.errors, s.rules(Errors).falseAlarms, 1e-12, "%+v", c)
		s.Errors = Observe
		assert.InDelta(t, c.errors, s.rules(Errors).falseAlarms, 1e-12, "%+v: to observe says what to enforce would do", c)
	}
}

func TestLatencyLimitsFollowFromTheHistory(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		p90, p99 time.Duration
		want     LatencyLimits
	}{
		{"fast", 4 * ms, 30 * ms, LatencyLimits{Slow: 24, VerySlow: 130}},
		{"slow", 200 * ms, 900 * ms, LatencyLimits{Slow: 300, VerySlow: 1800}},
		{"where both rules agree", 40 * ms, 100 * ms, LatencyLimits{Slow: 60, VerySlow: 200}},
		{"rounded up", 1500 * time.Microsecond, 100*ms + 1, LatencyLimits{Slow: 22, VerySlow: 201}},
		{"at most a function's timeout", 15 * time.Minute, 15 * time.Minute, LatencyLimits{Slow: 1_350_000, VerySlow: 1_800_000}},
		{"no history", 0, 0, LatencyLimits{}},
		{"half a history", 10 * ms, 0, LatencyLimits{}},
		{"longer than a function may run", 16 * time.Minute, 16 * time.Minute, LatencyLimits{}},
	} {
		assert.Equal(t, c.want, NewLatencyLimits(c.p90, c.p99), c.name)
	}
	assert.Equal(t, 22*ms, Milliseconds(22).Duration())
}

func TestBaselineIsKeptInFewBytesAndReadAgain(t *testing.T) {
	t.Parallel()
	var history []Minute
	for i := range 180 {
		m := timed(2000, 0.03)
		m.Errors, m.Throttles = Reported(float64(i%3)), Reported(float64(i%2))
		history = append(history, Minute{At: minuteAt(i), Stable: m})
	}
	b := NewBaseline(history, LatencyLimits{Slow: 150, VerySlow: 800})
	raw, err := json.Marshal(b)
	require.NoError(t, err)
	assert.Less(t, len(raw), 500, "%s", raw)
	var again Baseline
	require.NoError(t, json.Unmarshal(raw, &again))
	assert.Equal(t, b, again)
	assert.Equal(t, Count{360_000, 180}, b.Errors.Count)
	assert.Equal(t, Count{360_000, 10_800}, b.Slow.Count)
	assert.Equal(t, Count{360_000, 1080}, b.VerySlow.Count)
	assert.Equal(t, Count{360_090, 90}, b.Throttles.Count)
}

func TestWeightIsAShareBetweenNothingAndAll(t *testing.T) {
	t.Parallel()
	for w, want := range map[Weight]float64{-1: 0, 0: 0, 1: 0.0001, 9500: 0.95, All: 1, All + 1: 1} {
		assert.InDelta(t, want, w.Share(), 1e-12, "%d", w)
	}
}
