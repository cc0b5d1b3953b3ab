package main

import (
	"io"

	"sluice/internal/picture"
)

// narration prints the story of one execution while it goes on.
type narration struct {
	to    io.Writer
	begun bool
}

// widths of the columns of a story whose end is not known: of nearly ten hours,
// and of the longest names of states.
var liveWidths = []int{len("9:59:59"), len("RollbackIncomplete"), len("WEIGHT"), len("VERDICT")}

// tell prints what has happened since it was called last. Of a long quiet time
// that is told at once, the middle is left out.
func (n *narration) tell(moments []picture.Moment) error {
	if len(moments) == 0 {
		return nil
	}
	t := story(moments)
	t.least = liveWidths
	if n.begun {
		t.rows = t.rows[1:]
	}
	n.begun = true
	return writeText(n.to, t.write)
}
