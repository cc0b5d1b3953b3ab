package picture

import (
	"sluice/internal/explain"
	"sluice/internal/shift"
)

// Comparison says in a few sentences what the comparison of a Target's versions knows.
type Comparison struct {
	Target    shift.Target
	Sentences []string
}

// Compared returns what the comparison of each judged Target said at the last check.
func (r *Run) Compared() []Comparison {
	if len(r.Positions) == 0 {
		return nil
	}
	return comparisons(r.Positions[len(r.Positions)-1].Judged)
}

func comparisons(judged []shift.Judged) []Comparison {
	var list []Comparison
	for _, j := range judged {
		list = append(list, Comparison{Target: j.Target, Sentences: explain.Compared(j)})
	}
	return list
}
