package shift

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Verdict is what is to be thought of a Candidate, from good to bad. The worst
// of several Verdicts wins.
type Verdict int

const (
	// Pass lets the Plan go on.
	Pass Verdict = iota
	// Wait keeps the Weight: all is well, and something is waited for, such as a person.
	// It never becomes a Fail by itself; its Limit says what follows it.
	Wait
	// Hold keeps the Weight: nothing bad is known, but what must be known is not.
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
}

// Judgement is the Verdict over several Observations, with the reasons of all
// that had one to give, the worst first.
type Judgement struct {
	Verdict Verdict
	Reasons []Reason
}

// Judge combines Observations by the worst. After a Fail nobody needs to know what was
// waited for.
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

// BoundText cuts text to a number of characters, with an ellipsis for what was
// cut. It replaces control characters and the line breaks of Unicode, and leaves out
// what cannot be seen, so that no outside text can forge a line of a log or a cause,
// or show it in another order than it has.
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

// isInvisible says whether a character shows nothing by itself: it turns the direction of
// writing, has no width, or fills (Unicode, general category Cf and the property
// Default_Ignorable_Code_Point). Some of that category are written, as the Arabic number
// sign is; and the joiners belong to a text where they follow a character of a script
// that needs them, or of an emoji.
func isInvisible(r, before rune) bool {
	switch {
	case r < 0x80, unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	case r == zeroWidthNonJoiner, r == zeroWidthJoiner:
		return before < firstJoiningScript || before == zeroWidthNonJoiner || before == zeroWidthJoiner
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	// firstJoiningScript is where the scripts with joiners begin; the Latin ones are before it.
	firstJoiningScript = '\u0600'
)
