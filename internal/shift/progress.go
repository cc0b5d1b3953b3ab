package shift

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Next is what the state machine does after a task.
type Next string

const (
	NextBake     Next = "bake"
	NextShift    Next = "shift"
	NextFinish   Next = "finish"
	NextRollback Next = "rollback"
)

// maxHolds is how many Holds in a row are as bad as a Fail.
const maxHolds = 3

// Progress is where a Deployment stands: the only thing about it that changes.
type Progress struct {
	// Step is the number of the Plan's Step that was taken last, from 1. It is 0 while the
	// Deployment waits before the first one.
	Step  int `json:"step"`
	Steps int `json:"steps"`
	// NextStep is the Step that is taken next: the one after Step, or the last one if
	// somebody has promoted the Deployment.
	NextStep int    `json:"nextStep"`
	Weight   Weight `json:"weightPercent"`
	// Wait is how long to bake before the next judgement.
	Wait Seconds `json:"waitSeconds"`
	// Baked is how long this Step has baked; Total is all Steps together. They
	// count seconds slept, never timestamps.
	Baked  Seconds `json:"bakedSeconds"`
	Total  Seconds `json:"totalSeconds"`
	Checks int     `json:"checks"`
	// Waiting says that Wait is not part of the bake: the Deployment waits for something.
	Waiting bool `json:"waiting,omitempty"`
	// Waits are what the Deployment waits for, and what it has waited for until the limit.
	Waits []Waited `json:"waits,omitempty"`
	// Holds is how many judgements in a row could not be made.
	Holds int `json:"holds"`
	// FirstShiftAt is when the first Step was taken, and Shifts how long after it each Step
	// was. Both are kept where versions are compared.
	FirstShiftAt time.Time `json:"firstShiftAt,omitzero"`
	Shifts       []Seconds `json:"shiftsSeconds,omitempty"`
	// Judged is what the comparison said at the last poll.
	Judged []Judged `json:"judged,omitempty"`
	// Revisions are those of each Route as last written.
	Revisions map[Target]Revision `json:"revisions"`
	// Receipts are those of the writes of this Step, where a router gave some.
	Receipts map[Target]string `json:"receipts,omitempty"`
	// Events is how much of the execution's history is used.
	Events  int      `json:"eventsUsed"`
	Next    Next     `json:"next"`
	Verdict Verdict  `json:"verdict"`
	Reasons []Reason `json:"reasons"`
}

// UnmarshalJSON reads a Progress. Before waits were generalized, a Progress could only hold
// a pause, in fields of its own. Those are still read.
func (p *Progress) UnmarshalJSON(data []byte) error {
	type plain Progress
	read := struct {
		*plain
		Pausing  bool      `json:"pausing"`
		Paused   Seconds   `json:"pausedSeconds"`
		PausedAt time.Time `json:"pausedAt"`
	}{plain: (*plain)(p)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	if !read.PausedAt.IsZero() {
		p.Waiting = read.Pausing
		p.Waits = []Waited{{
			Name: Paused, Of: pauseID(read.PausedAt), Since: read.PausedAt, Seconds: read.Paused, Over: !read.Pausing,
		}}
	}
	return nil
}

// Start is the Progress before the first Step.
func (d Deployment) Start() Progress {
	revisions := make(map[Target]Revision, len(d.Changes))
	for _, c := range d.Changes {
		revisions[c.Target] = c.Revision
	}
	return Progress{Steps: d.Plan.Len(), NextStep: 1, Revisions: revisions, Events: d.EventsAtStart, Next: NextShift}
}

// AfterShift returns the Progress after all Routes were moved to the next Step. written holds
// the Revisions that the writes returned.
func (d Deployment) AfterShift(p Progress, written map[Target]Revision, retries int) Progress {
	step := d.Plan.Step(p.NextStep)
	revisions := make(map[Target]Revision, len(d.Changes)) // a forged document has none
	maps.Copy(revisions, p.Revisions)
	maps.Copy(revisions, written)
	next := Progress{
		Step: p.NextStep, Steps: p.Steps, NextStep: p.NextStep + 1, Weight: step.Weight,
		Total: p.Total, Checks: p.Checks, Waits: p.Waits,
		FirstShiftAt: p.FirstShiftAt, Shifts: p.Shifts, Judged: p.Judged,
		Revisions: revisions,
		Events:    p.Events + EventsOfStep + EventsOfRetry*retries,
		Reasons:   []Reason{},
	}
	return d.proceed(next)
}

// Poll is what was found at a poll.
type Poll struct {
	Observations []Observation
	// Command is the order that is to be obeyed, or nil.
	Command *Command
	// Asked is the Step about which people were asked last, and Answers are what they have said.
	Asked   AskedStep
	Answers []Answer
	// Freeze is that of the account. It need not be known before EntryDue.
	Freeze Freeze
	// Now is the time of the poll, for records, Windows and Freezes. The time slept is
	// counted by Progress.
	Now     time.Time
	Retries int
}

// AnswerFor returns the answer that a person has given about a Step.
func (f Poll) AnswerFor(step int) (Command, bool) { return Record{Answers: f.Answers}.AnswerFor(step) }

// AfterPoll returns the Progress after a poll: it adds the time slept before the poll, and
// decides by what was found.
func (d Deployment) AfterPoll(p Progress, found Poll) Progress {
	next := p
	next.Total += p.Wait
	if !p.Waiting {
		next.Baked += p.Wait
	}
	next.Checks++
	next.Events += EventsOfPoll + EventsOfRetry*found.Retries
	next.Judged = judgedIn(found.Observations, p.Judged)
	observed := slices.Concat(d.observe(found.Command), d.observeEntryDue(p, found), d.withoutDoubts(p, found))
	observations, waits, sleep := d.countWaits(p, observed, found.Now)
	judged := Judge(observations...)
	next.Verdict, next.Reasons = judged.Verdict, judged.Reasons
	next.Wait, next.Waiting, next.Waits = 0, false, waits
	next.Holds = 0
	if judged.Verdict == Hold {
		next.Holds = p.Holds + 1
	}
	switch {
	case judged.Verdict == Fail:
		return next.fail()
	case next.Holds >= maxHolds:
		next.Reasons = append(slices.Clone(judged.Reasons), Reason{Name: HeldTooLong, Text: fmt.Sprintf("held %d times in a row", next.Holds)})
		return next.fail()
	case sleep > 0:
		next.Waiting = true
		return d.withinBudget(next.bake(sleep))
	case judged.Verdict == Hold:
		return d.withinBudget(next.bake(cmp.Or(d.Plan.Step(p.Step).Poll, minPoll)))
	case found.Command != nil && found.Command.Order == Promote:
		return d.withLagTold(d.promote(next, *found.Command), found.Now)
	}
	return d.withLagTold(d.proceed(next), found.Now)
}

// judgedIn are the comparisons of a poll. A poll that could not compare leaves the last ones.
func judgedIn(observations []Observation, before []Judged) []Judged {
	var judged []Judged
	for _, o := range observations {
		if o.Judged != nil {
			judged = append(judged, *o.Judged)
		}
	}
	if judged == nil {
		return before
	}
	return judged
}

// withoutDoubts returns the Observations of a poll. Who promotes a Deployment by hand does not
// want to wait any longer for evidence, or for viewers before the last Step.
func (d Deployment) withoutDoubts(p Progress, found Poll) []Observation {
	if found.Command == nil || found.Command.Order != Promote {
		return found.Observations
	}
	doubts := []string{CannotTell, MetricsNotRead}
	if p.Step < d.Plan.Len() {
		doubts = append(doubts, ViewersLag)
	}
	observations := slices.Clone(found.Observations)
	for i, o := range observations {
		if o.Verdict == Wait && slices.Contains(doubts, o.Reason.Name) {
			observations[i].Verdict = Pass
		}
	}
	return observations
}

// proceed decides what comes next when nothing is wrong.
func (d Deployment) proceed(p Progress) Progress {
	step := d.Plan.Step(p.Step)
	switch left := step.Bake - p.Baked; {
	case left > 0:
		p = p.bake(min(step.Poll, left))
	case p.Step < d.Plan.Len():
		p.Next = NextShift
	default:
		p.Next = NextFinish
	}
	return d.withinBudget(p)
}

func (p Progress) bake(wait Seconds) Progress {
	p.Next, p.Wait = NextBake, wait
	return p
}

func (p Progress) fail(reasons ...Reason) Progress {
	p.Next, p.Wait, p.Waiting, p.Verdict = NextRollback, 0, false, Fail
	p.Reasons = BoundReasons(append(reasons, p.Reasons...))
	return p
}

// withinBudget rolls the Deployment back while the history still has room for it. An
// execution ends abruptly at 25,000 events.
func (d Deployment) withinBudget(p Progress) Progress {
	if p.Next == NextFinish || p.Events+d.EventsReserved < HistoryBudget {
		return p
	}
	return p.fail(Reason{
		Name: HistoryBudgetUsed,
		Text: fmt.Sprintf("%d of the 25,000 history events are used; retries, holds and pauses took what the plan had left", p.Events),
	})
}
