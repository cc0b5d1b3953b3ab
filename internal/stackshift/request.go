package stackshift

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Type is what CloudFormation wants of a custom resource.
type Type string

// The types of requests (CloudFormation User Guide, Custom resource request objects).
const (
	Create Type = "Create"
	Update Type = "Update"
	Delete Type = "Delete"
)

// Request is what CloudFormation sends for a custom resource. It waits for an Answer at the
// ResponseURL.
type Request struct {
	Type          Type            `json:"RequestType"`
	ResponseURL   string          `json:"ResponseURL"`
	StackID       string          `json:"StackId"`
	RequestID     string          `json:"RequestId"`
	LogicalID     string          `json:"LogicalResourceId"`
	PhysicalID    string          `json:"PhysicalResourceId"`
	Properties    json.RawMessage `json:"ResourceProperties,omitempty"`
	OldProperties json.RawMessage `json:"OldResourceProperties,omitempty"`
}

// ErrNoRequest is returned by DecodeRequest for an event that CloudFormation does not send. Nobody
// waits for an answer to it.
var ErrNoRequest = errors.New("not a request of CloudFormation for a custom resource")

// maxRequest bounds an event: a request holds two sets of properties, and Lambda's asynchronous
// events have at most 1 MB (Lambda quotas).
const maxRequest = 1 << 20

// DecodeRequest reads CloudFormation's event. It returns ErrNoRequest.
func DecodeRequest(raw []byte) (Request, error) {
	if len(raw) > maxRequest {
		return Request{}, fmt.Errorf("%w: it has %d bytes", ErrNoRequest, len(raw))
	}
	var r Request
	if err := json.Unmarshal(raw, &r); err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrNoRequest, err)
	}
	if r.Type != Create && r.Type != Update && r.Type != Delete {
		return Request{}, fmt.Errorf("%w: its RequestType is %q", ErrNoRequest, shift.BoundText(string(r.Type), 80))
	}
	for name, value := range map[string]string{
		"ResponseURL": r.ResponseURL, "StackId": r.StackID, "RequestId": r.RequestID, "LogicalResourceId": r.LogicalID,
	} {
		if value == "" || len(value) > maxField {
			return Request{}, fmt.Errorf("%w: its %s has %d characters", ErrNoRequest, name, len(value))
		}
	}
	return r, nil
}

// maxField bounds the fields that name something. The longest is a presigned URL with a session
// token.
const maxField = 8192

// Resource identifies the custom resource through all its requests.
func (r Request) Resource() string { return digest(r.StackID, r.LogicalID) }

// Kept lists the targets that the update before had, too, with the same versions.
func (r Request) Kept(targets []Target) []Target {
	if r.Type != Update {
		return nil
	}
	old, err := DecodeProperties(r.OldProperties)
	if err != nil { // an earlier Sluice may have read them
		return nil
	}
	return slices.DeleteFunc(slices.Clone(targets), func(t Target) bool {
		return !slices.ContainsFunc(old.Targets, func(o Target) bool {
			return o.Function == t.Function && o.Alias == t.Alias && o.Version == t.Version
		})
	})
}

// Remembered returns what is remembered of this request.
func (r Request) Remembered() Memory {
	return Memory{RequestID: r.RequestID, Properties: identify(r.Properties)}
}

// Execution is the name of the execution for this request. CloudFormation's event may arrive
// twice; Step Functions starts a name only once. CloudFormation uses a RequestId again when a
// failed update is tried again (aws-cdk issue 35957), but signs another ResponseURL.
func (r Request) Execution() string {
	return flow.StackExecutionPrefix + digest(r.StackID, r.LogicalID, r.RequestID, r.ResponseURL)[:32]
}

// signedFormat is how a presigned URL tells when it was signed (Amazon S3 API Reference,
// Authenticating requests: using query parameters).
const signedFormat = "20060102T150405Z"

// maxAhead is how far CloudFormation's clock may be ahead.
const maxAhead = 15 * time.Minute

// Signed returns when CloudFormation has signed the ResponseURL. Later requests of a resource have
// later times, which compare as texts. It is empty if the URL does not tell, or tells of a time to come.
func (r Request) Signed(now time.Time) string {
	u, err := url.Parse(r.ResponseURL)
	if err != nil {
		return ""
	}
	text := u.Query().Get("X-Amz-Date")
	at, err := time.Parse(signedFormat, text)
	if err != nil || at.After(now.Add(maxAhead)) {
		return ""
	}
	return text
}

// Physical is the PhysicalResourceId. It never changes, so CloudFormation never replaces the
// resource.
func (r Request) Physical() string {
	if r.PhysicalID != "" && r.Type == Delete {
		return r.PhysicalID
	}
	stack := r.StackID
	if parts := strings.Split(stack, "/"); len(parts) > 1 { // arn:…:stack/NAME/ID
		stack = parts[1]
	}
	return "sluice/" + stack + "/" + r.LogicalID
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}
