// Package throttle limits the rate of calls with token buckets, as AWS does.
package throttle

import (
	"sync"
	"time"
)

// Bucket is a token bucket. It holds at most as many tokens as it gains in a second. A
// nil Bucket does not limit. Several goroutines may use a Bucket at once.
type Bucket struct {
	rate float64 // tokens per second; negative means no limit

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// NewBucket returns a full bucket that gains rate tokens per second. A negative rate
// means no limit.
func NewBucket(rate float64) *Bucket {
	return &Bucket{rate: rate, tokens: max(rate, 1)}
}

// Take takes one token. It returns false if the bucket is empty.
func (b *Bucket) Take(now time.Time) bool { return b.TakeMany(now, 1) }

// TakeMany takes n tokens, or none if the bucket has fewer: then it returns false.
func (b *Bucket) TakeMany(now time.Time, n float64) bool {
	if b == nil || b.rate < 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if elapsed := now.Sub(b.filled); !b.filled.IsZero() && elapsed > 0 {
		b.tokens = min(b.tokens+elapsed.Seconds()*b.rate, max(b.rate, 1))
	}
	b.filled = now
	// A fifteenth of a second is not a whole number of nanoseconds. Without this
	// tolerance, rounding would reject a call that is within the rate.
	const rounding = 1e-6
	if b.tokens < n-rounding {
		return false
	}
	b.tokens -= n
	return true
}
