package page

import (
	_ "embed"
	"fmt"
	"html"
	"strconv"
	"time"

	"sluice/internal/flow"
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
	y    float64 // where the next plot begins
}

const (
	gap  = 18.0 // between two plots
	lane = 18.0 // of an alarm, or of the phases
	// border is around a picture that stands by itself.
	border = 20.0
)

// Figure is the picture of a Run by itself.
func Figure(r *picture.Run) string {
	f := newFigure(r)
	f.y = 52
	f.plots()
	var c canvas
	box := []float64{-border, -border, width + 2*border, f.y + 2*border}
	c.open("svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox", fmt.Sprintf("%s %s %s %s", number(box[0]), number(box[1]), number(box[2]), number(box[3])),
		"width", box[2], "height", box[3], "role", "img", "class", "figure")
	c.element("title", html.EscapeString(summed(r)))
	c.element("style", style)
	c.rect(box[0], box[1], box[2], box[3], "ground", "")
	c.text(0, 14, "heading", "start", summed(r))
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

// drawn is the figure as a part of a page.
func drawn(r *picture.Run) string {
	f := newFigure(r)
	f.y = 30
	f.plots()
	var c canvas
	c.open("svg", "viewBox", "0 0 "+number(width)+" "+number(f.y), "role", "img", "class", "figure")
	c.element("title", html.EscapeString(summed(r)))
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

func newFigure(r *picture.Run) *figure {
	return &figure{run: r, ends: r.Ends(), axis: newAxis(r.Ends())}
}

// summed is the run in a line.
func summed(r *picture.Run) string {
	text := r.Execution
	if len(r.Changes) > 0 {
		text = changed(r.Changes[0])
	}
	if more := len(r.Changes) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if r.Strategy != "" {
		text += ", " + r.Strategy
	}
	return shift.BoundText(text, 110)
}

func changed(c shift.Move) string {
	switch {
	case c.Candidate == "":
		return string(c.Target)
	case c.Stable == "":
		return fmt.Sprintf("%s → %s", c.Target, c.Candidate)
	}
	return fmt.Sprintf("%s %s → %s", c.Target, c.Stable, c.Candidate)
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
	if end := f.run.End; end != nil {
		name := string(end.Outcome)
		if name == "" {
			name = end.Status
		}
		f.line(f.axis.x(f.ends), top-6, f.axis.x(f.ends), bottom, "end mark "+tone(end.Outcome))
		f.text(min(f.axis.x(f.ends)+4, right), top-12, "outcome "+tone(end.Outcome), "end", name)
	}
	f.close("g")
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
	for i, track := range f.run.WeightTracks() {
		if i == shownTracks {
			break // they go in lockstep
		}
		d := fmt.Sprintf("M%s %s", number(left), number(s.bottom))
		for _, c := range track.Changes {
			d += fmt.Sprintf("H%sV%s", number(f.axis.x(c.At)), number(s.y(float64(c.Weight))))
		}
		d += "H" + number(right)
		f.path(d+fmt.Sprintf("V%sZ", number(s.bottom)), "area candidate", "")
		f.path(d, "line candidate mark", shared(track))
	}
	f.close("g")
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

// rates plots one number of both versions.
func (f *figure) rates(id, name string, r rates, of func(rate) float64) {
	s := scale{most: round(r.most(of))}
	f.frame(id, name, 70, &s, []string{"0", figures(s.most)})
	f.text(0, s.top+22, "legend stable", "start", "— stable")
	f.text(0, s.top+38, "legend candidate", "start", "— candidate")
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
		f.path(d, "line mark "+version.name, version.name)
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

// maxLanes is how many alarms have a lane of their own.
const maxLanes = 16

func (f *figure) alarms() {
	tracks := f.run.AlarmTracks()
	f.open("g", "data-plot", "alarms")
	if len(tracks) == 0 {
		f.text(0, f.y+4, "name", "start", "alarms")
		f.text(left, f.y+4, "legend mark", "start", "none is named")
		f.y += lane + gap/2
	}
	for i, track := range tracks {
		if i == maxLanes {
			f.text(0, f.y+8, "legend", "start", fmt.Sprintf("and %d more alarms", len(tracks)-i))
			f.y += lane
			break
		}
		f.lane(track)
	}
	f.y += gap / 2
	f.close("g")
}

// lane is an alarm's states. Where several fall together in a point of the axis, the
// worst is drawn.
func (f *figure) lane(t picture.AlarmTrack) {
	f.text(0, f.y+9, "legend", "start", shift.BoundText(t.Name, 22))
	columns := make([]shift.AlarmState, int(across))
	for i, c := range t.Changes {
		ends := len(columns)
		if i+1 < len(t.Changes) {
			ends = f.axis.column(t.Changes[i+1].At) + 1
		}
		for x := f.axis.column(c.At); x < min(ends, len(columns)); x++ {
			if severity(c.State) >= severity(columns[x]) || x > f.axis.column(c.At) {
				columns[x] = c.State
			}
		}
	}
	for begin := 0; begin < len(columns); {
		end := begin
		for end < len(columns) && columns[end] == columns[begin] {
			end++
		}
		f.state(t.Name, columns[begin], float64(begin), float64(end))
		begin = end
	}
	f.y += lane
}

func (f *figure) state(alarm string, s shift.AlarmState, begin, end float64) {
	name := string(s)
	if s == "" {
		name = "not read"
	}
	f.rect(left+begin, f.y, end-begin, lane-6, "state mark "+classOf(s), alarm+": "+name)
	if s != shift.AlarmOK && end-begin > 7*float64(len(name)) {
		f.text(left+begin+4, f.y+9.5, "inside "+classOf(s), "start", name)
	}
}

func severity(s shift.AlarmState) int {
	switch s {
	case "":
		return 0
	case shift.AlarmOK:
		return 1
	case shift.AlarmFiring:
		return 3
	}
	return 2
}

func classOf(s shift.AlarmState) string {
	return []string{"unread", "ok", "doubtful", "firing"}[severity(s)]
}

// phases is what the deployment was busy with, and how each check went.
func (f *figure) phases() {
	f.open("g", "data-plot", "states")
	f.text(0, f.y+13, "name", "start", "states")
	for i, p := range f.run.Phases() {
		x, w := f.axis.x(p.Begins), f.axis.x(p.Ends)-f.axis.x(p.Begins)
		if w < 0.5 {
			continue
		}
		f.rect(x, f.y, w, lane, fmt.Sprintf("phase mark shade%d", i%2), fmt.Sprintf("%s, from %s to %s", p.Name, picture.Clock(p.Begins), picture.Clock(p.Ends)))
		if w > 7*float64(len(p.Name)) {
			f.text(x+w/2, f.y+13, "inside", "middle", p.Name)
		}
	}
	f.y += lane + 10
	f.text(0, f.y+4, "legend", "start", "checks")
	seen := map[int]shift.Verdict{}
	for _, m := range f.run.Moments {
		if m.State != flow.CheckAlarms.State || m.Verdict == "" {
			continue
		}
		var v shift.Verdict
		if v.UnmarshalText([]byte(m.Verdict)) == nil {
			x := f.axis.column(m.At) / 4
			worst, known := seen[x]
			if !known || v > worst {
				seen[x] = v
				f.check(f.axis.x(m.At), v, m.At)
			}
		}
	}
	f.y += gap + 4
	f.close("g")
}

// check marks how a check went: a form for each verdict, so that no colour is needed.
func (f *figure) check(x float64, v shift.Verdict, at time.Duration) {
	title := fmt.Sprintf("%s at %s", v, picture.Clock(at))
	switch v {
	case shift.Pass:
		f.element("circle", tip(title), "cx", x, "cy", f.y, "r", 2.5, "class", "mark pass")
	case shift.Hold:
		f.rect(x-3, f.y-3, 6, 6, "mark hold", title)
	default:
		f.path(fmt.Sprintf("M%s %sl8 8m0 -8l-8 8", number(x-4), number(f.y-4)), "mark fail", title)
	}
}
