package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// pageWidth is how wide a text may be: a terminal's usual width.
	pageWidth = 80
	// minNotes is how wide a last column is at least, even on too narrow a page.
	minNotes = 24
	gutter   = "  "
	// glue is a space at which no line is broken. It is printed as a plain one.
	glue = "\u00a0"
)

// table is text in columns. The last column is wrapped to the page; all others
// are as wide as their widest cell.
type table struct {
	indent string
	right  map[int]bool // columns that are aligned to the right
	least  []int        // how wide the columns are at least
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the table. A row that has fewer cells than others ends there.
func (t *table) write(to io.Writer) {
	widths := t.widths()
	for _, row := range t.rows {
		for _, line := range t.lines(row, widths) {
			line = strings.ReplaceAll(t.indent+line, glue, " ")
			io.WriteString(to, strings.TrimRight(line, " ")+"\n")
		}
	}
}

// widths are those of all columns but the last.
func (t *table) widths() []int {
	columns := 0
	for _, row := range t.rows {
		columns = max(columns, len(row))
	}
	widths := make([]int, max(columns-1, 0))
	copy(widths, t.least)
	for _, row := range t.rows {
		for i := range min(len(row), len(widths)) {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	return widths
}

// lines are those that a row takes.
func (t *table) lines(row []string, widths []int) []string {
	var line strings.Builder
	for i := range min(len(row), len(widths)) {
		line.WriteString(t.pad(row[i], widths[i], t.right[i]) + gutter)
	}
	if len(row) <= len(widths) {
		return []string{line.String()}
	}
	begin := utf8.RuneCountInString(line.String())
	notes := wrap(row[len(widths)], max(pageWidth-len(t.indent)-begin, minNotes))
	lines := make([]string, len(notes))
	for i, text := range notes {
		lines[i] = strings.Repeat(" ", begin) + text
	}
	lines[0] = line.String() + notes[0]
	return lines
}

func (t *table) pad(cell string, width int, right bool) string {
	space := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
	if right {
		return space + cell
	}
	return cell + space
}

// wrap breaks a text into lines at its spaces; there is at least one. A word
// that is longer than a line, such as an ARN, is left whole, so that it can be
// copied.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.SplitSeq(text, " ") {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
