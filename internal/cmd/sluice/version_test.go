package main

import (
	"bytes"
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersionIsWhatGoHasRecorded(t *testing.T) {
	t.Parallel()
	platform := "  go        " + runtime.Version() + "\n  platform  " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	tests := []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"nothing", nil, "sluice (devel)\n" + platform},
		{"go install of a release", recorded("v0.1.0"), "sluice 0.1.0\n" + platform},
		{
			"a release", recorded("v0.1.0", "vcs.revision", "ca46a3c", "vcs.time", "2026-11-30T12:00:00Z", "vcs.modified", "false"),
			"sluice 0.1.0\n  commit    ca46a3c\n  date      2026-11-30T12:00:00Z\n" + platform,
		},
		{
			"go build in a clone with changes", recorded("v0.0.0-20261130120000-ca46a3c00000+dirty", "vcs.revision", "ca46a3c", "vcs.modified", "true"),
			"sluice 0.0.0-20261130120000-ca46a3c00000+dirty\n  commit    ca46a3c, modified\n" + platform,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			newBuild(test.info).write(&text)
			assert.Equal(t, test.want, text.String())
		})
	}
}

// recorded returns the build info of a binary whose main module has this version.
func recorded(version string, settings ...string) *debug.BuildInfo {
	info := &debug.BuildInfo{Main: debug.Module{Version: version}}
	for i := 0; i < len(settings); i += 2 {
		info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return info
}

func TestVersionIsGivenAsJSONAndByAFlag(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Zero(t, exec(t.Context(), []string{"version", "--json"}, strings.NewReader(""), &stdout, &stderr), stderr.String())
	var b build
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &b))
	assert.Equal(t, runtime.Version(), b.Go)
	assert.Contains(t, stdout.String(), `"modified": false`)

	stdout.Reset()
	require.Zero(t, exec(t.Context(), []string{"--version"}, strings.NewReader(""), &stdout, &stderr), stderr.String())
	assert.Equal(t, "sluice "+b.Version+"\n", stdout.String())
}

func TestTheManualHasAPageForEachCommand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var stdout, stderr bytes.Buffer
	require.Zero(t, exec(t.Context(), []string{"manual", folder}, strings.NewReader(""), &stdout, &stderr), stderr.String())
	for _, cmd := range newRoot(realEnvironment).Commands() {
		if cmd.IsAvailableCommand() {
			assert.FileExists(t, folder+"/sluice-"+cmd.Name()+".1")
		}
	}
	assert.NoFileExists(t, folder+"/sluice-manual.1")
}

// Whoever reads the help finds how to complete commands by the Tab key.
func TestCompletionIsInTheHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Zero(t, exec(t.Context(), []string{"--help"}, strings.NewReader(""), &stdout, &stderr), stderr.String())
	assert.Regexp(t, `(?m)^  completion +`, stdout.String())
	for shell, names := range map[string]string{"bash": "__start_sluice", "zsh": "#compdef sluice", "fish": "complete -c sluice", "powershell": "Register-ArgumentCompleter"} {
		stdout.Reset()
		require.Zero(t, exec(t.Context(), []string{"completion", shell}, strings.NewReader(""), &stdout, &stderr), stderr.String())
		assert.Contains(t, stdout.String(), names, shell)
	}
}
