package strictjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/strictjson"
)

// lines returns the problems as text, one for each.
func lines(problems strictjson.Problems) []string {
	list := []string{}
	for _, p := range problems.List() {
		list = append(list, p.String())
	}
	return list
}

func TestATextThatIsNotJSONIsRefusedWithThePosition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"nothing", ``, "line 1, column 1: the text ends too early"},
		{"blanks", " \n", "line 2, column 1: the text ends too early"},
		{"an open object", `{"a":1`, "line 1, column 7: the text ends too early"},
		{"an open string", `"abc`, "line 1, column 5: the text ends too early"},
		{"two values", `{} {}`, "line 1, column 4: the end of the text is expected, not '{'"},
		{"text after the value", `{}x`, "line 1, column 3: the end of the text is expected, not 'x'"},
		{"a comma too many in an object", `{"a":1,}`, "line 1, column 8: a name in double quotes is expected, not '}'"},
		{"a comma too many in an array", `[1,]`, "line 1, column 4: a value (text stands in double quotes) is expected, not ']'"},
		{"a comma too few", `[1 2]`, "line 1, column 4: a comma or ] is expected, not '2'"},
		{"a comma too few between lines", "{\n  \"ä\": \"ö\"\n  \"b\": 1\n}", `line 3, column 3: a comma or } is expected, not '"'`},
		{"a wrong word behind umlauts", `{"äöü": yes}`, "line 1, column 9: a value (text stands in double quotes) is expected, not 'y'"},
		{"a name without a value", `{"a"}`, "line 1, column 5: a colon is expected, not '}'"},
		{"a name that is no string", `{1:2}`, "line 1, column 2: a name in double quotes is expected, not '1'"},
		{"another bracket than the opened one", `[1}`, "line 1, column 3: a comma or ] is expected, not '}'"},
		{"a comment", `{} // x`, "line 1, column 4: the end of the text is expected, not '/'"},
		{"single quotes", `{'a':1}`, `line 1, column 2: a name in double quotes is expected, not '\''`},
		{"a number that JSON does not know", `[01]`, "line 1, column 3: a comma or ] is expected, not '1'"},
		{"half a number", `[1.]`, "line 1, column 4: a digit is expected, not ']'"},
		{"no escape", `["C:\x"]`, "line 1, column 6: an escape (a backslash is written \\\\) is expected, not 'x'"},
		{"half an escape", `["\u12"]`, "line 1, column 7: \\u with four hexadecimal digits is expected, not '\"'"},
		{"half a word", `[tru]`, "line 1, column 5: true, false, null, or text in double quotes is expected, not ']'"},
		{"a line break in a string", "[\"a\nb\"]", `line 1, column 4: an escape such as \n is expected, not '\n'`},
		{"UTF-16", "\xff\xfe{\x00}\x00", "the text is UTF-16: save it as UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var problems strictjson.Problems
			v := strictjson.Parse([]byte(test.text), &problems)
			require.Len(t, problems.List(), 1)
			assert.Equal(t, "not JSON: "+test.want, lines(problems)[0])
			assert.False(t, v.Present(), "nothing is read of a text that is not JSON")
		})
	}
}

func TestAByteOrderMarkIsUnderstood(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	assert.EqualValues(t, 7, strictjson.Parse([]byte("\ufeff7"), &problems).Int(0, 9))
	assert.Empty(t, problems.List())
	strictjson.Parse([]byte("\ufeff[1 2]"), &problems)
	assert.Equal(t, []string{"not JSON: line 1, column 4: a comma or ] is expected, not '2'"}, lines(problems), "it is in no column")
}

func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		refused    bool
	}{
		{"32 arrays", strings.Repeat("[", 32) + "1" + strings.Repeat("]", 32), false},
		{"33 arrays", strings.Repeat("[", 33) + "1" + strings.Repeat("]", 33), true},
		{"100,000 arrays", strings.Repeat("[", 100_000), true},
		{"100,000 objects", strings.Repeat(`{"a":`, 100_000), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var problems strictjson.Problems
			strictjson.Parse([]byte(test.text), &problems)
			if !test.refused {
				assert.Empty(t, problems.List())
				return
			}
			require.Len(t, problems.List(), 1)
			assert.Contains(t, lines(problems)[0], "nests deeper than 32 levels")
			assert.NotContains(t, lines(problems)[0], "not JSON", "it is JSON, only too deep")
		})
	}
}

func TestADuplicateNameIsAProblemAtEveryLevel(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	root := strictjson.Parse([]byte(`{"a":1,"b":[{"c":1,"C":2,"c":3}],"a":2,"\u0061":3}`), &problems)
	assert.Equal(t, []string{"b[0].c: appears twice", "a: appears twice", "a: appears twice"}, lines(problems))
	assert.Equal(t, "1", root.Members().Field("a").Decimal(), "the first is read, never the last")
}

func TestAnUnknownNameSuggestsTheRightOne(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"another case", `{"TIMEOUTSECONDS":1}`, `TIMEOUTSECONDS: is not known here; write "timeoutSeconds"`},
		{"underscores", `{"timeout_seconds":1}`, `timeout_seconds: is not known here; write "timeoutSeconds"`},
		{"hyphens", `{"timeout-seconds":1}`, `timeout-seconds: is not known here; write "timeoutSeconds"`},
		{"another word", `{"timeout":1}`, `timeout: is not known here; known are mode, timeoutSeconds`},
		{"no name at all", `{"":1}`, `"": is not known here; known are mode, timeoutSeconds`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var problems strictjson.Problems
			o := strictjson.Parse([]byte(test.text), &problems).Object("mode", "timeoutSeconds")
			assert.Equal(t, []string{test.want}, lines(problems))
			assert.False(t, o.Field("timeoutSeconds").Present(), "a name in another case is not read")
		})
	}
}

func TestAPathIsBoundedAndQuotesUnusualNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, member, want string }{
		{"a plain name", `a-b_c`, "a-b_c"},
		{"a dot", `a.b`, `"a.b"`},
		{"a bracket", `a[0]`, `"a[0]"`},
		{"a line break", `a\nForged: line`, `"a\nForged: line"`},
		{"an escape sequence", `\u001b[31m`, `"\x1b[31m"`},
		{"other letters", `é`, `"\u00e9"`},
		{"a very long name", strings.Repeat("a", 100_000), `"` + strings.Repeat("a", 60) + `\u2026"`},
		{"a very long name, cut within a letter", "a" + strings.Repeat("é", 100), `"a` + strings.Repeat(`\u00e9`, 29) + `\xc3\u2026"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var problems strictjson.Problems
			strictjson.Parse([]byte(`{"`+test.member+`":1}`), &problems).Object()
			require.Len(t, problems.List(), 1)
			assert.Equal(t, test.want, problems.List()[0].Path)
		})
	}
}

func TestAValueOfAnotherKindIsAProblemAndReadsAsZero(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{
		`null`: "null", `true`: "a boolean", `1`: "a number", `"x"`: "a string", `[]`: "an array", `{}`: "an object",
	}
	reads := []struct {
		what string
		fits string // the JSON that is what is asked for
		read func(strictjson.Value) any
		zero any
	}{
		{"a string", `"x"`, func(v strictjson.Value) any { return v.Text() }, ""},
		{"a string", `"x"`, func(v strictjson.Value) any { return v.OneOf("x", "y") }, "x"},
		{"true or false", `true`, func(v strictjson.Value) any { return v.Bool() }, false},
		{"a number", `1`, func(v strictjson.Value) any { return v.Decimal() }, ""},
		{"a number", `1`, func(v strictjson.Value) any { return v.Int(1, 2) }, int64(1)},
		{"a number", `1`, func(v strictjson.Value) any { return v.Float(1, 2) }, 1.0},
		{"an array", `[]`, func(v strictjson.Value) any { return len(v.Array()) }, 0},
		{"an object", `{}`, func(v strictjson.Value) any { return len(v.Object().Names()) }, 0},
		{"an object", `{}`, func(v strictjson.Value) any { return len(v.Members().Names()) }, 0},
	}
	for text, kind := range kinds {
		for i, read := range reads {
			t.Run(fmt.Sprintf("%s read as %s (%d)", kind, read.what, i), func(t *testing.T) {
				t.Parallel()
				var problems strictjson.Problems
				v := strictjson.Parse([]byte(`[`+text+`]`), &problems).Array()[0]
				assert.Equal(t, kind, v.Kind())
				got := read.read(v)
				if text == read.fits {
					assert.Empty(t, lines(problems))
					return
				}
				assert.Equal(t, read.zero, got)
				assert.Equal(t, []string{fmt.Sprintf("[0]: must be %s, not %s", read.what, kind)}, lines(problems))
			})
		}
	}
}

func TestAnAbsentValueReadsAsZeroWithoutAProblem(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	v := strictjson.Parse([]byte(`{}`), &problems).Object("a").Field("a")
	assert.False(t, v.Present())
	assert.Equal(t, "nothing", v.Kind())
	assert.Empty(t, v.Text())
	assert.Equal(t, "first", v.OneOf("first", "second"))
	assert.False(t, v.Bool())
	assert.Empty(t, v.Decimal())
	assert.EqualValues(t, 3, v.Int(3, 9))
	assert.InDelta(t, 0.5, v.Float(0.5, 9), 0)
	assert.Empty(t, v.Array())
	assert.Nil(t, v.Raw())
	assert.Empty(t, v.Object("b").Field("b").Object("c").Require("c").Text(), "nor does what would stand below it")
	assert.Empty(t, lines(problems))
}

func TestARequiredNameIsReportedMissingOnlyInAnObject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"in an object without it", `[{}]`, []string{"[0].a: is missing"}},
		{"in an object with it", `[{"a":null}]`, []string{}},
		{"in something else, which is one problem and not two", `[0]`, []string{"[0]: must be an object, not a number"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var problems strictjson.Problems
			strictjson.Parse([]byte(test.text), &problems).Array()[0].Object("a").Require("a")
			assert.Equal(t, test.want, lines(problems))
		})
	}
}

func TestAnExampleIsShownInPlaceOfAnObject(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`["x"]`:      {`[0]: must be an object such as {"a": "50%"}, not a string`},
		`[{"b": 1}]`: {`[0].b: is not known here; known are a`},
		`[{"a": 1}]`: {},
	} {
		var problems strictjson.Problems
		strictjson.Parse([]byte(text), &problems).Array()[0].ObjectLike(`{"a": "50%"}`, "a")
		assert.Equal(t, want, lines(problems), text)
	}
}

func TestNumbersAreReadExactlyAndWithinBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		int        string // "" when it is read
		float      string
	}{
		{"the lowest", `1`, "", ""},
		{"the highest", `840`, "", ""},
		{"below", `0`, "must be a whole number from 1 to 840, not 0", "must be a number from 1 to 840, not 0"},
		{"above", `841`, "must be a whole number from 1 to 840, not 841", "must be a number from 1 to 840, not 841"},
		{"negative", `-1`, "must be a whole number from 1 to 840, not -1", "must be a number from 1 to 840, not -1"},
		{"a fraction", `1.5`, "must be a whole number from 1 to 840, not 1.5", ""},
		{"an exponent", `1e2`, "must be a whole number from 1 to 840, not 1e2", ""},
		{"more than 64 bits", `18446744073709551617`, "must be a whole number from 1 to 840, not 18446744073709551617", "must be a number from 1 to 840, not 18446744073709551617"},
		{"more than a float", `1e999`, "must be a whole number from 1 to 840, not 1e999", "must be a number from 1 to 840, not 1e999"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asInt, asFloat strictjson.Problems
			strictjson.Parse([]byte(test.text), &asInt).Int(1, 840)
			strictjson.Parse([]byte(test.text), &asFloat).Float(1, 840)
			assert.Equal(t, test.int, strings.Join(lines(asInt), ""))
			assert.Equal(t, test.float, strings.Join(lines(asFloat), ""))
		})
	}
}

func TestAProblemRepeatsOnlyTheBeginningOfALongText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 100_000)
	reads := map[string]func(strictjson.Value){
		`"` + long + `"`:     func(v strictjson.Value) { v.OneOf("a") },
		long:                 func(v strictjson.Value) { v.Int(0, 1) },
		"-" + long:           func(v strictjson.Value) { v.Float(0, 1) },
		`{"` + long + `":1}`: func(v strictjson.Value) { v.Object("a") },
	}
	for text, read := range reads {
		var problems strictjson.Problems
		read(strictjson.Parse([]byte(text), &problems))
		require.Len(t, problems.List(), 1)
		assert.Less(t, len(lines(problems)[0]), 200)
	}
}

func TestOneOfNamesTheChoices(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	got := strictjson.Parse([]byte(`"Sync"`), &problems).OneOf("sync", "callback")
	assert.Equal(t, "sync", got)
	assert.Equal(t, []string{`must be one of sync, callback, not "Sync"`}, lines(problems))
}

func TestAValueHasTheProblemsInItAndBelow(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	root := strictjson.Parse([]byte(`{"a":{"b":[1]},"ab":1,"a.b":2}`), &problems).Members()
	root.Field("a").Members().Field("b").Array()[0].Text()
	assert.True(t, root.Field("a").HasProblem(), "by what stands below it")
	assert.True(t, root.Field("a").Members().Field("b").Array()[0].HasProblem(), "by itself")
	assert.False(t, root.Field("ab").HasProblem(), "not by a name that begins alike")
	assert.False(t, root.Field("a.b").HasProblem(), "not by a path that reads alike")
	assert.True(t, root.HasProblem(), "the whole, too")
}

func TestRawReturnsTheValueAsItWasWritten(t *testing.T) {
	t.Parallel()
	const text = `{"z":[1.50,-0,1e400,true,null,"\"<é\n"],"a":{},"b":[[]]}`
	var problems strictjson.Problems
	root := strictjson.Parse([]byte(text), &problems)
	assert.JSONEq(t, strings.Replace(text, "1e400", "1e30", 1), strings.Replace(string(root.Raw()), "1e400", "1e30", 1))
	assert.Contains(t, string(root.Raw()), `{"z":[1.50,-0,1e400`, "names in their order, numbers digit by digit")
}

func TestManyNamesAreReadInLinearTime(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := 0; many.Len() < 1<<20; i++ {
		fmt.Fprintf(&many, `,"%x":1`, i)
	}
	var problems strictjson.Problems
	begin := time.Now()
	root := strictjson.Parse([]byte(`{`+many.String()[1:]+`}`), &problems)
	names := root.Object("a").Names()
	assert.Len(t, problems.List(), len(names)-1) // "a" is known
	assert.Less(t, time.Since(begin), 5*time.Second, "names must not be compared with each other")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `null`, `"x"`, `1`, `{"a":{"a":[1,"b",null,true]},"a":2}`, `[[[`, "{\"\xff\":1}", `{"a.b":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var problems strictjson.Problems
		v := strictjson.Parse(text, &problems)
		if v.Present() && len(problems.List()) == 0 {
			require.True(t, json.Valid(text), "%q was read and is not JSON", text)
			require.True(t, json.Valid(v.Raw()))
		}
		if !v.Present() {
			require.NotEmpty(t, problems.List(), "%q was refused without a word", text)
		}
		readAll(v, 0)
		for _, p := range problems.List() {
			require.NotContains(t, p.String(), "\n")
		}
	})
}

// readAll calls every method of every value.
func readAll(v strictjson.Value, depth int) {
	if depth > 40 {
		return
	}
	v.Text()
	v.Bool()
	v.Decimal()
	v.Int(0, 10)
	v.Float(0, 10)
	v.OneOf("a", "b")
	v.HasProblem()
	v.Object("a", "b").Require("a")
	for _, name := range v.Members().Names() {
		readAll(v.Members().Field(name), depth+1)
	}
	for _, item := range v.Array() {
		readAll(item, depth+1)
	}
}
