package operator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/operator"
)

// An account's clock runs at a speed, and something is learned from it every few seconds.
// The shown time follows it, and neither jumps nor goes back.
func TestShownTimeFollowsAFasterClockWithoutAJump(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{1, 10, 60, 600} {
		var c operator.Clock
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		remote := func(s int) time.Time { return start.Add(time.Duration(speed * float64(s) * float64(time.Second))) }
		var last time.Time
		for s := range 60 {
			now := start.Add(time.Duration(s) * time.Second)
			if s%5 == 0 {
				c.Learn(remote(s), now)
			}
			shown := c.Tell(now)
			if !last.IsZero() {
				assert.False(t, shown.Before(last), "at %d s, %g times as fast", s, speed)
				assert.LessOrEqual(t, shown.Sub(last).Seconds(), 2*speed, "at %d s, %g times as fast", s, speed)
			}
			if s > 20 {
				assert.InDelta(t, remote(s).Sub(start).Seconds(), shown.Sub(start).Seconds(), speed, "at %d s, %g times as fast", s, speed)
			}
			last = shown
		}
	}
}

func TestShownTimeIsThisMachinesIfAWSIsNotAhead(t *testing.T) {
	t.Parallel()
	var c operator.Clock
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Learn(start, start.Add(time.Hour))
	for s := range 20 {
		now := start.Add(time.Hour + time.Duration(s)*time.Second)
		if s == 10 {
			c.Learn(start.Add(time.Hour), now)
		}
		assert.Equal(t, now, c.Tell(now))
	}
}
