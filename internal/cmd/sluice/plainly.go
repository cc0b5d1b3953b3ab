package main

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http"
)

// plainly is an error's text, without what the SDK's clients say around that of
// AWS: its name and its message are what people look for.
func plainly(err error) string {
	var called *smithy.OperationError
	if !errors.As(err, &called) {
		return err.Error()
	}
	return strings.Replace(err.Error(), called.Error(), answered(called), 1)
}

func answered(called *smithy.OperationError) string {
	var refused smithy.APIError
	var unsent *http.RequestSendError
	switch {
	case errors.As(called, &refused):
		text := called.OperationName + ": " + refused.ErrorCode()
		if refused.ErrorMessage() != "" {
			text += ": " + refused.ErrorMessage()
		}
		return text
	case errors.As(called, &unsent):
		return unsent.Err.Error()
	}
	return called.Error()
}
