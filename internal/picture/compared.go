package picture

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Comparison says in a few sentences what the comparison of a Target's versions knows.
type Comparison struct {
	Target    shift.Target
	Sentences []string
	// OneOfSeveral is set if the deployment has other Targets, too.
	OneOfSeveral bool
}

// Compared returns what the comparison of each judged Target said at the last check, the ones
// with the strongest evidence first.
func (r *Run) Compared() []Comparison {
	if len(r.Positions) == 0 {
		return nil
	}
	return r.comparisons(r.Positions[len(r.Positions)-1].Judged)
}

func (r *Run) comparisons(judged []shift.Judged) []Comparison {
	var list []Comparison
	judged = slices.Clone(judged)
	slices.SortStableFunc(judged, func(a, b shift.Judged) int { return cmp.Compare(strength(b), strength(a)) })
	for _, j := range judged {
		list = append(list, Comparison{Target: j.Target, OneOfSeveral: len(r.Changes) > 1, Sentences: explain.Compared(j)})
	}
	return list
}

// strength is how close the strongest evidence of a Target is to its threshold.
func strength(j shift.Judged) float64 {
	strongest := 0.0
	for _, s := range j.Signals {
		strongest = max(strongest, s.Evidence/s.Threshold)
	}
	return strongest
}

// ComparisonTrack is what the comparison of a Target's versions said over time, by their
// errors.
type ComparisonTrack struct {
	Target shift.Target
	Points []ComparisonPoint
}

// ComparisonPoint is what one check said.
type ComparisonPoint struct {
	At                  time.Duration
	Evidence, Threshold float64
	Stable, Candidate   Estimate
}

// Estimate is the share of bad requests that was seen, and the interval that holds the true
// one in 95 of 100 cases.
type Estimate struct {
	Requests        int64
	Seen, Low, High float64
}

// estimate returns Wilson's interval. Without requests it is everything.
func estimate(c judge.Count) Estimate {
	const z = 1.96
	n, p := float64(c.Requests), c.Rate()
	if n <= 0 {
		return Estimate{High: 1}
	}
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	reach := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Estimate{Requests: c.Requests, Seen: p, Low: max(center-reach, 0), High: min(center+reach, 1)}
}

// ComparisonTracks returns the comparisons of each judged Target, the ones with the strongest
// evidence first.
func (r *Run) ComparisonTracks() []ComparisonTrack {
	var tracks []ComparisonTrack
	checks := 0
	for _, p := range r.Positions {
		if p.Checks == checks { // a step was taken, and nothing was compared
			continue
		}
		checks = p.Checks
		for _, j := range p.Judged {
			i := slices.IndexFunc(tracks, func(t ComparisonTrack) bool { return t.Target == j.Target })
			if i < 0 {
				i, tracks = len(tracks), append(tracks, ComparisonTrack{Target: j.Target})
			}
			tracks[i].add(p.At, j)
		}
	}
	tracks = slices.DeleteFunc(tracks, func(t ComparisonTrack) bool { return len(t.Points) == 0 })
	slices.SortStableFunc(tracks, func(a, b ComparisonTrack) int { return cmp.Compare(b.last().Evidence, a.last().Evidence) })
	return tracks
}

func (t *ComparisonTrack) add(at time.Duration, j shift.Judged) {
	for _, s := range j.Signals {
		if s.Signal == judge.Errors {
			t.Points = append(t.Points, ComparisonPoint{
				At: at, Evidence: s.Evidence, Threshold: s.Threshold, Stable: estimate(s.Stable), Candidate: estimate(s.Candidate),
			})
		}
	}
}

func (t ComparisonTrack) last() ComparisonPoint { return t.Points[len(t.Points)-1] }
