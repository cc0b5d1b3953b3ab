package localaws

import "time"

// bucket is a token bucket on virtual time: it holds as many tokens as it
// regains in a second.
type bucket struct {
	rate   float64 // tokens a second; negative is no limit
	tokens float64
	filled time.Time
}

// newBucket returns a full bucket.
func newBucket(rate float64) *bucket {
	return &bucket{rate: rate, tokens: max(rate, 1)}
}

// take takes one token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if b.rate < 0 {
		return true
	}
	if elapsed := now.Sub(b.filled); !b.filled.IsZero() && elapsed > 0 {
		b.tokens = min(b.tokens+elapsed.Seconds()*b.rate, max(b.rate, 1))
	}
	b.filled = now
	// A fifteenth of a second is not a whole number of nanoseconds: what is
	// missing by rounding must not cost a call.
	const rounding = 1e-6
	if b.tokens < 1-rounding {
		return false
	}
	b.tokens--
	return true
}

// admit takes a token for a call; calls that AWS does not limit have no bucket.
func (c *Cloud) admit(limit *bucket, now time.Time) bool {
	if limit == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return limit.take(now)
}
