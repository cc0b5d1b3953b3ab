package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pages whose sections a test reads, by their paths below root.
const (
	rootPage     = "README.md"
	changes      = "CHANGELOG.md"
	adoptPage    = "infra/adopt/README.md"
	frontEndPage = "infra/frontend/README.md"
	infraPage    = "infra/README.md"
	pipelinePage = "infra/pipeline/README.md"
	migratePage  = "infra/migrate/README.md"
	securityPage = "functions/README.md"
	commandPage  = "internal/cmd/sluice/README.md"
	tutorialPage = "internal/localaws/README.md"
	inputPage    = "internal/request/README.md"
	judgePage    = "internal/shift/judge/README.md"
)

// page is a text of this repository that is for people.
type page struct {
	path, text string
	prose      string // the text without its blocks
	blocks     []block
}

// block is what stands between two fences of a page, below a heading.
type block struct{ section, language, text string }

// names are those of pages.
var names = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}

// readPages finds and reads all pages, sorted by path.
var readPages = sync.OnceValues(func() ([]page, error) {
	var found []page
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"bin", "dist", "cdk.out", "node_modules"}, name) ||
			strings.HasPrefix(name, ".") && path != "." && path != ".github"):
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains(names, name):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		found = append(found, parsePage(path, string(text)))
		return err
	})
	return found, err
})

// pages are all pages.
func pages(t *testing.T) []page {
	t.Helper()
	all, err := readPages()
	require.NoError(t, err)
	require.Greater(t, len(all), 20)
	return all
}

// current are the pages that say what is true now: all but the list of changes.
func current(t *testing.T) []page {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(pages(t)), func(p page) bool { return p.path == changes })
}

// pageAt is the page with a path.
func pageAt(t *testing.T, path string) page {
	t.Helper()
	all := pages(t)
	i := slices.IndexFunc(all, func(p page) bool { return p.path == path })
	require.GreaterOrEqual(t, i, 0, "a page %s", path)
	return all[i]
}

// parsePage takes a text apart. Blocks of a list are indented, and so are their lines. A fence
// that is not closed ends with the page.
func parsePage(path, text string) page {
	p := page{path: path, text: text}
	var (
		section, indent string
		prose           strings.Builder
		open            bool
	)
	for line := range strings.Lines(text) {
		if open {
			line = strings.TrimPrefix(line, indent)
		}
		fence, isFence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case isFence && !open:
			indent, open = line[:strings.Index(line, "`")], true
			p.blocks = append(p.blocks, block{section: section, language: strings.TrimSpace(fence)})
		case isFence:
			open = false
		case open:
			p.blocks[len(p.blocks)-1].text += line
		default:
			prose.WriteString(line)
			if strings.HasPrefix(line, "#") {
				section = strings.TrimSpace(strings.TrimLeft(line, "#"))
			}
		}
	}
	p.prose = prose.String()
	return p
}

// rows are those of the tables below a heading, cell by cell.
func (p page) rows(t *testing.T, section string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(p.prose, "# "+section+"\n")
	require.True(t, found, "a section %q of %s", section, p.path)
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
	require.NotEmpty(t, rows, "tables under %q of %s", section, p.path)
	return rows
}

// code is the first code in a cell; empty if there is none.
func code(cell string) string {
	_, rest, _ := strings.Cut(cell, "`")
	inside, _, _ := strings.Cut(rest, "`")
	return inside
}

// in lists the blocks of a language; in a section, if it is named.
func (p page) in(section, language string) []string {
	var texts []string
	for _, b := range p.blocks {
		if (section == "" || b.section == section) && b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// only is the one block of a language in a section.
func (p page) only(t *testing.T, section, language string) string {
	t.Helper()
	texts := p.in(section, language)
	require.Len(t, texts, 1, "blocks of %s under %q of %s", language, section, p.path)
	return texts[0]
}
