package shift

// Outcome is how a Deployment ended.
type Outcome string

const (
	// Promoted : every Target sends all its traffic to its Candidate.
	Promoted Outcome = "Promoted"
	// Unchanged : there was nothing to shift.
	Unchanged Outcome = "Unchanged"
	// Rejected : the Deployment was refused before any traffic was touched.
	Rejected Outcome = "Rejected"
	// RolledBack : traffic was shifted, and every Target is back on its Stable.
	RolledBack Outcome = "RolledBack"
	// Stranded : at least one Target is not where Sluice can vouch for it; a
	// person must look.
	Stranded Outcome = "Stranded"
)
