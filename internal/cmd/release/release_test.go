package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite .github/LICENSES.md; review the diff")

func TestAReleaseNeedsAVersionAndItsSectionInTheChangelog(t *testing.T) {
	t.Parallel()
	changelog := "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - not yet released\n\n## [0.1.0] - 2026-12-24\n"
	tests := []struct{ version, problem string }{
		{"0.1.0", ""},
		{"0.2.0", ""},
		{"0.3.0", "CHANGELOG.md has no section [0.3.0]"},
		{"", `the version is ""`},
		{"v0.1.0", "without a v"},
		{"0.1", "a form like 0.1.0"},
		{"0.01.0", "a form like 0.1.0"},
	}
	for _, test := range tests {
		t.Run(test.version, func(t *testing.T) {
			t.Parallel()
			err := check(test.version, changelog)
			if test.problem == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.problem)
		})
	}
	assert.True(t, isDated("0.1.0", changelog))
	assert.False(t, isDated("0.2.0", changelog))
}

// The changelog has a section about the version that is released first, and none for what the
// newest tag has not.
func TestTheChangelogBeginsWithWhatIsUnreleased(t *testing.T) {
	t.Parallel()
	changelog, err := os.ReadFile("../../../CHANGELOG.md")
	require.NoError(t, err)
	assert.NoError(t, check("0.1.0", string(changelog)))
	_, sections, _ := strings.Cut(string(changelog), "\n## ")
	assert.True(t, strings.HasPrefix(sections, "[Unreleased]\n"))
}

// Two archives of the same files are the same, whenever and in whatever order they are packed.
func TestArchivesHaveNothingOfTheMomentInThem(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	binary, page := file{"sluice", 0o755, []byte("binary")}, file{"man/sluice.1", 0o644, []byte("page")}
	for name, write := range map[string]func(string, []file, time.Time) error{"a.tar.gz": writeTarball, "a.zip": writeZip} {
		folder := t.TempDir()
		first, second := filepath.Join(folder, "1"+name), filepath.Join(folder, "2"+name)
		require.NoError(t, write(first, []file{binary, page}, at))
		require.NoError(t, write(second, []file{page, binary}, at))
		assert.Equal(t, contents(t, first), contents(t, second), name)
	}
}

func TestATarballHasTheCommandToRun(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	name := filepath.Join(t.TempDir(), "sluice.tar.gz")
	require.NoError(t, writeTarball(name, []file{{"sluice", 0o755, []byte("binary")}}, at))
	unpacked, err := gzip.NewReader(bytes.NewReader(contents(t, name)))
	require.NoError(t, err)
	archive := tar.NewReader(unpacked)
	header, err := archive.Next()
	require.NoError(t, err)
	assert.Equal(t, "sluice", header.Name)
	assert.Equal(t, int64(0o755), header.Mode)
	assert.True(t, at.Equal(header.ModTime))
	data, err := io.ReadAll(archive)
	require.NoError(t, err)
	assert.Equal(t, "binary", string(data))
	_, err = archive.Next()
	assert.True(t, errors.Is(err, io.EOF))
}

func TestAZipHasTheFilesBelowTheirFolders(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "package.zip")
	require.NoError(t, writeZip(name, []file{{"zips/rollback.zip", 0o644, []byte("Lambda")}}, time.Unix(0, 0)))
	archive, err := zip.OpenReader(name)
	require.NoError(t, err)
	defer archive.Close()
	require.Len(t, archive.File, 1)
	assert.Equal(t, "zips/rollback.zip", archive.File[0].Name)
	assert.Equal(t, os.FileMode(0o644), archive.File[0].Mode())
}

func TestChecksumsAreThoseOfSha256sum(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"b.zip", "a.tar.gz"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(name), 0o600))
	}
	require.NoError(t, writeChecksums(folder))
	want := fmt.Sprintf("%x  a.tar.gz\n%x  b.zip\n", sha256.Sum256([]byte("a.tar.gz")), sha256.Sum256([]byte("b.zip")))
	assert.Equal(t, want, string(contents(t, filepath.Join(folder, "checksums.txt"))))
}

func TestPlatformsAreNamedAsGoNamesThem(t *testing.T) {
	t.Parallel()
	platforms, err := parsePlatforms(allPlatforms)
	require.NoError(t, err)
	assert.Len(t, platforms, 6)
	assert.Contains(t, platforms, platform{"windows", "arm64"})
	_, err = parsePlatforms("linux")
	assert.ErrorContains(t, err, `"linux"`)
}

func contents(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}
