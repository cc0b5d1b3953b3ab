package page

import (
	"fmt"
	"slices"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

// maxTracks is how many targets are drawn over each other.
const maxTracks = 8

// drawWeight plots the Candidate's share, a line for each target.
func (f *figure) drawWeight() {
	s := scale{most: float64(shift.All)}
	f.startPlot("weight", "weight", 92, &s, []string{"0%", "50%", "100%"})
	tracks := exceptionsFirst(f.run.WeightTracks())
	f.text(0, s.top+22, "legend", "start", "candidate's share")
	if len(tracks) > maxTracks {
		f.text(0, s.top+38, "legend", "start", fmt.Sprintf("%d of %d targets,", maxTracks, len(tracks)))
		f.text(0, s.top+52, "legend", "start", "in lockstep")
		tracks = tracks[:maxTracks]
	}
	for i, track := range tracks {
		d := fmt.Sprintf("M%s %s", number(left), number(s.bottom))
		for _, c := range f.thinOut(track.Changes) {
			d += fmt.Sprintf("H%sV%s", number(f.axis.x(c.At)), number(s.y(float64(c.Weight))))
		}
		d += "H" + number(right)
		if i == 0 {
			f.path(d+fmt.Sprintf("V%sZ", number(s.bottom)), "area candidate", "")
		}
		f.path(d, "line candidate mark", trackTitle(track))
	}
	f.drawWeightLabels(&s, tracks)
	f.labelDifferingTargets(&s, tracks)
	f.close("g")
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
func (f *figure) drawWeightLabels(s *scale, tracks []picture.WeightTrack) {
	if len(tracks) == 0 {
		return
	}
	free, beyond := left, right+lane
	if slices.ContainsFunc(tracks, func(t picture.WeightTrack) bool { return finalWeight(t) != finalWeight(tracks[0]) }) {
		beyond = f.axis.x(f.ends) - 4*lane // leaves room for the names at the ends
	}
	for _, c := range tracks[0].Changes {
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

// labelDifferingTargets names targets at the end of their lines if the targets end at
// different weights. It does not name those that are back on Stable.
func (f *figure) labelDifferingTargets(s *scale, tracks []picture.WeightTrack) {
	named := map[shift.Weight]bool{}
	for _, t := range tracks {
		if w := finalWeight(t); w > shift.None && !named[w] && slices.ContainsFunc(tracks, func(other picture.WeightTrack) bool { return finalWeight(other) != w }) {
			named[w] = true
			y := s.y(float64(w)) - 4
			if y < s.top+8 {
				y += 16
			}
			f.text(right-2, y, "legend parting", "end", cutMiddle(string(t.Target), 2*maxNameBeside)+" "+w.String())
		}
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
