package protocol

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Permission is one action on one resource.
type Permission struct {
	Action   string // "dynamodb:PutItem"
	Resource string // an ARN, or "*"
	// Context has the condition keys that the service adds for this call; nil means none.
	Context *RequestContext
}

// RequestContext has the condition keys of one call. A key may have several values.
type RequestContext struct {
	Keys map[string][]string
}

// String returns the keys in their order.
func (c *RequestContext) String() string {
	if c == nil {
		return ""
	}
	return fmt.Sprint(c.Keys)
}

// Operation is a parsed call: what IAM and the rate limits check, and what the call
// does. An invalid request is an Operation whose Run returns an error.
type Operation struct {
	// Action is IAM's name for the operation, without the service.
	Action string
	// Resource is the ARN that IAM checks, or "*".
	Resource string
	// Permissions are the permissions that the caller needs. nil means Action on
	// Resource.
	Permissions []Permission
	// Limit is the rate limit; nil means none.
	Limit *throttle.Bucket
	Run   func(ctx context.Context, now time.Time) (Reply, error)
}

// Refuse returns the operation with a Run that only returns err.
func (o Operation) Refuse(err error) Operation {
	o.Limit = nil
	o.Run = func(context.Context, time.Time) (Reply, error) { return Reply{}, err }
	return o
}

// Reply is a successful result before a Protocol writes it.
type Reply struct {
	Status int // 0 means 200
	Header http.Header
	Body   any // nil means no body; []byte is written unchanged
	// ErrorCode is set when Body is already an encoded error, as in DynamoDB's replies.
	ErrorCode string
}
