package lambdahook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	lambda "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	states "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// meaning puts the sentinel of an error of Lambda or Step Functions before it, or
// says what it means for a hook, and takes the task token out.
func meaning(err error, token string) error {
	var (
		missing  *lambda.ResourceNotFoundException
		timedOut *states.TaskTimedOut
		gone     *states.TaskDoesNotExist
		invalid  *states.InvalidToken
		coded    smithy.APIError
	)
	without := redacted(awserror.Plain(err), token)
	switch {
	case awserror.IsThrottled(err):
		return fmt.Errorf("%w: %w", shift.ErrThrottled, without)
	case errors.As(err, &missing):
		return fmt.Errorf("%w: there is no such function: correct the hook's name or qualifier, or create the function: %w", shift.ErrHookFailed, without)
	case errors.As(err, &coded) && coded.ErrorCode() == "AccessDeniedException":
		// A function that does not exist carries no tag, and so is denied, too.
		return fmt.Errorf("%w: Sluice may not invoke it, or there is no such function: correct the hook's name, or tag its function "+shift.TagHook+" (by the setting hooks, its name may count instead): %w", shift.ErrHookFailed, without)
	case errors.As(err, &timedOut), errors.As(err, &gone), errors.As(err, &invalid):
		return fmt.Errorf("the state no longer waits for this hook, it timed out or was stopped: %w", without)
	}
	return without
}

// maxText bounds what an error repeats of what a hook or AWS says.
const maxText = 1000

// redacted is an error with the same code whose text does not show the token:
// Step Functions repeats a token that it refuses. The cause itself is not wrapped,
// or its text could still be had.
func redacted(err error, token string) error {
	text := withoutToken(err.Error(), token)
	if text == err.Error() {
		return err
	}
	var coded smithy.APIError
	if !errors.As(err, &coded) {
		return errors.New(text)
	}
	return &smithy.GenericAPIError{
		Code: coded.ErrorCode(), Message: withoutToken(coded.ErrorMessage(), token), Fault: coded.ErrorFault(),
	}
}

// failed is the error of a function that was invoked and failed; its payload says
// how (Lambda Developer Guide, Function errors).
func failed(payload []byte, token string) error {
	var report struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	text := string(payload)
	if err := json.Unmarshal(payload, &report); err == nil && report.Type+report.Message != "" {
		text = strings.TrimPrefix(report.Type+": "+report.Message, ": ")
	}
	text = shift.BoundText(text, len(text)) // or what is left out of it could have hidden the token
	return fmt.Errorf("%w: %s", shift.ErrHookFailed, shift.BoundText(withoutToken(text, token), maxText))
}

// minPart is the length from which on a part of a token tells something of it.
const minPart = 16

// withoutToken replaces a token in a text that may repeat the Question: as a
// whole, and in its longer parts, since JSON writers escape the characters between
// them, + and / and =, in ways of their own.
func withoutToken(text, token string) string {
	const instead = "[task token]"
	if token == "" {
		return text
	}
	text = strings.ReplaceAll(text, token, instead)
	for _, part := range strings.FieldsFunc(token, func(r rune) bool { return strings.ContainsRune("+/=", r) }) {
		if len(part) >= minPart {
			text = strings.ReplaceAll(text, part, instead)
		}
	}
	return text
}
