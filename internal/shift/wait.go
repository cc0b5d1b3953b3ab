package shift

import (
	"cmp"
	"slices"
	"time"
)

// AfterWait says what a Deployment does when a wait has reached its limit.
type AfterWait string

const (
	// RollBackAfterWait puts the traffic back.
	RollBackAfterWait AfterWait = "rollback"
	// GoOnAfterWait continues with the Plan. It is written "resume", as for a pause.
	GoOnAfterWait AfterWait = "resume"
)

// Limit bounds a Wait: how long it may take, and what follows.
type Limit struct {
	// Of distinguishes two waits whose Reasons differ only in their texts, such as two
	// pauses. It may be empty.
	Of     string
	Length Seconds
	Then   AfterWait
	// Poll is the least time between two polls of the wait.
	Poll Seconds
	// Person says that a person can end the wait: the longer it takes, the rarer the polls.
	Person bool
	// Ends is in how many seconds the wait ends by itself, or 0 if that is not known.
	Ends Seconds
	// Standing says that the next sleep does not count, because something else keeps the
	// Deployment from going on, too.
	Standing bool
	// Counts is in how many seconds the time slept stops to count, or 0 if it does not.
	Counts Seconds
	// Closed says that no answer is obeyed before the wait ends, so the polls may be rarer.
	Closed bool
	// Expired is the Reason if the traffic is put back at the limit. Ended is the Reason if
	// the Plan continues.
	Expired, Ended Reason
}

// Waited is how long a Deployment has waited for one thing.
type Waited struct {
	// Name and Subject are those of the Reason. Of is that of the Limit.
	Name    string    `json:"name"`
	Subject string    `json:"subject,omitempty"`
	Of      string    `json:"of,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Seconds is the time slept. It is never computed from timestamps.
	Seconds Seconds `json:"waitedSeconds"`
	// Standing says that the sleep before the next poll does not count.
	Standing bool `json:"standing,omitempty"`
	// Announced says that people were told of the wait.
	Announced bool `json:"announced,omitempty"`
	// Over says that the Limit was reached and the Plan continues. The Deployment does not
	// wait for the same thing again.
	Over bool `json:"over,omitempty"`
}

const (
	// maxWaitPolls is how many polls of a wait fit between HealthyEvents and HistoryBudget,
	// with room for unforeseen retries.
	maxWaitPolls = 550
	// personPoll is the longest time between two polls while a person is waited for, unless
	// the history needs a longer one. A day of it takes less than 900 transitions.
	personPoll Seconds = 5 * 60
	// personPart is which part of the time that a person was waited for passes until the next
	// poll: who answers soon is heard soon.
	personPart Seconds = 4
	// closedPart is how much rarer the polls are while a Window is closed than while an answer is
	// waited for, where the history is short: only a promotion would be obeyed then.
	closedPart Seconds = 4
)

// pollOf is how long to sleep until the next poll of a wait that has rest left. thrifty is what
// the history asks for while a Window is closed.
func (d Deployment) pollOf(p Progress, l Limit, rest, thrifty Seconds) Seconds {
	if !l.Closed && !l.Standing {
		thrifty = ceilDiv(thrifty, closedPart)
	}
	poll := max(d.Plan.Step(p.Step).Poll, minPoll, l.Poll, thrifty)
	if l.Person {
		poll = max(poll, min(p.longestWait()/personPart, personPoll))
	}
	if l.Ends == 0 {
		poll = max(poll, ceilDiv(l.Length, maxWaitPolls))
	}
	if l.Standing {
		return poll
	}
	return min(poll, l.until(rest), cmp.Or(l.Counts, poll))
}

// until is how long the wait goes on at most that has rest left.
func (l Limit) until(rest Seconds) Seconds { return min(rest, cmp.Or(l.Ends, rest)) }

// PersonPolls is how often a wait of that length for a person is polled, if the history has room.
func PersonPolls(length Seconds) (polls int) {
	for waited := Seconds(0); waited < length; polls++ {
		waited += max(minPoll, min(waited/personPart, personPoll))
	}
	return polls
}

// thriftyPoll is the least time between two polls while a Window is closed with which all that is
// waited for, and what the rest of the Plan may need, take half of what the history has left.
// Everything else is polled closedPart times as often.
func (d Deployment) thriftyPoll(p Progress, observations []Observation, now time.Time) Seconds {
	var others, answer, closed Seconds
	for _, o := range observations {
		w := p.findWait(o, now)
		rest := o.Limit.until(o.Limit.Length - w.Seconds)
		switch {
		case o.Verdict != Wait || w.Over:
		case o.Reason.Name == OutsideWindow:
			closed = rest
		case o.Reason.Name == AwaitingApproval:
			answer = rest
		default:
			others += max(rest, 0)
		}
	}
	entry := d.entryLeft(p, max(answer, 0), max(closed, 0))
	left := HistoryBudget - p.Events - d.EventsReserved - d.Plan.eventsAfter(p.Step) - EventsOfPoll*entry.cuts
	return ceilDiv(closedPart*(others+entry.answers)+entry.closed, Seconds(max(left/EventsOfPoll/2, 1)))
}

func ceilDiv(a, b Seconds) Seconds { return (a + b - 1) / b }

// countWaits adds the time slept to each Wait, and replaces a Wait that has reached its
// Limit by what follows. Waits without an Observation are dropped, unless something cannot
// be read: it may be what the Observation needs. It returns the Observations that are left,
// the Waits, and how long to sleep until the next poll (0 if nothing is waited for).
func (d Deployment) countWaits(p Progress, observations []Observation, now time.Time) (left []Observation, waits []Waited, sleep Seconds) {
	thrifty := d.thriftyPoll(p, observations, now)
	for _, o := range observations {
		if o.Verdict != Wait {
			left = append(left, o)
			continue
		}
		w := p.findWait(o, now)
		if w.Over {
			waits = append(waits, w)
			continue
		}
		switch rest := o.Limit.Length - w.Seconds; {
		case rest > 0:
			poll := d.pollOf(p, o.Limit, rest, thrifty)
			sleep = min(cmp.Or(sleep, poll), poll)
			w.Standing = o.Limit.Standing
		case o.Limit.Then == GoOnAfterWait:
			w.Over, o = true, Observation{Verdict: Pass, Reason: o.Limit.Ended}
		default: // a Wait without a Limit, too
			o = Observation{Verdict: Fail, Reason: cmp.Or(o.Limit.Expired, o.Reason)}
		}
		left, waits = append(left, o), append(waits, w)
	}
	if slices.ContainsFunc(observations, Observation.holds) {
		waits = append(waits, p.unobservedWaits(observations)...)
	}
	return left, waits, sleep
}

func (o Observation) holds() bool { return o.Verdict == Hold }

// waitsFor says whether the Observation is of that wait.
func (o Observation) waitsFor(w Waited) bool {
	return o.Verdict == Wait && w.Name == o.Reason.Name && w.Subject == o.Reason.Subject && w.Of == o.Limit.Of
}

// longestWait is how long the longest of all waits has taken.
func (p Progress) longestWait() (longest Seconds) {
	for _, w := range p.Waits {
		if !w.Over {
			longest = max(longest, p.addSleep(w).Seconds)
		}
	}
	return longest
}

// unobservedWaits are the waits that the Observations do not mention.
func (p Progress) unobservedWaits(observations []Observation) (waits []Waited) {
	for _, w := range p.Waits {
		if !slices.ContainsFunc(observations, func(o Observation) bool { return o.waitsFor(w) }) {
			waits = append(waits, p.addSleep(w))
		}
	}
	return waits
}

// endedWaits are those of them that have reached their Limit, such as a pause. They stay known
// while a Step is kept out, or the next poll would take them for new ones.
func (p Progress) endedWaits(observations []Observation) []Waited {
	return slices.DeleteFunc(p.unobservedWaits(observations), func(w Waited) bool { return !w.Over })
}

// addSleep adds the last sleep to a wait, if it was slept for it.
func (p Progress) addSleep(w Waited) Waited {
	if p.Waiting && !w.Over && !w.Standing {
		w.Seconds += p.Wait
	}
	return w
}

// findWait returns how long the Deployment has waited for what the Observation waits for,
// including the last sleep.
func (p Progress) findWait(o Observation, now time.Time) Waited {
	for _, w := range p.Waits {
		if o.waitsFor(w) {
			return p.addSleep(w)
		}
	}
	return Waited{Name: o.Reason.Name, Subject: o.Reason.Subject, Of: o.Limit.Of, Since: now.UTC()}
}
