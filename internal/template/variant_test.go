package template_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
	"github.com/sluice-aws/sluice/internal/template/source"
)

// variant is a template that a tool has made.
type variant struct {
	Name     string          `json:"name"`
	Template json.RawMessage `json:"template"`
}

func variantsIn(t *testing.T, file string) []variant {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var all []variant
	for line := range bytes.Lines(text) {
		var v variant
		require.NoError(t, json.Unmarshal(line, &v))
		all = append(all, v)
	}
	require.NotEmpty(t, all)
	return all
}

// testdata/variants has many small templates as their tools make them. Each file there has a text
// beside it, with what shifts and what people are told: of the templates themselves, the rules hold
// that hold for any.
func TestGoldenVariantsAreRewritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/variants/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var story strings.Builder
			for _, v := range variantsIn(t, file) {
				result, err := template.Rewrite(v.Template, options())
				require.NoError(t, err, v.Name)
				require.NoError(t, violation(v.Template, result.Text), v.Name)
				fmt.Fprintf(&story, "%s\n%s\n", v.Name, summary(result))
			}
			requireGolden(t, strings.TrimSuffix(file, "jsonl")+"txt", story.String())
		})
	}
}

// summary tells what shifts, and what people should know.
func summary(result template.Result) string {
	var b strings.Builder
	for _, s := range result.Shifts {
		fmt.Fprintf(&b, "  shifts %s: %s, waits %s, %d hooks\n", strings.Join(s.Aliases, ", "), s.Config, s.Wait, s.Hooks)
	}
	for _, n := range result.Notes {
		fmt.Fprintf(&b, "  notes %s\n", n)
	}
	return b.String()
}

// What is said of a variant as its author writes it is what becomes of it after SAM's translator.
func TestVariantsOfSAMAreExpandedAsItsTranslatorDoes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/variants/sam.yaml")
	require.NoError(t, err)
	begin, rest, _ := strings.Cut(string(text), "\n---\n")
	written := strings.Split(rest, "\n---\n")
	translated := variantsIn(t, "testdata/variants/sam.jsonl")
	require.Len(t, written, len(translated))
	for i, v := range translated {
		require.True(t, strings.HasPrefix(written[i], "# "+v.Name+"\n"), "translate.py keeps the order")
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			parsed, err := source.Parse([]byte(begin + "\n" + written[i]))
			require.NoError(t, err)
			expanded, err := template.Expand(parsed.JSON(), nil)
			require.NoError(t, err)
			requireSame(t, v.Template, expanded)
		})
	}
}

// requireSame says whether the same becomes of two templates.
func requireSame(t *testing.T, translated, expanded []byte) {
	t.Helper()
	got, err := template.Rewrite(expanded, options())
	require.NoError(t, err)
	want, err := template.Rewrite(translated, options())
	require.NoError(t, err)
	assert.ElementsMatch(t, told(want), told(got))
	assert.ElementsMatch(t, withoutHashes(want.Notes), withoutHashes(got.Notes))
	assert.Equal(t, listsOf(t, want.Text), listsOf(t, got.Text))
}
