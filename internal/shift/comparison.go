package shift

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Comparison is what the Ledger keeps of how the versions of a Target were compared.
type Comparison struct {
	// Judged is what the last comparison said, At its time, and Reason the same in words.
	Judged
	At     time.Time `json:"at"`
	Reason Reason    `json:"reason"`
	// WouldRollBack is set where a signal that only observes found the Candidate worse. The
	// first time is kept.
	WouldRollBack *WouldRollBack `json:"wouldRollBack,omitempty"`
}

// WouldRollBack says when and why a comparison would have put the traffic back, if it had
// enforced what it only observed.
type WouldRollBack struct {
	At     time.Time `json:"at"`
	Reason Reason    `json:"reason"`
}

// Compared returns the Comparisons of the record after a poll, and whether the poll has
// compared anything.
func (r Record) Compared(observations []Observation, at time.Time) ([]Comparison, bool) {
	comparisons, compared := slices.Clone(r.Comparisons), false
	for _, o := range observations {
		if o.Judged == nil {
			continue
		}
		compared = true
		next := Comparison{Judged: *o.Judged, At: at.UTC().Truncate(time.Second), Reason: o.Reason.bound()}
		if o.WouldFail != nil {
			next.WouldRollBack = &WouldRollBack{At: next.At, Reason: o.WouldFail.bound()}
		}
		i := slices.IndexFunc(comparisons, func(c Comparison) bool { return c.Target == next.Target })
		if i < 0 {
			comparisons = append(comparisons, next)
			continue
		}
		if first := comparisons[i].WouldRollBack; first != nil {
			next.WouldRollBack = first
		}
		comparisons[i] = next
	}
	return comparisons, compared
}

// Comparison returns how the versions of a Target were compared, or nil if they were not.
func (r Record) Comparison(t Target) *Comparison {
	i := slices.IndexFunc(r.Comparisons, func(c Comparison) bool { return c.Target == t })
	if i < 0 {
		return nil
	}
	return &r.Comparisons[i]
}

// wouldFail is why a signal that only observes would put the traffic back, or nil.
func (s Subject) wouldFail(c Change, f judge.Finding) *Reason {
	for _, r := range f.Readings {
		if r.Conclusion == judge.Worse && r.Mode == judge.Observe {
			reason := s.reason(CandidateWorseObserved, c, tellWorse(r))
			return &reason
		}
	}
	return nil
}
