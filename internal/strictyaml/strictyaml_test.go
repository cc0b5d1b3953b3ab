package strictyaml_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

func TestYAMLBecomesTheJSONThatItLooksLike(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"function: orders\nversion: \"2\"\n":            `{"function":"orders","version":"2"}`,
		"# a comment\n---\na: [1, 0.5, -2, 1e3]\n...\n": `{"a":[1,0.5,-2,1e3]}`,
		"version: 0.0":                                `{"version":0.0}`,
		"a: true\nb: False\nc: ~\nd:\ne: null\n":      `{"a":true,"b":false,"c":null,"d":null,"e":null}`,
		"- a\n- b: c\n  d: e\n":                       `["a",{"b":"c","d":"e"}]`,
		"a: 'yes'\nb: \"on\"\n\"off\": 1\n":           `{"a":"yes","b":"on","off":1}`,
		"day: 2026-11-30\n":                           `{"day":"2026-11-30"}`,
		"{\"a\":\n\t{\"b\": 1}}":                      `{"a":{"b":1}}`,
		"a: |\n  two\n  lines\nb: >\n  one\n  line\n": `{"a":"two\nlines\n","b":"one line\n"}`,
		"a: &x {b: 1}\nc: *x\n":                       `{"a":{"b":1},"c":{"b":1}}`,
		"\xef\xbb\xbfa: ä\n":                          `{"a":"ä"}`,
		"arn: arn:aws:lambda:eu-west-1:123456789012:function:orders:7\n": `{"arn":"arn:aws:lambda:eu-west-1:123456789012:function:orders:7"}`,
		"n: y\n":                              `{"n":"y"}`,
		"a: 123456789012345678901234567890\n": `{"a":123456789012345678901234567890}`,
	} {
		var problems strictjson.Problems
		got, _ := strictyaml.Convert([]byte(text), &problems)
		assert.Empty(t, problems.List(), text)
		assert.Equal(t, want, string(got), text)
	}
}

func TestWhatReadersOfYAMLDisagreeOnIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: yes":                       "a: yes is a boolean to some readers",
		"a: Off":                       "a: Off is a boolean to some readers",
		"on: 1":                        "on: on is a boolean to some readers",
		"a: 1\nb: 2\na: 3":             "a: appears twice",
		"a: 1\n\"a\": 3":               "a: appears twice",
		"1: a":                         "1: is not text: put the name in quotes",
		"true: a":                      "true: is not text: put the name in quotes",
		"~: a":                         "~: is not text: put the name in quotes",
		"? [a]\n: b":                   `"": is not a name: a name is text on one line`,
		"&x a: 1\n*x : 2":              "x: is not a name: a name is text on one line",
		"a: !Ref b":                    `a: has the tag "!Ref", and tags are not read here`,
		"a: !!str 1":                   `a: has the tag "!!str", and tags are not read here`,
		"a: !!binary aGk=":             `a: has the tag "!!binary", and tags are not read here`,
		"!!str a: 1":                   `a: has the tag "!!str", and tags are not read here`,
		"a: &x {b: 1}\nc: {<<: *x}":    `c.<<: merges another map, which is not read here`,
		"a: 012":                       `a: "012" is a number in YAML, but not one that can be taken`,
		"a: 0x1f":                      `a: "0x1f" is a number in YAML, but not one that can be taken`,
		"a: 0o17":                      `a: "0o17" is a number in YAML, but not one that can be taken`,
		"a: 1_000":                     `a: "1_000" is a number in YAML, but not one that can be taken`,
		"a: .5":                        `a: ".5" is a number in YAML, but not one that can be taken`,
		"a: +1":                        `a: "+1" is a number in YAML, but not one that can be taken`,
		"a: .inf":                      `a: ".inf" is a number in YAML, but not one that can be taken`,
		"a: .NaN":                      `a: ".NaN" is a number in YAML, but not one that can be taken`,
		"a: 1\n---\nb: 2":              "not YAML: line 2, column 1: there is a second document",
		"a: 1\n---\n":                  "not YAML: line 2, column 1: there is a second document",
		"":                             "not YAML: line 1, column 1: the text has no value",
		"# nothing\n":                  "not YAML: line 1, column 1: the text has no value",
		"\xff\xfea\x00":                "not YAML: line 1, column 1: the text is UTF-16: save it as UTF-8",
		strings.Repeat("[", 40):        "not YAML: line 1, column 1: a value is expected there",
		"a: &x [*x]":                   "nests deeper than 32 levels",
		strings.Repeat("- ", 40) + "1": "nests deeper than 32 levels",
	} {
		var problems strictjson.Problems
		strictyaml.Convert([]byte(text), &problems)
		if assert.Len(t, problems.List(), 1, text) {
			assert.Contains(t, problems.List()[0].String(), want, text)
		}
	}
}

func TestATextThatIsNoYAMLIsRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb:\n\tc: 2\n":  "line 3, column 1: a tab is not allowed there: indent with spaces",
		"a: 1\nb:\n  \tc: 2":  "line 3, column 3: a tab is not allowed there: indent with spaces",
		"a: 1\n\tb":           "line 2, column 1: a tab is not allowed there: indent with spaces",
		"a: b: c\n":           "line 1, column 1: a colon is not expected there",
		"a: 1\n b: 2\nc: 3\n": "line 2, column 2: a colon is not expected there",
		"version: 0.0\nResources:\n  - f:\n      Type: A\n     Props: 2\nhooks: 1\n": "line 5, column 6: a name is expected there",
		"x: 1\n- a\n":               "line 2, column 1: a name is expected there",
		"- a\n- b\nc: 1\n":          "line 3, column 1: an item that begins with - is expected there",
		"a: [1, 2\n":                "line 1, column 1: a comma or ] is expected there",
		"a: {x: 1\n":                "line 1, column 1: a comma or } is expected there",
		"a: \"x\n":                  "line 1, column 1: the text ends in a value that began with a quote",
		"b: 1\na: @x\n":             "line 2, column 1: text that begins with @, ` or % has to stand in quotes",
		"b: 1\na: *none\n":          "line 2, column 1: unknown anchor 'none' referenced",
		"a: 1\nb: \x00\n":           "line 2, column 1: there is a control character",
		"a: 1\nb: \xff\n":           "line 2, column 1: the text is not UTF-8",
		"a: 1\n...\nb\n":            "line 3, column 1: there is more text after the end of the document",
		"ä: 1\nb:\n  ö: \"\\x\"\n":  "line 3, column 3: did not find expected hexdecimal number",
		"a: 1\nthis is a letter.\n": "line 2, column 1: a colon is expected there",
	} {
		var problems strictjson.Problems
		_, positions := strictyaml.Convert([]byte(text), &problems)
		if assert.Len(t, problems.List(), 1, text) {
			assert.Contains(t, problems.List()[0].String(), "not YAML: "+want, text)
		}
		at, _ := positions.Find("")
		assert.True(t, strings.HasPrefix(want, at.String()+":"), "%s is not at %s", want, at)
	}
}

func TestEachValueHasItsPlace(t *testing.T) {
	t.Parallel()
	const text = "# which\ntargets:\n  - function: orders\n    version: 7\n  - {function: b, alias: x}\na b: 1\n"
	var problems strictjson.Problems
	_, positions := strictyaml.Convert([]byte(text), &problems)
	require.Empty(t, problems.List())
	for path, want := range map[string]string{
		"": "line 2, column 1", "targets": "line 2, column 1", "targets[0]": "line 3, column 5", "targets[0].version": "line 4, column 5", "targets[1].alias": "line 5, column 19",
		`"a b"`: "line 6, column 1", "targets[0].alias": "line 3, column 5", "targets[1].x.y[3]": "line 5, column 5", "strategy.canary": "line 2, column 1",
	} {
		at, found := positions.Find(path)
		assert.True(t, found, path)
		assert.Equal(t, want, at.String(), path)
	}
}

func TestABombOfAliasesIsDefused(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		name, of := "a"+string(rune('a'+i)), "*a0"
		if i > 1 {
			of = "*a" + string(rune('a'+i-1))
		}
		bomb.WriteString(name + ": &" + name + " [" + of + strings.Repeat(", "+of, 8) + "]\n")
	}
	began := time.Now()
	var problems strictjson.Problems
	got, _ := strictyaml.Convert([]byte(bomb.String()), &problems)
	require.Len(t, problems.List(), 1)
	assert.Contains(t, problems.List()[0].String(), "comes from aliases that stand for more than 1000 values")
	assert.Less(t, len(got), 100_000)
	assert.Less(t, time.Since(began), 5*time.Second)
}

// Whatever the text, it is JSON afterwards, or refused.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n", "a: &x [*x]\n", "- {a: b}\n- [c, *d]\n", "a: !x y", "? a\n: b\n", "a: |\n  b\n", "%YAML 1.1\n---\na: yes\n", "\"\\u2028\": \xff",
		"<<: {a: 1}\n", "a: 0x1\nb: 1e999\nc: .nan\n", "{a: [", "a:\n\t- b", "---\n---\n", "a: ! 12\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var problems strictjson.Problems
		got, positions := strictyaml.Convert(text, &problems)
		for _, p := range problems.List() {
			at, found := positions.Find(p.Path)
			require.True(t, found && at.Line > 0 && at.Column > 0, "%v is nowhere", p)
		}
		if len(problems.List()) > 0 {
			return
		}
		require.True(t, json.Valid(got), "%q", got)
		v := strictjson.Parse(got, &problems)
		require.Empty(t, problems.List(), "%q", got)
		require.True(t, v.Present())
	})
}
