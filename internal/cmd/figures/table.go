package main

import (
	"fmt"
	"strings"
)

// table is a table of the README, under the name that its comments have there.
type table struct{ name, text string }

// newTable writes a table in markdown. Columns after the first one are figures, and
// stand on the right.
func newTable(name string, head []string, rows [][]string) table {
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	text.WriteString("|---" + strings.Repeat("|---:", len(head)-1) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return table{name: name, text: strings.TrimSuffix(text.String(), "\n")}
}

// fences are the comments around a table.
func (t table) fences() (begin, end string) {
	return "<!-- figures: " + t.name + " -->\n", "\n<!-- end of figures: " + t.name + " -->"
}

// replace puts tables in the place of those in a text.
func replace(text string, tables []table) (string, error) {
	for _, t := range tables {
		begin, end := t.fences()
		before, rest, begun := strings.Cut(text, begin)
		_, after, ended := strings.Cut(rest, end)
		if !begun || !ended {
			return "", fmt.Errorf("there is no place for the figures %q", t.name)
		}
		text = before + begin + t.text + end + after
	}
	return text, nil
}
