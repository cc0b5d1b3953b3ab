package page

import (
	"fmt"
	"slices"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

// shownTracks is how many targets are drawn over each other.
const shownTracks = 8

// weight plots the Candidate's share, a line for each target.
func (f *figure) weight() {
	s := scale{most: float64(shift.All)}
	f.frame("weight", "weight", 92, &s, []string{"0%", "50%", "100%"})
	tracks := unlikeFirst(f.run.WeightTracks())
	f.text(0, s.top+22, "legend", "start", "candidate's share")
	if len(tracks) > shownTracks {
		f.text(0, s.top+38, "legend", "start", fmt.Sprintf("%d of %d targets,", shownTracks, len(tracks)))
		f.text(0, s.top+52, "legend", "start", "in lockstep")
		tracks = tracks[:shownTracks]
	}
	for i, track := range tracks {
		d := fmt.Sprintf("M%s %s", number(left), number(s.bottom))
		for _, c := range f.apart(track.Changes) {
			d += fmt.Sprintf("H%sV%s", number(f.axis.x(c.At)), number(s.y(float64(c.Weight))))
		}
		d += "H" + number(right)
		if i == 0 {
			f.path(d+fmt.Sprintf("V%sZ", number(s.bottom)), "area candidate", "")
		}
		f.path(d, "line candidate mark", shared(track))
	}
	f.shares(&s, tracks)
	f.partings(&s, tracks)
	f.close("g")
}

// apart are the changes of a weight that can be told apart: of those that fall together,
// the lowest, the highest and the last.
func (f *figure) apart(changes []picture.WeightChange) []picture.WeightChange {
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

// shares writes each weight at the line, where there is room: a small one can hardly be
// seen otherwise.
func (f *figure) shares(s *scale, tracks []picture.WeightTrack) {
	if len(tracks) == 0 {
		return
	}
	free, beyond := left, right+lane
	if slices.ContainsFunc(tracks, func(t picture.WeightTrack) bool { return ends(t) != ends(tracks[0]) }) {
		beyond = f.axis.x(f.ends) - 4*lane // the ends have names
	}
	for _, c := range tracks[0].Changes {
		x, name := f.axis.x(c.At), c.Weight.String()
		if x < free || x+room(name) > beyond {
			continue
		}
		y := s.y(float64(c.Weight)) - 4
		if y < s.top+8 {
			y += 16
		}
		f.text(x+3, y, "tick", "start", name)
		free = x + room(name)
	}
}

// partings names the targets at their lines' ends where these differ, but for those that
// are back.
func (f *figure) partings(s *scale, tracks []picture.WeightTrack) {
	named := map[shift.Weight]bool{}
	for _, t := range tracks {
		if w := ends(t); w > shift.None && !named[w] && slices.ContainsFunc(tracks, func(other picture.WeightTrack) bool { return ends(other) != w }) {
			named[w] = true
			y := s.y(float64(w)) - 4
			if y < s.top+8 {
				y += 16
			}
			f.text(right-2, y, "legend parting", "end", middleOut(string(t.Target), 2*besides)+" "+w.String())
		}
	}
}

// ends is the weight that a target is left with.
func ends(t picture.WeightTrack) shift.Weight {
	if len(t.Changes) == 0 {
		return shift.None
	}
	return t.Changes[len(t.Changes)-1].Weight
}

// unlikeFirst puts the targets first that end elsewhere than most.
func unlikeFirst(tracks []picture.WeightTrack) []picture.WeightTrack {
	alike := map[shift.Weight]int{}
	for _, t := range tracks {
		alike[ends(t)]++
	}
	slices.SortStableFunc(tracks, func(a, b picture.WeightTrack) int { return alike[ends(a)] - alike[ends(b)] })
	return tracks
}

func shared(t picture.WeightTrack) string {
	if t.Target == "" {
		return "the candidate's share"
	}
	return "the candidate's share of " + string(t.Target)
}
