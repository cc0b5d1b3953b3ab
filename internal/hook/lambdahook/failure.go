package lambdahook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	lambda "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// meaning wraps an error of Lambda in its sentinel, or says what it means for a hook. It removes
// the secret from the text.
func meaning(err error, secret string) error {
	var (
		missing *lambda.ResourceNotFoundException
		refused *lambda.InvalidParameterValueException
		coded   smithy.APIError
	)
	redacted := awserror.Redact(awserror.Plain(err), secret)
	switch {
	case awserror.IsThrottled(err):
		return fmt.Errorf("%w: %w", shift.ErrThrottled, redacted)
	case errors.As(err, &coded) && slices.Contains(flow.NotStarted, coded.ErrorCode()):
		return fmt.Errorf("%w: %w", shift.ErrHookNotStarted, redacted)
	case errors.As(err, &missing):
		return fmt.Errorf("%w: there is no such function: correct the hook's name or qualifier, or create the function: %w", shift.ErrHookNotFound, redacted)
	case awserror.IsAccessDenied(err):
		// A function that does not exist has no tag, so access to it is denied too.
		return fmt.Errorf("%w: Sluice may not invoke it, or there is no such function: correct the hook's name, or tag its function "+flow.TagHook+" (the stack's setting hooks can allow names instead): %w", shift.ErrHookNotFound, redacted)
	case errors.As(err, &refused) && strings.Contains(refused.ErrorMessage(), "durable function"):
		// "You cannot invoke a durable function using an unqualified ARN." (serverless pull
		// request 13589)
		return fmt.Errorf("%w: it is a durable function, which Lambda invokes by a version or an alias only: name the hook NAME:ALIAS or NAME:VERSION: %w", shift.ErrHookFailed, redacted)
	}
	return redacted
}

// maxText bounds the text that an error quotes from a hook, in characters.
const maxText = 1000

// functionError returns the error of a function that was invoked and failed. The payload
// describes the failure (Lambda Developer Guide, Function errors).
func functionError(payload []byte, secret string) error {
	var report struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	text := string(payload)
	if err := json.Unmarshal(payload, &report); err == nil && report.Type+report.Message != "" {
		text = strings.TrimPrefix(report.Type+": "+report.Message, ": ")
	}
	text = shift.BoundText(text, len(text)) // removes characters that could hide the secret
	return fmt.Errorf("%w: %s", shift.ErrHookFailed, shift.BoundText(awserror.WithoutToken(text, secret), maxText))
}
