package protocol

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/localaws/throttle"
)

// Permission is one action on one resource.
type Permission struct {
	Action   string // "dynamodb:PutItem"
	Resource string // an ARN, or "*"
}

// Operation is a call that was understood: what IAM and the rate limits look
// at, and what it does. A request that is not valid is an Operation whose
// Run returns an error.
type Operation struct {
	// Action is IAM's name of the operation, without the service.
	Action string
	// Resource is the ARN that IAM checks, or "*".
	Resource string
	// Permissions are what IAM asks of the caller, where it is not Action on
	// Resource.
	Permissions []Permission
	// Limit is the rate limit; nil is none.
	Limit *throttle.Bucket
	Run   func(ctx context.Context, now time.Time) (Reply, error)
}

// Refuse returns the operation with an error in place of its effect.
func (o Operation) Refuse(err error) Operation {
	o.Limit = nil
	o.Run = func(context.Context, time.Time) (Reply, error) { return Reply{}, err }
	return o
}

// Reply is a successful answer before a Protocol writes it.
type Reply struct {
	Status int // 200 if 0
	Header http.Header
	Body   any // nil is no body; []byte is written as it is
	// ErrorCode names the error in a Reply that is already written, as
	// DynamoDB's are.
	ErrorCode string
}
