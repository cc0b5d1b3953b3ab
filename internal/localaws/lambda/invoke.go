package lambda

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"sluice/internal/localaws/protocol"
)

// The most that an invocation's payload may hold, in bytes: 6 MB for an
// answer waited for, 1 MB for an event (Lambda quotas).
const (
	maxSyncPayload  = 6 << 20
	maxAsyncPayload = 1 << 20
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
func (s *Functions) SetInvoker(invoke Invoker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invoker = invoke
}

// ResolveVersion returns the version that a request to a function reaches: by
// an alias the additional version if draw, uniform in [0, 1), is below its
// weight. A qualifier that is empty is $LATEST.
func (s *Functions) ResolveVersion(function, qualifier string, draw float64) (string, error) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(function)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	v, err := s.route(f, qualifier, draw, now)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	return v.number, nil
}

// route is ResolveVersion under the lock. It may come to a version that is
// not Active.
func (s *Functions) route(f *function, qualifier string, draw float64, now time.Time) (*version, error) {
	a := f.aliases[qualifier]
	if a == nil {
		return s.findVersion(f, qualifier)
	}
	for number, weight := range s.view(f, a, now).Weights {
		// There is never more than one.
		if draw < weight {
			return f.version(number), nil
		}
	}
	return f.version(a.version), nil
}

func (s *Functions) invoke(ctx context.Context, in input) (protocol.Reply, error) {
	kind := InvocationType(cmp.Or(in.Header.Get("X-Amz-Invocation-Type"), string(RequestResponse)))
	if err := validateInvocation(kind, in); err != nil {
		return protocol.Reply{}, err
	}
	// Random is the owner's: it is not called under the lock.
	v, play, err := s.resolveInvoke(in, s.config.Random())
	if err != nil {
		return protocol.Reply{}, err
	}
	if kind == dryRun {
		return protocol.Reply{Status: http.StatusNoContent}, nil
	}
	if play == nil {
		return protocol.Reply{}, protocol.NotImplemented(Name, "InvokeFunction: nobody plays the functions")
	}
	payload := in.Body
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	result := play(ctx, Invocation{Actor: in.Actor, Function: in.function.name, Qualifier: in.function.qualifier, Version: v, Type: kind, Payload: payload})
	if kind == AsyncEvent {
		return protocol.Reply{Status: http.StatusAccepted}, nil
	}
	header := http.Header{"X-Amz-Executed-Version": {v}}
	if result.FunctionError != "" {
		header.Set("X-Amz-Function-Error", result.FunctionError)
	}
	return protocol.Reply{Header: header, Body: result.Payload}, nil
}

// resolveInvoke decides which version an Invoke reaches, and who plays it.
func (s *Functions) resolveInvoke(in input, draw float64) (string, Invoker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return "", nil, missing("Function not found: %s", s.functionARN(in.function.name, in.function.qualifier))
	}
	v, err := s.route(f, in.function.qualifier, draw, in.now)
	if err != nil {
		return "", nil, err
	}
	if err := checkServable(v, in.now); err != nil {
		return "", nil, err
	}
	return v.number, s.invoker, nil
}

// validateInvocation holds an Invoke against Lambda's API reference.
func validateInvocation(kind InvocationType, in input) error {
	for _, name := range []string{"X-Amz-Client-Context", "X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"} {
		if in.Header.Get(name) != "" {
			return protocol.NotImplemented(Name, "InvokeFunction with "+name)
		}
	}
	if logs := in.Header.Get("X-Amz-Log-Type"); logs != "" && logs != "None" {
		return protocol.NotImplemented(Name, "InvokeFunction with X-Amz-Log-Type "+logs)
	}
	limit := maxSyncPayload
	switch kind {
	case RequestResponse, dryRun:
	case AsyncEvent:
		limit = maxAsyncPayload
	default:
		return protocol.Constraint("Value '%s' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]", kind)
	}
	if len(in.Body) > limit {
		return protocol.NewError(http.StatusRequestEntityTooLarge, "RequestTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	}
	if len(in.Body) > 0 && !json.Valid(in.Body) {
		return protocol.NewError(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json: the payload is not JSON")
	}
	return nil
}
