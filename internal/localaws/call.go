package localaws

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Call is one call that reached AWS, as CloudTrail and IAM would see it.
type Call struct {
	// Time is when the call arrived.
	Time time.Time
	// Actor is the access key id of the caller's SigV4 signature. The signature itself
	// is not checked, so an access key id serves as a name: that of the calling
	// function.
	Actor string
	// Service and Operation are the IAM action: "lambda" and "UpdateAlias". Where IAM's
	// name differs from the API's, they hold IAM's: Lambda's Invoke is InvokeFunction.
	Service   string
	Operation string
	// Resource is the ARN that IAM checks, or "*".
	Resource string
	// StatusCode is the response's HTTP status, or 0 when the connection was lost.
	StatusCode int
	// ErrorCode is the code of the returned error; empty for success.
	ErrorCode string

	permissions []Permission
}

// Action is the call as IAM writes it: "lambda:UpdateAlias".
func (c Call) Action() string { return c.Service + ":" + c.Operation }

// Permissions returns the permissions that the caller needs. For most calls this is the
// call's own action on its Resource. IAM checks some calls piece by piece: a DynamoDB
// transaction needs a permission for each of its actions, and PutEvents one for each
// bus.
func (c Call) Permissions() []Permission {
	if c.permissions != nil {
		return c.permissions
	}
	return []Permission{{Action: c.Action(), Resource: c.Resource}}
}

// OnCall adds a listener that is called after each call is answered or its connection
// is lost.
func (c *Cloud) OnCall(listener func(Call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, listener)
}

// CallCounts returns the number of calls for each action ("lambda:UpdateAlias"),
// whether they succeeded or not.
func (c *Cloud) CallCounts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Fault sets a function that runs before each call takes effect; it may block. If it
// returns an *APIError, the caller receives that error in the protocol's own shape. Any
// other error drops the connection. In both cases the call has no effect. If it returns
// nil, the call goes on.
func (c *Cloud) Fault(before func(Call) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

// FaultAfter sets a function that runs after each call took effect or failed, and
// before the caller receives the reply. Its errors mean the same as Fault's, but the
// effect of the call remains: only the reply is lost.
func (c *Cloud) FaultAfter(after func(Call) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = after
}

// perform runs the call's operation, unless a fault or a rate limit stops it.
func (c *Cloud) perform(ctx context.Context, call Call, operation protocol.Operation) (protocol.Reply, error) {
	c.mu.Lock()
	before, after := c.before, c.after
	c.mu.Unlock()
	if before != nil {
		if err := before(call); err != nil {
			return protocol.Reply{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return protocol.Reply{}, err
	}
	now := c.config.Now()
	if !operation.Limit.Take(now) {
		return protocol.Reply{}, Throttled(call.Service)
	}
	result, err := operation.Run(ctx, now)
	if after != nil {
		var awsError *APIError
		if errors.As(err, &awsError) {
			call.ErrorCode = awsError.Code
		}
		if lost := after(call); lost != nil {
			return protocol.Reply{}, lost
		}
	}
	return result, err
}

// record counts a call and notifies the listeners.
func (c *Cloud) record(call Call) {
	c.mu.Lock()
	c.counts[call.Action()]++
	listeners := c.listeners
	c.mu.Unlock()
	for _, listener := range listeners {
		listener(call)
	}
}
