package shift

import (
	"fmt"
	"strings"
)

// KindLambda is the kind of a Target that is a Lambda alias.
const KindLambda = "lambda"

// Target names where traffic is shifted: a kind, and what identifies it there.
// A Lambda alias is written "lambda:orders:live".
type Target string

// LambdaTarget is the Target of a function's alias.
func LambdaTarget(function, alias string) Target {
	return Target(KindLambda + ":" + function + ":" + alias)
}

// Kind is that of a Target: what stands before its first colon. It is empty for a text that
// is no Target.
func (t Target) Kind() string {
	kind, rest, parted := strings.Cut(string(t), ":")
	if !parted || rest == "" {
		return ""
	}
	return kind
}

// Lambda splits the Target of a Lambda alias into its function and its alias.
// It returns ErrUnknownTarget for a Target of another kind.
func (t Target) Lambda() (function, alias string, err error) {
	parts := strings.Split(string(t), ":")
	if len(parts) != 3 || parts[0] != KindLambda || parts[1] == "" || parts[2] == "" {
		return "", "", fmt.Errorf("%w: %q is not of the form lambda:FUNCTION:ALIAS", ErrUnknownTarget, string(t))
	}
	return parts[1], parts[2], nil
}

// Version identifies a revision of a Target's application, in the words of the Target's
// kind. The empty Version stands for "none yet".
type Version string

// Before says whether v was published before w. Numbers grow and are never reused.
// Versions that are not numbers have no order.
func (v Version) Before(w Version) bool {
	if !v.Numbered() || !w.Numbered() {
		return false
	}
	if len(v) != len(w) {
		return len(v) < len(w)
	}
	return v < w
}

// Numbered says whether it is a number, as those that are published are.
func (v Version) Numbered() bool { return MadeOf(string(v), Digits) && v[0] != '0' }

// Revision guards a write of a Route: the write succeeds only while the Route
// still has it. It is opaque.
type Revision string
