package shift

import (
	"slices"
	"time"
)

// Enter says whether the next Step may be taken now. If it may not, the Progress that it
// returns waits at the Step before, or puts the traffic back. Before the first Step it waits
// with no traffic moved.
func (d Deployment) Enter(p Progress, found Poll) (Progress, bool) {
	p.Wait, p.Waiting = 0, false
	entry := d.observeEntry(p, found)
	observations, waits, sleep := d.countWaits(p, entry, found.Now)
	judged := Judge(observations...)
	if judged.Verdict == Pass {
		return p, true
	}
	p.NextStep, p.Waits = p.Step+1, append(waits, p.endedWaits(entry)...)
	p.Verdict, p.Reasons = judged.Verdict, judged.Reasons
	p.Events += EventsOfStep + EventsOfRetry*found.Retries
	if judged.Verdict == Fail {
		return p.fail(), false
	}
	p.Waiting = true
	return d.withinBudget(p.bake(sleep)), false
}

// observeEntryDue is observeEntry when a Step may be due.
func (d Deployment) observeEntryDue(p Progress, found Poll) []Observation {
	if !d.EntryDue(p, found.Command) {
		return nil
	}
	return d.observeEntry(p, found)
}

// EntryDue says whether it has to be known at this poll what keeps the next Step from being
// taken: when the Step has baked, or somebody promotes the Deployment.
func (d Deployment) EntryDue(p Progress, c *Command) bool {
	return p.Step < d.Plan.Len() && (d.baked(p) || c.promotes())
}

// FreezeDue says whether the Freeze has to be known at this poll, too: when the Deployment waits
// already, or the next Step may keep it waiting. Otherwise the Freeze is read when the Step is
// taken, which saves a call.
func (d Deployment) FreezeDue(p Progress) bool {
	next := d.Plan.Step(min(p.Step+1, d.Plan.Len()))
	return p.Waiting || next.Approval.IsAsked() || next.Window.IsSet()
}

// observeEntry says what keeps the next Step from being taken: a Freeze, its Window, and its
// Approval. Who promotes the Deployment by hand passes the last two, and nothing keeps a Deployment
// out that puts traffic back. All that keeps it out is said at once, and the time for an
// answer stands still while something else keeps it out.
func (d Deployment) observeEntry(p Progress, found Poll) []Observation {
	if d.PutsBack() {
		return nil
	}
	observations := found.Freeze.observe(found.Now)
	if p.NextStep > p.Step+1 || found.Command.promotes() {
		return observations
	}
	number := p.Step + 1
	step := d.Plan.Step(number)
	observations = append(observations, step.Window.observe(number, found.Now)...)
	approval := step.Approval.observe(number, found)
	for i := range approval {
		approval[i].Limit.Standing = len(observations) > 0 || d.pauses(p, found)
		if closes, known := step.Window.Closes(found.Now); known {
			approval[i].Limit.Counts = InSeconds(closes.Sub(found.Now))
		}
	}
	return append(observations, approval...)
}

// KeptOut says why the first Step of a Release may not be taken now, and for how long, as far as
// that is known. It is empty if only people have to be asked.
type KeptOut struct {
	Left Seconds
	Why  []string
}

// KeptOut says what keeps the first Step out: a Freeze, or its Window.
func (r Release) KeptOut(f Freeze, now time.Time) (kept KeptOut) {
	for _, o := range append(f.observe(now), r.Steps[0].Window.observe(1, now)...) {
		kept.Left, kept.Why = max(kept.Left, o.Limit.Ends), append(kept.Why, o.Reason.Text)
	}
	return kept
}

// pauses says whether a pause keeps the Deployment where it is. One that has reached its limit
// does not.
func (d Deployment) pauses(p Progress, found Poll) bool {
	return slices.ContainsFunc(d.observe(found.Command), func(o Observation) bool { return !p.findWait(o, found.Now).Over })
}

// AsksAbout returns the Step that people are to be asked about when the next Step is due, or 0.
func (d Deployment) AsksAbout(p Progress, found Poll) int {
	step := p.Step + 1
	if p.NextStep > step || found.Command.promotes() || !d.Plan.Step(step).Approval.IsAsked() || found.Asked.Step >= step {
		return 0
	}
	return step
}

// Unannounced says whether the Progress waits for an Approval that was not announced yet.
func (p Progress) Unannounced() bool {
	return slices.ContainsFunc(p.Waits, func(w Waited) bool { return w.Name == AwaitingApproval && !w.Over && !w.Announced })
}

// WithAnnounced returns the Progress with its wait for an Approval noted as announced.
func (p Progress) WithAnnounced() Progress {
	p.Waits = slices.Clone(p.Waits)
	for i, w := range p.Waits {
		p.Waits[i].Announced = w.Announced || w.Name == AwaitingApproval
	}
	return p
}

// entryTime is how long a Plan may wait for people and for Windows, by the clock on the wall.
type entryTime struct {
	// answers is the time that people have, and closed for how long Windows are closed until that
	// time is over.
	answers, closed Seconds
	// cuts is how many sleeps end early, because a Window opens or closes or the time is over.
	cuts int
}

func (t entryTime) add(more entryTime) entryTime {
	return entryTime{t.answers + more.answers, t.closed + more.closed, t.cuts + more.cuts}
}

// entryTime is how long the Step may be waited for, if people have that long to answer.
func (s Step) entryTime(answer Seconds) entryTime {
	opens := s.Window.opensFor(answer)
	t := entryTime{answers: answer, closed: s.Window.closedFor(opens), cuts: opens}
	if answer > 0 {
		t.cuts = 2*opens + 1
	}
	return t
}

// entryTime is how long the Plan may wait before its Steps from a number on.
func (p Plan) entryTime(from int) (total entryTime) {
	for i := from; i <= p.Len(); i++ {
		total = total.add(p.Step(i).entryTime(p.Step(i).Approval.Wait))
	}
	return total
}

// entryLeft is how long the Deployment may still wait before its Steps. Once the next one is due,
// answer is how long people may still take about it, and closed for how long its Window stays
// closed, or 0 while that is open.
func (d Deployment) entryLeft(p Progress, answer, closed Seconds) entryTime {
	if p.Step == d.Plan.Len() || !d.baked(p) {
		return d.Plan.entryTime(p.Step + 1)
	}
	next := d.Plan.Step(p.Step + 1)
	t := next.entryTime(answer)
	if closed > 0 {
		t.closed = closed + next.Window.closedFor(max(next.Window.opensFor(answer)-1, 0))
	}
	return t.add(d.Plan.entryTime(p.Step + 2))
}

// entryWaits is how long the Plan may wait before all its Steps.
func (p Plan) entryWaits() Seconds {
	t := p.entryTime(1)
	return t.answers + t.closed
}

// EntryPolls is how often a Step that people are asked about is polled at most until it is taken: the
// wait takes half of the history at most, besides the sleeps that end early.
func (s Step) EntryPolls() int {
	if !s.Approval.IsAsked() {
		return 0
	}
	t := s.entryTime(s.Approval.Wait)
	return t.cuts + min(PersonPolls(t.answers)+PersonPolls(t.closed)-1, HistoryBudget/EventsOfPoll/2)
}
