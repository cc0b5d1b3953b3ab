package localaws

import (
	"fmt"
	"net/http"
)

// APIError is an error as AWS answers it.
type APIError struct {
	// StatusCode is the answer's HTTP status.
	StatusCode int
	// Code is the error's name: "PreconditionFailedException".
	Code string
	// Message is the text that AWS writes.
	Message string
	// Reason says which limit a TooManyRequestsException of Lambda met.
	Reason string
}

func (e *APIError) Error() string {
	return fmt.Sprintf("%s: %s (HTTP %d)", e.Code, e.Message, e.StatusCode)
}

// Throttled is what a service answers to a call above the account's rate. The
// argument is a Call's Service.
func Throttled(service string) *APIError {
	switch service {
	case lambdaService:
		return &APIError{StatusCode: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Rate exceeded", Reason: "CallerRateLimitExceeded"}
	case cloudwatchService:
		return failure(http.StatusBadRequest, "Throttling", "Rate exceeded")
	default:
		return failure(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
}

// AccessDenied is what a service answers to a caller whose policies do not
// allow the call.
func AccessDenied(call Call) *APIError {
	status, code := http.StatusBadRequest, "AccessDeniedException"
	switch call.Service {
	case lambdaService:
		status = http.StatusForbidden
	case cloudwatchService:
		status, code = http.StatusForbidden, "AccessDenied"
	}
	return failure(status, code, "User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		call.Actor, call.Action(), call.Resource, call.Action())
}

// ServiceFailure is what a service answers when the fault is its own.
func ServiceFailure(service string) *APIError {
	code := "InternalFailure"
	switch service {
	case lambdaService:
		code = "ServiceException"
	case cloudwatchService:
		code = "InternalServiceFault"
	case dynamodbService, ssmService:
		code = "InternalServerError"
	case eventsService:
		code = "InternalException"
	}
	return failure(http.StatusInternalServerError, code, "An internal service error occurred.")
}

// failure is an APIError with its text.
func failure(status int, code, format string, args ...any) *APIError {
	return &APIError{StatusCode: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// notImplemented refuses what AWS would do and the local world does not. Its
// status is 501, which the SDK's retryers leave alone.
func notImplemented(service, what string) *APIError {
	return failure(http.StatusNotImplemented, "NotImplemented", "not implemented in the local world: %s:%s", service, what)
}

// constraint is what every service answers when a member of the request
// breaks its model.
func constraint(format string, args ...any) *APIError {
	return failure(http.StatusBadRequest, "ValidationException", "1 validation error detected: "+format, args...)
}
