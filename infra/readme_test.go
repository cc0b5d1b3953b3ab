package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
)

// programOf returns the Go program in a section of the README.
func programOf(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n#")
	_, program, found := strings.Cut(section, "```go\n")
	require.True(t, found, "%s has no program", heading)
	program, _, found = strings.Cut(program, "```")
	require.True(t, found, heading)
	return program
}

// The test builds and runs the README's example for users of CDK.
func TestReadmesStackKeepsTheAliasOnItsFirstVersion(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, program, out := filepath.Join(folder, "main.go"), filepath.Join(folder, "orders"), filepath.Join(folder, "cdk.out")
	require.NoError(t, os.WriteFile(source, []byte(programOf(t, "### CDK")), 0o600))
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput()
	require.NoError(t, err, "%s", said)
	command := exec.CommandContext(t.Context(), program)
	command.Env = append(os.Environ(), "CDK_OUTDIR="+out)
	said, err = command.CombinedOutput()
	require.NoError(t, err, "%s", said)
	text, err := os.ReadFile(filepath.Join(out, "Orders.template.json"))
	require.NoError(t, err)
	var template map[string]any
	require.NoError(t, json.Unmarshal(text, &template))

	function := only(t, template, "AWS::Lambda::Function")
	assert.Contains(t, function["Tags"], map[string]any{"Key": flow.TagAlias, "Value": "live"})
	alias := only(t, template, "AWS::Lambda::Alias")
	assert.Equal(t, "live", alias["Name"])
	version := alias["FunctionVersion"].(map[string]any)["Fn::GetAtt"].([]any)
	require.Equal(t, "Version", version[1])
	// The id contains no hash of the function, only the CDK's own 8 characters.
	assert.Regexp(t, `^FirstVersion[0-9A-F]{8}$`, version[0])
	first := template["Resources"].(map[string]any)[version[0].(string)].(map[string]any)
	assert.Equal(t, "AWS::Lambda::Version", first["Type"])
	assert.Equal(t, "Retain", first["DeletionPolicy"])
	assert.Equal(t, "live", only(t, template, "AWS::Lambda::Url")["Qualifier"])
}
