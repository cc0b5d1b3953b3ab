package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite .github/LICENSES.md; review the diff")

// The changelog has a section about the version that is released first, and none for what the
// newest tag has not.
func TestTheChangelogBeginsWithWhatIsUnreleased(t *testing.T) {
	t.Parallel()
	changelog := contents(t, "../../../CHANGELOG.md")
	assert.Regexp(t, `(?m)^## \[0\.1\.0\]`, changelog)
	_, sections, _ := strings.Cut(changelog, "\n## ")
	assert.True(t, strings.HasPrefix(sections, "[Unreleased]\n"))
}

// GitHub takes the notes of a release from the section that names it.
func TestTheChangelogHasOneSectionForEachVersion(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^## \[(.+?)\]`).FindAllStringSubmatch(contents(t, "../../../CHANGELOG.md"), -1) {
		assert.False(t, seen[heading[1]], "%s has two sections", heading[1])
		seen[heading[1]] = true
	}
	assert.Greater(t, len(seen), 1)
}

// What is published once is downloaded by its name for ever.
func TestTheArchivesHaveTheNamesThatTheActionDownloads(t *testing.T) {
	t.Parallel()
	made := contents(t, "../../../.goreleaser.yaml")
	named := regexp.MustCompile(`archive="(sluice_[^"]+)"`).FindStringSubmatch(contents(t, "../../../action.yml"))
	require.NotNil(t, named)
	template := strings.NewReplacer("${version}", "{{ .Version }}", "${os}", "{{ .Os }}", "${arch}", "{{ .Arch }}", ".${kind}", "").Replace(named[1])
	for _, line := range []string{
		"name_template: " + template,
		"formats: [tar.gz]\n    format_overrides:\n      - goos: windows\n        formats: [zip]",
		"goos: [linux, darwin, windows]",
		"goarch: [amd64, arm64]",
		"name_template: checksums.txt",
	} {
		assert.Contains(t, made, " "+line+"\n")
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
