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

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/template"
)

// programOf returns the Go program in a section of a page.
func programOf(t *testing.T, page, heading string) string {
	t.Helper()
	text, err := os.ReadFile(page)
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

// synthesizedBy builds and runs a program, and returns the file of the template that it writes.
func synthesizedBy(t *testing.T, program, template string) string {
	t.Helper()
	folder := t.TempDir()
	source, binary, out := filepath.Join(folder, "main.go"), filepath.Join(folder, "program"), filepath.Join(folder, "cdk.out")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
	said, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", binary, source).CombinedOutput()
	require.NoError(t, err, "%s", said)
	command := exec.CommandContext(t.Context(), binary)
	command.Env = append(os.Environ(), "CDK_OUTDIR="+out)
	said, err = command.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return filepath.Join(out, template)
}

func decoded(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var template map[string]any
	require.NoError(t, json.Unmarshal(text, &template))
	return template
}

// The test builds and runs the example for users of CDK of the page on adoption.
func TestReadmesStackKeepsTheAliasOnItsFirstVersion(t *testing.T) {
	t.Parallel()
	template := decoded(t, synthesizedBy(t, programOf(t, "adopt/README.md", "## CDK"), "Orders.template.json"))

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

// So it does with that of the page on front ends. Where cfn-lint is installed, it reads the template.
func TestThePagesDistributionShowsReleases(t *testing.T) {
	t.Parallel()
	file := synthesizedBy(t, programOf(t, "frontend/README.md", "### In CDK"), "Site.template.json")
	template := decoded(t, file)
	behavior := only(t, template, "AWS::CloudFront::Distribution")["DistributionConfig"].(map[string]any)["DefaultCacheBehavior"].(map[string]any)
	assert.Equal(t, []any{map[string]any{
		"EventType": "viewer-request", "FunctionARN": map[string]any{"Fn::GetAtt": []any{onlyID(t, template, "AWS::CloudFront::Function"), "FunctionARN"}},
	}}, behavior["FunctionAssociations"])
	assert.Contains(t, only(t, template, "AWS::CloudFront::Function")["FunctionCode"], "const FALLBACK = 'initial';")
	store := map[string]any{"Fn::GetAtt": []any{onlyID(t, template, "AWS::CloudFront::KeyValueStore"), "Arn"}}
	assert.Equal(t, store, template["Outputs"].(map[string]any)["StoreArn"].(map[string]any)["Value"])

	if _, err := exec.LookPath("cfn-lint"); err != nil {
		t.Skip("NOT CHECKED by cfn-lint, which is not installed")
	}
	said, err := exec.CommandContext(t.Context(), "cfn-lint", file).CombinedOutput()
	assert.NoError(t, err, "%s", said)
}

// The program of the page on moving over is one that CodeDeploy shifts, and its new line is all that
// Sluice needs.
func TestThePagesProgramMovesOverWithOneLine(t *testing.T) {
	t.Parallel()
	program := programOf(t, "migrate/README.md", "### CDK")
	require.Regexp(t, `(?m)^.*AddTransform.* // new$`, program)
	text, err := os.ReadFile(synthesizedBy(t, program, "Orders.template.json"))
	require.NoError(t, err)
	var before map[string]any
	require.NoError(t, json.Unmarshal(text, &before))
	assert.Equal(t, "Sluice", before["Transform"])

	result, err := template.Rewrite(text, template.Options{StackShift: "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift"})
	require.NoError(t, err)
	var after map[string]any
	require.NoError(t, json.Unmarshal(result.Text, &after))
	alias := onlyID(t, after, "AWS::Lambda::Alias")
	assert.NotContains(t, after["Resources"].(map[string]any)[alias], "UpdatePolicy")
	targets := only(t, after, "Custom::SluiceShift")["Targets"].([]any)
	require.Len(t, targets, 1)
	assert.Equal(t, alias, targets[0].(map[string]any)["Key"])
}
