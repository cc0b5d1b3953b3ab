package main

import (
	"io"

	"github.com/sluice-aws/sluice/internal/picture"
)

// narration prints the story of an execution while it runs.
type narration struct {
	to        io.Writer
	hasHeader bool
	// oneLine prints each moment in one line, as the log of a CI system has them.
	oneLine bool
}

// liveWidths are the widths of the columns before the whole story is known: enough for
// nearly ten hours, and for the longest state name.
var liveWidths = []int{len("9:59:59"), len("RollbackIncomplete"), len("WEIGHT"), len("VERDICT")}

// print prints new moments. If they include a long series of equal polls, it leaves out
// the middle.
func (n *narration) print(moments []picture.Moment) error {
	if len(moments) == 0 {
		return nil
	}
	t := storyTable(moments)
	t.minWidths, t.oneLine = liveWidths, n.oneLine
	if n.hasHeader {
		t.rows = t.rows[1:]
	}
	n.hasHeader = true
	return writeText(n.to, t.write)
}
