package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

// style is how the figure looks, by light and by dark.
//
//go:embed figure.css
var style string

// figure is the plots of a run, one below the other on one time axis.
type figure struct {
	canvas
	run  *picture.Run
	axis axis
	ends time.Duration
	// grain is how many points of the axis are not told apart where there is too much
	// to be told.
	grain int
	y     float64 // where the next plot begins
}

const (
	gap  = 24.0 // between two plots
	lane = 18.0 // of an alarm, or of the phases
	// border is around a picture that stands by itself.
	border = 20.0
)

// Figure is the picture of a Run by itself.
func Figure(r *picture.Run) string {
	f := newFigure(r, 1)
	f.y = 52
	if r.Strategy != "" {
		f.y += 16
	}
	f.plots()
	var c canvas
	box := []float64{-border, -border, width + 2*border, f.y + 2*border}
	c.open("svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox", fmt.Sprintf("%s %s %s %s", number(box[0]), number(box[1]), number(box[2]), number(box[3])),
		"width", box[2], "height", box[3], "role", "img", "class", "figure")
	c.element("title", html.EscapeString(summed(r, headings)))
	c.element("style", style)
	c.rect(box[0], box[1], box[2], box[3], "ground", "")
	c.text(0, 14, "heading", "start", summed(r, headings))
	if r.Strategy != "" {
		c.text(0, 33, "legend", "start", middleOut(r.Strategy, names))
	}
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

// How many characters of a heading, and of a name in small letters, go into the width.
const (
	headings = 112
	names    = 150
)

// drawn is the figure as a part of a page, as exact as there is room for.
func drawn(r *picture.Run) string {
	for grain := 1; ; grain *= 2 {
		if svg := grained(r, grain); len(svg) <= maxFigure || grain > across {
			return svg
		}
	}
}

func grained(r *picture.Run, grain int) string {
	f := newFigure(r, grain)
	f.y = 30
	f.plots()
	var c canvas
	c.open("svg", "viewBox", "0 0 "+number(width)+" "+number(f.y), "role", "img", "class", "figure")
	c.element("title", html.EscapeString(summed(r, headings)))
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

func newFigure(r *picture.Run, grain int) *figure {
	return &figure{run: r, ends: r.Ends(), axis: newAxis(r.Ends()), grain: grain}
}

// summed is what is shifted, in a line of so many characters: what is too long loses
// of the name, never of the versions.
func summed(r *picture.Run, most int) string {
	if len(r.Changes) == 0 {
		return middleOut(r.Execution, most)
	}
	more := ""
	if n := len(r.Changes) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return changed(r.Changes[0], most-len(more)) + more
}

func changed(c shift.Move, most int) string {
	versions := ""
	switch {
	case c.Candidate == "":
	case c.Stable == "":
		versions = fmt.Sprintf(" → %s", c.Candidate)
	default:
		versions = fmt.Sprintf(" %s → %s", c.Stable, c.Candidate)
	}
	return middleOut(string(c.Target), most-utf8.RuneCountInString(versions)) + versions
}

// middleOut leaves out the middle of a name that is too long: names of one team begin
// alike, and differ at their end.
func middleOut(name string, most int) string {
	runes := []rune(name)
	if most = max(most, 9); len(runes) <= most {
		return name
	}
	head := most / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-head-1):])
}

// plots draws all of them, and what goes through them.
func (f *figure) plots() {
	top := f.y
	f.weight()
	if f.run.Observed != nil {
		f.traffic()
	}
	f.alarms()
	f.phases()
	above := f.String()
	f.Reset()
	f.grid(top, f.y-gap) // below everything else
	f.WriteString(above)
	f.y += lane
}

// grid is the times that go through all plots: round ones, those at which a step
// began, and the end.
func (f *figure) grid(top, bottom float64) {
	f.open("g", "data-plot", "time")
	times, names := f.axis.ticks()
	for i, at := range times {
		f.line(f.axis.x(at), top, f.axis.x(at), bottom+4, "grid")
		f.text(f.axis.x(at), bottom+18, "tick", "middle", names[i])
	}
	if steps := f.run.Steps(); len(steps) <= maxStretches/2 {
		for _, s := range steps {
			if s.Taken {
				f.line(f.axis.x(s.Began), top, f.axis.x(s.Began), bottom, "boundary mark")
			}
		}
	}
	if back, known := f.back(); known {
		f.line(f.axis.x(back), top-6, f.axis.x(back), bottom, "end mark back")
		f.text(f.axis.x(back)-4, top-12, "legend", "end", "traffic back "+picture.Clock(back))
	}
	if outcome, name := ended(f.run); name != "" {
		f.line(f.axis.x(f.ends), top-6, f.axis.x(f.ends), bottom, "end mark "+tone(outcome))
		f.text(min(f.axis.x(f.ends)+4, right), top-12, "outcome "+tone(outcome), "end", name)
	}
	f.close("g")
}

// back is when the traffic was back, where that was clearly before the end.
func (f *figure) back() (time.Duration, bool) {
	back, known := f.run.Back()
	return back, known && f.axis.x(f.ends)-f.axis.x(back) > lane
}

// ended is what came of it, and its name: where there is no Outcome, the execution's
// status. The deployment may have ended before its execution.
func ended(r *picture.Run) (o shift.Outcome, name string) {
	switch {
	case r.End != nil:
		return r.End.Outcome, cmp.Or(string(r.End.Outcome), r.End.Status)
	case r.Closed != nil:
		return r.Closed.Outcome, string(r.Closed.Outcome)
	}
	return "", ""
}

// tone is how an Outcome is coloured.
func tone(o shift.Outcome) string {
	switch o {
	case shift.Promoted, shift.Unchanged:
		return "good"
	}
	return "bad"
}

// frame begins a plot: its name, what its colours mean, and its values.
func (f *figure) frame(id, name string, height float64, s *scale, values []string) {
	f.open("g", "data-plot", id)
	s.top, s.bottom = f.y, f.y+height
	f.text(0, f.y+4, "name", "start", name)
	for i, value := range values {
		y := s.y(s.most * float64(i) / float64(len(values)-1))
		f.line(left, y, right, y, "grid")
		f.text(left-6, y+4, "tick", "end", value)
	}
	f.y += height + gap
}

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

// grainOf is which of the stretches a time is in that are told apart.
func (f *figure) grainOf(at time.Duration) int { return f.axis.column(at) / f.grain }

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

// room is what a small text takes, with a little space.
func room(text string) float64 { return 6.6*float64(utf8.RuneCountInString(text)) + 6 }

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

// shownTracks is how many targets are drawn over each other.
const shownTracks = 8

func (f *figure) traffic() {
	r := newRates(*f.run.Observed, f.ends)
	f.rates("requests", "requests/min", r, func(r rate) float64 { return r.requests })
	f.rates("errors", "failed/min", r, func(r rate) float64 { return r.errors })
}

// dashes tell the versions apart where there is no colour.
var dashes = map[string]string{"stable": "whole", "candidate": "dashed"}

// rates plots one number of both versions.
func (f *figure) rates(id, name string, r rates, of func(rate) float64) {
	s := scale{most: round(r.most(of))}
	f.frame(id, name, 70, &s, []string{"0", figures(s.most)})
	for i, version := range []string{"stable", "candidate"} {
		y := s.top + 22 + 16*float64(i)
		f.line(0, y-4, 22, y-4, "line "+version+" "+dashes[version])
		f.text(28, y, "legend "+version, "start", version)
	}
	for _, version := range []struct {
		name  string
		rates []rate
	}{{"stable", r.stable}, {"candidate", r.candidate}} {
		d := ""
		for i, rate := range version.rates {
			begins := time.Duration(i) * r.each
			y, x := number(s.y(of(rate))), number(f.axis.x(min(begins+r.each, f.ends)))
			if i == 0 {
				d = fmt.Sprintf("M%s %s", number(left), y)
			}
			d += fmt.Sprintf("V%sH%s", y, x)
		}
		f.path(d, "line mark "+version.name+" "+dashes[version.name], version.name)
	}
	f.close("g")
}

// figures shows a number of requests: "600", "1,200", "12k".
func figures(n float64) string {
	switch {
	case n >= 10_000_000:
		return picture.Grouped(int(n/1_000_000)) + "M"
	case n >= 10_000:
		return picture.Grouped(int(n/1000)) + "k"
	case n >= 10 || n == float64(int(n)):
		return picture.Grouped(int(n))
	}
	return strconv.FormatFloat(n, 'g', 2, 64)
}
