package readme

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anchors are the ids that GitHub gives the headings of a page: in small letters, without what
// is neither a letter, a digit, a hyphen nor a space, and with hyphens for the spaces. A heading
// that occurs again is numbered.
func (p page) anchors() map[string]bool {
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(p.prose, -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		id := strings.ReplaceAll(kept, " ", "-")
		for again, first := 1, id; anchors[id]; again++ {
			id = fmt.Sprintf("%s-%d", first, again)
		}
		anchors[id] = true
	}
	return anchors
}

// link is one to a file of this repository.
type link struct{ to, section string }

// links are those of a page to files of this repository.
func (p page) links() []link {
	var links []link
	for _, found := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(p.prose, -1) {
		if strings.Contains(found[1], "://") { // another site
			continue
		}
		to, section, _ := strings.Cut(found[1], "#")
		if to != "" {
			to = filepath.Join(filepath.Dir(p.path), to)
		}
		links = append(links, link{to: cmp.Or(to, p.path), section: section})
	}
	return links
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	count := 0
	for _, p := range pages(t) {
		for _, l := range p.links() {
			count++
			if !exists(filepath.Join(root, l.to)) {
				t.Errorf("%s links to %s, which does not exist", p.path, l.to)
				continue
			}
			if l.section != "" && !pageAt(t, l.to).anchors()[l.section] {
				t.Errorf("%s links to %s, which has no section #%s", p.path, l.to, l.section)
			}
		}
	}
	assert.Greater(t, count, 150)
}

// Whoever begins with the root's README finds every page.
func TestEveryPageIsReachedFromTheRoot(t *testing.T) {
	t.Parallel()
	byPath := map[string]page{}
	for _, p := range pages(t) {
		byPath[p.path] = p
	}
	reached := map[string]bool{rootPage: true}
	for next := []string{rootPage}; len(next) > 0; next = next[1:] {
		for _, l := range byPath[next[0]].links() {
			if _, isPage := byPath[l.to]; isPage && !reached[l.to] {
				reached[l.to] = true
				next = append(next, l.to)
			}
		}
	}
	assert.Equal(t, slices.Sorted(maps.Keys(byPath)), slices.Sorted(maps.Keys(reached)))
}

// A reader decides by the root's README in five minutes. The signs of its tables count as words.
func TestTheRootsReadmeIsShort(t *testing.T) {
	t.Parallel()
	text := pageAt(t, rootPage).text
	assert.LessOrEqual(t, strings.Count(text, "\n"), 115)
	assert.LessOrEqual(t, len(strings.Fields(text)), 1000)
}

// A page has one purpose, which its first line says. The root's README, the list of changes, and
// a page on how to report a weakness have a form of their own.
func TestEveryPageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		if p.path == rootPage || p.path == changes || filepath.Base(p.path) == "SECURITY.md" {
			continue
		}
		lines := strings.SplitN(p.text, "\n", 4)
		require.Len(t, lines, 4, p.path)
		assert.Regexp(t, `^# .+`, lines[0], p.path)
		assert.Regexp(t, `^(Tutorial|How-to|Reference|Explanation): `, lines[2], p.path)
	}
}
