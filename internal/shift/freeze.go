package shift

import (
	"fmt"
	"time"
)

// Freeze keeps all Deployments of an account and region from taking a Step, until it ends by
// itself or somebody lifts it. The zero value freezes nothing. Traffic is put back at any
// time.
type Freeze struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	// At is when it was ordered. Of two, the later order stands.
	At time.Time `json:"at"`
	// By is who ordered it, where that is known.
	By string `json:"by,omitempty"`
}

const (
	// MaxFreeze is how far ahead a Freeze may end.
	MaxFreeze = 60 * 24 * time.Hour
	// maxFrozen is how long a Deployment waits for Freezes that follow each other.
	maxFrozen Seconds = 90 * 24 * 3600
)

// Holds says whether the Freeze is in force.
func (f Freeze) Holds(now time.Time) bool { return f.Until.After(now) }

// Check returns ErrInvalidFreeze for a Freeze that has ended or ends too late.
func (f Freeze) Check(now time.Time) error {
	switch {
	case !f.Holds(now):
		return fmt.Errorf("%w: it ends at %s, which has passed", ErrInvalidFreeze, f.Until.UTC().Format(time.RFC3339))
	case f.Until.After(now.Add(MaxFreeze)):
		return fmt.Errorf("%w: it ends at %s, and may last at most %s", ErrInvalidFreeze, f.Until.UTC().Format(time.RFC3339), InSeconds(MaxFreeze))
	}
	return nil
}

// String says until when the account is frozen, by whom and why, as far as that is known.
func (f Freeze) String() string {
	return Command{Reason: f.Reason, By: f.By}.Tell("frozen until " + f.Until.UTC().Format("Mon 2 Jan 15:04 UTC"))
}

// observe says that no Step is taken while the account is frozen.
func (f Freeze) observe(now time.Time) []Observation {
	if !f.Holds(now) {
		return nil
	}
	return []Observation{{
		Verdict: Wait, Reason: Reason{Name: Frozen, Text: f.String()},
		Limit: Limit{
			Length: maxFrozen, Ends: InSeconds(f.Until.Sub(now)), Then: RollBackAfterWait, Person: true,
			Expired: Reason{Name: FreezeExpired, Text: fmt.Sprintf("the account has been frozen for %s", maxFrozen)},
		},
	}}
}
