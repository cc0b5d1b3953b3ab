package shift

import (
	"fmt"
	"maps"
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
	// OpenedAt is when the locks of the Targets were taken.
	OpenedAt time.Time
	// PutsBack says that the Deployment puts back what served before. It is known before the
	// opening is complete.
	PutsBack bool
	// Deployment is nil until the opening is complete.
	Deployment *Deployment
	Status     Status
	// Intent is the number of the highest Step that may have been written, or 0. Every
	// lower Step may have been written, too.
	Intent int
	// Landed are the writes of the last Step that are known to have succeeded. A restorer can
	// undo them without a look at the Targets.
	Landed Landed
	// Restored names the Targets that are known to be restored.
	Restored []Target
	// UntilOK names the alarms that are ignored until they have been OK.
	UntilOK []string
	// Seen holds, for each alarm, since when it had the state that Open read.
	Seen map[string]time.Time
	// Comparisons are how the versions of each judged Target were compared.
	Comparisons []Comparison
	// Command is the order that is to be obeyed, or nil.
	Command *Command
	// Asked is the Step about which people were asked last. Answers are what they have said, one
	// for a Step.
	Asked   AskedStep
	Answers []Answer
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

// Poll is what the record holds for a poll.
func (r Record) Poll(now time.Time, retries int) Poll {
	return Poll{Command: r.Command, Asked: r.Asked, Answers: r.Answers, Now: now, Retries: retries}
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

// Quarantined returns the Targets whose locks the Deployment keeps after it was put back:
// those that it may have created. No Revision can refuse the deletion of a Target, nor its
// creation. So no other Deployment may create such a Target while a function of this one may
// still be about to delete it.
func (r Record) Quarantined() []Target {
	var list []Target
	if r.MayStray() {
		for _, c := range r.Deployment.Changes {
			if c.Creates() {
				list = append(list, c.Target)
			}
		}
	}
	return list
}

// LandedRoute returns the Route that the last landed write of a Change has left, and whether
// one is known. It is not known while a further Step is intended, of which some writes may
// have landed already.
func (r Record) LandedRoute(c Change) (Route, bool) {
	revision, known := r.Landed.Revisions[c.Target]
	if !known || revision == "" || r.Deployment == nil || r.Landed.Step != r.Intent || r.Landed.Step < 1 || r.Landed.Step > r.Deployment.Plan.Len() {
		return Route{}, false
	}
	route := c.At(r.Deployment.Plan.Step(r.Landed.Step).Weight)
	route.Revision = revision
	return route, true
}

// Restoration plans the way of a Change's Target back from a Route that was found. The Route
// with the Revision that a write of the Deployment returned is its own, even if the platform
// made something else of it than was asked for.
func (r Record) Restoration(c Change, found Route, exists bool) Restoration {
	way := c.Restoration(found, exists, r.Deployment.Plan, r.Intent)
	own := exists && found.Revision != "" && found.Revision == r.Landed.Revisions[c.Target]
	if !way.Ours && own && !c.Creates() {
		return c.writeBefore()
	}
	return way
}

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

// RevisionsAfter returns the Revisions that all Targets have after a Step, 0 for none, or nil
// if the record does not know them.
func (r Record) RevisionsAfter(step int) map[Target]Revision {
	landed := r.Landed.At(step)
	if r.Deployment == nil || step > 0 && landed == nil {
		return nil
	}
	revisions := make(map[Target]Revision, len(r.Deployment.Changes))
	for _, c := range r.Deployment.Changes {
		revisions[c.Target] = c.Revision
	}
	if step > 0 {
		maps.Copy(revisions, landed)
	}
	return revisions
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

// Listed is an entry of one of the Ledger's lists: a Deployment, and since when it is
// listed.
type Listed struct {
	ID    string
	Since time.Time
}
