package shift

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A revert is a Deployment that puts everything back that an earlier one has promoted, at once,
// for as long as nothing newer was promoted. It is promoted itself, so it can be reverted, too.

const (
	// DefaultRevertWindow is for how long a promoted Deployment can be reverted, unless a setting
	// says otherwise.
	DefaultRevertWindow Seconds = 72 * 3600
	// NoRevertWindow stands for none at all, because 0 means that the record does not say it.
	NoRevertWindow Seconds = 1
	// MaxRevertWindow is for how long the Ledger keeps what a revert needs.
	MaxRevertWindow Seconds = 90 * 24 * 3600
)

// AsRevert completes a Release that says only what it reverts: everything at once, without
// alarms, hooks and comparison.
func (r Release) AsRevert() Release {
	r.Strategy, r.Steps = "revert", AllAtOnce()
	r.Alarms, r.Arrivals = []string{}, []Arrival{}
	r.Hooks = Hooks{BeforeTraffic: []Hook{}, AfterTraffic: []Hook{}}
	r.Options = Options{
		Unchanged: FailUnchanged, WhenHeld: FailWhenHeld, AlarmsAtStart: RejectFiring,
		PauseLimit: DefaultPause, WhenPauseEnds: RollBackAfterWait,
	}
	r.Trigger = Explicit
	return r
}

// CheckRevert returns ErrRevertRefused for a record whose Deployment cannot be reverted. window
// is for how long one can be that does not say so itself.
func (r Record) CheckRevert(now time.Time, window Seconds) error {
	switch {
	case r.Status != StatusClosed:
		return fmt.Errorf("%w: the deployment has not ended: abort it, which puts the traffic back", ErrRevertRefused)
	case r.Outcome != Promoted || r.Deployment == nil:
		return fmt.Errorf("%w: the deployment ended as %s, so what it found serves already", ErrRevertRefused, r.Outcome)
	case r.Deployment.RevertWindow == NoRevertWindow:
		return fmt.Errorf("%w: when it was opened, its setting allowed no revert: start a deployment of the version that is to serve", ErrRevertRefused)
	}
	if until := r.RevertUntil(window); !now.Before(until) {
		return fmt.Errorf("%w: it was promoted at %s, and could be reverted until %s: start a deployment of the version that is to serve",
			ErrRevertRefused, r.ClosedAt.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	}
	for _, c := range r.Deployment.Changes {
		if c.Creates() {
			return fmt.Errorf("%w: the deployment has created %s, which served nothing before: delete it by hand, or start a deployment of another version", ErrRevertRefused, c.Target)
		}
	}
	return nil
}

// RevertUntil returns until when the Deployment can be reverted. window is for how long one can
// be that does not say so itself.
func (r Record) RevertUntil(window Seconds) time.Time {
	if r.Deployment != nil {
		window = cmp.Or(r.Deployment.RevertWindow, window)
	}
	if window == NoRevertWindow {
		window = 0
	}
	return r.ClosedAt.Add(window.Duration())
}

// Return lists what a revert of the Deployment brings to its Targets: what served before, in the
// reverse order, and only where its Candidate still serves.
func (r Record) Return() []Arrival {
	arrivals := make([]Arrival, len(r.Deployment.Changes))
	for i, c := range r.Deployment.Changes {
		arrivals[i] = Arrival{Target: c.Target, Candidate: c.Stable, ExpectStable: c.Candidate, Detail: c.Detail}
	}
	slices.Reverse(arrivals)
	return arrivals
}

// FindNewerPromotion looks in a Target's history for what was promoted after a Deployment.
func (r Record) FindNewerPromotion(history []Arrived) (Arrived, bool) {
	for _, a := range history {
		if a.DeploymentID != r.ID && a.Outcome == Promoted && !a.ClosedAt.Before(r.ClosedAt) {
			return a, true
		}
	}
	return Arrived{}, false
}

// CheckNewest returns ErrRevertRefused if something was promoted to the Target after the
// Deployment of the record.
func (r Record) CheckNewest(t Target, history []Arrived) error {
	if newer, found := r.FindNewerPromotion(history); found {
		return fmt.Errorf("%w: %s was promoted to %s since, by %s: revert that first, or start a deployment of the version that is to serve",
			ErrRevertRefused, newer.Candidate, t, newer.DeploymentID)
	}
	return nil
}

// RevertReasons are the Reasons of a Deployment that is a revert, for its record. There are none
// for any other.
func (d Deployment) RevertReasons() []Reason {
	if d.Reverts == "" {
		return nil
	}
	text := "it reverted " + MakerOf(d.Reverts)
	if d.RevertReason != "" {
		text += ": " + d.RevertReason
	}
	return []Reason{{Name: Reverted, Subject: d.Reverts, Text: text}}
}
