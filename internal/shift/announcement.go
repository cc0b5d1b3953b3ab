package shift

import "time"

// Announced is the state that an Announcement reports: an Outcome, or one of those below.
type Announced string

const (
	// Started : the Deployment was opened.
	Started Announced = "Started"
	// ShiftedTo : all Targets were moved to a Step.
	ShiftedTo Announced = "Shifted"
	// ApprovalAsked : the next Step waits for a person's approval.
	ApprovalAsked Announced = AwaitingApproval
)

// Announcement reports a Deployment's progress or its Outcome. Repeats carry the same ID.
type Announcement struct {
	ID           string    `json:"id"`
	DeploymentID string    `json:"deploymentId"`
	State        Announced `json:"state"`
	Changes      []Move    `json:"targets"`
	Weight       Weight    `json:"weightPercent"`
	Step         int       `json:"step"`
	Reasons      []Reason  `json:"reasons"`
	// Comparisons are how the versions of judged Targets were compared, the worst first. Only
	// an Outcome has them.
	Comparisons []Comparison `json:"comparisons,omitempty"`
	// Warnings are about alarms that cannot fire as they are meant to. Only Started has them.
	Warnings []Reason `json:"warnings,omitempty"`
	// Summary is one line for people, without quotes.
	Summary string `json:"summary"`
	// Name is the last part of the DeploymentID. Chats put what belongs to it into one thread.
	Name string `json:"name"`
	// Markdown is the Summary for chats: it contains no links, no mentions and no formatting,
	// whatever others have written into it.
	Markdown string    `json:"markdown"`
	At       time.Time `json:"at"`
}

// Moves lists what the Deployment shifts. The Stable versions are missing until Open has
// read them.
func (r Record) Moves() []Move {
	if r.Deployment != nil {
		return r.Deployment.Moves()
	}
	return movesOf(r.Arrivals)
}

// Moves lists what is to be shifted. The Stable versions are not known yet.
func (r Release) Moves() []Move { return movesOf(r.Arrivals) }

func movesOf(arrivals []Arrival) []Move {
	moves := make([]Move, len(arrivals))
	for i, a := range arrivals {
		moves[i] = Move{Target: a.Target, Candidate: a.Candidate}
	}
	return moves
}
