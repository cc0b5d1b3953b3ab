package shift

import "fmt"

// DeployedEarlier is the entry of a Target's history of one version that makes an event
// of that version one that came late or twice: another Deployment brought it there, or
// tried to.
func DeployedEarlier(history []Arrived, id string) (Arrived, bool) {
	for _, before := range history {
		if before.DeploymentID != id && before.Outcome != Unchanged {
			return before, true
		}
	}
	return Arrived{}, false
}

// DeployedBeforeReason says that an event came late or twice, and what its version has
// come to at a Target.
func DeployedBeforeReason(t Target, before Arrived) Reason {
	return Reason{Name: DeployedBefore, Subject: string(t), Text: fmt.Sprintf(
		"version %s of %s was already deployed (%s) by %s; start an execution yourself to deploy it again",
		before.Candidate, t, before.Outcome, before.DeploymentID)}
}

// IsLate says whether an event tells of a version that is older than what serves: it
// came late, or out of order, and nobody wants to go back.
func (r Release) IsLate(c Change) bool { return r.Trigger == Event && c.Candidate.Before(c.Stable) }

// LateReason says so.
func LateReason(c Change) Reason {
	return Reason{Name: Superseded, Subject: string(c.Target), Text: fmt.Sprintf(
		"%s already serves version %s, which is newer than version %s; start an execution yourself to go back", c.Target, c.Stable, c.Candidate)}
}

// MayBeOvertaken says whether the Deployment has waited for its turn, perhaps while the
// newer version that it found was promoted.
func (r Release) MayBeOvertaken(c Change) bool {
	return r.Options.WhenHeld == WaitWhenHeld && c.Candidate.Before(c.Stable)
}

// OvertakenBy is the entry in the history of a newer version that was promoted after the
// Release had been settled: the Deployment waited for its turn meanwhile.
func (r Release) OvertakenBy(history []Arrived) (Arrived, bool) {
	for _, newer := range history {
		if newer.Outcome == Promoted && !newer.ClosedAt.Before(r.At) {
			return newer, true
		}
	}
	return Arrived{}, false
}

// OvertakenReason says so.
func OvertakenReason(c Change, newer Arrived) Reason {
	return Reason{Name: Superseded, Subject: string(c.Target), Text: fmt.Sprintf(
		"the newer version %s of %s was promoted by %s while version %s waited for its turn", c.Stable, c.Target, newer.DeploymentID, c.Candidate)}
}
