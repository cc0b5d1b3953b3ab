package arch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Windows are read in time zones. Lambda's runtime for Go has none, so the binaries that read them
// embed them, which adds 400 KB to each (100 KB of it zipped), and no other binary does.
func TestBinariesThatReadWindowsEmbedTheTimeZones(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("../../functions/*/main.go")
	require.NoError(t, err)
	var embed []string
	for _, file := range append(mains, "../cmd/sluice/main.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), `_ "time/tzdata"`) {
			embed = append(embed, filepath.Base(filepath.Dir(file)))
		}
	}
	slices.Sort(embed)
	assert.Equal(t, []string{"check-alarms", "open-deployment", "publish-version", "set-weight", "sluice"}, embed)
}
