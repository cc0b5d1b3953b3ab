package trial

import (
	"math"
	"slices"
)

// Trial is Cells with their Results, in which figures are looked up.
type Trial struct {
	cells  []Cell
	byName map[string]Result
}

// NewTrial joins Results with their Cells. Results of Cells that there are no more are left
// out.
func NewTrial(results []Result) Trial {
	t := Trial{byName: map[string]Result{}}
	for _, r := range results {
		t.byName[r.Cell] = r
	}
	for _, c := range Cells() {
		if _, played := t.byName[c.Name()]; played {
			t.cells = append(t.cells, c)
		}
	}
	return t
}

// IsEmpty says that nothing was played.
func (t Trial) IsEmpty() bool { return len(t.cells) == 0 }

// Cells are those of a Group, and of one kind in it unless that is empty.
func (t Trial) Cells(group Group, of string) []Cell {
	return slices.DeleteFunc(slices.Clone(t.cells), func(c Cell) bool { return c.Group != group || of != "" && c.Of != of })
}

// Tally is how a Cell went with a Method. It is empty if it was not played.
func (t Trial) Tally(c Cell, m Method) Tally {
	if tally := t.byName[c.Name()].Methods[m]; tally != nil {
		return *tally
	}
	return Tally{}
}

// Runs is how often a Cell was played.
func (t Trial) Runs(c Cell) int { return t.Tally(c, Sluice).Runs }

// Deployments is how many were played in all by Sluice's default, how many of these with the
// handlers and the definition, too, and how many of those ended alike.
func (t Trial) Deployments() (all, whole, alike int) {
	for _, c := range t.cells {
		r := t.byName[c.Name()]
		all, whole, alike = all+t.Runs(c), whole+r.Whole, alike+r.Alike
	}
	return all, whole, alike
}

// Undone is the mean share of deployments that were put back, over some Cells, and the highest
// one.
func (t Trial) Undone(cells []Cell, m Method) (mean, worst float64, at Cell) {
	worst = -1
	for _, c := range cells {
		share := t.Tally(c, m).UndoneShare()
		if mean += share / float64(len(cells)); share > worst {
			worst, at = share, c
		}
	}
	return mean, worst, at
}

// Found is the mean share of regressions that were found at all, and at the first step.
func (t Trial) Found(cells []Cell, m Method) (all, canary float64) {
	for _, c := range cells {
		tally := t.Tally(c, m)
		all += tally.UndoneShare() / float64(len(cells))
		canary += tally.CanaryShare() / float64(len(cells))
	}
	return all, canary
}

// Bad is how many requests failed on the Candidate that Stable would have served, for each
// deployment until it was put back or ended.
func (t Trial) Bad(c Cell, m Method) float64 {
	tally := t.Tally(c, m)
	return c.worse() * float64(tally.Requests) / float64(max(tally.Runs, 1))
}

// TimesBad is how many times as many such requests a Method has as Sluice: the geometric mean.
func (t Trial) TimesBad(cells []Cell, m Method) float64 {
	sum := 0.0
	for _, c := range cells {
		sum += math.Log(t.Bad(c, m) / t.Bad(c, Sluice))
	}
	return math.Exp(sum / float64(len(cells)))
}

// usableBelow is the share of healthy deployments below which a Method that puts them back can
// be used.
const usableBelow = 0.01

// Usable are the regressions at whose traffic a Method puts back less than 1 % of healthy
// deployments.
func (t Trial) Usable(cells []Cell, m Method) []Cell {
	return slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool {
		healthy := newCell(Healthy, alike, c.Rate, c.Weight, c.Base)
		return t.Tally(healthy, m).UndoneShare() >= usableBelow
	})
}
