package lambda

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// The largest payload of an invocation, in bytes: 6 MB for a synchronous one, 1 MB for
// an asynchronous one (Lambda quotas).
const (
	maxSyncPayload  = 6 << 20
	maxAsyncPayload = 1 << 20
)

// InvocationType says whether an Invoke waits for the function's result.
type InvocationType string

// The invocation types. DryRun does not reach an Invoker.
const (
	RequestResponse InvocationType = "RequestResponse"
	AsyncEvent      InvocationType = "Event"
	dryRun          InvocationType = "DryRun"
)

// Invocation is an Invoke that was routed to a version of a function.
type Invocation struct {
	Actor     string // the caller
	Function  string // the function's name
	Qualifier string // the version or alias in the request; may be empty
	Version   string // the version that runs, chosen by the alias's weights
	Type      InvocationType
	Payload   []byte // JSON; {} if the request had none
}

// InvocationResult is the result of a function.
type InvocationResult struct {
	Payload []byte
	// FunctionError is "Unhandled" if the function failed; Payload is then its error.
	// It is empty if the function returned.
	FunctionError string
}

// Invoker runs the functions. Invoke waits for it to return, so it may block while
// virtual time passes. The result of an AsyncEvent is not sent to the caller, so the
// Invoker decides when the function runs. The context is the request's.
type Invoker func(context.Context, Invocation) InvocationResult

// SetInvoker sets the Invoker. Without one, Invoke fails with NotImplemented.
func (s *Functions) SetInvoker(invoke Invoker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invoker = invoke
}

// ResolveVersion returns the version that a request to a function reaches. An alias
// leads to its additional version if draw, a number in [0, 1), is below that version's
// weight. An empty qualifier means $LATEST.
func (s *Functions) ResolveVersion(function, qualifier string, draw float64) (string, error) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	v, err := s.resolveVersionLocked(f, qualifier, draw, now)
	if err != nil {
		return "", fmt.Errorf("resolve %s:%s: %w", function, qualifier, err)
	}
	return v.number, nil
}

// resolveVersionLocked does the work of ResolveVersion. The caller holds the lock. The
// returned version may not be Active.
func (s *Functions) resolveVersionLocked(f *function, qualifier string, draw float64, now time.Time) (*version, error) {
	a := f.aliases[qualifier]
	if a == nil {
		return s.findVersion(f, qualifier)
	}
	for number, weight := range s.currentAlias(f, a, now).Weights {
		// An alias has at most one additional version.
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
	// Config.Random is the caller's function, so it must not be called under the lock.
	v, invoker, err := s.resolveInvoke(in, kind, s.config.Random())
	if err != nil {
		return protocol.Reply{}, err
	}
	if kind == dryRun {
		return protocol.Reply{Status: http.StatusNoContent}, nil
	}
	if invoker == nil {
		return protocol.Reply{}, protocol.NotImplemented(Name, "InvokeFunction: no Invoker is set")
	}
	if kind == RequestResponse { // Lambda keeps an asynchronous one until the function has room
		release, err := s.Admit(in.function.name)
		if err != nil {
			return protocol.Reply{}, err
		}
		defer release()
	}
	payload := in.Body
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	result := invoker(ctx, Invocation{Actor: in.Actor, Function: in.function.name, Qualifier: in.function.qualifier, Version: v, Type: kind, Payload: payload})
	if kind == AsyncEvent {
		return protocol.Reply{Status: http.StatusAccepted}, nil
	}
	header := http.Header{"X-Amz-Executed-Version": {v}}
	if result.FunctionError != "" {
		header.Set("X-Amz-Function-Error", result.FunctionError)
	}
	return protocol.Reply{Header: header, Body: result.Payload}, nil
}

// resolveInvoke returns the version that an Invoke reaches, and the Invoker.
func (s *Functions) resolveInvoke(in input, kind InvocationType, draw float64) (string, Invoker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findQualified(in.function)
	if err != nil {
		return "", nil, err
	}
	if f.durable && in.function.qualifier == "" {
		// The text is AWS's (serverless pull request 13589).
		return "", nil, invalidParameter("You cannot invoke a durable function using an unqualified ARN.")
	}
	v, err := s.resolveVersionLocked(f, in.function.qualifier, draw, in.now)
	if err != nil {
		return "", nil, err
	}
	if kind == dryRun { // checks the parameters and the permission only (Invoke, InvocationType)
		return v.number, s.invoker, nil
	}
	if err := checkServable(v, in.now); err != nil {
		return "", nil, err
	}
	if v.stateAt(in.now).State == StateInactive {
		return "", nil, v.wake(in.now)
	}
	if v.missing != "" {
		report := importError(v.missing)
		return v.number, func(context.Context, Invocation) InvocationResult {
			return InvocationResult{Payload: report, FunctionError: "Unhandled"}
		}, nil
	}
	return v.number, s.invoker, nil
}

// validateInvocation checks an Invoke against Lambda's API reference.
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
