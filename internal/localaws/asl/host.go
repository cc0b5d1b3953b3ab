package asl

import (
	"encoding/json"
	"time"
)

// Host is the environment of a Machine. It makes one call into this package at a time:
// each must finish before the next begins. The calls that this package makes to the
// Host may call back into the Machine.
type Host interface {
	// Now returns the time of the Host's clock, which never goes back.
	Now() time.Time

	// After schedules do to be called when the clock has advanced by d, unless cancel
	// is called before. After itself must not call do.
	After(d time.Duration, do func()) (cancel func())

	// Invoke starts a Lambda function and passes its output or its failure to done. It
	// may call done before it returns, or never, or much later, even after the waiting
	// state has timed out; the result is then ignored. Only the first call of done
	// counts.
	Invoke(call Invocation, done func(output json.RawMessage, failure *Failure))

	// Float64 returns a random number in [0, 1), for the jitter of retries.
	Float64() float64
}

// Invocation is one call of a Lambda function by a Task.
type Invocation struct {
	// FunctionARN is the Task's Resource, or its Parameters' FunctionName, which
	// may also be a function's name.
	FunctionARN string
	// Payload is the event that the function receives.
	Payload json.RawMessage
	// ExecutionARN and State name the caller.
	ExecutionARN, State string
	// Retry is 0 for the first attempt of a visit to the state, and then counts the
	// retries.
	Retry int
	// Token is the task token of a Task that waits for one, otherwise empty.
	Token string
}

// Failure is an error in Step Functions: a name that Retry and Catch match, and a cause
// for people. For a Lambda function's error response, {"errorMessage", "errorType"},
// the Host sets Error to the errorType and Cause to the whole text of the response, as
// AWS does.
type Failure struct {
	Error, Cause string
}
