package trial

import (
	"fmt"
	"math"
	"strconv"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Bound is what the comparison is to reach, and what it reached.
type Bound struct {
	What, Bound, Measured string
	Holds                 bool
}

// Bounds are all Bounds. Those of rare events are told with the Cell that was worst.
func (t Trial) Bounds() []Bound {
	usual, often := t.healthyByBase()
	mean, worst, at := t.Undone(usual, Sluice)
	oftenMean, oftenWorst, hardest := t.Undone(often, Sluice)
	_, stressed, hard := t.Undone(t.bounded(), Sluice)
	usable := t.Usable(t.Cells(Regressed, ""), AliasRate)
	times := t.TimesBad(usable, AliasRate)
	outage := t.cell(Regressed, "all fail", 200, 1000)
	some := t.cell(Regressed, "5% more fail", 2_000, 1000)
	prompt := t.Tally(outage, Sluice).PromptShare()
	median, found := t.Tally(some, Sluice).Median()
	return []Bound{
		{"healthy deployments put back, mean", "≤ 0.05%", Percent(round(mean)) + unbounded(oftenMean, Cell{}), mean <= 0.0005},
		{"the same, worst kind", "≤ 0.5%", Percent(round(worst)) + told(worst, at) + unbounded(oftenWorst, hardest), worst <= 0.005},
		{"the same under stress, worst kind, but for half of the metrics and broken sandboxes", "≤ 1%", Percent(round(stressed)) + told(stressed, hard), stressed <= 0.01},
		{"failed requests of “" + string(AliasRate) + "” where it can be used", "≥ 5 times Sluice's",
			fmt.Sprintf("%.2f in %d regressions", times, len(usable)), times >= 5},
		{"outage at 200 a minute, 10%: put back by the first poll that shows 5 requests", "≥ 97%", Percent(round(prompt)), prompt >= 0.97},
		{"5% more fail at 2,000 a minute, 10%: median minute", "≤ 3", strconv.Itoa(median), found && median <= 3},
	}
}

// told names the Cell at which something was worst.
func told(share float64, c Cell) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s; %s a minute at %s, %s fail)", c.Of, shift.Thousands(c.Rate), c.Weight, Percent(c.Base))
}

// mostUsual is up to which share of failed requests traffic is held to the Bound on healthy
// deployments.
const mostUsual = 0.01

// healthyByBase are the healthy Cells that are held to a Bound, and those of which more fail.
func (t Trial) healthyByBase() (usual, often []Cell) {
	for _, c := range t.Cells(Healthy, "") {
		if c.Base <= mostUsual {
			usual = append(usual, c)
		} else {
			often = append(often, c)
		}
	}
	return usual, often
}

// unbounded tells what is held to no Bound: where more requests fail.
func unbounded(share float64, at Cell) string {
	text := "; where 5% fail, which has no bound, " + Percent(round(share))
	if at.Rate > 0 {
		text += fmt.Sprintf(" (%s a minute at %s)", shift.Thousands(at.Rate), at.Weight)
	}
	return text
}

// round keeps a hundredth of a percent.
func round(share float64) float64 { return math.Round(share*1e5) / 1e5 }

// bounded are the stressed Cells that are held to a Bound.
func (t Trial) bounded() []Cell {
	var cells []Cell
	for _, c := range t.Cells(Stressed, "") {
		if c.Of != BrokenSandboxes && c.Of != HalfArrived {
			cells = append(cells, c)
		}
	}
	return cells
}

// cell returns the Cell of a kind, where one in a thousand fails.
func (t Trial) cell(group Group, of string, rate int64, weight shift.Weight) Cell {
	for _, c := range t.Cells(group, of) {
		if c.Rate == rate && c.Weight == weight && c.Base == 0.001 {
			return c
		}
	}
	return Cell{}
}
