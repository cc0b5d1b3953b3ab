package shift

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// lagLeft is how long viewers may still see the Route before the last Step. It is 0 before that
// Step: the Lag of every other one passes while it bakes (CheckPlan).
func (d Deployment) lagLeft(p Progress, lag Seconds) Seconds {
	if p.Step < d.Plan.Len() {
		return 0
	}
	return max(lag-p.Baked, 0)
}

// withLagTold adds to a Progress which viewers may still see Stable, and until when. For that
// the Deployment waits in its last Step.
func (d Deployment) withLagTold(p Progress, now time.Time) Progress {
	if p.Next != NextBake {
		return p
	}
	reasons := append([]Reason{}, p.Reasons...)
	for _, c := range d.Changes {
		if left := d.lagLeft(p, c.Lag); left > 0 {
			reasons = append(reasons, Reason{
				Name: ViewersLag, Subject: string(c.Target),
				Text: fmt.Sprintf("viewers of %s may still see %s until %s", c.Target, c.Stable, untilText(now.Add(left.Duration()))),
			})
		}
	}
	if len(reasons) > len(p.Reasons) && p.Verdict == Pass {
		p.Verdict = Wait
	}
	p.Reasons = BoundReasons(reasons)
	return p
}

// WithReceipts returns the Progress with the Receipts of the writes of its Step.
func (p Progress) WithReceipts(receipts map[Target]string) Progress {
	if len(receipts) > 0 {
		p.Receipts = receipts
	}
	return p
}

// slowestArrival is how long a Deployment waits for a write to reach all viewers after a Step has
// baked, in Lags. CloudFront's edges usually have an update within minutes, and took 20 minutes
// in bad years; the SDK's own waiter gives them 35.
const slowestArrival = 8

// ArrivalsDue are the Changes of which it has to be known at this poll whether viewers can see
// the Step: those with a Lag, when the Step has baked. Before the first Step there is nothing to see.
func (s Subject) ArrivalsDue() []Change {
	if s.Progress.Step == 0 || !s.baked() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Deployment.Changes), func(c Change) bool { return c.Lag == 0 })
}

// ObserveArrival judges whether a Step that has baked has reached all viewers of a Target. If it
// has not, the Deployment waits, because the Candidate has had less than the Step's Weight, and
// goes back in the end. If AWS does not say it, the Deployment goes on in the end: the Lag has
// passed.
func (s Subject) ObserveArrival(c Change, arrived bool, unread error) Observation {
	if arrived && unread == nil {
		return Observation{Verdict: Pass}
	}
	limit := Limit{Of: strconv.Itoa(s.Progress.Step), Length: slowestArrival * c.Lag, Then: s.Deployment.afterSlowArrival()}
	text := fmt.Sprintf("AWS says that step %d of %s has not reached all viewers yet", s.Progress.Step, c.Target)
	if unread != nil {
		limit.Then, text = GoOnAfterWait, fmt.Sprintf("AWS does not say whether step %d of %s has reached all viewers: %v", s.Progress.Step, c.Target, unread)
	}
	reason := func(text string) Reason { return Reason{Name: ViewersLag, Subject: string(c.Target), Text: text} }
	after := fmt.Sprintf("%s, %s after the step has baked", text, limit.Length)
	limit.Expired, limit.Ended = reason(after), reason(after+"; going on")
	return Observation{Verdict: Wait, Reason: reason(text), Limit: limit}
}

// afterSlowArrival is what follows if a Step does not reach all viewers: a Deployment that puts
// traffic back is not put back for it, as that would bring back what was just taken away.
func (d Deployment) afterSlowArrival() AfterWait {
	if d.PutsBack() {
		return GoOnAfterWait
	}
	return RollBackAfterWait
}

// WithLag adds to what became of the Targets until when viewers may still see the Candidate, if
// the last write of a Deployment was made by now.
func (r Record) WithLag(undone []Undone, now time.Time) []Undone {
	if r.Deployment == nil || !r.HasIntent() {
		return undone
	}
	changes := make(map[Target]Change, len(r.Deployment.Changes))
	for _, c := range r.Deployment.Changes {
		changes[c.Target] = c
	}
	for i, u := range undone {
		c := changes[u.Target]
		if c.Lag > 0 && u.Fate != LeftAlone && u.Fate != Gone {
			undone[i].Candidate, undone[i].Until = c.Candidate, roundUp(now.Add(c.Lag.Duration()))
		}
	}
	return undone
}

// UntilText says until when viewers may still see the Candidate. It is empty if they do not.
func (u Undone) UntilText() string {
	if u.Until.IsZero() {
		return ""
	}
	return fmt.Sprintf("viewers may still see %s until %s", u.Candidate, untilText(u.Until))
}

func untilText(at time.Time) string { return roundUp(at).Format("15:04:05 UTC") }

// roundUp returns the next whole second.
func roundUp(at time.Time) time.Time { return at.UTC().Add(time.Second - 1).Truncate(time.Second) }
