package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"sluice/internal/shift"
)

// page lays things out for a width.
type page struct {
	look
	width int // that lines may have
}

const (
	// widest is where lines get hard to follow, and the block goes no further than
	// most terminals do: while they stay wider, they need not break it anew.
	widest      = 100
	widestBlock = 78
	// narrow is below what the story has columns.
	narrow = 60
	// least is what is drawn for, however small a terminal is.
	least = 20

	margin = "  "
	// labels is how wide the names of what the block shows are.
	labels = 11
)

// newPage leaves the last column free: a line that ends there makes some terminals
// begin another.
func newPage(l look, width int) page { return page{look: l, width: max(min(width-1, widest), least)} }

// row is a named line of the block, cut where it is too long.
func (p page) row(name, text string) string {
	return p.cut(margin + p.faint.Render(pad(name, labels)) + text)
}

func (p page) cut(line string) string { return ansi.Truncate(line, p.width, "…") }

// isNarrow says whether there is room only for what matters most.
func (p page) isNarrow() bool { return p.width < narrow }

// room is how wide the text of a row can be.
func (p page) room() int { return p.width - len(margin) - labels }

// wrapped breaks a text into lines that are indented alike; the first begins with
// its name.
func (p page) wrapped(indent, name, text string) []string {
	first, rest := indent, strings.Repeat(" ", ansi.StringWidth(indent))
	if name != "" {
		first += p.faint.Render(pad(name, labels))
		rest += strings.Repeat(" ", labels)
	}
	lines := breakUp(text, p.width-ansi.StringWidth(rest))
	for i := range lines {
		if i == 0 {
			lines[i] = first + lines[i]
		} else {
			lines[i] = rest + lines[i]
		}
	}
	return lines
}

// breakUp breaks a text at its spaces, and a word that is longer than a line
// wherever the line ends: a terminal that broke it by itself would have more lines
// than were counted.
func breakUp(text string, width int) []string {
	width = max(width, 2) // of which one character may need both
	lines := []string{""}
	for word := range strings.SplitSeq(text, " ") {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case ansi.StringWidth(*last)+1+ansi.StringWidth(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
		lines = cutUp(lines, width)
	}
	return lines
}

// cutUp makes several lines of the last while it is too long.
func cutUp(lines []string, width int) []string {
	for {
		last := lines[len(lines)-1]
		begins := ansi.Truncate(last, width, "")
		if begins == last || begins == "" {
			return lines
		}
		lines = append(lines[:len(lines)-1], begins, strings.TrimPrefix(last, begins))
	}
}

// plain is an outside text that is safe to show.
func plain(text string, characters int) string { return shift.BoundText(text, characters) }

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-ansi.StringWidth(text), 0)) + text
}

// between puts two texts at the ends of a line, the second only where there is room.
func (p page) between(left, right string) string {
	if !p.fits(left, right) {
		return p.cut(left)
	}
	return left + strings.Repeat(" ", p.width-ansi.StringWidth(left)-ansi.StringWidth(right)) + right
}

// fits says whether there is room for both with some space between.
func (p page) fits(left, right string) bool {
	return ansi.StringWidth(left)+2+ansi.StringWidth(right) <= p.width
}

// middle leaves out the middle of a text that is too long: a name's beginning and
// its end tell it apart from others.
func middle(text string, width int) string {
	width = max(width, 3)
	all := ansi.StringWidth(text)
	if all <= width {
		return text
	}
	end := (width - 1) / 2
	return ansi.Truncate(text, width-1-end, "") + "…" + ansi.TruncateLeft(text, all-end, "")
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func runes(text string) int { return utf8.RuneCountInString(text) }
