package awserror

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// Redact returns an error with the same code whose text does not contain a task token. Step Functions quotes a token that it refuses. The original error is not wrapped,
// because its text would still be accessible.
func Redact(err error, token string) error {
	text := WithoutToken(err.Error(), token)
	if text == err.Error() {
		return err
	}
	var coded smithy.APIError
	if !errors.As(err, &coded) {
		return errors.New(text)
	}
	return &smithy.GenericAPIError{
		Code: coded.ErrorCode(), Message: WithoutToken(coded.ErrorMessage(), token), Fault: coded.ErrorFault(),
	}
}

// minPart is the length from which a part of a token is secret, in bytes.
const minPart = 16

// WithoutToken replaces a task token in a text. It replaces the whole token and its longer parts,
// because JSON encoders escape the characters between the parts (+, / and =) differently.
func WithoutToken(text, token string) string {
	const replacement = "[task token]"
	if token == "" {
		return text
	}
	text = strings.ReplaceAll(text, token, replacement)
	for _, part := range strings.FieldsFunc(token, func(r rune) bool { return strings.ContainsRune("+/=", r) }) {
		if len(part) >= minPart {
			text = strings.ReplaceAll(text, part, replacement)
		}
	}
	return text
}
