package shift

import (
	"fmt"
	"slices"
	"time"
)

// Status is where a Deployment's record stands in the Ledger.
type Status string

const (
	// StatusOpen : the Deployment may shift.
	StatusOpen Status = "open"
	// StatusRestoring : traffic is on its way back; nothing may shift any more.
	StatusRestoring Status = "restoring"
	// StatusClosed : the Deployment has its Outcome.
	StatusClosed Status = "closed"
)

// Record is what the Ledger holds of a Deployment.
type Record struct {
	ID       string
	Arrivals []Arrival
	// Deployment is nil until the opening is complete.
	Deployment *Deployment
	Status     Status
	// Intent is the number of the highest Step that may have been written, or 0. Every
	// lower Step may have been written, too.
	Intent int
	// Landed are the writes of a Step that are known to have succeeded when its set-weight
	// was interrupted.
	Landed Landed
	// Restored names the Targets that are known to be restored.
	Restored []Target
	// UntilOK names the alarms that are ignored until they have been OK.
	UntilOK []string
	// Seen holds, for each alarm, since when it had the state that Open read.
	Seen map[string]time.Time
	// Command is the order that is to be obeyed, or nil.
	Command *Command
	// Reasons say why the record is restoring, or how it was closed.
	Reasons []Reason
	// MarkedAt is when a reason to restore it was first recorded.
	MarkedAt time.Time
	Outcome  Outcome
	// Cause is the Outcome's explanation for people.
	Cause    string
	ClosedAt time.Time
}

// CheckOpen returns ErrDeploymentRestoring or ErrDeploymentClosed if the Deployment may no
// longer shift.
func (r Record) CheckOpen() error {
	switch r.Status {
	case StatusRestoring:
		return fmt.Errorf("%w: %s", ErrDeploymentRestoring, join(Texts(r.Reasons)))
	case StatusClosed:
		return fmt.Errorf("%w: it ended as %s at %s", ErrDeploymentClosed, r.Outcome, r.ClosedAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// Observe turns a record that is being restored into Observations at a poll: each of its
// Reasons is a Fail.
func (r Record) Observe() []Observation {
	observations := make([]Observation, len(r.Reasons))
	for i, reason := range r.Reasons {
		observations[i] = Observation{Verdict: Fail, Reason: reason}
	}
	return observations
}

// Opening says that Open has taken the locks and has not yet recorded what it found.
func (r Record) Opening() bool { return r.Status == StatusOpen && r.Deployment == nil }

// Concerns says whether the Deployment shifts the Target.
func (r Record) Concerns(t Target) bool {
	return slices.ContainsFunc(r.Arrivals, func(a Arrival) bool { return a.Target == t })
}

// HasIntent says whether traffic may have been moved.
func (r Record) HasIntent() bool { return r.Deployment != nil && r.Intent > 0 }

// ExecutionEndedReason says that an execution ended before its Deployment did. status is
// how it ended, or empty if that is not known.
func ExecutionEndedReason(status string) Reason {
	text := "the execution has ended before the deployment was finished"
	if status != "" {
		text = fmt.Sprintf("the execution ended as %s before the deployment was finished", status)
	}
	return Reason{Name: ExecutionEnded, Text: text}
}

// EndedBefore says whether the Deployment was closed because its execution had ended. If
// such an execution runs again, it was redriven.
func (r Record) EndedBefore() bool { return FirstReason(r.Reasons).Name == ExecutionEnded }

// Pending returns the Changes that are still to be restored.
func (r Record) Pending() []Change {
	if !r.HasIntent() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Deployment.Changes), func(c Change) bool {
		return slices.Contains(r.Restored, c.Target)
	})
}

// MayStray says whether a late write of the Deployment may still arrive after its
// restoration. Its Targets are then checked once more.
func (r Record) MayStray() bool { return r.HasIntent() && r.Outcome != Promoted }

// LeftToPeople says whether a person was told to look at a Target. That person may have set
// by hand what the Deployment had wanted, so nothing is deleted.
func (r Record) LeftToPeople() bool { return r.Outcome == Stranded }

// Adopts says whether this Deployment relies on what a late write of an earlier, closed
// Deployment left at the Target. What it relies on must not be deleted.
//
// A Deployment that found the Target in place relies on it: the Target is its Stable, and a
// rollback returns to it (I2). So does one that was Promoted, because the Target now serves
// its Candidate. After Stranded, a person was told to look at the Target. After Unchanged,
// people were told that the Target already serves the version. Only a Deployment that found
// no Target, and was refused or deleted again what it created, does not rely on it: the
// late write may have come after it.
func (r Record) Adopts(t Target) bool {
	switch r.Outcome {
	case Promoted, Stranded:
		return true
	case Unchanged:
		return !r.isDeployedBefore()
	}
	if r.Deployment == nil {
		return false
	}
	for _, c := range r.Deployment.Changes {
		if c.Target == t {
			return !c.Creates()
		}
	}
	return r.Concerns(t) // the Target already serves its Candidate, while others do not
}

// isDeployedBefore says whether the Deployment ended because of the history alone, without
// a look at what its Targets serve.
func (r Record) isDeployedBefore() bool { return FirstReason(r.Reasons).Name == DeployedBefore }

// Landed are the Revisions that the writes of a Step returned.
type Landed struct {
	Step      int                 `json:"step"`
	Revisions map[Target]Revision `json:"revisions"`
}

// At returns the Revisions of a Step's writes. It returns nil if the last writes were of
// another Step.
func (l Landed) At(step int) map[Target]Revision {
	if l.Step != step {
		return nil
	}
	return l.Revisions
}

// Arrived is an entry of a Target's history: a Candidate that was deployed there, and its
// Outcome.
type Arrived struct {
	DeploymentID string
	Candidate    Version
	OpenedAt     time.Time
	Outcome      Outcome // empty while it is open
	ClosedAt     time.Time
}

// Since says whether the entry belongs to another Deployment that held the Target after the
// given one was closed. Only one Deployment holds a Target at a time, so one that closed
// later was also opened later.
func (a Arrived) Since(closed Record) bool {
	return a.DeploymentID != closed.ID && (a.Outcome == "" || !a.ClosedAt.Before(closed.ClosedAt))
}

// Listed is an entry of one of the Ledger's lists: a Deployment, and since when it is
// listed.
type Listed struct {
	ID    string
	Since time.Time
	// Targets are set only in the list of an alarm's Deployments, where a restoration must
	// be fast.
	Targets []Target
}
