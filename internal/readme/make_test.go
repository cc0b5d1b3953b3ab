package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dry are the targets of which a test only sees that make knows how to make them, and
// why. Those that .ci/run makes are looked for there.
var dry = map[string]struct {
	why string
	ci  string // the target that .ci/run makes, if any
}{
	"test":          {"this is one of its tests", "test"},
	"e2e":           {"its package is one of make test's", ""},
	"dist/e2e":      {"it builds every Lambda; package e2e, one of make test's, builds the same", ""},
	"lint":          {"it reads everything", "lint"},
	"chaos":         {"it takes minutes; with a slice of the faults, seconds", "chaos"},
	"bench":         {"it takes minutes; .ci/run runs the shorter benchmarks once, and package figures has tests", "dist/benchmarks"},
	"judge-night":   {"it takes a night; its packages have tests that play a little of it", ""},
	"figures":       {"it is make bench, and writes the pages, for which package figures has tests", ""},
	"conformance":   {"it fetches what is not Sluice's", "conformance"},
	"build":         {"it builds every Lambda for another architecture", "build"},
	"mutants":       {"it takes minutes; its package has a test that plays it on a small module", ""},
	"smoke":         {"its package has tests that run it in a local account", ""},
	"golden":        {"it writes what make test compares with", ""},
	"presubmit":     {"it is make lint, make test and make build", ""},
	"install":       {"it installs a program on this machine; make bin/sluice builds the same", ""},
	"vuln":          {"it reads everything, and a database on the network", "vuln"},
	"release":       {"it is made of a commit by goreleaser; a workflow makes one for each change, by make release-check", ""},
	"release-check": {"it builds everything for all systems, twice; a workflow does so for each change", ""},
	"package":       {"it needs Node, and synthesizes the stack a dozen times; package infra has tests of what it writes", "package"},
}

// byCDK are the targets that call CDK's command, and what with.
var byCDK = map[string]string{
	"bootstrap": "bootstrap",
	"synth":     "synth --quiet",
	"diff":      "diff --import-existing-resources",
	"deploy":    "deploy --all --import-existing-resources",
	"destroy":   "destroy --all -c pipeline=any/any@any -c pipelineConnection=arn:aws:codeconnections:us-east-1:000000000000:connection/any",
}

// makes makes a target in the copy of the sources.
func (p *person) makes(t *testing.T, args ...string) {
	t.Helper()
	target := args[0]
	if call, is := byCDK[target]; is {
		p.callsCDK(t, call, args)
		return
	}
	if d, is := dry[target]; is {
		p.does(t, p.clone, "make", append([]string{"--dry-run"}, args...)...)
		if d.ci != "" {
			ci, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
			require.NoError(t, err)
			assert.Regexp(t, `(?m)^ *run (timeout \d+ )?make `+d.ci+`( |$)`, string(ci))
		}
		return
	}
	made := p.does(t, p.clone, "make", args...)
	switch {
	case target == "help":
		listsTheTargets(t, made)
	case target == "demo":
		for _, outcome := range []string{"Promoted", "RolledBack", "Rejected"} {
			assert.Contains(t, made, outcome)
		}
		assert.FileExists(t, filepath.Join(p.clone, "dist", "sick.html"))
	default: // a file or a folder
		_, err := os.Stat(filepath.Join(p.clone, target))
		assert.NoError(t, err)
	}
}

// bootstraps enters an account in which make deploy finds what make bootstrap leaves.
func (p *person) bootstraps(t *testing.T) {
	t.Helper()
	p.has(t, "bootstrapped.json", `{"parameters": {"/cdk-bootstrap/hnb659fds/version": "21"}}`)
	p.enters(t, "local", "-s", "bootstrapped.json")
}

// callsCDK makes a target with something in the place of CDK's command that only says
// how it was called. It does without Node, and without the Lambdas being built.
func (p *person) callsCDK(t *testing.T, call string, args []string) {
	t.Helper()
	for _, arg := range args[1:] {
		settings, is := strings.CutPrefix(arg, "SETTINGS=")
		require.True(t, is, "nobody knows %s: say here what it does", arg)
		call += " " + settings
	}
	if args[0] == "synth" { // the command's template, which make synth reads
		template, err := os.ReadFile(filepath.Join(root, "infra", "testdata", "sluice.template.json"))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(p.clone, "cdk.out"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(p.clone, "cdk.out", "Sluice.template.json"), template, 0o600))
	}
	made := p.does(t, p.clone, "make", append([]string{"--old-file=needs-node", "bootstraps=", "cdk=@echo cdk"}, args...)...)
	assert.Regexp(t, `(?m)^cdk `+regexp.QuoteMeta(call)+` *$`, made)
}

var documented = regexp.MustCompile(`(?m)^(\S+):.*## (.+)$`)

// listsTheTargets holds make help to name whatever the Makefile explains, and to write
// the explanations below each other.
func listsTheTargets(t *testing.T, help string) {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	explained := documented.FindAllStringSubmatch(string(makefile), -1)
	assert.Greater(t, len(explained), 10)
	lines := strings.Split(strings.TrimRight(help, "\n"), "\n")
	require.Len(t, lines, len(explained))
	for i, target := range explained {
		assert.Regexp(t, `^  make `+regexp.QuoteMeta(target[1])+` +`+regexp.QuoteMeta(target[2])+`$`, lines[i])
		assert.Equal(t, strings.Index(lines[0], explained[0][2]), strings.Index(lines[i], target[2]), "make %s is explained in the same column", target[1])
	}
}

// What make does not know must not be taken for something that it does.
func TestMakeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	p := &person{environment: append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=0")}
	_, err := p.attempts(t, root, "make", "judge-night", "JUDGE_RUNS=many")
	assert.ErrorContains(t, err, "JUDGE_RUNS is a number of runs, and not 'many'")
	for version, says := range map[string]string{
		"9.9.9": "CHANGELOG.md has no section [9.9.9]", "0x1.0": "a form like 0.1.0", "v0.1.0": "without a v", "0.01.0": "a form like 0.1.0", "": "make release VERSION=0.1.0",
	} {
		_, err := p.attempts(t, root, "make", "release", "VERSION="+version)
		assert.ErrorContains(t, err, says)
	}
	for setting, says := range map[string]string{
		"CHAOS=anything":       "CHAOS is all or slice, and not 'anything'",
		"CHAOS=":               "CHAOS is all or slice, and not ''",
		"CHAOS_SECONDS=a lot":  "CHAOS_SECONDS is a number of seconds, and not 'a lot'",
		"CHAOS_SECONDS=60 000": "CHAOS_SECONDS is a number of seconds, and not '60 000'",
	} {
		_, err := p.attempts(t, root, "make", "chaos", setting)
		assert.ErrorContains(t, err, says)
	}
}
