package main

import (
	"fmt"
	"strings"
)

// table is a table of a page. The comments around it contain its name.
type table struct{ name, text string }

// newTable formats a table in markdown. All columns except the first are numbers, and
// are aligned to the right.
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

// fences returns the comments before and after a table.
func (t table) fences() (begin, end string) {
	return "<!-- figures: " + t.name + " -->\n", "\n<!-- end of figures: " + t.name + " -->"
}

// replaceTables replaces the tables with these names in a text.
func replaceTables(text string, tables []table) (string, error) {
	for _, t := range tables {
		begin, end := t.fences()
		before, rest, begun := strings.Cut(text, begin)
		_, after, ended := strings.Cut(rest, end)
		if !begun || !ended {
			return "", fmt.Errorf("the comments for the table %q are missing", t.name)
		}
		text = before + begin + t.text + end + after
	}
	return text, nil
}
