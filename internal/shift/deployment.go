package shift

import (
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Deployment is what was decided when it was opened. It is never edited.
type Deployment struct {
	// Schema is the number of the format in which it was written.
	Schema int `json:"schema,omitempty"`
	// ID is the ARN of the execution.
	ID      string   `json:"id"`
	Changes []Change `json:"changes"`
	Plan    Plan     `json:"plan"`
	Alarms  []string `json:"alarms"`
	// FiringAtStart names the alarms that were in ALARM when it was opened.
	FiringAtStart          []string `json:"firingAtStart"`
	IgnoreUnreadableAlarms bool     `json:"ignoreUnreadableAlarms"`
	// PauseLimit is how long the Deployment may be paused. WhenPauseEnds says what happens
	// then.
	PauseLimit    Seconds   `json:"pauseLimitSeconds"`
	WhenPauseEnds AfterWait `json:"whenPauseEnds"`
	// Judging says how the Changes that are Judged are compared.
	Judging Judging `json:"judge,omitzero"`
	// Baselines are what each judged Target served before.
	Baselines map[Target]judge.Baseline `json:"baselines,omitempty"`
	OpenedAt  time.Time                 `json:"openedAt"`
	// EventsAtStart is how many history events stand before the first Step.
	EventsAtStart int `json:"eventsAtStart"`
	// EventsReserved is how many history events the rest of the execution needs after the
	// last Step.
	EventsReserved int `json:"eventsReserved"`
	// Warnings are about alarms that cannot fire as they are meant to.
	Warnings []Reason `json:"warnings,omitempty"`
	// KeepVersions is how many versions of each function stay at least when it is promoted; 0
	// deletes none.
	KeepVersions int `json:"keepVersions,omitempty"`
	// Reverts is the Deployment that this one reverts, and RevertReason why. Both are empty for
	// any other.
	Reverts      string `json:"reverts,omitempty"`
	RevertReason string `json:"revertReason,omitempty"`
	// TakesBack says that it takes back for a stack what an earlier one has promoted.
	TakesBack bool `json:"takesBack,omitempty"`
	// RevertWindow is for how long it can be reverted itself after it was promoted.
	RevertWindow Seconds `json:"revertWindowSeconds,omitempty"`
	// Turn is set while the Deployment waits for its turn. Nothing else is known of it then.
	Turn *Turn `json:"turn,omitempty"`
	// Unchanged is set when there is nothing to shift, and says why.
	Unchanged *Summary `json:"unchanged,omitempty"`
}

// Summary is the output of an execution that succeeds.
type Summary struct {
	Outcome Outcome `json:"outcome"`
	Changes []Move  `json:"targets"`
	Seconds Seconds `json:"seconds"`
	Steps   int     `json:"steps"`
	Checks  int     `json:"checks"`
	Reason  string  `json:"reason,omitempty"`
	// Reverts is the Deployment that was reverted; absent for any other.
	Reverts string `json:"reverts,omitempty"`
}

// Move is a Change as it is shown to people.
type Move struct {
	Target    Target  `json:"target"`
	Stable    Version `json:"stable"`
	Candidate Version `json:"candidate"`
}

// Moves returns the Changes as people see them.
func (d Deployment) Moves() []Move {
	moves := make([]Move, len(d.Changes))
	for i, c := range d.Changes {
		moves[i] = Move{Target: c.Target, Stable: c.Stable, Candidate: c.Candidate}
	}
	return moves
}

// PutsBack says whether the Deployment brings back what served before: it reverts another one, or
// takes one back for a stack. No Freeze holds it, and it is not put back in favour of another one.
func (d Deployment) PutsBack() bool { return d.Reverts != "" || d.TakesBack }

// Opening is what Open makes a Deployment from.
type Opening struct {
	ID      string
	Release Release
	Changes []Change
	Alarms  []Alarm
	Firing  []string // names of the alarms that are in ALARM
	// Baselines are what the judged Targets served before.
	Baselines map[Target]judge.Baseline
	At        time.Time
	Retries   int // of Open
	// Turn is how it has waited for its turn, or nil.
	Turn *Turn
	// RevertWindow is for how long a promoted Deployment can be reverted.
	RevertWindow Seconds
}

// Open makes the Deployment. It returns ErrPlanTooLong for a Release whose Plan is too
// long, and ErrInvalidPlan for one with a Window that does not open.
func Open(o Opening) (Deployment, error) {
	steps := WithLag(o.Release.Steps, longestLag(o.Changes))
	judging := o.Release.Judging.forChanges(o.Changes)
	plan, err := NewPlan(steps, o.Release.Hooks, judging)
	if err != nil {
		return Deployment{}, err
	}
	if createsAll(o.Changes) {
		plan = plan.WholeOnly()
		if err := plan.checkWaits(o.Release.Hooks); err != nil {
			return Deployment{}, err
		}
	}
	if err := plan.CheckWindows(o.At); err != nil {
		return Deployment{}, err
	}
	d := Deployment{
		Schema:                 Schema,
		ID:                     o.ID,
		Changes:                o.Changes,
		Plan:                   plan,
		Alarms:                 o.Release.Alarms,
		FiringAtStart:          o.Firing,
		IgnoreUnreadableAlarms: o.Release.Options.IgnoreUnreadableAlarms,
		PauseLimit:             o.Release.Options.PauseLimit,
		WhenPauseEnds:          o.Release.Options.WhenPauseEnds,
		Judging:                judging,
		Baselines:              o.Baselines,
		OpenedAt:               o.At,
		EventsAtStart:          EventsAtStart(o.Release.Hooks, o.Release.Retries+o.Retries) + o.Turn.events(),
		EventsReserved:         eventsReserved(o.Release.Hooks),
		KeepVersions:           o.Release.Options.KeepVersions,
		Reverts:                o.Release.Reverts,
		RevertReason:           o.Release.RevertReason,
		TakesBack:              o.Release.Options.WhenFrozen == PassWhenFrozen,
		RevertWindow:           o.RevertWindow,
	}
	d.Warnings = BoundWarnings(AlarmWarnings(o.Alarms, d.Moves(), plan.Steps))
	return d, nil
}

// WithRetries returns the Deployment that an earlier try of Open completed. It adds the history
// events of the tries since.
func (d Deployment) WithRetries(r Release, turn *Turn, retries int) Deployment {
	d.EventsAtStart = max(d.EventsAtStart, EventsAtStart(r.Hooks, r.Retries+retries)+turn.events())
	return d
}

func createsAll(changes []Change) bool {
	for _, c := range changes {
		if !c.Creates() {
			return false
		}
	}
	return true
}

// NothingToShift reports whether every Target already serves its Candidate, and if so, the
// Reason to give.
func NothingToShift(changes []Change) (why Reason, nothing bool) {
	for _, c := range changes {
		if c.Stable != c.Candidate {
			return Reason{}, false
		}
	}
	groups := GroupBy(changes, func(c Change) (Target, Version) { return c.Target, c.Candidate })
	serving := TellGroups(groups, MaxClauses, func(g Group[Version]) string {
		return g.Names() + g.Say(" already points at ", " already point at ") + string(g.Of)
	}, "already point at theirs")
	return Reason{
		Name: AlreadyServed,
		Text: strings.Join(serving, ", "),
	}, true
}
