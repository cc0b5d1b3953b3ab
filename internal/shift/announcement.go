package shift

import (
	"fmt"
	"strings"
	"time"
)

// Announced is the state that an Announcement tells of: an Outcome, or one of
// the two below.
type Announced string

const (
	// Started : the Deployment was opened.
	Started Announced = "Started"
	// ShiftedTo : all Targets were moved to a Step.
	ShiftedTo Announced = "Shifted"
)

// Announcement tells the world about a Deployment. Repeats carry the same ID.
type Announcement struct {
	ID           string    `json:"id"`
	DeploymentID string    `json:"deploymentId"`
	State        Announced `json:"state"`
	Changes      []Move    `json:"targets"`
	Weight       Weight    `json:"weightPercent"`
	Step         int       `json:"step"`
	Reasons      []string  `json:"reasons"`
	// Summary is one line for people, without quotes.
	Summary string    `json:"summary"`
	At      time.Time `json:"at"`
}

// summary makes text fit between the quotes of a rule's InputTemplate, where
// EventBridge puts it as it is (InputTransformer, InputTemplate).
func summary(text string) string {
	return strings.NewReplacer(`"`, "'", `\`, "/").Replace(BoundText(text, maxExplanation))
}

// Announce tells that a Deployment has started, or where its Progress stands.
func (d Deployment) Announce(state Announced, p Progress, at time.Time) Announcement {
	id := fmt.Sprintf("%s/%s", d.ID, state)
	if state == ShiftedTo {
		id = fmt.Sprintf("%s/%d", id, p.Step)
	}
	return Announcement{
		ID: id, DeploymentID: d.ID, State: state, Changes: d.Moves(),
		Weight: p.Weight, Step: p.Step, Reasons: BoundReasons(p.Reasons), At: at,
		Summary: summary(d.progressing(state, p)),
	}
}

// progressing says where a Deployment stands that goes on.
func (d Deployment) progressing(state Announced, p Progress) string {
	var lines []string
	for _, c := range d.Changes {
		switch {
		case state == Started:
			lines = append(lines, fmt.Sprintf("%s goes from %s to %s", c.Target, orNothing(c.Stable), c.Candidate))
		case p.Weight == All:
			lines = append(lines, fmt.Sprintf("%s sends everything to %s", c.Target, c.Candidate))
		default:
			lines = append(lines, fmt.Sprintf("%s sends %s to %s, the rest to %s", c.Target, p.Weight, c.Candidate, orNothing(c.Stable)))
		}
	}
	return joined(lines) + "."
}

// orNothing is the Stable of a Target that does not exist before.
func orNothing(v Version) string {
	if v == "" {
		return "nothing"
	}
	return string(v)
}

// AnnounceOutcome tells how the Deployment of a closed record ended.
func (r Record) AnnounceOutcome(at time.Time) Announcement {
	a := Announcement{
		ID: fmt.Sprintf("%s/%s", r.ID, r.Outcome), DeploymentID: r.ID, State: Announced(r.Outcome),
		Changes: r.Moves(), Reasons: BoundReasons(r.Reasons), Summary: summary(r.ending()), At: at,
	}
	switch {
	case r.Outcome == Promoted:
		a.Weight, a.Step = All, r.Intent
	case r.Touched():
		a.Step = r.Intent
	}
	return a
}

// ending says how a Deployment ended.
func (r Record) ending() string {
	if r.Outcome != Promoted {
		return r.Cause
	}
	var lines []string
	for _, m := range r.Moves() {
		lines = append(lines, fmt.Sprintf("%s serves %s", m.Target, m.Candidate))
	}
	return joined(lines) + "."
}

// Moves lists what the Deployment shifts; without their Stable while that was
// not read.
func (r Record) Moves() []Move {
	if r.Deployment != nil {
		return r.Deployment.Moves()
	}
	return arriving(r.Arrivals)
}

// Moves lists what is to be shifted, from a Stable that is not known yet.
func (r Release) Moves() []Move { return arriving(r.Arrivals) }

func arriving(arrivals []Arrival) []Move {
	moves := make([]Move, len(arrivals))
	for i, a := range arrivals {
		moves[i] = Move{Target: a.Target, Candidate: a.Candidate}
	}
	return moves
}
