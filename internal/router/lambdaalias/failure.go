package lambdaalias

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// sentinels are what Lambda's general errors mean for one call; nil where they
// mean nothing in particular.
type sentinels struct {
	notFound error // ResourceNotFoundException
	conflict error // ResourceConflictException
	stale    error // PreconditionFailedException
	refused  error // InvalidParameterValueException, or a conflict with a version that has failed
}

// meaning puts the sentinel of an error of Lambda before it. nil stays nil.
func meaning(err error, s sentinels) error {
	var (
		stale    *types.PreconditionFailedException
		notFound *types.ResourceNotFoundException
		conflict *types.ResourceConflictException
		invalid  *types.InvalidParameterValueException
		means    error
	)
	switch {
	case awserror.Throttled(err):
		means = shift.ErrThrottled
	case errors.As(err, &stale):
		means = s.stale
	case errors.As(err, &notFound):
		means = s.notFound
	case errors.As(err, &invalid), errors.As(err, &conflict) && versionFailed(conflict):
		means = s.refused
	case errors.As(err, &conflict):
		means = s.conflict
	}
	if means == nil && denied(err) {
		return fmt.Errorf("%w; Sluice may touch only functions with the tag %s (or those that fit the stack's setting functions): has it been taken away? It goes on once it is back",
			awserror.Plain(err), shift.TagAlias)
	}
	if means == nil {
		return awserror.Plain(err)
	}
	return fmt.Errorf("%w: %w", means, awserror.Plain(err))
}

func denied(err error) bool {
	var coded smithy.APIError
	return errors.As(err, &coded) && coded.ErrorCode() == "AccessDeniedException"
}

// versionFailed tells a version that can never serve from an operation in progress,
// by the only thing that differs (terraform-provider-aws issue 49904: "state: 'Failed'").
func versionFailed(conflict *types.ResourceConflictException) bool {
	return strings.Contains(conflict.ErrorMessage(), "'Failed'")
}

// aliasIsMissing tells the two things apart that UpdateAlias may not find, by the
// only thing that differs: the message ("Alias not found: …", as LocalStack has recorded it against AWS).
func aliasIsMissing(err error) bool {
	var notFound *types.ResourceNotFoundException
	return errors.As(err, &notFound) && strings.Contains(notFound.ErrorMessage(), "Alias not found")
}

func hasNoConcurrency(err error) bool {
	var none *types.ProvisionedConcurrencyConfigNotFoundException
	return errors.As(err, &none)
}
