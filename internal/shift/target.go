package shift

import (
	"cmp"
	"strings"
)

// The kinds of Targets.
const (
	// KindLambda : the alias of a Lambda function, as in "lambda:orders:live".
	KindLambda = "lambda"
	// KindCloudFront : what a CloudFront distribution serves, as in "cloudfront:E1ABCDEF".
	KindCloudFront = "cloudfront"
	// KindRoute53 : a name in a Route 53 zone, as in "route53:Z0123:api.example.com".
	KindRoute53 = "route53"
	// KindSwitch : a name that one of two CloudFront distributions serves, as in
	// "switch:www.example.com".
	KindSwitch = "switch"
)

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
// Versions that are not numbers have no order. Only the versions of a Lambda function are
// numbered by their platform: see Change.goesBack.
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
