package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	// maxTracks is how many targets have a plot of their own.
	maxTracks = 8
	// heightOfOne is the height of the only target's plot, and heightOfMany that of one of
	// several.
	heightOfOne, heightOfMany = 92, 46
)

// drawWeight plots the Candidate's share of each target.
func (f *figure) drawWeight() {
	tracks := exceptionsFirst(f.run.WeightTracks())
	if len(tracks) <= 1 {
		f.drawTrack(slices.Concat(tracks, []picture.WeightTrack{{}})[0], "candidate's share", heightOfOne, []string{"0%", "50%", "100%"})
		return
	}
	for _, track := range tracks[:min(len(tracks), maxTracks)] {
		f.drawTrack(track, cutMiddle(shortTarget(track.Target), maxNameBeside), heightOfMany, []string{"0%", "100%"})
	}
	if rest := len(tracks) - maxTracks; rest > 0 {
		f.text(left, f.y-4, "legend", "start", fmt.Sprintf("and %s, in lockstep with these", picture.Quantity(rest, "more target", "more targets")))
		f.y += lane
	}
}

// shortTarget is the name of a target, with the noun of its kind unless it is a function.
func shortTarget(t shift.Target) string {
	name := strings.TrimPrefix(string(t), t.Kind()+":")
	if kind, known := flow.KindOf(t); known && t.Kind() != shift.KindLambda {
		return kind.Noun + " " + name
	}
	return name
}

// drawTrack plots the Candidate's share of one target.
func (f *figure) drawTrack(track picture.WeightTrack, legend string, height float64, values []string) {
	s := scale{most: float64(shift.All)}
	f.startPlot("weight", "weight", height, &s, values)
	f.text(0, s.top+22, "legend", "start", legend)
	d := fmt.Sprintf("M%s %s", number(left), number(s.bottom))
	for _, c := range f.thinOut(track.Changes) {
		d += fmt.Sprintf("H%sV%s", number(f.axis.x(c.At)), number(s.y(float64(c.Weight))))
	}
	d += "H" + number(right)
	f.path(d+fmt.Sprintf("V%sZ", number(s.bottom)), "area candidate", "")
	f.path(d, "line candidate mark", trackTitle(track))
	f.drawViewers(&s, track.Target)
	f.drawWeightLabels(&s, track)
	f.close("g")
}

// drawViewers plots the Candidate's share of the requests that a Target with a Lag has seen,
// beside the share that its Route says. The distance of the two lines is the Lag.
func (f *figure) drawViewers(s *scale, t shift.Target) {
	if f.run.Observed == nil || t == "" || t.Kind() == shift.KindLambda {
		return
	}
	var own picture.Observed
	own.Until = f.run.Observed.Until
	for _, m := range f.run.Observed.Traffic {
		if m.Target == t {
			own.Traffic = append(own.Traffic, m)
		}
	}
	r, d := newRates(own, f.ends), ""
	for i, candidate := range r.candidate {
		all := candidate.requests + r.stable[i].requests + r.other[i].requests
		if all == 0 {
			continue
		}
		begins := time.Duration(i) * r.each
		from, to := number(f.axis.x(begins)), number(f.axis.x(min(begins+r.each, f.ends)))
		d += fmt.Sprintf("M%s %sH%s", from, number(s.y(float64(shift.All)*candidate.requests/all)), to)
	}
	if d == "" {
		return
	}
	f.line(0, s.top+30, 22, s.top+30, "line other dotted")
	f.text(28, s.top+34, "legend", "start", "its viewers")
	f.path(d, "line other dotted mark", "the candidate's share of the requests of "+string(t)+", minute by minute")
}

// thinOut drops changes of a weight that cannot be told apart. Of each group it keeps
// the lowest, the highest and the last.
func (f *figure) thinOut(changes []picture.WeightChange) []picture.WeightChange {
	var kept []picture.WeightChange
	for begin := 0; begin < len(changes); {
		lowest, highest, end := begin, begin, begin
		for end < len(changes) && f.grainOf(changes[end].At) == f.grainOf(changes[begin].At) {
			if changes[end].Weight < changes[lowest].Weight {
				lowest = end
			}
			if changes[end].Weight > changes[highest].Weight {
				highest = end
			}
			end++
		}
		for i := begin; i < end; i++ {
			if i == lowest || i == highest || i == end-1 {
				kept = append(kept, changes[i])
			}
		}
		begin = end
	}
	return kept
}

// drawWeightLabels writes each weight next to the line if there is room. A small weight is
// hard to see otherwise.
func (f *figure) drawWeightLabels(s *scale, track picture.WeightTrack) {
	free, beyond := left, right+lane
	for _, c := range track.Changes {
		x, name := f.axis.x(c.At), c.Weight.String()
		if x < free || x+textWidth(name) > beyond {
			continue
		}
		y := s.y(float64(c.Weight)) - 4
		if y < s.top+8 {
			y += 16
		}
		f.text(x+3, y, "tick", "start", name)
		free = x + textWidth(name)
	}
}

// finalWeight returns the last weight of a target.
func finalWeight(t picture.WeightTrack) shift.Weight {
	if len(t.Changes) == 0 {
		return shift.None
	}
	return t.Changes[len(t.Changes)-1].Weight
}

// exceptionsFirst sorts the targets by how many others end at the same weight, the
// exceptions first.
func exceptionsFirst(tracks []picture.WeightTrack) []picture.WeightTrack {
	alike := map[shift.Weight]int{}
	for _, t := range tracks {
		alike[finalWeight(t)]++
	}
	slices.SortStableFunc(tracks, func(a, b picture.WeightTrack) int { return alike[finalWeight(a)] - alike[finalWeight(b)] })
	return tracks
}

func trackTitle(t picture.WeightTrack) string {
	if t.Target == "" {
		return "the candidate's share"
	}
	return "the candidate's share of " + string(t.Target)
}
