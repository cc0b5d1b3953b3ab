package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
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

// Two archives of the same files are the same, in whatever order they are packed.
func TestArchivesOfTheSameFilesAreTheSame(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	binary, page := file{"sluice", 0o755, []byte("binary")}, file{"man/sluice.1", 0o644, []byte("page")}
	for name, pack := range map[string]func([]file, time.Time) ([]byte, error){"tar.gz": tarball, "zip": zipped} {
		first, err := pack([]file{binary, page}, at)
		require.NoError(t, err)
		second, err := pack([]file{page, binary}, at)
		require.NoError(t, err)
		assert.Equal(t, first, second, name)
	}
}

func TestATarballHasTheCommandToRun(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	packed, err := tarball([]file{{"sluice", 0o755, []byte("binary")}}, at)
	require.NoError(t, err)
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
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
	assert.ErrorIs(t, err, io.EOF)
}

func TestAZipHasTheFilesBelowTheirFolders(t *testing.T) {
	t.Parallel()
	packed, err := zipped([]file{{"zips/rollback.zip", 0o644, []byte("Lambda")}}, time.Unix(1796040000, 0))
	require.NoError(t, err)
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	require.NoError(t, err)
	require.Len(t, archive.File, 1)
	assert.Equal(t, "zips/rollback.zip", archive.File[0].Name)
	assert.Equal(t, os.FileMode(0o644), archive.File[0].Mode())
	assert.True(t, time.Unix(1796040000, 0).Equal(archive.File[0].Modified))
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
