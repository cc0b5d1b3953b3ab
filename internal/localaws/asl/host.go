package asl

import (
	"encoding/json"
	"time"
)

// Host is the world that a Machine runs in. It makes one call into this package
// at a time, and lets one finish before the next begins; the calls that this
// package makes to the Host may call back into the Machine.
type Host interface {
	// Now is the time of the Host's clock. It does not go back.
	Now() time.Time

	// After has do called once the clock has moved on by d, unless cancel was
	// called before. It does not call do itself.
	After(d time.Duration, do func()) (cancel func())

	// Invoke starts a Lambda function and reports its end to done: its output,
	// or how it failed. It may call done before it returns, or much later, when
	// the state that waited has long timed out and nobody listens, or never.
	// Only the first call to done counts.
	Invoke(call Invocation, done func(output json.RawMessage, failure *Failure))

	// Float64 is a random number in [0, 1), for the jitter of retries.
	Float64() float64
}

// Invocation is one call of a Lambda function by a Task.
type Invocation struct {
	// FunctionARN is the Task's Resource, or its Parameters' FunctionName, which
	// may also be a function's name.
	FunctionARN string
	// Payload is the event that the function receives.
	Payload json.RawMessage
	// ExecutionARN and State say who invokes.
	ExecutionARN, State string
	// Retry is 0 for the first attempt of a visit to the state, and counts up.
	Retry int
	// Token is the task token of a Task that waits for one, else empty.
	Token string
}

// Failure is an error as Step Functions knows it: a name that Retry and Catch
// match, and a cause for people. Of a Lambda function's error response,
// {"errorMessage", "errorType"}, the Host makes Error the errorType and Cause
// the response's whole text, as AWS does.
type Failure struct {
	Error, Cause string
}
