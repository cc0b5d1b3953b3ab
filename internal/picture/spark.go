package picture

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// sparks are bars from one eighth to the full height of a line, which is 100%.
var sparks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws a Plan's Weights over time in a row of characters, one for each
// column. The last column is the final Weight.
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
