package localaws

import (
	"context"
	"errors"
	"maps"
	"time"

	"sluice/internal/localaws/protocol"
)

// Call is one call that reached AWS, as CloudTrail and IAM would see it.
type Call struct {
	// Time is when the call arrived.
	Time time.Time
	// Actor is the access key id of the caller's SigV4 signature. The
	// signature itself is not checked, so an access key id is a name: that of
	// the function that calls.
	Actor string
	// Service and Operation are the IAM action: "lambda" and "UpdateAlias".
	// They differ from the API's name where IAM's does: Lambda's Invoke is
	// InvokeFunction.
	Service   string
	Operation string
	// Resource is the ARN that IAM checks, or "*".
	Resource string
	// StatusCode is the answer's HTTP status, 0 when the connection was lost.
	StatusCode int
	// ErrorCode names the error that was answered; empty for success.
	ErrorCode string

	permissions []Permission
}

// Action is the call as IAM writes it: "lambda:UpdateAlias".
func (c Call) Action() string { return c.Service + ":" + c.Operation }

// Permissions are what IAM asks of the caller. It is the call's own action on
// its Resource, but for calls that IAM checks piece by piece: a DynamoDB
// transaction needs the permission of each thing in it, PutEvents that of
// each bus.
func (c Call) Permissions() []Permission {
	if c.permissions != nil {
		return c.permissions
	}
	return []Permission{{Action: c.Action(), Resource: c.Resource}}
}

// OnCall adds a listener that hears every call once it was answered, or its
// connection lost.
func (c *Cloud) OnCall(listener func(Call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, listener)
}

// CallCounts is how many calls were made of each action ("lambda:UpdateAlias"),
// whatever their answer.
func (c *Cloud) CallCounts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Fault sets what is asked before a call takes effect; it may take its time.
// An *APIError is answered in the protocol's own shape, any other error loses
// the connection; in both cases the call has had no effect. nil lets it pass.
func (c *Cloud) Fault(before func(Call) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

// FaultAfter sets what is asked after a call took its effect, or was refused, and
// before the caller hears of it. Its errors mean what Fault's mean, but the effect
// stands: the reply was lost.
func (c *Cloud) FaultAfter(after func(Call) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = after
}

// perform lets a call have its effect, unless a fault or a rate limit stops it.
func (c *Cloud) perform(ctx context.Context, call Call, asked protocol.Operation) (protocol.Reply, error) {
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
	if !asked.Limit.Take(now) {
		return protocol.Reply{}, Throttled(call.Service)
	}
	result, err := asked.Run(ctx, now)
	if after != nil {
		var refused *APIError
		if errors.As(err, &refused) {
			call.ErrorCode = refused.Code
		}
		if lost := after(call); lost != nil {
			return protocol.Reply{}, lost
		}
	}
	return result, err
}

// record counts a call and tells who listens.
func (c *Cloud) record(call Call) {
	c.mu.Lock()
	c.counts[call.Action()]++
	heard := c.listeners
	c.mu.Unlock()
	for _, listener := range heard {
		listener(call)
	}
}
