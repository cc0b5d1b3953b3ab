package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/jsonschema/schematest"
	"github.com/sluice-aws/sluice/internal/request"
)

// newShop is an account with a function that two alarms watch, one of another alias, and one of
// another function.
func newShop(t *testing.T) *remoteWorld {
	t.Helper()
	return newRemoteWorld(t, `{"targets": [{"function": "orders"}, {"function": "billing", "alias": "prod"}, {"function": "orders", "alias": "beta"}]}`, `{
		"alarms": [
			{"name": "orders-errors", "metric": "Errors", "threshold": 5, "target": "lambda:orders:live"},
			{"name": "orders-slow", "metric": "Duration", "statistic": "p99", "threshold": 500, "target": "lambda:orders:live"},
			{"name": "beta-errors", "metric": "Errors", "threshold": 5, "target": "lambda:orders:beta"},
			{"name": "billing-errors", "metric": "Errors", "threshold": 5, "target": "lambda:billing:prod"},
			{"name": "by-hand"}]}`)
}

func TestGoldenInitProposesWhatItFindsInAWS(t *testing.T) {
	t.Parallel()
	a := newShop(t)
	t.Run("json", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "deployment.json")
		got := a.run("init", "--function", "orders", "--yes", "--output", file)
		require.Equal(t, statusOK, got.status, got.stderr)
		assert.Empty(t, got.stderr)
		assertGolden(t, "init.txt", strings.ReplaceAll(got.stdout, file, "deployment.json"))
		assertGolden(t, "init.json", readText(t, file))
		assert.NoError(t, schematest.Compile(t, request.Schema())([]byte(readText(t, file))))
		assert.Equal(t, statusOK, run(t, "", "plan", "-f", file).status)
	})
	t.Run("yaml", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "deployment.yaml")
		got := a.run("init", "--function", "billing", "--yes", "--output", file)
		require.Equal(t, statusOK, got.status, got.stderr)
		assertGolden(t, "init.yaml", readText(t, file))
		assert.Equal(t, statusOK, run(t, "", "plan", "-f", file).status)
	})
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestInitSaysThatAnAliasWillBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deployment.json")
	got := newShop(t).run("init", "--function", "orders", "--yes", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.NotContains(t, readText(t, file), "createAlias")

	bare := newRemoteWorld(t, `{"function": "orders"}`, `{"functions": {"orders": {"aliases": {}}}}`)
	got = bare.run("init", "--function", "orders", "--yes", "--force", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, readText(t, file), `"createAlias": true`)
	assert.Contains(t, got.stdout, "orders has no alias live yet")
}

func TestInitNeedsNoAWS(t *testing.T) {
	t.Parallel()
	a := newShop(t)
	file := filepath.Join(t.TempDir(), "deployment.json")
	got := a.run("init", "--function", "orders", "--alias", "prod", "--alarm", "orders-errors", "--strategy", "AllAtOnce", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Empty(t, a.operations(), "the flags say everything")
	assert.Contains(t, readText(t, file), `"alarms": ["orders-errors"]`)

	got = a.run("init", "--function", "gone", "--yes", "--force", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stdout, "The aliases of gone were not listed")
	assert.Contains(t, readText(t, file), `"alias": "live"`)

	got = a.run("init", "--function", "orders", "--alarm", "none", "--force", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.NotContains(t, readText(t, file), "alarms")
}

// A file goes on naming the fields of the release that has written it.
func TestAReleaseNamesItsOwnSchema(t *testing.T) {
	t.Parallel()
	const file = "/internal/request/deployment.schema.json"
	for version, ref := range map[string]string{
		"0.1.0": "v0.1.0", "1.20.3": "v1.20.3", "0.2.0-rc.1": "v0.2.0-rc.1",
		unknownVersion: "main", "0.1.1-0.20261224120000-0123456789ab": "main", "0.1.0+dirty": "main",
	} {
		assert.Equal(t, "https://raw.githubusercontent.com/sluice-aws/sluice/"+ref+file, schemaURL(version), version)
	}
}

// A function without the tag would be rejected, so init tells of it before.
func TestInitTellsOfTheTag(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deployment.json")
	got := run(t, "", "init", "--function", "orders", "--alias", "prod", "--alarm", "none", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, strings.Join(strings.Fields(got.stdout), " "), "Sluice may shift orders if it has the tag sluice:alias with the value prod, or")
}

// What init prints can be pasted into the shell: it works in the same account, with the same file.
func TestTheCommandsThatInitPrintsTakeItsFlagsAlong(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "o'hara s.json")
	args := []string{"init", "--function", "orders", "--alias", "live", "--alarm", "none", "--output", file}
	got := run(t, "", append(args, "--profile", "my team", "--region=eu-west-1", "--name-prefix", "team")...)
	require.Equal(t, statusOK, got.status, got.stderr)
	quoted := "'" + folder + `/o'\''hara s.json'`
	where := " --profile 'my team' --region eu-west-1 --name-prefix team\n"
	assert.Contains(t, got.stdout, "  sluice plan -f "+quoted+where)
	assert.Contains(t, got.stdout, "  sluice check -f "+quoted+where)
	assert.Contains(t, got.stdout, "  sluice start -f "+quoted+" --wait"+where)
}

func TestWordsAreQuotedForTheShell(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"orders-live": "orders-live", "lambda:orders:live": "lambda:orders:live", "/tmp/a_b.json": "/tmp/a_b.json",
		"": "''", "a b": "'a b'", "$HOME": "'$HOME'", "it's": `'it'\''s'`, "a;b": "'a;b'", "~": "'~'",
	} {
		assert.Equal(t, want, quoteForShell(word), word)
	}
}

func TestInitReplacesAFileOnlyByForce(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "deployment.json", "mine")
	args := []string{"init", "--function", "orders", "--alias", "live", "--alarm", "none", "--output", file}
	got := run(t, "", args...)
	assert.Equal(t, statusFailed, got.status)
	assert.Contains(t, got.stderr, "exists, and was not changed")
	assert.Equal(t, "mine", readText(t, file))
	require.Equal(t, statusOK, run(t, "", append(args, "--force")...).status)
	assert.Contains(t, readText(t, file), "orders")
	assert.Error(t, writeNew(file, nil, false), "one that appears meanwhile")
}

func TestInitRefusesWhatIsNoDeployment(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deployment.json")
	got := run(t, "", "init", "--function", "a b", "--alias", "7", "--strategy", "BigBang", "--alarm", "x", "--output", file)
	assert.Equal(t, statusInvalid, got.status)
	for _, flag := range []string{"--function: is not", "--alias: is not", "--strategy: unknown"} {
		assert.Contains(t, got.stderr, flag)
	}
	assert.NoFileExists(t, file)
	for _, args := range [][]string{{"init"}, {"init", "orders"}, {"init", "--function", "orders", "--output", "deployment.txt"}} {
		got := run(t, "", args...)
		assert.Equal(t, statusInvalid, got.status)
		assert.Contains(t, got.stderr, "sluice init --help")
	}
}

// asked runs the command for a person who types the answers, and returns what was asked.
func (a *remoteWorld) asked(t *testing.T, answers string, args ...string) result {
	t.Helper()
	master, tty, err := pty.Open()
	require.NoError(t, err)
	defer master.Close()
	defer tty.Close()
	go func() { _, _ = io.Copy(io.Discard, master) }() // the echo
	_, err = master.WriteString(answers)
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	status := a.environment().exec(t.Context(), args, tty, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

func TestGoldenInitAsksAPerson(t *testing.T) {
	t.Parallel()
	a := newShop(t)
	file := filepath.Join(t.TempDir(), "deployment.json")
	// A wrong name first, then the function's; no proposal of AWS but the second alarm is taken.
	got := a.asked(t, "a b\norders\nlive\n3\nno\n\nworld-5xx\n\n", "init", "--output", file)
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "init-asks.txt", got.stderr+strings.ReplaceAll(got.stdout, file, "deployment.json"))
	assertGolden(t, "init-asks.json", readText(t, file))

	file = filepath.Join(t.TempDir(), "unanswered.json")
	got = a.asked(t, "orders\n\x04", "init", "--output", file) // Ctrl-D
	assert.Equal(t, statusFailed, got.status)
	assert.Contains(t, got.stderr, "nothing was written")
	assert.NoFileExists(t, file)
}
