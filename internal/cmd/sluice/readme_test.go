package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tutorial's example must be what the command prints.
func TestTutorialsExampleIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../localaws/README.md")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(page), "## Simulate a bad candidate")
	require.True(t, found)
	deployment, example := block(t, example, "json")
	scenario, example := block(t, example, "json")
	printed, _ := block(t, example, "text")

	dir := t.TempDir()
	for name, text := range map[string]string{"deployment.json": deployment, "scenario.json": scenario} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	var stdout, stderr bytes.Buffer
	args := []string{"simulate", "-f", filepath.Join(dir, "deployment.json"), "-s", filepath.Join(dir, "scenario.json")}
	require.Zero(t, exec(t.Context(), args, strings.NewReader(""), &stdout, &stderr), stderr.String())
	assert.True(t, strings.HasPrefix(stdout.String(), printed), "the tutorial shows\n%s\nand the command prints\n%s", printed, stdout.String())
}

// block returns the next code block in a language, and the text after it.
func block(t *testing.T, text, language string) (code, rest string) {
	t.Helper()
	_, text, found := strings.Cut(text, "```"+language+"\n")
	require.True(t, found)
	code, rest, found = strings.Cut(text, "```\n")
	require.True(t, found)
	return code, rest
}
