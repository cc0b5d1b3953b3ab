package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// What GitHub would refuse only when it is too late: a file that is no YAML, a make target that
// does not exist; and what nobody should hand out: more than reading to a whole workflow, and an
// action whose code anybody may change.
func TestTheFilesForGitHubAreWellFormed(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../../Makefile")
	require.NoError(t, err)
	files, err := filepath.Glob("../../../.github/*/*.yml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 5)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var problems strictjson.Problems
		strictyaml.Convert(text, &problems)
		assert.Empty(t, problems.List(), name)
		if filepath.Base(filepath.Dir(name)) != "workflows" {
			continue
		}
		assert.Regexp(t, `(?m)^permissions:\n  contents: read\n`, string(text), name)
		for _, action := range regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(string(text), -1) {
			assert.Regexp(t, `^(\./.*|actions/[a-z-]+@v\d+|\S+@[0-9a-f]{40})$`, action[1], name)
		}
		for _, target := range regexp.MustCompile(`run: make ([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
			assert.Regexp(t, `(?m)^`+target[1]+`:`, string(makefile), name)
		}
	}
}

// A tag is published only if its commit is on main and passes. The job that checks it may not write.
func TestOnlyATagThatPassesIsPublished(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	text, _ := strictyaml.Convert([]byte(contents(t, "../../../.github/workflows/release.yml")), &problems)
	require.Empty(t, problems.List())
	type job struct {
		Needs       string
		Permissions map[string]string
		Steps       []struct{ Run string }
	}
	var release struct{ Jobs map[string]job }
	require.NoError(t, json.Unmarshal(text, &release))
	assert.Equal(t, "check", release.Jobs["publish"].Needs)
	assert.Empty(t, release.Jobs["check"].Permissions)
	var run []string
	for _, step := range release.Jobs["check"].Steps {
		if step.Run != "" {
			run = append(run, step.Run)
		}
	}
	assert.Equal(t, []string{"git merge-base --is-ancestor HEAD origin/main", ".ci/run"}, run)
}
