package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// pageWidth is the width of a text at most: a terminal's usual width.
	pageWidth = 80
	// minNotes is the width of the last column at least, even if the page is too narrow.
	minNotes = 24
	gutter   = "  "
	// noBreakSpace is a space at which lines are not broken. It is printed as a plain
	// space.
	noBreakSpace = "\u00a0"
)

// table prints text in columns. The last column is wrapped at the width of the page.
// The others are as wide as their widest cell.
type table struct {
	indent    string
	right     map[int]bool // columns that are aligned to the right
	minWidths []int        // by column
	rows      [][]string
	oneLine   bool         // no column is wrapped
	wide      map[int]bool // rows of a single text that runs below all columns
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// addWide adds a text that runs below all columns.
func (t *table) addWide(text string) {
	if t.wide == nil {
		t.wide = map[int]bool{}
	}
	t.wide[len(t.rows)] = true
	t.add(text)
}

// write prints the table. Rows may have different numbers of cells.
func (t *table) write(to io.Writer) {
	widths := t.widths()
	for i := range t.rows {
		for _, line := range t.lines(i, widths) {
			line = strings.ReplaceAll(t.indent+line, noBreakSpace, " ")
			io.WriteString(to, strings.TrimRight(line, " ")+"\n")
		}
	}
}

// widths returns the widths of all columns except the last.
func (t *table) widths() []int {
	columns := 0
	for _, row := range t.rows {
		columns = max(columns, len(row))
	}
	widths := make([]int, max(columns-1, 0))
	copy(widths, t.minWidths)
	for n, row := range t.rows {
		if t.wide[n] {
			continue
		}
		for i := range min(len(row), len(widths)) {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	return widths
}

// lines returns the lines of a row, by its number.
func (t *table) lines(number int, widths []int) []string {
	row := t.rows[number]
	if t.wide[number] {
		return t.wideLines(row[0])
	}
	var line strings.Builder
	for i := range min(len(row), len(widths)) {
		line.WriteString(t.pad(row[i], widths[i], t.right[i]) + gutter)
	}
	if len(row) <= len(widths) {
		return []string{line.String()}
	}
	begin := utf8.RuneCountInString(line.String())
	if t.oneLine {
		return []string{line.String() + row[len(widths)]}
	}
	notes := wrap(row[len(widths)], max(pageWidth-len(t.indent)-begin, minNotes))
	lines := make([]string, len(notes))
	for i, text := range notes {
		lines[i] = strings.Repeat(" ", begin) + text
	}
	lines[0] = line.String() + notes[0]
	return lines
}

// wideLines returns the lines of a text that runs below all columns, a little indented.
func (t *table) wideLines(text string) []string {
	lines := wrap(text, pageWidth-len(t.indent)-len(gutter))
	for i := range lines {
		lines[i] = gutter + lines[i]
	}
	return lines
}

func (t *table) pad(cell string, width int, right bool) string {
	space := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
	if right {
		return space + cell
	}
	return cell + space
}

// wrap breaks a text at its spaces and returns at least one line. It does not break a
// word that is longer than a line, such as an ARN, so that it can be copied.
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
