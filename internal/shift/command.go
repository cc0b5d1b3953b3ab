package shift

import (
	"fmt"
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
)

// Command is an Order as it stands in the Ledger's record until it is obeyed.
//
// Every way on which a command comes may bring it twice, or late, when another
// Deployment holds the Target or another command was given since. What tells them
// apart is when it was given. The command sluice asks the safety net for the time, and
// an event has that at which EventBridge took it, so no clock but AWS's is involved; but
// who puts an event with a Time of its own, or invokes the safety net by hand, says it
// himself. What he says is believed, except that nothing is given later than it comes: a
// clock that is slow makes a command lose to what was given before, or miss a Deployment.
type Command struct {
	Order  Order     `json:"order"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// orderRank orders what was asked in the same millisecond: the more careful one stands,
// whichever comes first. An abort is none of them: it is done at once, and never stands
// in a record.
var orderRank = map[Order]int64{Promote: 0, Resume: 1, Pause: 2}

// ranksPerMillisecond is how many ranks fit into a millisecond. Precedences stand in the
// Ledger: it stays what it is.
const ranksPerMillisecond = 4

// Precedence orders Commands: the highest stands. Two have the same only when they
// are one, or say the same.
//
// EventBridge tells the time of its events in whole seconds, cut off, so what has such
// a time may have been given at any in that second. A pause is taken to be given at its
// end and everything else at its beginning: where nobody can tell which was later, the
// pause stands.
func (c Command) Precedence() int64 {
	at := c.At.UnixMilli()
	if c.Order == Pause && c.At.Nanosecond() == 0 {
		at += time.Second.Milliseconds() - 1
	}
	return at*ranksPerMillisecond + orderRank[c.Order]
}

// Holder is the Deployment that holds a Target, and since when by AWS's clock; none
// is zero.
type Holder struct {
	DeploymentID string
	Since        time.Time
}

// CheckMeant returns ErrDeploymentUnknown for a command that was given for whoever
// holds the Target, before this Deployment did. EventBridge tells the time of its
// events in whole seconds, cut off, so what was given in the same second counts.
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

// DefaultPause is how long a Deployment stays paused that says nothing else.
const DefaultPause Seconds = 24 * 3600

// observe is a Command as a poll takes it in: a pause is a reason to Wait. It has
// lasted since the poll that first obeys it, for what was slept before was the bake's.
// One that is asked for later is another pause, with a time of its own.
func (d Deployment) observe(c *Command) []Observation {
	if c == nil || c.Order != Pause {
		return nil
	}
	return []Observation{{
		Verdict: Wait, Reason: Reason{Name: Paused, Text: "paused by hand: " + c.Reason},
		Limit: Limit{
			Of: pauseID(c.At), Length: d.PauseLimit, Then: d.WhenPauseEnds,
			Expired: Reason{Name: PauseExpired, Text: fmt.Sprintf("nobody resumed within %s", d.PauseLimit)},
			Ended:   Reason{Name: PauseEnded, Text: "the pause has ended by itself"},
		},
	}}
}

// pauseID tells pauses apart: by when they were asked for.
func pauseID(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// promote skips the rest of the Plan. No order makes up for a Candidate that fails, or
// cannot be judged.
func (d Deployment) promote(judged Progress, c Command) Progress {
	judged.Reasons = BoundReasons(append([]Reason{{Name: PromotedByHand, Text: "promoted by hand: " + c.Reason}}, judged.Reasons...))
	judged.Wait, judged.Next, judged.NextStep = 0, NextShift, d.Plan.Len()
	if judged.Step == d.Plan.Len() {
		judged.Next = NextFinish
	}
	return judged
}
