package conformance

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
)

const templates = "../template/testdata"

// SAM's own translator still makes of the templates of SAM what is recorded of it. The macro's
// tests go by that. A new translator is recorded with translate.py.
func TestTheRecordedTemplatesAreThoseOfTheTranslatorOfSAM(t *testing.T) {
	t.Parallel()
	tools(t)
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import samtranslator, boto3").Run(); err != nil {
		t.Skipf("SKIPPED: the translator of SAM is not installed: pip install aws-sam-translator (%v)", err)
	}
	files, err := filepath.Glob(templates + "/sam/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			translated, err := exec.CommandContext(t.Context(), "python3", templates+"/translate.py", file).Output()
			require.NoError(t, err)
			recorded, err := os.ReadFile(strings.TrimSuffix(file, "yaml") + "json")
			require.NoError(t, err)
			assert.JSONEq(t, string(recorded), string(translated))
		})
	}
}

// cfn-lint finds nothing in a rewritten template that it does not find in the one before.
func TestLintFindsNothingNewInARewrittenTemplate(t *testing.T) {
	t.Parallel()
	tools(t)
	if _, err := exec.LookPath("cfn-lint"); err != nil {
		t.Skipf("SKIPPED: cfn-lint is not installed: pip install cfn-lint (%v)", err)
	}
	before, err := filepath.Glob(templates + "/[sc]*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, before)
	folder := t.TempDir()
	var after []string
	for _, file := range before {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for name, wait := range map[string]bool{"waits": true, "goes-on": false} {
			result, err := template.Rewrite(source, template.Options{
				StackShift:   "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift",
				HookEndpoint: "https://hooks.lambda-url.eu-west-1.on.aws/",
				HookLayer:    "arn:aws:lambda:eu-west-1:111122223333:layer:sluice-codedeploy:1",
				DoNotWait:    !wait,
			})
			require.NoError(t, err)
			rewritten := filepath.Join(folder, name+"-"+filepath.Base(file))
			require.NoError(t, os.WriteFile(rewritten, result.Text, 0o600))
			after = append(after, rewritten)
		}
	}
	known := found(t, before)
	for finding, file := range found(t, after) {
		assert.Contains(t, known, finding, file)
	}
}

// found returns what cfn-lint says of templates, and where it says so.
func found(t *testing.T, files []string) map[string]string {
	t.Helper()
	// It ends with another status than 0 if it finds anything.
	output, err := exec.CommandContext(t.Context(), "cfn-lint", append([]string{"--format", "json", "--"}, files...)...).Output()
	var findings []struct {
		Filename, Message string
		Rule              struct {
			ID string `json:"Id"`
		}
	}
	require.NoError(t, json.Unmarshal(output, &findings), "%v: %s", err, output)
	all := map[string]string{}
	for _, f := range findings {
		all[f.Rule.ID+" "+f.Message] = f.Filename
	}
	t.Log(len(files), "templates:", slices.Sorted(maps.Keys(all)))
	return all
}
