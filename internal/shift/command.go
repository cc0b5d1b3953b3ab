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
type Command struct {
	Order  Order     `json:"order"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// WhenPauseEnds says what to do about a Deployment that nobody resumed in time.
type WhenPauseEnds string

const (
	RollBackAfterPause WhenPauseEnds = "rollback"
	ResumeAfterPause   WhenPauseEnds = "resume"
)

// DefaultPause is how long a Deployment stays paused that says nothing else.
const DefaultPause Seconds = 24 * 3600

// Obeyed is what becomes of a Judgement's Progress when somebody has asked for
// something else; before is the Progress that was judged. The alarms come first:
// nobody's order makes up for a failing Candidate, or for one that cannot be
// judged.
func (d Deployment) Obeyed(before, judged Progress, c *Command) Progress {
	if c == nil || judged.Next == NextRollback {
		return judged
	}
	switch c.Order {
	case Promote:
		return d.promoted(judged, *c)
	case Pause:
		return d.paused(before, judged, *c)
	}
	judged.Paused = 0
	return judged
}

func (d Deployment) promoted(judged Progress, c Command) Progress {
	if judged.Verdict == Hold {
		return judged
	}
	judged.Reasons = BoundReasons(append([]string{"promoted by hand: " + c.Reason}, judged.Reasons...))
	judged.Wait, judged.Next, judged.NextStep = 0, NextShift, d.Plan.Len()
	if judged.Step == d.Plan.Len() {
		judged.Next = NextFinish
	}
	return judged
}

// maxPausePolls is how many polls of a pause fit between HealthyEvents and
// HistoryBudget, with room for the retries that nobody foresees.
const maxPausePolls = 550

// pausePoll is how long a pause sleeps between two looks at the alarms and at what
// is asked next: as while baking, and never so short that a pause that lasts to its
// limit would fill the history.
func (d Deployment) pausePoll(step int) Seconds {
	return max(d.Plan.Step(step).Poll, minPoll, (d.PauseLimit+maxPausePolls-1)/maxPausePolls)
}

// paused stays at the Weight without baking: what was slept counts as a pause,
// until that has ended by itself, for good.
func (d Deployment) paused(before, judged Progress, c Command) Progress {
	ended := before.Paused >= d.PauseLimit
	if !ended {
		judged.Baked, judged.Paused = before.Baked, before.Paused+before.Wait
	}
	if judged.Paused < d.PauseLimit {
		judged.Reasons = BoundReasons(append([]string{"paused by hand: " + c.Reason}, judged.Reasons...))
		return d.withinBudget(judged.bake(min(d.pausePoll(judged.Step), d.PauseLimit-judged.Paused)))
	}
	if d.WhenPauseEnds == ResumeAfterPause {
		judged.Reasons = BoundReasons(append([]string{"the pause has ended by itself"}, judged.Reasons...))
		if ended || judged.Verdict == Hold {
			return judged
		}
		return d.proceed(judged)
	}
	return judged.fail(fmt.Sprintf("PauseExpired: nobody resumed within %s", d.PauseLimit))
}
