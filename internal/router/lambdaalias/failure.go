package lambdaalias

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// sentinels say what Lambda's general errors mean for one call. A nil sentinel means that
// the error has no special meaning there.
type sentinels struct {
	notFound error // ResourceNotFoundException
	conflict error // ResourceConflictException
	stale    error // PreconditionFailedException
	refused  error // InvalidParameterValueException, or a conflict with a version that has failed
}

// meaning wraps an error of Lambda in its sentinel. It returns nil for nil.
func meaning(err error, s sentinels) error {
	var (
		stale    *types.PreconditionFailedException
		notFound *types.ResourceNotFoundException
		conflict *types.ResourceConflictException
		invalid  *types.InvalidParameterValueException
		means    error
	)
	switch {
	case awserror.IsThrottled(err):
		means = shift.ErrThrottled
	case errors.As(err, &stale):
		means = s.stale
	case errors.As(err, &notFound):
		means = s.notFound
	case errors.As(err, &invalid), errors.As(err, &conflict) && isFailedVersion(conflict):
		means = s.refused
	case errors.As(err, &conflict):
		means = s.conflict
	}
	if means == nil && awserror.IsAccessDenied(err) {
		return fmt.Errorf("%w; Sluice may access only functions with the tag %s (or those that match the stack's setting functions): put the tag back if somebody removed it, and Sluice continues (access to a deleted function is denied, too)",
			awserror.Plain(err), flow.TagAlias)
	}
	if means == nil {
		return awserror.Plain(err)
	}
	return fmt.Errorf("%w: %w", means, awserror.Plain(err))
}

// isFailedVersion says whether a conflict comes from a version that has failed and can never
// serve, rather than from an operation in progress. Only the message differs
// (terraform-provider-aws issue 49904: "state: 'Failed'").
func isFailedVersion(conflict *types.ResourceConflictException) bool {
	return strings.Contains(conflict.ErrorMessage(), "'Failed'")
}

// aliasIsMissing says whether UpdateAlias did not find the alias, rather than a version. Only
// the message differs ("Alias not found: …", as LocalStack has recorded it against AWS).
func aliasIsMissing(err error) bool {
	var notFound *types.ResourceNotFoundException
	return errors.As(err, &notFound) && strings.Contains(notFound.ErrorMessage(), "Alias not found")
}

func hasNoConcurrency(err error) bool {
	var none *types.ProvisionedConcurrencyConfigNotFoundException
	return errors.As(err, &none)
}
