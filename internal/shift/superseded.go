package shift

import "fmt"

// FindEarlierDeployment looks in a Target's history of one version for another Deployment that
// shifted the version, or tried to. If there is one, the event that reported the version
// came late or twice.
func FindEarlierDeployment(history []Arrived, id string) (Arrived, bool) {
	for _, before := range history {
		if before.DeploymentID != id && before.Outcome != Unchanged {
			return before, true
		}
	}
	return Arrived{}, false
}

// DeployedBeforeReason says that an event came late or twice, and how the earlier
// Deployment of its version ended.
func DeployedBeforeReason(t Target, before Arrived) Reason {
	return Reason{Name: DeployedBefore, Subject: string(t), Text: fmt.Sprintf(
		"version %s of %s was already deployed (%s) by %s; start an execution yourself to deploy it again",
		before.Candidate, t, before.Outcome, before.DeploymentID)}
}

// IsLate says whether an event reported a version that is older than the one that serves.
// Such an event came late or out of order, and must not take the Target back to an older
// version.
func (r Release) IsLate(c Change) bool { return r.Trigger == Event && c.goesBack() }

// goesBack says whether the Candidate was published before Stable. The versions of other
// kinds than Lambda aliases are texts that a person has chosen. They have no order, even if
// they are numbers.
func (c Change) goesBack() bool {
	return c.Target.Kind() == KindLambda && c.Candidate.Before(c.Stable)
}

// LateReason says that the Target already serves a newer version than the event's.
func LateReason(c Change) Reason {
	return Reason{Name: Superseded, Subject: string(c.Target), Text: fmt.Sprintf(
		"%s already serves version %s, which is newer than version %s; start an execution yourself to go back", c.Target, c.Stable, c.Candidate)}
}

// MayBeOvertaken says whether a newer version may have been promoted while the Deployment
// waited for its turn.
func (r Release) MayBeOvertaken(c Change) bool {
	return r.Options.WhenHeld == WaitWhenHeld && c.goesBack()
}

// FindOvertaking looks in the history of a newer version for a Deployment that promoted it
// after this Release was completed, while this one waited for its turn.
func (r Release) FindOvertaking(history []Arrived) (Arrived, bool) {
	for _, newer := range history {
		if newer.Outcome == Promoted && !newer.ClosedAt.Before(r.At) {
			return newer, true
		}
	}
	return Arrived{}, false
}

// OvertakenReason says that a newer version was promoted while the Deployment waited for
// its turn.
func OvertakenReason(c Change, newer Arrived) Reason {
	return Reason{Name: Superseded, Subject: string(c.Target), Text: fmt.Sprintf(
		"the newer version %s of %s was promoted by %s while version %s waited for its turn", c.Stable, c.Target, newer.DeploymentID, c.Candidate)}
}
