package readme

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is what stands between two fences of the README.
type block struct{ section, language, text string }

func text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	return string(text)
}

// prose is the README without its blocks.
func prose(t *testing.T) string {
	t.Helper()
	prose := text(t)
	for _, b := range blocks(t) {
		prose = strings.Replace(prose, "```"+b.language+"\n"+b.text+"```\n", "", 1)
	}
	return prose
}

// rows are those of the tables of a section, cell by cell.
func rows(t *testing.T, section string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(prose(t), "# "+section+"\n")
	require.True(t, found, "a section %q", section)
	rest, _, _ = strings.Cut(rest, "\n#")
	var rows [][]string
	for _, table := range strings.Split(rest, "\n|---")[1:] {
		for line := range strings.Lines(table) {
			cells, isRow := strings.CutPrefix(line, "| ")
			if !isRow {
				continue
			}
			row := strings.Split(strings.TrimSuffix(strings.TrimSpace(cells), "|"), "|")
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			rows = append(rows, row)
		}
	}
	require.NotEmpty(t, rows, "tables under %q", section)
	return rows
}

// code is the first code in a cell; empty if there is none.
func code(cell string) string {
	_, rest, _ := strings.Cut(cell, "`")
	inside, _, _ := strings.Cut(rest, "`")
	return inside
}

// blocks reads the README's blocks, each under the heading that it stands below.
func blocks(t *testing.T) []block {
	t.Helper()
	return blocksOf(t, text(t))
}

// blocksOf reads the blocks of a page. Those of a list are indented, and so are their lines.
func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	var (
		found   []block
		section string
		open    *block
		indent  string
	)
	for line := range strings.Lines(page) {
		if open != nil {
			line = strings.TrimPrefix(line, indent)
		}
		fence, isFence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case isFence && open == nil:
			indent = line[:strings.Index(line, "`")]
			open = &block{section: section, language: strings.TrimSpace(fence)}
		case isFence:
			found, open = append(found, *open), nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(line, "#"):
			section = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	require.Nil(t, open, "a fence is not closed")
	return found
}

// in lists the blocks of a language in a section.
func in(t *testing.T, section, language string) []string {
	t.Helper()
	var texts []string
	for _, b := range blocks(t) {
		if b.section == section && b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// only is the one block of a language in a section.
func only(t *testing.T, section, language string) string {
	t.Helper()
	texts := in(t, section, language)
	require.Len(t, texts, 1, "blocks of %s under %q", language, section)
	return texts[0]
}
