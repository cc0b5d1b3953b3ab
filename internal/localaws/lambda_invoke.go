package localaws

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The most that an invocation's payload may hold, in bytes: 6 MB for an
// answer waited for, 1 MB for an event (Lambda quotas).
const (
	largestSyncPayload  = 6 << 20
	largestAsyncPayload = 1 << 20
)

// InvocationType is how an Invoke wants its answer.
type InvocationType string

// The invocation types that reach an Invoker.
const (
	RequestResponse InvocationType = "RequestResponse"
	AsyncEvent      InvocationType = "Event"
	dryRun          InvocationType = "DryRun"
)

// Invocation is an Invoke that reached a version of a function.
type Invocation struct {
	Actor     string // who invokes
	Function  string // the function's name
	Qualifier string // the version or alias it was invoked by; may be empty
	Version   string // the version that runs, after the alias's weights
	Type      InvocationType
	Payload   []byte // JSON; {} if there was none
}

// InvocationResult is how a function ended.
type InvocationResult struct {
	Payload []byte
	// FunctionError is "Unhandled" when the function failed (the payload is
	// then its error), and empty when it returned.
	FunctionError string
}

// Invoker plays the functions. The Invoke that called it waits for its
// result, so it may block while virtual time passes; of an AsyncEvent the
// caller hears nothing, and the Invoker decides when it runs. The context is
// the request's.
type Invoker func(context.Context, Invocation) InvocationResult

// SetInvoker sets who plays the functions. Without one, Invoke is not
// implemented.
func (c *Cloud) SetInvoker(invoke Invoker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners.invoke = invoke
}

// ResolveVersion returns the version that a request to a function reaches: by
// an alias the additional version if draw, uniform in [0, 1), is below its
// weight. A qualifier that is empty is $LATEST.
func (c *Cloud) ResolveVersion(function, qualifier string, draw float64) (string, error) {
	now := c.config.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(function)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	v, err := c.route(f, qualifier, draw, now)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	return v.number, nil
}

// route is ResolveVersion under the lock. It may come to a version that is
// not Active.
func (c *Cloud) route(f *function, qualifier string, draw float64, now time.Time) (*version, error) {
	a := f.aliases[qualifier]
	if a == nil {
		return c.qualified(f, qualifier)
	}
	for number, weight := range c.view(f, a, now).Weights {
		// There is never more than one.
		if draw < weight {
			return f.version(number), nil
		}
	}
	return f.version(a.version), nil
}

func (c *Cloud) invoke(ctx context.Context, in lambdaInput) (reply, error) {
	kind := InvocationType(cmp.Or(in.header.Get("X-Amz-Invocation-Type"), string(RequestResponse)))
	if err := validateInvocation(kind, in); err != nil {
		return reply{}, err
	}
	// Random is the owner's: it is not called under the lock.
	v, play, err := c.invoked(in, c.config.Random())
	if err != nil {
		return reply{}, err
	}
	if kind == dryRun {
		return reply{status: http.StatusNoContent}, nil
	}
	if play == nil {
		return reply{}, notImplemented(lambdaService, "InvokeFunction: nobody plays the functions")
	}
	payload := in.body
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	result := play(ctx, Invocation{Actor: in.actor, Function: in.function.name, Qualifier: in.function.qualifier, Version: v, Type: kind, Payload: payload})
	if kind == AsyncEvent {
		return reply{status: http.StatusAccepted}, nil
	}
	header := http.Header{"X-Amz-Executed-Version": {v}}
	if result.FunctionError != "" {
		header.Set("X-Amz-Function-Error", result.FunctionError)
	}
	return reply{header: header, body: result.Payload}, nil
}

// invoked decides which version an Invoke reaches, and who plays it.
func (c *Cloud) invoked(in lambdaInput, draw float64) (string, Invoker, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
	if err != nil {
		return "", nil, missing("Function not found: %s", c.functionARN(in.function.name, in.function.qualifier))
	}
	v, err := c.route(f, in.function.qualifier, draw, in.now)
	if err != nil {
		return "", nil, err
	}
	if err := servable(v, in.now); err != nil {
		return "", nil, err
	}
	return v.number, c.listeners.invoke, nil
}

// validateInvocation holds an Invoke against Lambda's API reference.
func validateInvocation(kind InvocationType, in lambdaInput) error {
	for _, name := range []string{"X-Amz-Client-Context", "X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"} {
		if in.header.Get(name) != "" {
			return notImplemented(lambdaService, "InvokeFunction with "+name)
		}
	}
	if logs := in.header.Get("X-Amz-Log-Type"); logs != "" && logs != "None" {
		return notImplemented(lambdaService, "InvokeFunction with X-Amz-Log-Type "+logs)
	}
	limit := largestSyncPayload
	switch kind {
	case RequestResponse, dryRun:
	case AsyncEvent:
		limit = largestAsyncPayload
	default:
		return constraint("Value '%s' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]", kind)
	}
	if len(in.body) > limit {
		return failure(http.StatusRequestEntityTooLarge, "RequestTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	}
	if len(in.body) > 0 && !json.Valid(in.body) {
		return failure(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: the payload is not JSON")
	}
	return nil
}
