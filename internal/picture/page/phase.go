package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// drawPhases draws the states over time, and the checks below them.
func (f *figure) drawPhases() {
	f.open("g", "data-plot", "states")
	f.text(0, f.y+13, "name", "start", "states")
	outside, free := false, left
	for i, p := range f.mergePhases(f.run.Phases()) {
		x, w := f.axis.x(p.Begins), f.phaseWidth(p)
		f.rect(x, f.y, w, lane, fmt.Sprintf("phase mark shade%d", i%2), fmt.Sprintf("%s, from %s to %s", p.Name, picture.Clock(p.Begins), picture.Clock(p.Ends)))
		short := strings.TrimPrefix(p.Name, "step ")
		switch {
		case w > textWidth(p.Name):
			f.text(x+w/2, f.y+13, "inside", "middle", p.Name)
		case w > textWidth(short)-6:
			f.text(x+w/2, f.y+13, "inside", "middle", short)
		case short == p.Name && w >= minStateWidth && x >= free && x+textWidth(p.Name) < right+lane:
			f.text(x, f.y+lane+11, "legend", "start", p.Name)
			outside, free = true, x+textWidth(p.Name)
		}
	}
	f.y += lane
	if outside {
		f.y += lane - 5
	}
	f.y += 12
	f.drawChecks()
	f.close("g")
}

// mergePhases drops invisible phases, and merges phases that are too narrow to be told
// apart.
func (f *figure) mergePhases(phases []picture.Phase) []picture.Phase {
	var seen []picture.Phase
	for _, p := range phases {
		if f.phaseWidth(p) < 0.5 {
			continue
		}
		if n := len(seen); n > 0 {
			both := picture.Phase{Begins: seen[n-1].Begins, Ends: p.Ends}
			if f.phaseWidth(both) < float64(f.grain) {
				first, _, _ := strings.Cut(seen[n-1].Name, " to ")
				both.Name = first + " to " + p.Name
				seen[n-1] = both
				continue
			}
		}
		seen = append(seen, p)
	}
	return seen
}

// phaseWidth returns the width at which a phase is drawn.
func (f *figure) phaseWidth(p picture.Phase) float64 { return f.axis.x(p.Ends) - f.axis.x(p.Begins) }

// drawChecks draws a mark for each check, and a legend of the marks.
func (f *figure) drawChecks() {
	f.text(0, f.y+4, "legend", "start", "checks")
	seen, verdicts := map[int]shift.Verdict{}, map[shift.Verdict]bool{}
	for _, m := range f.run.Moments {
		if m.State != flow.CheckAlarms.State || m.Verdict == "" {
			continue
		}
		var v shift.Verdict
		if v.UnmarshalText([]byte(m.Verdict)) == nil {
			x := f.axis.column(m.At) / 4
			worst, known := seen[x]
			if !known || v > worst {
				seen[x], verdicts[v] = v, true
				f.drawCheckMark(f.axis.x(m.At), v, m.At)
			}
		}
	}
	if len(verdicts) == 0 {
		f.text(left, f.y+4, "legend", "start", "none")
	}
	x := 0.0
	f.y += lane
	for v := shift.Pass; v <= shift.Fail; v++ {
		if verdicts[v] {
			f.drawVerdictMark(x+4, v, "", "")
			f.text(x+12, f.y+4, "legend", "start", strings.ToLower(v.String()))
			x += textWidth(v.String()) + 10
		}
	}
	f.y += gap - 2
}

func (f *figure) drawCheckMark(x float64, v shift.Verdict, at time.Duration) {
	f.drawVerdictMark(x, v, "mark ", fmt.Sprintf("%s at %s", v, picture.Clock(at)))
}

// drawVerdictMark draws a verdict. Each verdict has its own shape, so that colour is not
// needed.
func (f *figure) drawVerdictMark(x float64, v shift.Verdict, class, title string) {
	switch v {
	case shift.Pass:
		f.element("circle", tooltip(title), "cx", x, "cy", f.y, "r", 2.5, "class", class+"pass")
	case shift.Wait:
		f.path(fmt.Sprintf("M%s %sv6m4 0v-6", number(x-2), number(f.y-3)), class+"wait", title)
	case shift.Hold:
		f.rect(x-3, f.y-3, 6, 6, class+"hold", title)
	default:
		f.path(fmt.Sprintf("M%s %sl8 8m0 -8l-8 8", number(x-4), number(f.y-4)), class+"fail", title)
	}
}
