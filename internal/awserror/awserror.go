// Package awserror turns an error of the AWS SDK into what it means, whatever
// the service: whether to come again, and a text for people.
package awserror

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sluice/internal/shift"
)

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// Throttled says whether AWS asks to come again more slowly.
func Throttled(err error) bool { return throttles.IsErrorThrottle(err) == aws.TrueTernary }

// transient are the errors that the SDK's own clients try again by default.
var transient = retry.IsErrorRetryables(retry.DefaultRetryables)

// Transient says whether the same call may succeed a little later: it was throttled,
// the service had a fault, or the connection was lost.
func Transient(err error) bool { return transient.IsErrorRetryable(err) == aws.TrueTernary }

// Meaning puts shift.ErrThrottled before an error with which AWS asks to come
// again, and makes every error of the SDK Plain. nil stays nil.
func Meaning(err error) error {
	if Throttled(err) {
		return fmt.Errorf("%w: %w", shift.ErrThrottled, Plain(err))
	}
	return Plain(err)
}

// plain is an error of the SDK with the text that a person can use.
type plain struct {
	text string
	err  error
}

func (p *plain) Error() string { return p.text }
func (p *plain) Unwrap() error { return p.err }

// Plain is an error of the SDK whose text is the error's code and message alone.
// The SDK's own also names the HTTP status and the request's id, which is another
// one at each try, and the operation, which whoever called it says in better words.
// Other errors stay as they are.
func Plain(err error) error {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return err
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return &plain{text: api.ErrorCode() + ": " + api.ErrorMessage(), err: err}
	}
	inner := operation.Err
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		inner = response.Err
	}
	return &plain{text: inner.Error(), err: err}
}
