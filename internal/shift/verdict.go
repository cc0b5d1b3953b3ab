package shift

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Verdict is the judgement of a Candidate, from good to bad. The worst of several Verdicts
// wins.
type Verdict int

const (
	// Pass lets the Plan go on.
	Pass Verdict = iota
	// Wait keeps the Weight: all is well, and something is waited for, such as a person. It
	// never becomes a Fail by itself. Its Limit says what follows.
	Wait
	// Hold keeps the Weight: something that must be known cannot be read.
	Hold
	// Fail puts the traffic back.
	Fail
)

var verdictNames = [...]string{"Pass", "Wait", "Hold", "Fail"}

// String is the Verdict's name.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText writes the Verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a Verdict's name.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a verdict", text)
}

// Observation is what one gate said, and why.
type Observation struct {
	Verdict Verdict
	Reason  Reason
	// Limit bounds a Wait. The other Verdicts have none.
	Limit Limit
	// Judged is the comparison of a Target's versions behind it, or nil.
	Judged *Judged
	// WouldFail is why the comparison would fail the Candidate, if it enforced all that it
	// observes, or nil.
	WouldFail *Reason
}

// Judgement is the Verdict over several Observations, with the reasons of all
// that had one to give, the worst first.
type Judgement struct {
	Verdict Verdict
	Reasons []Reason
}

// Judge combines Observations: the worst Verdict wins. After a Fail, the reasons of Waits
// are left out.
func Judge(observations ...Observation) Judgement {
	var j Judgement
	for v := Fail; v >= Pass; v-- {
		for _, o := range observations {
			if o.Verdict != v {
				continue
			}
			j.Verdict = max(j.Verdict, v)
			if o.Reason.Text != "" && (v != Wait || j.Verdict != Fail) {
				j.Reasons = append(j.Reasons, o.Reason)
			}
		}
	}
	j.Reasons = BoundReasons(j.Reasons)
	return j
}

// BoundText cuts text to a number of characters, and marks a cut with an ellipsis. It
// replaces control characters and Unicode line breaks by spaces, and removes invisible
// characters. So text from outside cannot forge a line of a log or a cause, nor change the
// order in which it is shown.
func BoundText(text string, characters int) string {
	out := make([]rune, 0, min(len(text), characters))
	var before rune
	for _, r := range text {
		if isInvisible(r, before) {
			continue
		}
		if len(out) == characters {
			out[characters-1] = '…'
			break
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			r = ' '
		}
		out = append(out, r)
		before = r
	}
	return string(out)
}

// isInvisible says whether a character shows nothing by itself: it changes the direction of
// text, has no width, or is a filler (Unicode, general category Cf and the property
// Default_Ignorable_Code_Point). Some characters of that category are visible, such as the
// Arabic number sign. The joiners are kept after a character of a script that needs them,
// and inside an emoji.
func isInvisible(r, before rune) bool {
	switch {
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	case r == zeroWidthNonJoiner, r == zeroWidthJoiner:
		return before < firstJoiningScript || before == zeroWidthNonJoiner || before == zeroWidthJoiner
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	// firstJoiningScript is the first character of the scripts that use joiners. Latin
	// scripts come before it.
	firstJoiningScript = '\u0600'
)
