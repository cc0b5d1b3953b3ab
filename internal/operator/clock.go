package operator

import "time"

// Clock tells what time it is in AWS while nothing new is known from there. The clock
// of an account on this machine may run many times as fast as the real one.
type Clock struct {
	latest    time.Time // the latest time that is known, by the clock of AWS
	learnedAt time.Time // when it was learned, by the clock of this machine
	// first and firstAt are an earlier such pair, to measure the speed.
	first, firstAt time.Time
	// shown is the time that was told last, and shownAt when.
	shown, shownAt time.Time
}

// Learn records that something is known about a time.
func (c *Clock) Learn(at, now time.Time) {
	if !at.After(c.latest) {
		return
	}
	if c.firstAt.IsZero() && !c.learnedAt.IsZero() && now.After(c.learnedAt) {
		c.first, c.firstAt = c.latest, c.learnedAt
	}
	c.latest, c.learnedAt = at, now
}

// maxSkew is how far the clocks of AWS and of this machine may differ if both are right.
const maxSkew = 10 * time.Second

// Speed is how many times as fast as this machine's clock that of AWS runs.
func (c *Clock) Speed() float64 {
	if c.firstAt.IsZero() || c.latest.Sub(c.learnedAt) < maxSkew {
		return 1
	}
	return max(1, float64(c.latest.Sub(c.first))/float64(c.learnedAt.Sub(c.firstAt)))
}

// maxCatchUp is how many times as fast as AWS's clock the shown time may run when it was
// behind: it does not jump.
const maxCatchUp = 2

// Tell returns the time in AWS. It never goes back.
func (c *Clock) Tell(now time.Time) time.Time {
	at := now
	if now.Before(c.latest) {
		at = c.latest.Add(time.Duration(c.Speed() * float64(now.Sub(c.learnedAt))))
	}
	if !c.shown.IsZero() {
		most := c.shown.Add(time.Duration(maxCatchUp * c.Speed() * float64(now.Sub(c.shownAt))))
		if at.After(most) {
			at = most
		}
		if at.Before(c.shown) {
			at = c.shown
		}
	}
	c.shown, c.shownAt = at, now
	return at
}

// Latest returns the latest time in AWS that is known.
func (c *Clock) Latest() time.Time { return c.latest }
