package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// maxCompared is how many targets have plots of their comparison.
const maxCompared = 3

// drawComparisons plots, for each target, the evidence and the shares of bad requests.
func (f *figure) drawComparisons() {
	tracks := f.run.ComparisonTracks()
	for _, t := range tracks[:min(len(tracks), maxCompared)] {
		name := ""
		if len(tracks) > 1 {
			name = cutMiddle(shortTarget(t.Target), maxNameBeside)
		}
		points := f.thinOutPoints(t.Points)
		f.drawEvidence(name, points)
		f.drawEstimates(name, points)
	}
	if rest := len(tracks) - maxCompared; rest > 0 {
		f.text(left, f.y-4, "legend", "start", fmt.Sprintf("and %s with less evidence", picture.Quantity(rest, "more target", "more targets")))
		f.y += lane
	}
}

// thinOutPoints drops points that cannot be told apart. Of each group it keeps the last.
func (f *figure) thinOutPoints(points []picture.ComparisonPoint) []picture.ComparisonPoint {
	var kept []picture.ComparisonPoint
	for i, p := range points {
		if i+1 == len(points) || f.grainOf(points[i+1].At) != f.grainOf(p.At) {
			kept = append(kept, p)
		}
	}
	return kept
}

// decades is a logarithmic scale in powers of ten.
type decades struct {
	scale
	low, high int
}

// The powers of ten that are drawn at most. Stronger evidence is drawn at the edge.
const lowestPower, highestPower = -4, 12

func newDecades(points []picture.ComparisonPoint) decades {
	low, high := -1.0, 3.0
	for _, p := range points {
		low = min(low, math.Floor(logarithm(p.Evidence)))
		high = max(high, math.Ceil(logarithm(p.Evidence)), math.Ceil(logarithm(p.Threshold)))
	}
	d := decades{low: max(int(low), lowestPower), high: min(int(high), highestPower)}
	if (d.high-d.low)%2 != 0 { // a label in the middle is a whole power
		d.high++
	}
	d.most = float64(d.high - d.low)
	return d
}

func logarithm(x float64) float64 { return math.Log10(math.Max(x, 1e-300)) }

func (d decades) at(x float64) float64 { return d.y(logarithm(x) - float64(d.low)) }

func (d decades) labels() []string {
	return []string{powerText(d.low), powerText((d.low + d.high) / 2), powerText(d.high)}
}

// powerText formats a power of ten.
func powerText(n int) string {
	if n >= -3 && n <= 4 {
		return formatCount(math.Pow10(n))
	}
	return "10" + superscript.Replace(strconv.Itoa(n))
}

var superscript = strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")

// drawEvidence plots the evidence against the candidate, and the threshold from which on it
// decides.
func (f *figure) drawEvidence(target string, points []picture.ComparisonPoint) {
	d := newDecades(points)
	f.startPlot("evidence", "evidence", 70, &d.scale, d.labels())
	f.legends(d.top+22, target, "that the candidate", "is worse (log scale)")
	threshold := points[len(points)-1].Threshold
	y := d.at(threshold)
	f.line(left, y, right, y, "threshold mark")
	f.text(left+4, y-4, "legend threshold", "start", "decides from "+formatCount(math.Round(threshold))+" on")
	f.drawPoints(points, "evidence", func(p picture.ComparisonPoint) float64 { return d.at(p.Evidence) }, func(p picture.ComparisonPoint) string {
		return fmt.Sprintf("%s: evidence %.3g", picture.Clock(p.At), p.Evidence)
	})
	f.close("g")
}

// legends writes small lines below the name of a plot. An empty one takes no room.
func (f *figure) legends(y float64, texts ...string) {
	for _, text := range texts {
		if text != "" {
			f.text(0, y, "legend", "start", text)
			y += 14
		}
	}
}

// drawEstimates plots the share of bad requests of both versions, each with its interval.
func (f *figure) drawEstimates(target string, points []picture.ComparisonPoint) {
	s := scale{most: roundUp(highestEstimate(points))}
	f.startPlot("shares", "failed share", 70, &s, []string{"0%", shift.PercentText(s.most)})
	y := s.top + 22
	if target != "" {
		f.text(0, y, "legend", "start", target)
		y += 16
	}
	for _, v := range estimates {
		f.line(0, y-4, 22, y-4, "line "+v.name+" "+dashes[v.name])
		f.text(28, y, "legend "+v.name, "start", v.name)
		y += 16
	}
	for _, v := range estimates {
		known := slices.DeleteFunc(slices.Clone(points), func(p picture.ComparisonPoint) bool { return v.of(p).Requests == 0 })
		if len(known) == 0 {
			continue
		}
		f.drawBand(known, s, v)
		f.drawPoints(known, v.name+" "+dashes[v.name], func(p picture.ComparisonPoint) float64 { return s.y(v.of(p).Seen) }, func(p picture.ComparisonPoint) string {
			e := v.of(p)
			return fmt.Sprintf("%s: %s %s, 95%% interval %s to %s", picture.Clock(p.At), v.name, shift.PercentText(e.Seen), shift.PercentText(e.Low), shift.PercentText(e.High))
		})
	}
	f.close("g")
}

// estimated is a version with its Estimate.
type estimated struct {
	name string
	of   func(picture.ComparisonPoint) picture.Estimate
}

var estimates = []estimated{
	{"stable", func(p picture.ComparisonPoint) picture.Estimate { return p.Stable }},
	{"candidate", func(p picture.ComparisonPoint) picture.Estimate { return p.Candidate }},
}

// highestEstimate is what the scale must hold: every share that was seen, and the last
// intervals. The first intervals are so wide that they would hide all the rest.
func highestEstimate(points []picture.ComparisonPoint) float64 {
	last := points[len(points)-1]
	most := max(last.Stable.High, last.Candidate.High)
	for _, p := range points {
		most = max(most, p.Stable.Seen, p.Candidate.Seen)
	}
	return min(most, 1)
}

// drawBand shades the intervals of a version.
func (f *figure) drawBand(points []picture.ComparisonPoint, s scale, v estimated) {
	above, below := "", ""
	for _, p := range points {
		x, e := number(f.axis.x(p.At)), v.of(p)
		above += fmt.Sprintf("L%s %s", x, number(s.y(e.High)))
		below = fmt.Sprintf("L%s %s", x, number(s.y(e.Low))) + below
	}
	f.path("M"+above[1:]+below+"Z", "area "+v.name, "")
}

// maxDots is how many points of a line have a dot and a tooltip.
const maxDots = 60

// drawPoints draws a line through the points, and a dot for each of them if they are few.
func (f *figure) drawPoints(points []picture.ComparisonPoint, class string, y func(picture.ComparisonPoint) float64, title func(picture.ComparisonPoint) string) {
	d := ""
	for _, p := range points {
		d += fmt.Sprintf("L%s %s", number(f.axis.x(p.At)), number(y(p)))
	}
	f.path("M"+d[1:], "line mark "+class, "")
	if len(points) > maxDots {
		return
	}
	for _, p := range points {
		f.element("circle", tooltip(title(p)), "cx", f.axis.x(p.At), "cy", y(p), "r", 2.5, "class", "dot "+class)
	}
}
