package shift_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheWorstVerdictWinsAndItsReasonsStandFirst(t *testing.T) {
	t.Parallel()
	got := shift.Judge(
		shift.Observation{Verdict: shift.Pass, Reason: shift.Reason{Text: "no data"}},
		shift.Observation{Verdict: shift.Hold, Reason: shift.Reason{Text: "unreadable"}},
		shift.Observation{Verdict: shift.Pass},
		shift.Observation{Verdict: shift.Fail, Reason: shift.Reason{Text: "fired"}},
		shift.Observation{Verdict: shift.Fail, Reason: shift.Reason{Text: "fired too"}},
	)
	assert.Equal(t, shift.Judgement{Verdict: shift.Fail, Reasons: reasons("fired", "fired too", "unreadable", "no data")}, got)
}

func TestNothingObservedIsAPass(t *testing.T) {
	t.Parallel()
	assert.Equal(t, shift.Judgement{Verdict: shift.Pass, Reasons: []shift.Reason{}}, shift.Judge())
}

func anyObservations(t *rapid.T) []shift.Observation {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) shift.Observation {
		return shift.Observation{
			Verdict: rapid.SampledFrom([]shift.Verdict{shift.Pass, shift.Wait, shift.Hold, shift.Fail}).Draw(t, "verdict"),
			Reason:  shift.Reason{Text: rapid.String().Draw(t, "reason")},
		}
	}), 0, 30).Draw(t, "observations")
}

func TestTheVerdictIsTheWorstInWhateverOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		observations := anyObservations(t)
		worst := shift.Pass
		for _, o := range observations {
			worst = max(worst, o.Verdict)
		}
		got := shift.Judge(observations...)
		require.Equal(t, worst, got.Verdict)
		shuffled := rapid.Permutation(observations).Draw(t, "shuffled")
		require.Equal(t, got.Verdict, shift.Judge(shuffled...).Verdict)
		require.Len(t, shift.Judge(shuffled...).Reasons, len(got.Reasons))
	})
}

func TestOneMoreObservationNeverMakesAVerdictBetter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		observations, more := anyObservations(t), anyObservations(t)
		require.GreaterOrEqual(t, shift.Judge(append(observations, more...)...).Verdict, shift.Judge(observations...).Verdict)
	})
}

func TestVerdictsAreWrittenByName(t *testing.T) {
	t.Parallel()
	for verdict, name := range map[shift.Verdict]string{shift.Pass: "Pass", shift.Wait: "Wait", shift.Hold: "Hold", shift.Fail: "Fail"} {
		text, err := json.Marshal(verdict)
		require.NoError(t, err)
		assert.Equal(t, `"`+name+`"`, string(text))
		var read shift.Verdict
		require.NoError(t, json.Unmarshal(text, &read))
		assert.Equal(t, verdict, read)
	}
	var v shift.Verdict
	require.ErrorContains(t, json.Unmarshal([]byte(`"pass"`), &v), `"pass" is not a verdict`)
}

func TestReasonsBeyondTenAreCounted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		given, shown int
		last         string
	}{
		{"none", 0, 0, ""},
		{"ten", 10, 10, "reason 10"},
		{"eleven", 11, 10, "and 2 more"},
		{"a hundred", 100, 10, "and 91 more"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var given []shift.Reason
			for i := range test.given {
				given = append(given, shift.Reason{Text: fmt.Sprintf("reason %d", i+1)})
			}
			got := shift.BoundReasons(given)
			require.Len(t, got, test.shown)
			require.NotNil(t, got)
			if test.shown > 0 {
				assert.Equal(t, test.last, got[len(got)-1].Text)
			}
			assert.Equal(t, got, shift.BoundReasons(got), "bounding again changes nothing")
		})
	}
}

func TestATextIsCutWithAnEllipsis(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"short enough", "abcd", "abcd"},
		{"one too many", "abcde", "abc…"},
		{"counted in characters, not bytes", "éééé", "éééé"},
		{"cut between characters", "ééééé", "ééé…"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, shift.BoundText(test.text, 4))
		})
	}
}

func TestATextCanForgeNoLineAndNoColour(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"a line break":             "a\nb",
		"a carriage return":        "a\rb",
		"a tab":                    "a\tb",
		"an escape":                "a\x1bb",
		"delete":                   "a\x7fb",
		"a C1 control":             "a\u009bb", // what ESC [ is in one character
		"the next line of C1":      "a\u0085b",
		"a line separator":         "a\u2028b",
		"a paragraph separator":    "a\u2029b",
		"a byte that is no letter": "a\xffb",
		"zero":                     "a\x00b",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "a b", shift.BoundText(text, 10))
		})
	}
}

func TestATextHidesNothingAndKeepsItsOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"turned around":              "a\u202eb",
		"an isolate":                 "a\u2066b\u2069",
		"a mark of direction":        "a\u200fb",
		"an Arabic mark":             "a\u061cb",
		"no width":                   "a\u200bb",
		"a joiner between letters":   "a\u200db",
		"joiners in a row":           "a\u200c\u200d\u200cb",
		"a byte order mark":          "\ufeffab",
		"a soft hyphen":              "a\u00adb",
		"a word joiner":              "a\u2060b",
		"a tag":                      "a\U000e0041b",
		"a filler":                   "a\u3164b",
		"a combining joiner":         "a\u034fb",
		"an annotation":              "a\ufff9b\ufffb",
		"more of it than characters": strings.Repeat("\u200b", 20) + "ab",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "ab", shift.BoundText(text, 10))
		})
	}
}

func TestATextKeepsWhatItsScriptNeeds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Persian":          "می\u200cخواهم",
		"Sinhala":          "ශ්\u200dරී",
		"a family":         "👩\u200d👧",
		"a coloured heart": "❤\ufe0f",
		"a number sign":    "\u0600١٢",
		"accents":          "Köln, e\u0301tape",
		"right to left":    "שלום",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, text, shift.BoundText(text, 20))
		})
	}
}

// Of any text, what was cut from it included, nothing is left that cannot be seen.
func TestABoundedTextShowsAllOfIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(),
			rapid.RuneFrom(nil, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point))).Draw(t, "text")
		got := shift.BoundText(text, rapid.IntRange(1, 40).Draw(t, "characters"))
		before := rune(0)
		for _, r := range got {
			joiner := (r == '\u200c' || r == '\u200d') && before >= '\u0600' && before != '\u200c' && before != '\u200d'
			written := unicode.Is(unicode.Prepended_Concatenation_Mark, r)
			hidden := unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
			require.True(t, !hidden || joiner || written, "%q has %U", got, r)
			before = r
		}
		require.Equal(t, got, shift.BoundText(got, 40))
	})
}

func TestABoundedTextIsShortAndValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		characters := rapid.IntRange(1, 40).Draw(t, "characters")
		got := shift.BoundText(text, characters)
		require.LessOrEqual(t, utf8.RuneCountInString(got), characters)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, got, shift.BoundText(got, characters))
	})
}

func TestOnlyTheBeginningOfAHugeTextIsRead(t *testing.T) {
	t.Parallel()
	got := shift.BoundText(strings.Repeat("x", 100<<20), 256)
	assert.Equal(t, strings.Repeat("x", 255)+"…", got)
}

// The joiners are letters to some scripts, once.
func TestAJoinerIsKeptOnceAndWhereAScriptNeedsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\u0646\u200c\u200c": "\u0646\u200c", "\u0646\u200d\u200d": "\u0646\u200d", "\u0646\u200d\u200c": "\u0646\u200d",
		"a\u200db": "ab", "\u0600\u200d": "\u0600\u200d", "\u05d0\u200d": "\u05d0", "\u200d": "", "\u00ad": "", "\u0080": " ", "\x7f": " ", "~": "~",
	} {
		assert.Equal(t, want, shift.BoundText(text, 10), "%q", text)
	}
}
