package shift

import (
	"cmp"
	"strings"
)

// KindLambda is the kind of a Target that is the alias of a Lambda function.
const KindLambda = "lambda"

// Target names where traffic is shifted: a kind, a colon, and what identifies the Target
// among its kind, as in "lambda:orders:live".
type Target string

// Kind returns the kind of a Target: the text before its first colon. It is empty for a
// text that is no Target.
func (t Target) Kind() string {
	kind, rest, parted := strings.Cut(string(t), ":")
	if !parted || rest == "" {
		return ""
	}
	return kind
}

// Version identifies a revision of a Target's application, in the words of the Target's
// kind. The empty Version stands for "none yet".
type Version string

// Before says whether v was published before w. Numbers grow and are never reused.
// Versions that are not numbers have no order.
func (v Version) Before(w Version) bool {
	if !v.IsNumber() || !w.IsNumber() {
		return false
	}
	return cmp.Or(cmp.Compare(len(v), len(w)), cmp.Compare(v, w)) < 0
}

// IsNumber says whether the version is a number, as published versions of a function are.
func (v Version) IsNumber() bool { return MadeOf(string(v), Digits) && v[0] != '0' }

// Revision guards a write of a Route: the write succeeds only while the Route
// still has it. It is opaque.
type Revision string
