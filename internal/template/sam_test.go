package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/template"
	"sluice/internal/template/source"
)

// What is said of a template of SAM is what becomes of it after SAM's own translator.
func TestATemplateOfSAMIsExpandedAsItsTranslatorDoes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/sam/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			parsed, err := source.Parse(text)
			require.NoError(t, err)
			expanded, err := template.Expand(parsed.JSON())
			require.NoError(t, err)
			translated, err := os.ReadFile(strings.TrimSuffix(file, "yaml") + "json")
			require.NoError(t, err)
			got, err := template.Rewrite(expanded, options())
			require.NoError(t, err)
			want, err := template.Rewrite(translated, options())
			require.NoError(t, err)
			assert.ElementsMatch(t, told(want), told(got))
			assert.ElementsMatch(t, withoutHashes(want.Notes), withoutHashes(got.Notes))
		})
	}
}

// told leaves out how a configuration is written.
func told(result template.Result) []template.Shift {
	for i := range result.Shifts {
		result.Shifts[i].Config = ""
	}
	return result.Shifts
}

// withoutHashes shortens the names of versions, in which SAM writes a hash.
func withoutHashes(notes []template.Note) []template.Note {
	var all []template.Note
	for _, n := range notes {
		if before, _, ok := strings.Cut(n.ID, "Version"); ok {
			n.ID = before + "Version"
		}
		all = append(all, n)
	}
	return all
}

func TestExpandRefusesWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", `{"Resources": 1}`} {
		_, err := template.Expand([]byte(text))
		require.Error(t, err)
	}
}
