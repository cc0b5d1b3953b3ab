package main

import (
	"context"
	"time"
)

// pace says how many times as fast time passes in the account as here: 1 in AWS.
type pace struct{ speed float64 }

// wait waits for a time of the account's.
func (p pace) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(float64(d) / p.speed)):
		return nil
	}
}

// since returns the account's time since a moment here.
func (p pace) since(began time.Time) time.Duration {
	return time.Duration(float64(time.Since(began)) * p.speed)
}

// until asks again and again until the answer is true, for at most a limit of the account's
// time. It returns how long that took, and false if the limit was reached.
func (p pace) until(ctx context.Context, limit, every time.Duration, ask func() (bool, error)) (took time.Duration, ok bool, err error) {
	for began := time.Now(); ; {
		if ok, err := ask(); ok || err != nil {
			return p.since(began), ok, err
		}
		if p.since(began) > limit {
			return p.since(began), false, nil
		}
		if err := p.wait(ctx, every); err != nil {
			return p.since(began), false, err
		}
	}
}

// short rounds a time for people.
func short(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
