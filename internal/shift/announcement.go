package shift

import (
	"fmt"
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
	At           time.Time `json:"at"`
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
	}
}

// AnnounceOutcome tells how the Deployment of a closed record ended.
func (r Record) AnnounceOutcome(at time.Time) Announcement {
	a := Announcement{
		ID: fmt.Sprintf("%s/%s", r.ID, r.Outcome), DeploymentID: r.ID, State: Announced(r.Outcome),
		Changes: r.Moves(), Reasons: BoundReasons(r.Reasons), At: at,
	}
	switch {
	case r.Outcome == Promoted:
		a.Weight, a.Step = All, r.Intent
	case r.Touched():
		a.Step = r.Intent
	}
	return a
}

// Moves lists what the Deployment shifts; without their Stable while that was
// not read.
func (r Record) Moves() []Move {
	if r.Deployment != nil {
		return r.Deployment.Moves()
	}
	moves := make([]Move, len(r.Arrivals))
	for i, a := range r.Arrivals {
		moves[i] = Move{Target: a.Target, Candidate: a.Candidate}
	}
	return moves
}
