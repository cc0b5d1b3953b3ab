package shift

import (
	"fmt"
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
