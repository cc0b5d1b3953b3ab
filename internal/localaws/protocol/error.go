package protocol

import (
	"fmt"
	"net/http"
	"unicode/utf8"
)

// Error is an error as AWS returns it.
type Error struct {
	// StatusCode is the response's HTTP status.
	StatusCode int
	// Code is the error's name: "PreconditionFailedException".
	Code string
	// Message is AWS's text.
	Message string
	// Reason says which limit caused a TooManyRequestsException of Lambda.
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (HTTP %d)", e.Code, e.Message, e.StatusCode)
}

// NewError returns an Error with a formatted message.
func NewError(status int, code, format string, args ...any) *Error {
	return &Error{StatusCode: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotImplemented returns the error for a request that AWS supports and the local AWS
// does not. Its status is 501, which the SDK's retryers do not retry.
func NotImplemented(service, what string) *Error {
	return NewError(http.StatusNotImplemented, "NotImplemented", "not implemented in the local AWS: %s:%s", service, what)
}

// Constraint returns the error that most services return when a member of the request
// violates a constraint of the API model.
func Constraint(format string, args ...any) *Error {
	return NewError(http.StatusBadRequest, "ValidationException", "1 validation error detected: "+format, args...)
}

// CheckLength returns an error if a text has more characters than its API model allows (the
// length trait of a string counts Unicode scalar values: Smithy, constraint traits).
func CheckLength(member string, text *string, limit int) error {
	if text != nil && utf8.RuneCountInString(*text) > limit {
		return Constraint("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", member, limit)
	}
	return nil
}

// Failures are the errors that any call to a service may return. Services differ in
// their codes and statuses. The zero value of a field means the value that most
// services use.
type Failures struct {
	// Throttled is the error for a call above the account's rate.
	Throttled *Error
	// DeniedStatus and DeniedCode belong to the error for a caller whose policies do
	// not allow the call.
	DeniedStatus int
	DeniedCode   string
	// InternalCode is the code of the error for an internal failure of the service.
	InternalCode string
}

// NewThrottled returns the error for a call above the account's rate.
func (f Failures) NewThrottled() *Error {
	if f.Throttled == nil {
		return NewError(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
	throttled := *f.Throttled
	return &throttled
}

// NewDenied returns the error for a caller whose policies do not allow an action.
func (f Failures) NewDenied(actor, action, resource string) *Error {
	status, code := http.StatusBadRequest, "AccessDeniedException"
	if f.DeniedStatus != 0 {
		status = f.DeniedStatus
	}
	if f.DeniedCode != "" {
		code = f.DeniedCode
	}
	return NewError(status, code, "User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		actor, action, resource, action)
}

// NewInternal returns the error for an internal failure of the service.
func (f Failures) NewInternal() *Error {
	code := "InternalFailure"
	if f.InternalCode != "" {
		code = f.InternalCode
	}
	return NewError(http.StatusInternalServerError, code, "An internal service error occurred.")
}
