package screen

import (
	"io"
	"strings"

	"github.com/sluice-aws/sluice/internal/picture"
)

// Draw draws a whole Run without colours, for a page that shows text in columns: what has happened,
// and where it stands, or how it ended.
func Draw(r *picture.Run) string {
	p := newPage(newLook(io.Discard, func(string) string { return "" }), defaultWidth)
	lines := p.storyLines(&story{}, r, endOfTime)
	if r.End == nil {
		lines = append(lines, p.blockLines(r, r.At(r.Ends()))...)
	} else {
		live := r.At(endOfTime)
		lines = append(lines, "", p.justify(p.row("weight", p.bar(r.Plan, live.Weight)), live.Weight.String()))
		lines = append(lines, p.summaryLines(r)...)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
}
