package lambdaload

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// meaning wraps an error of Lambda in its sentinel, or says what a person can do about it. The
// remedy comes before Lambda's own text, because the text of a Reason is cut at its end.
func meaning(err error) error {
	var (
		missing *types.ResourceNotFoundException
		refused *types.InvalidParameterValueException
	)
	plain := awserror.Plain(err)
	switch {
	case err == nil:
		return nil
	case awserror.IsThrottled(err):
		return fmt.Errorf("%w: %w", shift.ErrThrottled, plain)
	case errors.As(err, &missing):
		return fmt.Errorf("%w: correct its name or qualifier, or create it: %w", shift.ErrSyntheticNotFound, plain)
	case awserror.IsAccessDenied(err):
		// A function that does not exist has no tag, so access to it is denied too.
		return fmt.Errorf("%w: correct its name, or tag it "+flow.TagSynthetic+" (the stack's setting synthetic can allow names instead): %w", shift.ErrSyntheticNotFound, plain)
	case errors.As(err, &refused) && strings.Contains(refused.ErrorMessage(), "durable function"):
		// "You cannot invoke a durable function using an unqualified ARN." (serverless pull
		// request 13589)
		return fmt.Errorf("%w: it is a durable function: name it NAME:ALIAS or NAME:VERSION: %w", shift.ErrSyntheticNotFound, plain)
	}
	return plain
}
