package shift

import "fmt"

// Readiness says whether a published version can be invoked.
type Readiness string

const (
	Ready   Readiness = "ready"
	Pending Readiness = "pending"
	Broken  Readiness = "broken"
)

// Published is what is known of a published version.
type Published struct {
	Version     Version
	FunctionARN string // unqualified
	Role        string
	DeadLetter  string // ARN of the dead-letter target, "" for none
	Readiness   Readiness
	Reason      string
}

// CheckReady returns ErrCandidatePending while the version cannot be invoked
// yet, and ErrCandidateFailed when it never will be.
func (p Published) CheckReady(target Target) error {
	switch p.Readiness {
	case Pending:
		return fmt.Errorf("%w: version %s of %s: %s", ErrCandidatePending, p.Version, target, p.Reason)
	case Broken:
		return fmt.Errorf("%w: version %s of %s: %s; mend the function and publish it again", ErrCandidateFailed, p.Version, target, p.Reason)
	}
	return nil
}

// CheckCompatible returns ErrRoleDiffers or ErrDeadLetterDiffers when Lambda
// would refuse to divide traffic between the two (Lambda Developer Guide,
// weighted aliases: same execution role, same dead-letter queue or none).
func CheckCompatible(target Target, stable, candidate Published) error {
	if stable.Role != candidate.Role {
		return fmt.Errorf("%w: of %s, version %s has %s and version %s has %s; Lambda divides traffic only between versions of one role: publish the candidate with the role of the stable version, or move the alias by hand once",
			ErrRoleDiffers, target, stable.Version, stable.Role, candidate.Version, candidate.Role)
	}
	if stable.DeadLetter != candidate.DeadLetter {
		return fmt.Errorf("%w: of %s, version %s has %s and version %s has %s; Lambda divides traffic only between versions of one dead-letter configuration: publish the candidate with that of the stable version, or move the alias by hand once",
			ErrDeadLetterDiffers, target, stable.Version, orNone(stable.DeadLetter), candidate.Version, orNone(candidate.DeadLetter))
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
