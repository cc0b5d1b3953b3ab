package shift

import "time"

// AfterWait says what becomes of a Deployment that has waited for as long as it may.
type AfterWait string

const (
	// RollBackAfterWait puts the traffic back.
	RollBackAfterWait AfterWait = "rollback"
	// GoOnAfterWait goes on with the Plan. It is written "resume", as for a pause.
	GoOnAfterWait AfterWait = "resume"
)

// Limit bounds a Wait: how long it may take, and what follows.
type Limit struct {
	// Of tells apart two waits that have the same Reason but for its text, such as two
	// pauses. It may be empty.
	Of     string
	Length Seconds
	Then   AfterWait
	// Expired is why the traffic is put back afterwards, Ended what is said where the
	// Plan goes on.
	Expired, Ended Reason
}

// Waited is how long a Deployment has waited for one thing.
type Waited struct {
	// Name and Subject are those of the Reason, Of is that of its Limit.
	Name    string    `json:"name"`
	Subject string    `json:"subject,omitempty"`
	Of      string    `json:"of,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Seconds counts what was slept, never timestamps.
	Seconds Seconds `json:"waitedSeconds"`
	// Over says that the Limit was reached and the Plan goes on: it is not waited for
	// again.
	Over bool `json:"over,omitempty"`
}

// maxWaitPolls is how many polls of a wait fit between HealthyEvents and
// HistoryBudget, with room for the retries that nobody foresees.
const maxWaitPolls = 550

// countWaits counts what was slept for each Observation of Wait, and replaces those whose
// Limit was reached by what follows. It returns how long to sleep until the next poll,
// 0 where nothing is waited for. What nobody asks for any more is forgotten.
func (d Deployment) countWaits(p Progress, observations []Observation, now time.Time) (left []Observation, waits []Waited, sleep Seconds) {
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
			poll := min(max(d.Plan.Step(p.Step).Poll, minPoll, (o.Limit.Length+maxWaitPolls-1)/maxWaitPolls), rest)
			if sleep == 0 || poll < sleep {
				sleep = poll
			}
		case o.Limit.Then == GoOnAfterWait:
			w.Over, o = true, Observation{Verdict: Pass, Reason: o.Limit.Ended}
		default:
			o = Observation{Verdict: Fail, Reason: o.Limit.Expired}
		}
		left, waits = append(left, o), append(waits, w)
	}
	return left, waits, sleep
}

// findWait is how long was waited for what an Observation waits for, the last sleep
// included.
func (p Progress) findWait(o Observation, now time.Time) Waited {
	for _, w := range p.Waits {
		if w.Name != o.Reason.Name || w.Subject != o.Reason.Subject || w.Of != o.Limit.Of {
			continue
		}
		if p.Waiting && !w.Over {
			w.Seconds += p.Wait
		}
		return w
	}
	return Waited{Name: o.Reason.Name, Subject: o.Reason.Subject, Of: o.Limit.Of, Since: now.UTC()}
}
