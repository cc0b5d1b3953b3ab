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
	// Seen is since when each alarm was in the state that Open has read.
	Seen map[string]time.Time
	// Command is what a person asks; nil for nothing.
	Command *Command
	// Reasons say why the record is restoring, or how it was closed.
	Reasons []Reason
	// MarkedAt is since when there is a reason to restore it.
	MarkedAt time.Time
	Outcome  Outcome
	// Cause is the Outcome's explanation for people.
	Cause    string
	ClosedAt time.Time
}

// CheckOpen returns ErrDeploymentRestoring or ErrDeploymentClosed when the
// Deployment may not shift any more.
func (r Record) CheckOpen() error {
	switch r.Status {
	case StatusRestoring:
		return fmt.Errorf("%w: %s", ErrDeploymentRestoring, join(Texts(r.Reasons)))
	case StatusClosed:
		return fmt.Errorf("%w: it ended as %s at %s", ErrDeploymentClosed, r.Outcome, r.ClosedAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// Observe is what a record that is being restored says at a poll: it fails, for its
// Reasons.
func (r Record) Observe() []Observation {
	observations := make([]Observation, len(r.Reasons))
	for i, reason := range r.Reasons {
		observations[i] = Observation{Verdict: Fail, Reason: reason}
	}
	return observations
}

// Opening says that Open has taken the locks and has not yet said what it has found.
func (r Record) Opening() bool { return r.Status == StatusOpen && r.Deployment == nil }

// Concerns says whether the Deployment is about a Target.
func (r Record) Concerns(t Target) bool {
	return slices.ContainsFunc(r.Arrivals, func(a Arrival) bool { return a.Target == t })
}

// Touched says whether traffic may have been moved.
func (r Record) Touched() bool { return r.Deployment != nil && r.Intent > 0 }

// ExecutionEndedReason says that an execution has ended before its Deployment had,
// and how, as far as that is known.
func ExecutionEndedReason(status string) Reason {
	text := "the execution has ended before the deployment was finished"
	if status != "" {
		text = fmt.Sprintf("the execution ended as %s before the deployment was finished", status)
	}
	return Reason{Name: ExecutionEnded, Text: text}
}

// EndedBefore says whether the Deployment was closed because its execution had
// ended: one that goes on all the same was redriven.
func (r Record) EndedBefore() bool { return FirstReason(r.Reasons).Name == ExecutionEnded }

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

// LeftToPeople says whether somebody was told to look at a Target, and may have set by hand
// what the Deployment had wanted. Nothing is deleted then.
func (r Record) LeftToPeople() bool { return r.Outcome == Stranded }

// Adopts says whether what is at one of the Deployment's Targets is no longer its maker's
// to take away, where the maker is a straggler of a Deployment that was closed before this
// one had the Target. Whoever has had it since has taken what was there for its own,
// whatever version it brought itself: one that began from what it found has gone back to
// it, or has yet to (I2), or gives it what it brings, and people were told so. So have they
// been by one that ended as Unchanged because of it; by Promoted, of what serves from
// then on; and by Stranded, that somebody has to look. One that has found nothing there,
// and is refused or takes away again what it has created, has built on nothing: the
// straggler may come after it.
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
	return r.Concerns(t) // it serves its Candidate already, beside others that do not
}

// isDeployedBefore says whether the Deployment was ended by the history alone, and has
// not looked at what its Targets serve.
func (r Record) isDeployedBefore() bool { return FirstReason(r.Reasons).Name == DeployedBefore }

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

// Arrived is one entry of a Target's history: a Candidate that was deployed
// there, and how that ended.
type Arrived struct {
	DeploymentID string
	Candidate    Version
	OpenedAt     time.Time
	Outcome      Outcome // empty while it is open
	ClosedAt     time.Time
}

// Since says whether the entry is of another Deployment that has had the Target after
// one was closed. Only one has it at a time: who was closed later was opened later, too.
func (a Arrived) Since(closed Record) bool {
	return a.DeploymentID != closed.ID && (a.Outcome == "" || !a.ClosedAt.Before(closed.ClosedAt))
}

// Listed is a Deployment on one of the Ledger's lists, and since when.
type Listed struct {
	ID    string
	Since time.Time
	// Targets are known only where an alarm lists it: there it must go fast.
	Targets []Target
}
