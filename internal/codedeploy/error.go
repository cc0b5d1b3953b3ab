package codedeploy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Error is an error in the protocol AWS JSON 1.1. Its Type is one of CodeDeploy's, so that clients
// know it (CodeDeploy API Reference).
type Error struct {
	Status  int
	Type    string
	Message string
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// newError returns an error that the caller has made.
func newError(kind, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: kind, Message: fmt.Sprintf(format, args...)}
}

// unsupported names what is answered instead.
func unsupported(what string) *Error {
	return newError("UnsupportedOperation", "sluice codedeploy does not answer %s, only %s: call CodeDeploy itself for anything else, without this endpoint",
		what, strings.Join(Operations(), ", "))
}

// translate turns an error of AWS's or Sluice's into one that CodeDeploy's clients understand. They
// try again on a status of 500 and more.
func translate(err error) *Error {
	var known *Error
	var coded interface {
		ErrorCode() string
		ErrorMessage() string
	}
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, operator.ErrNotLambda):
		return newError("InvalidDeploymentGroupNameException", "%s", err.Error())
	case errors.Is(err, operator.ErrUnavailable), errors.Is(err, shift.ErrThrottled):
		return &Error{Status: http.StatusServiceUnavailable, Type: "ServiceUnavailable", Message: err.Error()}
	case errors.As(err, &coded):
		return newError(coded.ErrorCode(), "%s", err.Error())
	}
	return &Error{Status: http.StatusInternalServerError, Type: "InternalFailure", Message: err.Error()}
}
