package shift

import (
	"fmt"
	"slices"
	"strings"
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
	// Deployment is nil while the opening is not yet complete.
	Deployment *Deployment
	Status     Status
	// Intent is the number of the highest Step that may have been written, 0 for
	// none. Every Step below it may have been, too.
	Intent int
	// Landed are the writes of a Step that are known to have had their effect,
	// when its set-weight was cut short.
	Landed Landed
	// Restored names the Targets that are known to be back.
	Restored []Target
	// UntilOK names the alarms that are ignored until they have been OK.
	UntilOK []string
	// Command is what a person asks; nil for nothing.
	Command *Command
	// Reasons say why the record is restoring, or how it was closed.
	Reasons []string
	Outcome Outcome
	// Cause is the Outcome's explanation for people.
	Cause    string
	ClosedAt time.Time
}

// CheckOpen returns ErrDeploymentRestoring or ErrDeploymentClosed when the
// Deployment may not shift any more.
func (r Record) CheckOpen() error {
	switch r.Status {
	case StatusRestoring:
		return fmt.Errorf("%w: %s", ErrDeploymentRestoring, joined(r.Reasons))
	case StatusClosed:
		return fmt.Errorf("%w: it ended as %s at %s", ErrDeploymentClosed, r.Outcome, r.ClosedAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// Opening says that Open has taken the locks and has not yet said what it has found.
func (r Record) Opening() bool { return r.Status == StatusOpen && r.Deployment == nil }

// Concerns says whether the Deployment is about a Target.
func (r Record) Concerns(t Target) bool {
	return slices.ContainsFunc(r.Arrivals, func(a Arrival) bool { return a.Target == t })
}

// Touched says whether traffic may have been moved.
func (r Record) Touched() bool { return r.Deployment != nil && r.Intent > 0 }

// executionEnded begins the reason of what the safety net puts back because nobody
// else will.
const executionEnded = "ExecutionEnded: the execution "

// ExecutionEndedReason says that an execution has ended before its Deployment had,
// and how, as far as that is known.
func ExecutionEndedReason(status string) string {
	if status == "" {
		return executionEnded + "has ended before the deployment was finished"
	}
	return fmt.Sprintf(executionEnded+"ended as %s before the deployment was finished", status)
}

// EndedBefore says whether the Deployment was closed because its execution had
// ended: one that goes on all the same was redriven.
func (r Record) EndedBefore() bool {
	return len(r.Reasons) > 0 && strings.HasPrefix(r.Reasons[0], executionEnded)
}

// Pending are the Changes that are still to be restored.
func (r Record) Pending() []Change {
	if !r.Touched() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Deployment.Changes), func(c Change) bool {
		return slices.Contains(r.Restored, c.Target)
	})
}

// MayStray says whether a straggler of the Deployment could still leave something
// behind after it was put back, so that its Targets are looked at once more.
func (r Record) MayStray() bool { return r.Touched() && r.Outcome != Promoted }

// Landed are the Revisions that the writes of a Step returned.
type Landed struct {
	Step      int                 `json:"step"`
	Revisions map[Target]Revision `json:"revisions"`
}

// At are the Revisions of a Step's writes; none when others landed last.
func (l Landed) At(step int) map[Target]Revision {
	if l.Step != step {
		return nil
	}
	return l.Revisions
}

// Ending is how a record is closed.
type Ending struct {
	Outcome Outcome
	// Cause is one plain text for people; Reasons are what it was made of.
	Cause   string
	Reasons []string
	At      time.Time
}

// Arrived is one entry of a Target's history: a Candidate that was deployed
// there, and how that ended.
type Arrived struct {
	DeploymentID string
	Candidate    Version
	OpenedAt     time.Time
	Outcome      Outcome // empty while it is open
	ClosedAt     time.Time
}

// Claims says whether the Target is to serve that version since a Deployment was
// closed: somebody brings it there, has brought it there, or was told that it is
// there. One that was refused or put back has left nothing.
func (a Arrived) Claims(closed Record) bool {
	if a.DeploymentID == closed.ID {
		return false
	}
	switch a.Outcome {
	case "":
		return true
	case Rejected, RolledBack:
		return false
	}
	return !a.ClosedAt.Before(closed.ClosedAt)
}

// Listed is a Deployment on one of the Ledger's lists, and since when.
type Listed struct {
	ID    string
	Since time.Time
	// Targets are known only where an alarm lists it: there it must go fast.
	Targets []Target
}
