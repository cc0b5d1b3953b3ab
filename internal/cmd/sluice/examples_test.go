package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/jsonschema/schematest"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/world"
)

// listed is an example in the list of the page: its folder, what it shows, and how it ends.
var listed = regexp.MustCompile(`(?m)^- \[([a-z-]+)\]\(([a-z-]+)/\): .+ \*\*([A-Za-z]+)\*\*$`)

// Every example does what the page says: as JSON and as YAML it is the same plan and the same run,
// and ends as it is listed.
func TestTheExamplesEndAsThePageSays(t *testing.T) {
	t.Parallel()
	valid, validScenario := schematest.Compile(t, request.Schema()), schematest.Compile(t, world.Schema())
	var names []string
	for _, found := range listed.FindAllStringSubmatch(readText(t, "examples/README.md"), -1) {
		name, outcome := found[1], found[3]
		names = append(names, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, name, found[2])
			at := func(file string) string { return filepath.Join("examples", name, file) }
			played := run(t, "", "simulate", "-f", at("deployment.json"), "-s", at("scenario.json"), "--json")
			require.Equal(t, statusOK, played.status, played.stderr)
			var result struct{ Outcome string }
			require.NoError(t, json.Unmarshal([]byte(played.stdout), &result))
			assert.Equal(t, outcome, result.Outcome)
			assert.Equal(t, played, run(t, "", "simulate", "-f", at("deployment.yaml"), "-s", at("scenario.yaml"), "--json"))

			planned := run(t, "", "plan", "-f", at("deployment.json"))
			require.Equal(t, statusOK, planned.status, planned.stderr)
			assert.Equal(t, planned, run(t, "", "plan", "-f", at("deployment.yaml")))

			for file, check := range map[string]func([]byte) error{"deployment": valid, "scenario": validScenario} {
				text := readText(t, at(file+".json"))
				assert.NoError(t, check([]byte(text)))
				url := "internal/request/deployment.schema.json"
				if file == "scenario" {
					url = "internal/world/scenario.schema.json"
				}
				assert.Contains(t, text, url)
				assert.True(t, strings.HasPrefix(readText(t, at(file+".yaml")), "# yaml-language-server: $schema=https://"), file)
			}
		})
	}
	var folders []string
	entries, err := os.ReadDir("examples")
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
			files, err := os.ReadDir(filepath.Join("examples", entry.Name()))
			require.NoError(t, err)
			assert.Len(t, files, 4, entry.Name())
		}
	}
	slices.Sort(names)
	assert.Equal(t, folders, names)
}

// A mistake in YAML is told with its line, in a deployment and in a scenario.
func TestAMistakeInYAMLIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	deployment := writeFile(t, "deployment.yaml", "function: orders\nalarms:\n  - orders-5xx\n  - 7\nstrategi: AllAtOnce\n")
	scenario := writeFile(t, "scenario.yaml", "candidate:\n  errorRate: 2\nseed: 1\nseed: 2\n")
	got := run(t, "", "simulate", "-f", deployment, "-s", scenario)
	assert.Equal(t, statusInvalid, got.status)
	for _, want := range []string{
		deployment + ":4:5: alarms[1]: must be a string",
		deployment + ":5:1: strategi: is not known here",
		scenario + ":4:1: seed: appears twice",
	} {
		assert.Contains(t, got.stderr, want)
	}
	scenario = writeFile(t, "scenario.yaml", "candidate:\n  errorRate: 2\n")
	got = run(t, "", "simulate", "-f", writeFile(t, "deployment.json", canary), "-s", scenario)
	assert.Contains(t, got.stderr, scenario+":2:3: candidate.errorRate: must be a number from 0 to 1")
}
