package codedeploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// RevisionLocation is or names an AppSpec.
type RevisionLocation struct {
	Type           string      `json:"revisionType"`
	AppSpecContent *RawString  `json:"appSpecContent,omitempty"`
	String         *RawString  `json:"string,omitempty"`
	S3             *S3Location `json:"s3Location,omitempty"`
}

// RawString is the text of an AppSpec.
type RawString struct {
	Content string `json:"content"`
	SHA256  string `json:"sha256,omitempty"`
}

// S3Location names an object that is an AppSpec.
type S3Location struct {
	Bucket     string `json:"bucket"`
	Key        string `json:"key"`
	BundleType string `json:"bundleType"`
	Version    string `json:"version,omitempty"`
	ETag       string `json:"eTag,omitempty"`
}

// The types of revisions that have an AppSpec for Lambda (RevisionLocation).
const (
	typeAppSpec = "AppSpecContent"
	typeString  = "String"
	typeS3      = "S3"
)

// given is what a deployment was started with, as far as it is known.
type given struct {
	application, group, config string
	revision                   *RevisionLocation
}

// givenBy reads the input of an execution. It names neither the application nor the group.
func givenBy(input []byte) given {
	var in struct {
		AppSpec  json.RawMessage `json:"appSpec"`
		Strategy json.RawMessage `json:"strategy"`
	}
	if json.Unmarshal(input, &in) != nil || len(in.AppSpec) == 0 {
		return given{}
	}
	content := string(in.AppSpec)
	if text := part[string](in.AppSpec); text != nil {
		content = *text
	}
	sum := sha256.Sum256([]byte(content))
	g := given{revision: &RevisionLocation{Type: typeAppSpec, AppSpecContent: &RawString{Content: content, SHA256: hex.EncodeToString(sum[:])}}}
	if config := part[string](in.Strategy); config != nil {
		g.config = *config
	}
	return g
}

// check returns an *Error for a revision without an AppSpec.
func (r *RevisionLocation) check() error {
	switch {
	case r.Type == typeAppSpec && r.AppSpecContent != nil:
		return r.AppSpecContent.check("revision.appSpecContent")
	case r.Type == typeString && r.String != nil:
		return r.String.check("revision.string")
	case r.Type == typeS3 && r.S3 != nil:
		return r.S3.check()
	case r.Type == typeAppSpec, r.Type == typeString, r.Type == typeS3:
		return newError("InvalidRevisionException", "revision.revisionType is %s, and the revision has none", r.Type)
	}
	return newError("InvalidRevisionException", "revision.revisionType is %q: an AppSpec of Lambda is AppSpecContent, String or S3", shift.BoundText(r.Type, maxShown))
}

// text returns the AppSpec of a revision that has it in itself.
func (r *RevisionLocation) text() (text string, has bool) {
	switch r.Type {
	case typeAppSpec:
		return r.AppSpecContent.Content, true
	case typeString:
		return r.String.Content, true
	}
	return "", false
}

// check returns an *Error for an empty text, or one that is not what its hash says.
func (s *RawString) check(path string) error {
	sum := sha256.Sum256([]byte(s.Content))
	switch {
	case s.Content == "":
		return newError("InvalidRevisionException", "%s.content is missing", path)
	case len(s.Content) > operator.MaxInput:
		return tooLarge(path + ".content")
	case s.SHA256 != "" && !strings.EqualFold(s.SHA256, hex.EncodeToString(sum[:])):
		return newError("InvalidRevisionException", "%s.sha256 is not the hash of its content", path)
	}
	return nil
}

func tooLarge(what string) error {
	return newError("InvalidRevisionException", "%s is larger than the %d bytes that the input of an execution may have", what, operator.MaxInput)
}

func (l *S3Location) check() error {
	switch {
	case l.Bucket == "" || l.Key == "":
		return newError("InvalidRevisionException", "revision.s3Location has no bucket or no key")
	case !strings.EqualFold(l.BundleType, "YAML") && !strings.EqualFold(l.BundleType, "JSON"):
		return newError("InvalidRevisionException", "revision.s3Location.bundleType is %q: an AppSpec of Lambda is a file, YAML or JSON", shift.BoundText(l.BundleType, maxShown))
	}
	return nil
}

// object is where an AppSpec is in S3.
func (l *S3Location) object() operator.Object {
	return operator.Object{Bucket: l.Bucket, Key: l.Key, Version: l.Version, ETag: l.ETag}
}
