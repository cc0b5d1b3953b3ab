package judge

import (
	"testing"
	"time"
)

// BenchmarkTenFunctionsAtAMillionRequestsAMinute judges an hour of ten functions, with all
// Signals. It is to stay below 50 ms.
func BenchmarkTenFunctionsAtAMillionRequestsAMinute(b *testing.B) {
	version := func(requests float64) Measured {
		return Measured{
			Requests: Reported(requests), Errors: Reported(requests / 1000), Throttles: Reported(requests / 5000),
			Slow: Reported(0.03), VerySlow: Reported(0.004),
		}
	}
	var history []Minute
	for i := range 180 {
		history = append(history, Minute{At: minuteAt(i - 180), Stable: version(1_000_000 + float64(i%7)*1000)})
	}
	baseline := NewBaseline(history, NewLatencyLimits(100*time.Millisecond, 400*time.Millisecond))
	traffic := Traffic{Shifts: []Shift{{At: noon, Weight: 1000}}}
	for i := range 60 {
		wave := float64(i%5) * 1000
		traffic.Minutes = append(traffic.Minutes, Minute{At: minuteAt(i), Stable: version(900_000 + wave), Candidate: version(100_000 - wave)})
	}
	for b.Loop() {
		for range 10 {
			Judge(DefaultSettings(), baseline, traffic, 10, minuteAt(63))
		}
	}
}
