package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html"
	"time"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// style is the style sheet of the figure, for light and dark screens.
//
//go:embed figure.css
var style string

// figure is the plots of a run, one below the other on a common time axis.
type figure struct {
	canvas
	run  *picture.Run
	axis axis
	ends time.Duration
	// grain is how many points of the axis are drawn as one, to keep a large figure small.
	grain int
	y     float64 // where the next plot starts
}

const (
	gap  = 24.0 // between two plots
	lane = 18.0 // height of an alarm's row, or of the phases
	// border surrounds a picture that stands alone.
	border = 20.0
)

// Figure returns the picture of a Run as an SVG document.
func Figure(r *picture.Run) string {
	f := newFigure(r, 1)
	f.y = 52
	if r.Strategy != "" {
		f.y += 16
	}
	f.drawPlots()
	var c canvas
	box := []float64{-border, -border, width + 2*border, f.y + 2*border}
	c.open("svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox", fmt.Sprintf("%s %s %s %s", number(box[0]), number(box[1]), number(box[2]), number(box[3])),
		"width", box[2], "height", box[3], "role", "img", "class", "figure")
	c.element("title", html.EscapeString(heading(r, maxHeading)))
	c.element("style", style)
	c.rect(box[0], box[1], box[2], box[3], "ground", "")
	c.text(0, 14, "heading", "start", heading(r, maxHeading))
	if r.Strategy != "" {
		c.text(0, 33, "legend", "start", cutMiddle(r.Strategy, maxSmallText))
	}
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

// How many characters of a heading, and of a name in small letters, go into the width.
const (
	maxHeading   = 112
	maxSmallText = 150
)

// drawFigure draws the figure for a page. It reduces the detail until the figure is
// small enough.
func drawFigure(r *picture.Run) string {
	for grain := 1; ; grain *= 2 {
		if svg := drawWithGrain(r, grain); len(svg) <= maxFigure || grain > across {
			return svg
		}
	}
}

func drawWithGrain(r *picture.Run, grain int) string {
	f := newFigure(r, grain)
	f.y = 30
	f.drawPlots()
	var c canvas
	c.open("svg", "viewBox", "0 0 "+number(width)+" "+number(f.y), "role", "img", "class", "figure")
	c.element("title", html.EscapeString(heading(r, maxHeading)))
	c.WriteString(f.String())
	c.close("svg")
	return c.String()
}

func newFigure(r *picture.Run, grain int) *figure {
	return &figure{run: r, ends: r.Ends(), axis: newAxis(r.Ends()), grain: grain}
}

// heading names what is shifted in at most that many characters. It shortens the name,
// never the versions.
func heading(r *picture.Run, most int) string {
	if len(r.Changes) == 0 {
		return cutMiddle(r.Execution, most)
	}
	more := ""
	if n := len(r.Changes) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return ChangeText(r.Changes[0], most-len(more)) + more
}

// ChangeText names what is shifted, with its versions, in at most that many characters.
func ChangeText(c shift.Move, most int) string {
	versions := ""
	switch {
	case c.Candidate == "":
	case c.Stable == "":
		versions = fmt.Sprintf(" → %s", c.Candidate)
	default:
		versions = fmt.Sprintf(" %s → %s", c.Stable, c.Candidate)
	}
	if c.Candidate != "" && c.Target.Kind() != shift.KindLambda {
		versions = " " + flow.VersionNoun(c.Target) + versions
	}
	return cutMiddle(string(c.Target), most-utf8.RuneCountInString(versions)) + versions
}

// cutMiddle shortens a name in the middle, because the names of one team often start
// alike and differ at their end.
func cutMiddle(name string, most int) string {
	runes := []rune(name)
	if most = max(most, 9); len(runes) <= most {
		return name
	}
	head := most / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-head-1):])
}

// drawPlots draws all plots, and the grid behind them.
func (f *figure) drawPlots() {
	top := f.y
	f.drawWeight()
	if f.run.Observed != nil {
		f.drawTraffic()
	}
	f.drawComparisons()
	f.drawAlarms()
	f.drawPhases()
	above := f.String()
	f.Reset()
	f.drawGrid(top, f.y-gap) // below everything else
	f.WriteString(above)
	f.y += lane
}

// drawGrid draws the vertical lines: round times, the start of each step, the time when the
// traffic was back, and the end.
func (f *figure) drawGrid(top, bottom float64) {
	f.open("g", "data-plot", "time")
	f.drawPauses(top, bottom)
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
	if back, known := f.restoredAt(); known {
		f.line(f.axis.x(back), top-6, f.axis.x(back), bottom, "end mark back")
		f.text(f.axis.x(back)-4, top-12, "legend", "end", "traffic back "+picture.Clock(back))
	}
	if outcome, name := outcomeOf(f.run); name != "" {
		f.line(f.axis.x(f.ends), top-6, f.axis.x(f.ends), bottom, "end mark "+OutcomeClass(outcome))
		f.text(min(f.axis.x(f.ends)+4, right), top-12, "outcome "+OutcomeClass(outcome), "end", name)
	}
	f.close("g")
}

// drawPauses shades the times at which the deployment was paused, or waited, and names
// them.
func (f *figure) drawPauses(top, bottom float64) {
	for _, p := range f.run.Pauses() {
		x, w := f.axis.x(p.Begins), f.phaseWidth(p)
		f.rect(x, top, max(w, 1), bottom-top, "pause mark", fmt.Sprintf("%s from %s to %s", p.Name, picture.Clock(p.Begins), picture.Clock(p.Ends)))
		if w > textWidth(p.Name) {
			f.text(x+w/2, top-5, "legend", "middle", p.Name)
		}
	}
}

// restoredAt returns when the traffic was back, if that was visibly before the end.
func (f *figure) restoredAt() (time.Duration, bool) {
	back, known := f.run.RestoredAt()
	return back, known && f.axis.x(f.ends)-f.axis.x(back) > lane
}

// outcomeOf returns the Outcome and its name, or the execution's status if there is no
// Outcome. The deployment may have ended before its execution.
func outcomeOf(r *picture.Run) (o shift.Outcome, name string) {
	switch {
	case r.End != nil:
		return r.End.Outcome, cmp.Or(string(r.End.Outcome), r.End.Status)
	case r.Closed != nil:
		return r.Closed.Outcome, string(r.Closed.Outcome)
	}
	return "", ""
}

// OutcomeClass returns the CSS class of an Outcome.
func OutcomeClass(o shift.Outcome) string {
	switch o {
	case shift.Promoted, shift.Unchanged:
		return "good"
	}
	return "bad"
}

// VerdictClass returns the CSS class of a verdict, if there is one. A Hold is not a
// failure: it has moved no traffic.
func VerdictClass(verdict string) string {
	switch verdict {
	case "":
		return ""
	case shift.Pass.String():
		return "good"
	case shift.Wait.String():
		return "muted"
	case shift.Hold.String():
		return "doubt"
	}
	return "bad"
}

// startPlot starts a plot: its name, its vertical axis and the labels of that axis.
func (f *figure) startPlot(id, name string, height float64, s *scale, values []string) {
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

// grainOf returns the index of the group of points that a time falls into.
func (f *figure) grainOf(at time.Duration) int { return f.axis.column(at) / f.grain }

// textWidth estimates the width of a small text, with some space after it.
func textWidth(text string) float64 { return 6.6*float64(utf8.RuneCountInString(text)) + 6 }
