package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The module in testdata has tests that leave some mutants alive: because no value is at a
// boundary, because a test is too slow, and because no test calls the code.
func TestWhatNoTestNoticesIsPrinted(t *testing.T) {
	t.Chdir("testdata/house")
	before := sourcesIn(t, ".")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-known", "survivors.txt", "-judges", "./judges", "-fast", "3s", "-grace", "5s", "./scale"}, &out)

	require.ErrorContains(t, err, "without a listed reason survive: 4")
	require.ErrorContains(t, err, "at most 5 % may")
	assert.NotContains(t, err.Error(), "listed, and")
	survivors := regexp.MustCompile(`(?m)^scale/.*`).FindAllString(out.String(), -1)
	assert.Equal(t, []string{
		"scale/scale.go:16: Total: boundary moved: w < 0",
		"scale/scale.go:21: Total: boundary moved: total > limit",
		"scale/scale.go:33: Kind: case dropped: \"lb\"",
		"scale/scale.go:49: Unused: never true: a && b",
		"scale/scale.go:49: Unused: always true: a",
		"scale/scale.go:49: Unused: always true: b",
	}, survivors, out.String())
	assert.Contains(t, out.String(), "left out, as they take longer than 3s: 1 tests of ./judges")
	assert.Contains(t, out.String(), "no test reaches it, as listed: Nobody calls it.")
	assert.Equal(t, before, sourcesIn(t, "."), "the working tree is as it was")
}

// sourcesIn returns the files below a folder.
func sourcesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	return files
}

func TestASampleIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	all := make([]mutant, 100)
	for i := range all {
		all[i].id = i
	}
	sample := choose(all, 10, 7)
	assert.Len(t, sample, 10)
	assert.IsIncreasing(t, ids(sample))
	assert.Equal(t, sample, choose(all, 10, 7))
	assert.NotEqual(t, sample, choose(all, 10, 8))
	assert.Len(t, choose(all, 0, 7), 100)
	assert.Len(t, choose(all, 1000, 7), 100)
}

func TestMutantsAreChosenByTheirNames(t *testing.T) {
	t.Parallel()
	all := []mutant{{id: 0, function: "f"}, {id: 1, function: "g"}, {id: 2, function: "f"}}
	assert.Equal(t, []int{0, 2}, ids(matching(all, regexp.MustCompile(` f: `))))
	assert.Len(t, matching(all, regexp.MustCompile("")), 3)
	_, err := readSettings([]string{"-only", "("})
	assert.ErrorContains(t, err, "-only is a regular expression")
}

func ids(list []mutant) []int {
	numbers := make([]int, len(list))
	for i, m := range list {
		numbers[i] = m.id
	}
	return numbers
}

func TestAReportFailsForWhatIsNotListedAndForWhatIsOutdated(t *testing.T) {
	t.Parallel()
	all := make([]mutant, 40)
	for i := range all {
		all[i] = mutant{id: i, file: "a.go", function: "f", what: "dropped", code: string(rune('A' + i))}
	}
	key := func(i int) string { return all[i].key() }
	for name, test := range map[string]struct {
		known     map[string]string
		tried     []mutant
		survivors []int
		problems  []string
	}{
		"nothing survives":                    {nil, all, nil, nil},
		"what survives is listed":             {map[string]string{key(3): "so"}, all, []int{3}, nil},
		"what survives is not listed":         {nil, all, []int{3}, []string{"without a listed reason survive: 1"}},
		"too many, though all are listed":     {map[string]string{key(1): "so", key(2): "so", key(3): "so"}, all, []int{1, 2, 3}, []string{"7.5 % survive, and at most 5 % may"}},
		"one that is noticed now":             {map[string]string{key(3): "so"}, all, nil, []string{"a test notices it now: " + key(3)}},
		"one that was not tried is not known": {map[string]string{key(3): "so"}, all[4:], nil, nil},
		"one that is no more":                 {map[string]string{"a.go g: dropped: x": "so"}, all, nil, []string{"no such mutant any more: a.go g: dropped: x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var survivors []survivor
			for _, i := range test.survivors {
				survivors = append(survivors, survivor{all[i], true})
			}
			err := report(&bytes.Buffer{}, test.known, all, test.tried, survivors, mostSurvivors)
			if len(test.problems) == 0 {
				require.NoError(t, err)
				return
			}
			for _, p := range test.problems {
				assert.ErrorContains(t, err, p)
			}
			var several interface{ Unwrap() []error }
			require.True(t, errors.As(err, &several))
			assert.Len(t, several.Unwrap(), len(test.problems))
		})
	}
}

func TestTheListOfSurvivorsHasAReasonForEach(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		known map[string]string
		err   string
	}{
		"empty":           {"# none\n", map[string]string{}, ""},
		"two":             {"a\n\tfor this\n\n# more\nb\n\tfor that\n", map[string]string{"a": "for this", "b": "for that"}, ""},
		"without reason":  {"a\nb\n\tfor that\n", nil, ":2: each mutant"},
		"reason is empty": {"a\n\t \nb\n\tx\n", nil, ":2: each mutant"},
		"last has none":   {"a\n", nil, `"a" has no reason`},
		"reason alone":    {"\tfor this\n", nil, ":1: each mutant"},
		"twice":           {"a\n\tfor this\na\n\tfor that\n", nil, ":3: each mutant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "survivors.txt")
			require.NoError(t, os.WriteFile(file, []byte(test.text), 0o600))
			known, err := readKnown(file)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.known, known)
		})
	}
}
