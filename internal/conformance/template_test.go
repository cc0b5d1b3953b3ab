package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	for _, file := range append(files, templates+"/variants/sam.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			translated, err := exec.CommandContext(t.Context(), "python3", templates+"/translate.py", file).Output()
			require.NoError(t, err)
			recorded, err := os.ReadFile(strings.TrimSuffix(file, "yaml") + "json")
			if errors.Is(err, fs.ErrNotExist) {
				recorded, err = os.ReadFile(strings.TrimSuffix(file, "yaml") + "jsonl")
			}
			require.NoError(t, err)
			assert.Equal(t, values(t, recorded), values(t, translated))
		})
	}
}

// values are the JSON values of a text, one after the other.
func values(t *testing.T, text []byte) []any {
	t.Helper()
	var all []any
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var value any
		err := d.Decode(&value)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, value)
	}
}

// cfn-lint finds nothing in a rewritten template that it does not find in the one before: in what
// tools have made, and in a sample of what the macro's tests generate.
func TestLintFindsNothingNewInARewrittenTemplate(t *testing.T) {
	t.Parallel()
	tools(t)
	if _, err := exec.LookPath("cfn-lint"); err != nil {
		t.Skipf("SKIPPED: cfn-lint is not installed: pip install cfn-lint (%v)", err)
	}
	folder := t.TempDir()
	before, origins := writeVariants(t, folder), map[string]string{}
	recorded, err := filepath.Glob(templates + "/[sc]*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, recorded)
	generated := t.TempDir()
	output, err := exec.CommandContext(t.Context(), "go", "test", "../template", "-run", "SampleOfTheGenerated", "-count=1", "-args", "-sample="+generated).CombinedOutput()
	require.NoError(t, err, "%s", output)
	sampled, err := filepath.Glob(generated + "/*.json")
	require.NoError(t, err)
	require.Len(t, sampled, 40)
	before = append(append(before, recorded...), sampled...)
	if testing.Short() { // a second for each template
		all := before
		before = nil
		for eight := range slices.Chunk(all, 8) {
			before = append(before, eight[0])
		}
		t.Logf("%d of the templates: make conformance reads all", len(before))
	}
	var after []string
	for i, file := range before {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		result, err := template.Rewrite(source, template.Options{
			StackShift:   "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift",
			HookEndpoint: "https://hooks.lambda-url.eu-west-1.on.aws/",
			HookLayer:    "arn:aws:lambda:eu-west-1:111122223333:layer:sluice-codedeploy:1",
			DoNotWait:    i%2 == 1,
		})
		require.NoError(t, err, file)
		rewritten := filepath.Join(folder, fmt.Sprintf("rewritten-%d-%s", i, filepath.Base(file)))
		require.NoError(t, os.WriteFile(rewritten, result.Text, 0o600))
		after, origins[rewritten] = append(after, rewritten), file
	}
	known := found(t, before)
	for file, findings := range found(t, after) {
		for finding := range findings {
			assert.Contains(t, known[origins[file]], finding, "%s, made of %s", file, origins[file])
		}
	}
}

// writeVariants writes a file for each of the small templates that tools have made.
func writeVariants(t *testing.T, folder string) (files []string) {
	t.Helper()
	lists, err := filepath.Glob(templates + "/variants/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, lists)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		require.NoError(t, err)
		for line := range bytes.Lines(text) {
			var variant struct{ Template json.RawMessage }
			require.NoError(t, json.Unmarshal(line, &variant))
			files = append(files, filepath.Join(folder, fmt.Sprintf("variant-%d.json", len(files))))
			require.NoError(t, os.WriteFile(files[len(files)-1], variant.Template, 0o600))
		}
	}
	return files
}

// found returns what cfn-lint says of each template.
func found(t *testing.T, files []string) map[string]map[string]bool {
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
	all, kinds := map[string]map[string]bool{}, map[string]int{}
	for _, f := range findings {
		if all[f.Filename] == nil {
			all[f.Filename] = map[string]bool{}
		}
		all[f.Filename][f.Rule.ID+" "+f.Message] = true
		kinds[f.Rule.ID]++
	}
	t.Log(len(files), "templates:", kinds)
	return all
}
