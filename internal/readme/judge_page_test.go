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

// The sentence that the page explains is one that the command prints.
func TestThePageOnTheJudgementQuotesARollback(t *testing.T) {
	t.Parallel()
	oneLine := func(file string) string {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		return strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n> ", " ")), " ")
	}
	quoted := regexp.MustCompile(`(CandidateWorse: .*? deployments\.)`).FindStringSubmatch(oneLine(judgePage))
	require.NotNil(t, quoted)
	assert.Contains(t, oneLine("internal/cmd/sluice/testdata/golden/simulate-judged.txt"), quoted[1])
}
