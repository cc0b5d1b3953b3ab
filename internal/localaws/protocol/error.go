package protocol

import (
	"fmt"
	"net/http"
)

// Error is an error as AWS answers it.
type Error struct {
	// StatusCode is the answer's HTTP status.
	StatusCode int
	// Code is the error's name: "PreconditionFailedException".
	Code string
	// Message is the text that AWS writes.
	Message string
	// Reason says which limit a TooManyRequestsException of Lambda met.
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (HTTP %d)", e.Code, e.Message, e.StatusCode)
}

// NewError returns an Error with its text.
func NewError(status int, code, format string, args ...any) *Error {
	return &Error{StatusCode: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotImplemented refuses what AWS would do and the local AWS does not. Its
// status is 501, which the SDK's retryers leave alone.
func NotImplemented(service, what string) *Error {
	return NewError(http.StatusNotImplemented, "NotImplemented", "not implemented in the local AWS: %s:%s", service, what)
}

// Constraint is what every service answers when a member of the request
// breaks its model.
func Constraint(format string, args ...any) *Error {
	return NewError(http.StatusBadRequest, "ValidationException", "1 validation error detected: "+format, args...)
}

// CheckLength refuses a text that is longer than its model allows.
func CheckLength(member string, text *string, limit int) error {
	if text != nil && len(*text) > limit {
		return Constraint("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", member, limit)
	}
	return nil
}

// Failures are the errors that every call to a service may get. The services
// write them differently. The zero value of a field means what most services write.
type Failures struct {
	// Throttled is the answer to a call above the account's rate.
	Throttled *Error
	// DeniedStatus and DeniedCode are those of the answer to a caller whose
	// policies do not allow the call.
	DeniedStatus int
	DeniedCode   string
	// InternalCode is the code of the answer when the service itself fails.
	InternalCode string
}

// NewThrottled returns the answer to a call above the account's rate.
func (f Failures) NewThrottled() *Error {
	if f.Throttled == nil {
		return NewError(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
	throttled := *f.Throttled
	return &throttled
}

// NewDenied returns the answer to a caller whose policies do not allow an action.
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

// NewInternal returns the answer of a service that fails by its own fault.
func (f Failures) NewInternal() *Error {
	code := "InternalFailure"
	if f.InternalCode != "" {
		code = f.InternalCode
	}
	return NewError(http.StatusInternalServerError, code, "An internal service error occurred.")
}
