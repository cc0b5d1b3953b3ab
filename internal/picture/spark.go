package picture

import (
	"strings"

	"sluice/internal/shift"
)

// sparks are from one eighth of a line high to a whole one, which is all the traffic.
var sparks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws a Plan's Weights over time, as wide as there are columns. The
// last column is the Weight that it ends at.
func Sparkline(p shift.Plan, columns int) string {
	var line strings.Builder
	ends := p.Duration()
	for i := range columns - 1 {
		at := shift.Seconds(int64(ends) * int64(i) / int64(columns-1))
		line.WriteRune(spark(p.WeightAt(at)))
	}
	line.WriteRune(spark(p.Step(p.Len()).Weight))
	return line.String()
}

func spark(w shift.Weight) rune {
	return sparks[int(w)*(len(sparks)-1)/int(shift.All)]
}
