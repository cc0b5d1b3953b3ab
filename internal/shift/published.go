package shift

import "fmt"

// Readiness says whether a published version can be invoked.
type Readiness string

const (
	Ready   Readiness = "ready"
	Pending Readiness = "pending"
	// Idle : it must be woken before it can be invoked.
	Idle   Readiness = "idle"
	Broken Readiness = "broken"
)

// Published is what is known of a published version.
type Published struct {
	Version   Version
	Readiness Readiness
	Reason    string
	// Detail is stored in the Deployment with the Candidate. Traits are compared by the
	// router that returned them. No other code reads either.
	Detail, Traits string
	// Note is what people should know of it, in one sentence, or empty.
	Note string
}

// CheckReady returns ErrCandidatePending while the version cannot be invoked yet, and
// ErrCandidateFailed if it never will be.
func (p Published) CheckReady(target Target) error {
	switch p.Readiness {
	case Pending, Idle:
		return fmt.Errorf("%w: version %s of %s: %s", ErrCandidatePending, p.Version, target, p.Reason)
	case Broken:
		return fmt.Errorf("%w: version %s of %s: %s; fix it and publish it again", ErrCandidateFailed, p.Version, target, p.Reason)
	}
	return nil
}
