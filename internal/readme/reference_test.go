package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pictured is what is said of the picture, for those who do not see it.
var pictured = regexp.MustCompile(`!\[The new version's share grows by (\d+)% at a time; after (\d+) minutes, when it has (\d+)%, it is found to be worse than the old one, and it is back at (\d+)%\]\(([^)]+)\)`)

// What is said of the picture is drawn there: the weights at its line, in their order,
// the check that failed, and the evidence of that time, which is enough.
func TestThePictureOfTheReadmeShowsWhatIsSaidOfIt(t *testing.T) {
	t.Parallel()
	said := pictured.FindStringSubmatch(pageAt(t, rootPage).prose)
	require.NotNil(t, said, "what is said of the picture")
	by, fired, most, back := percent(t, said[1]), said[2]+":00", percent(t, said[3]), percent(t, said[4])
	drawn, err := os.ReadFile(filepath.Join(root, said[5]))
	require.NoError(t, err)

	var want, weights []int
	for weight := by; weight <= most; weight += by {
		want = append(want, weight)
	}
	for _, label := range regexp.MustCompile(`class="tick" text-anchor="start">(\d+)%<`).FindAllSubmatch(drawn, -1) {
		weights = append(weights, percent(t, string(label[1])))
	}
	assert.Equal(t, append(want, back), weights)
	assert.Contains(t, string(drawn), "<title>Fail at "+fired+"</title>")
	evidence := number(t, drawn, `<title>`+fired+`: evidence ([0-9.]+)</title>`)
	assert.Greater(t, evidence, number(t, drawn, `decides from ([0-9.]+) on`))
}

func number(t *testing.T, drawn []byte, pattern string) float64 {
	t.Helper()
	found := regexp.MustCompile(pattern).FindSubmatch(drawn)
	require.NotNil(t, found, pattern)
	n, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(t, err)
	return n
}

func percent(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// The tests, scenarios and folders that the pages name exist.
func TestWhatThePagesNameExists(t *testing.T) {
	t.Parallel()
	declared := declaredTests(t)
	var all []string
	for _, p := range current(t) {
		all = append(all, p.prose)
	}
	seen := 0
	for _, found := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(strings.Join(all, "\n"), -1) {
		name := found[1]
		switch first, _, _ := strings.Cut(name, "/"); {
		case regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`).MatchString(name):
			assert.True(t, declared[name], "there is no test %s", name)
		case first == "scenarios":
			assertScenario(t, name)
		case slices.Contains([]string{"internal", "infra", "functions", "statemachine"}, first):
			for _, one := range alternatives(name) {
				assert.True(t, exists(filepath.Join(root, one)), "there is no %s", one)
			}
		default:
			continue
		}
		seen++
	}
	assert.Greater(t, seen, 15)
}

// The scenarios in the list of what hostile input can do exist.
func TestTheScenariosOfTheListOfHostileInputExist(t *testing.T) {
	t.Parallel()
	_, rest, found := strings.Cut(pageAt(t, securityPage).prose, "## What hostile input can do\n")
	require.True(t, found)
	items := strings.Split(rest, "\n- **")[1:]
	require.Greater(t, len(items), 10)
	for _, item := range items {
		_, held, found := strings.Cut(item, "Tests:")
		require.True(t, found, "nobody says what holds this: %s", item)
		first := regexp.MustCompile("`(scenarios/[a-z]+/)").FindStringSubmatch(held)
		for _, found := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(held, -1) {
			if assert.NotNil(t, first, "%s is in no folder: %s", found[1], held) { // that of the first one
				assertScenario(t, first[1]+found[1])
			}
		}
	}
}

// declaredTests returns the names of every test and fuzz test of this module.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	declared := map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(filepath.Join(root, name))
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
			declared[string(found[1])] = true
		}
		return err
	})
	require.NoError(t, err)
	return declared
}

func assertScenario(t *testing.T, name string) {
	t.Helper()
	at := filepath.Join(root, "internal/proof/testdata", name)
	assert.True(t, exists(at+".json") || exists(at), "there is no scenario %s", name)
}

// exists tells whether there is a file or folder.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// alternatives are the names that a shell makes of one with braces.
func alternatives(name string) []string {
	before, rest, found := strings.Cut(name, "{")
	inside, after, _ := strings.Cut(rest, "}")
	if !found {
		return []string{name}
	}
	var all []string
	for one := range strings.SplitSeq(inside, ",") {
		all = append(all, before+one+after)
	}
	return all
}
