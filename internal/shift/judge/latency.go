package judge

import (
	"math"
	"time"
)

// Milliseconds is a duration as CloudWatch's Duration metric counts it.
type Milliseconds int64

// Duration returns the same length of time as a time.Duration.
func (m Milliseconds) Duration() time.Duration { return time.Duration(m) * time.Millisecond }

// LatencyLimits says from where on a request is slow, and very slow. Both are fixed when a
// deployment opens, from Stable's history. The zero value means that the history tells
// nothing about latency: then it is not judged.
type LatencyLimits struct {
	Slow     Milliseconds `json:"slowMilliseconds"`
	VerySlow Milliseconds `json:"verySlowMilliseconds"`
}

// NewLatencyLimits takes the 90th and the 99th percentile of Stable's duration. Slow is 1.5
// times the first and at least 20 ms above it; very slow is twice the second and at least
// 100 ms above it. Both are rounded up to whole milliseconds. Percentiles of 0 or less, or
// above 15 minutes (Lambda's longest timeout), give no limits.
func NewLatencyLimits(p90, p99 time.Duration) LatencyLimits {
	const longest = 15 * time.Minute
	if p90 <= 0 || p99 <= 0 || p90 > longest || p99 > longest {
		return LatencyLimits{}
	}
	return LatencyLimits{
		Slow:     inMilliseconds(max(p90+p90/2, p90+20*time.Millisecond)),
		VerySlow: inMilliseconds(max(2*p99, p99+100*time.Millisecond)),
	}
}

func inMilliseconds(d time.Duration) Milliseconds {
	return Milliseconds(math.Ceil(float64(d) / float64(time.Millisecond)))
}
