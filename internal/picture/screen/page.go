package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/sluice-aws/sluice/internal/shift"
)

// page lays out lines for a given width.
type page struct {
	look
	width int // the maximum width of a line
}

const (
	// maxWidth is the longest line that is easy to read. maxBlockWidth is smaller, so that
	// resizing a terminal rarely makes it wrap the block.
	maxWidth      = 100
	maxBlockWidth = 78
	// minColumnsWidth is the smallest width at which the story has columns.
	minColumnsWidth = 60
	// minWidth is the width used for even smaller terminals.
	minWidth = 20

	margin = "  "
	// labelWidth is the width of the row names in the block.
	labelWidth = 11
)

// newPage leaves the last column free, because some terminals start a new line when it
// is filled.
func newPage(l look, width int) page {
	return page{look: l, width: max(min(width-1, maxWidth), minWidth)}
}

// row formats a named line of the block, cut to the width.
func (p page) row(name, text string) string {
	return p.cut(margin + p.faint.Render(pad(name, labelWidth)) + text)
}

func (p page) cut(line string) string { return ansi.Truncate(line, p.width, "…") }

// isNarrow reports whether the page is too narrow for columns.
func (p page) isNarrow() bool { return p.width < minColumnsWidth }

// rowWidth is the width available to the text of a row.
func (p page) rowWidth() int { return p.width - len(margin) - labelWidth }

// wrap breaks a text into lines with the same indent. The first line begins with the
// name, if there is one.
func (p page) wrap(indent, name, text string) []string {
	first, rest := indent, strings.Repeat(" ", ansi.StringWidth(indent))
	if name != "" {
		first += p.faint.Render(pad(name, labelWidth))
		rest += strings.Repeat(" ", labelWidth)
	}
	lines := breakLines(text, p.width-ansi.StringWidth(rest))
	for i := range lines {
		if i == 0 {
			lines[i] = first + lines[i]
		} else {
			lines[i] = rest + lines[i]
		}
	}
	return lines
}

// breakLines breaks a text at its spaces, and cuts words that are longer than a line.
// Otherwise the terminal would wrap them, and the number of lines would be wrong.
func breakLines(text string, width int) []string {
	width = max(width, 2) // a single character may need two columns
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
		lines = splitLast(lines, width)
	}
	return lines
}

// splitLast splits the last line until it fits.
func splitLast(lines []string, width int) []string {
	for {
		last := lines[len(lines)-1]
		begins := ansi.Truncate(last, width, "")
		if begins == last || begins == "" {
			return lines
		}
		lines = append(lines[:len(lines)-1], begins, strings.TrimPrefix(last, begins))
	}
}

// safeText makes a text from outside safe to print, and bounds its length.
func safeText(text string, characters int) string { return shift.BoundText(text, characters) }

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-ansi.StringWidth(text), 0)) + text
}

// justify puts two texts at the ends of a line. It drops the second if it does not fit.
func (p page) justify(left, right string) string {
	if !p.fits(left, right) {
		return p.cut(left)
	}
	return left + strings.Repeat(" ", p.width-ansi.StringWidth(left)-ansi.StringWidth(right)) + right
}

// fits reports whether both texts fit into one line with space between them.
func (p page) fits(left, right string) bool {
	return ansi.StringWidth(left)+2+ansi.StringWidth(right) <= p.width
}

// cutMiddle shortens a text in the middle, because names differ at their beginning and
// at their end.
func cutMiddle(text string, width int) string {
	width = max(width, 3)
	all := ansi.StringWidth(text)
	if all <= width {
		return text
	}
	end := (width - 1) / 2
	return ansi.Truncate(text, width-1-end, "") + "…" + ansi.TruncateLeft(text, all-end, "")
}

func formatPercent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func countRunes(text string) int { return utf8.RuneCountInString(text) }
