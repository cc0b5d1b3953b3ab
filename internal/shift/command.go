package shift

import (
	"fmt"
	"strings"
	"time"
)

// Order is what a person asks of a Deployment that is open.
type Order string

const (
	// Abort puts the traffic back at once.
	Abort Order = "abort"
	// Promote skips the rest of the Plan; the alarms still count.
	Promote Order = "promote"
	// Pause holds the Weight, and goes on watching the alarms.
	Pause Order = "pause"
	// Resume ends a Pause.
	Resume Order = "resume"
	// Approve lets the Deployment take the Step that it asks people about.
	Approve Order = "approve"
	// Reject answers the same question with no: the traffic is put back at once.
	Reject Order = "reject"
)

// Orders are all of them.
func Orders() []Order { return []Order{Abort, Promote, Pause, Resume, Approve, Reject} }

// Answers says whether the Order answers the question whether a Step may be taken.
func (o Order) Answers() bool { return o == Approve || o == Reject }

// Command is an Order as it is stored in the Ledger's record until the Deployment obeys it.
//
// A command may arrive twice, or late: another Deployment may hold the Target by then, or
// another command may have been given. The time at which a command was given tells them
// apart. The sender says that time, and it is believed, but a command cannot be given later
// than it arrives. A sender whose clock is slow loses to an earlier command, or misses the
// Deployment.
type Command struct {
	Order  Order     `json:"order"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// By is who gave it, where that is known: the ARN that AWS tells the sender about itself.
	// The sender says it, and it is believed.
	By string `json:"by,omitempty"`
}

// caution ranks Orders that were given in the same millisecond: the more cautious one wins.
// Abort has no rank: it is carried out at once and never stored. Approve and Reject have none:
// they are stored as Answers.
var caution = map[Order]int64{Promote: 0, Resume: 1, Pause: 2}

// ranksPerMillisecond is how many ranks of caution fit into a millisecond. The Ledger
// stores precedences, so this number must not change.
const ranksPerMillisecond = 4

// Precedence orders Commands: the one with the highest precedence wins. Two Commands have
// the same precedence only if they are the same, or ask for the same.
//
// Some senders give the time in whole seconds, rounded down, so such a time stands for any
// moment in its second. A pause counts as given at the end of the second, every other Order
// at its beginning: if nobody can tell which came later, the pause wins.
func (c Command) Precedence() int64 {
	at := c.At.UnixMilli()
	if c.Order == Pause && c.At.Nanosecond() == 0 {
		at += time.Second.Milliseconds() - 1
	}
	return at*ranksPerMillisecond + caution[c.Order]
}

// Holder is the Deployment that holds a Target, and since when. The zero value means that
// none does.
type Holder struct {
	DeploymentID string
	Since        time.Time
}

// CheckMeant returns ErrDeploymentUnknown for a command that was given before this
// Deployment held the Target. Some senders give the time in whole seconds, rounded down, so
// a command from the same second counts.
func (h Holder) CheckMeant(t Target, given time.Time) error {
	if h.DeploymentID == "" {
		return fmt.Errorf("%w: no deployment holds %s", ErrDeploymentUnknown, t)
	}
	if h.Since.Truncate(time.Second).After(given) {
		return fmt.Errorf("%w: %s holds %s only since %s, after the command was given at %s; give it again if it means this one", ErrDeploymentUnknown,
			h.DeploymentID, t, h.Since.UTC().Format(time.RFC3339), given.UTC().Format(time.RFC3339))
	}
	return nil
}

// DefaultPause is how long a Deployment may be paused if its input does not say.
const DefaultPause Seconds = 24 * 3600

// observe turns a Command into Observations: a pause is a reason to Wait. The pause begins
// at the poll that first obeys it, because the time slept before that poll belongs to the
// bake. A pause that is requested again later is a new pause with a time of its own.
func (d Deployment) observe(c *Command) []Observation {
	if c == nil || c.Order != Pause {
		return nil
	}
	return []Observation{{
		Verdict: Wait, Reason: Reason{Name: Paused, Text: c.Tell("paused by hand")},
		Limit: Limit{
			Of: pauseID(c.At), Length: d.PauseLimit, Then: d.WhenPauseEnds, Person: true,
			Expired: Reason{Name: PauseExpired, Text: fmt.Sprintf("nobody resumed within %s", d.PauseLimit)},
			Ended:   Reason{Name: PauseEnded, Text: "the pause has ended by itself"},
		},
	}}
}

// Tell says what a person did, who did it and why, as far as that is known.
func (c Command) Tell(what string) string {
	if c.By != "" {
		what += " (" + c.Giver() + ")"
	}
	if c.Reason == "" {
		return what
	}
	return what + ": " + c.Reason
}

func (c *Command) promotes() bool { return c != nil && c.Order == Promote }

// Giver names who gave the Command, in the short form of an ARN: user/ann, or
// assumed-role/Admin/ann. It is empty if that is not known.
func (c Command) Giver() string { return c.By[strings.LastIndexByte(c.By, ':')+1:] }

// AbortReason is the Reason of a Deployment that a person has aborted.
func (c Command) AbortReason() Reason {
	text := c.Reason
	if c.By != "" {
		text = c.Giver() + ": " + text
	}
	return Reason{Name: Aborted, Text: text}
}

// pauseID identifies a pause by the time at which it was requested.
func pauseID(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// promote skips the rest of the Plan, but not the wait for viewers who may still see Stable.
// AfterPoll calls it only when the Candidate neither fails nor is held: an order does not
// override a bad judgement.
func (d Deployment) promote(judged Progress, c Command) Progress {
	judged.Reasons = BoundReasons(append([]Reason{{Name: PromotedByHand, Text: c.Tell("promoted by hand")}}, judged.Reasons...))
	judged.Wait, judged.Next, judged.NextStep = 0, NextShift, d.Plan.Len()
	if judged.Step < d.Plan.Len() {
		return judged
	}
	judged.Next = NextFinish
	if left := d.lagLeft(judged, longestLag(d.Changes)); left > 0 {
		judged = d.withinBudget(judged.bake(min(d.Plan.Step(judged.Step).Poll, left)))
	}
	return judged
}
