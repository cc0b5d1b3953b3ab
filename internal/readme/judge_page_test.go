package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page on the judgement is linked from the README, and its own links lead somewhere.
func TestThePageOnTheJudgementIsLinked(t *testing.T) {
	t.Parallel()
	const page = "internal/shift/judge/README.md"
	assert.Contains(t, prose(t), "[How Sluice judges]("+page+")")
	written, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	links := regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(written), -1)
	assert.Greater(t, len(links), 3)
	for _, link := range links {
		to, heading, _ := strings.Cut(link[1], "#")
		assert.FileExists(t, filepath.Join(root, filepath.Dir(page), to))
		if heading != "" {
			assert.Contains(t, anchorsOfReadme(t), heading)
		}
	}
}

func anchorsOfReadme(t *testing.T) []string {
	t.Helper()
	var anchors []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(prose(t), -1) {
		anchors = append(anchors, anchor(heading[1]))
	}
	return anchors
}

// The sentence that the page explains is one that the command prints.
func TestThePageOnTheJudgementQuotesARollback(t *testing.T) {
	t.Parallel()
	oneLine := func(file string) string {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		return strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n> ", " ")), " ")
	}
	quoted := regexp.MustCompile(`(CandidateWorse: .*? deployments\.)`).FindStringSubmatch(oneLine("internal/shift/judge/README.md"))
	require.NotNil(t, quoted)
	assert.Contains(t, oneLine("internal/cmd/sluice/testdata/golden/simulate-judged.txt"), quoted[1])
}
