package judge

import (
	"slices"
	"time"
)

// Conclusion is what follows from the evidence. None of them says that a Candidate is fine:
// CannotTell and NothingFound come with what could hide.
type Conclusion string

const (
	// NothingFound means that a regression of Settings.ExcludesPercent would have shown.
	NothingFound Conclusion = "nothingFound"
	// CannotTell means that it would not have. Missing says why.
	CannotTell Conclusion = "cannotTell"
	// RequestsMissing means that the Candidate has reported fewer requests than its Weight
	// makes plausible: it may hang, or CloudWatch is late.
	RequestsMissing Conclusion = "requestsMissing"
	// BothSick means that both versions fail: the Candidate is not the cause.
	BothSick Conclusion = "bothSick"
	// Worse means that the Candidate is worse than Stable.
	Worse Conclusion = "worse"
)

// gravity lists the Conclusions from the least to the gravest.
var gravity = []Conclusion{NothingFound, CannotTell, RequestsMissing, BothSick, Worse}

// Missing is what is missing where one cannot tell.
type Missing string

const (
	LatencyHistory   Missing = "latencyHistory"   // Stable's history gave no LatencyLimits
	CandidateFigures Missing = "candidateFigures" // CloudWatch reported nothing of the Candidate
	StableFigures    Missing = "stableFigures"    // CloudWatch reported nothing of Stable
	SharedMinutes    Missing = "sharedMinutes"    // no minute in which both served requests
	MoreRequests     Missing = "moreRequests"     // the Candidate has served too few
)

// Comparison is what both versions did over some minutes.
type Comparison struct {
	Stable    Count `json:"stable"`    // outside of minutes at 100 %
	Candidate Count `json:"candidate"` // outside of minutes at 100 %
	Alone     Count `json:"alone"`     // the Candidate's in minutes at 100 %
	// Odds is how many times higher the Candidate's odds of a bad request are, and
	// Difference by how much its share of bad requests is higher, minute by minute side by
	// side (Mantel and Haenszel). Odds is at most 1,000,000, and 1 where nothing is bad.
	Odds       float64 `json:"odds"`
	Difference float64 `json:"difference"`
}

// Reading is what one Signal says of a Target.
type Reading struct {
	Signal     Signal     `json:"signal"`
	Mode       Mode       `json:"mode"`
	Conclusion Conclusion `json:"conclusion"`
	// All compares all minutes.
	All Comparison `json:"all"`
	// Since is the minute from which on the Candidate most likely is worse, and SinceThen
	// compares the minutes from there on. Both are set when Conclusion is Worse, or
	// WorseAlone is set.
	Since     time.Time  `json:"since,omitzero"`
	SinceThen Comparison `json:"sinceThen,omitzero"`
	// E is the evidence beside Stable: what a stake of 1 has become that was bet on the
	// Candidate being worse. Threshold is what it must reach.
	E         float64 `json:"e"`
	Threshold float64 `json:"threshold"`
	// WorseAlone says that the Candidate at 100 % is worse than Stable's record allows. It
	// is a reason to look, and never makes the Conclusion Worse: nothing is beside the
	// Candidate that tells whether Stable would do better. EAlone is the evidence for it.
	WorseAlone bool    `json:"worseAlone,omitempty"`
	EAlone     float64 `json:"eAlone,omitempty"`
	// OncePer says how rare chance alone makes such evidence: less than once in so many
	// deployments. It is at most a billion.
	OncePer int64 `json:"oncePer"`
	// Hidden is the smallest regression that is excluded, as a share of the Candidate's
	// requests: by up to that it may be worse, unseen. 1 excludes nothing.
	Hidden float64 `json:"hidden"`
	// Missing says why one cannot tell.
	Missing Missing `json:"missing,omitempty"`
}

// Finding is the judgement of one Target.
type Finding struct {
	// Enforced is the gravest Conclusion of the Signals in Mode Enforce, and Observed that
	// of those in Mode Observe. Each is empty when no Signal has the Mode.
	Enforced Conclusion `json:"enforced,omitempty"`
	Observed Conclusion `json:"observed,omitempty"`
	// Readings has one for each Signal that is not off.
	Readings []Reading `json:"readings"`
	// Arrival is how many requests reached the Candidate at the current Weight.
	Arrival Arrival `json:"arrival"`
	// Newest is the start of the newest minute in which the Candidate's requests were
	// counted. It is zero when there was none.
	Newest time.Time `json:"newest,omitzero"`
}

// Reading returns what a Signal says, and false when it is off.
func (f Finding) Reading(signal Signal) (Reading, bool) {
	i := slices.IndexFunc(f.Readings, func(r Reading) bool { return r.Signal == signal })
	if i < 0 {
		return Reading{}, false
	}
	return f.Readings[i], true
}

// gravest is the gravest Conclusion of the Readings in a Mode.
func gravest(readings []Reading, mode Mode) Conclusion {
	worst := -1
	for _, r := range readings {
		if r.Mode == mode {
			worst = max(worst, slices.Index(gravity, r.Conclusion))
		}
	}
	if worst < 0 {
		return ""
	}
	return gravity[worst]
}
