package cloudfrontswitch

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// meaning makes an error of CloudFront plain, and wraps it in its sentinel. It returns nil for
// nil.
func (p pair) meaning(distribution string, err error) error {
	var (
		stale   *types.PreconditionFailed
		unknown *types.InvalidIfMatchVersion
		taken   *types.CNAMEAlreadyExists
		missing *types.NoSuchDistribution
		means   error
	)
	switch {
	case err == nil:
		return nil
	case awserror.IsThrottled(err):
		means = shift.ErrThrottled
	case errors.As(err, &stale), errors.As(err, &unknown):
		means = shift.ErrRevisionMismatch
	case errors.As(err, &taken):
		return fmt.Errorf("%w: %w; somebody has given the name %s to another distribution, which serves it now: take the name away there first, and then add it to %s, or start again",
			shift.ErrRouteTaken, awserror.Plain(err), p.Name, p.Switch)
	case errors.As(err, &missing):
		return fmt.Errorf("%w: %w; check the id %s in the stack's setting distributions, and that it belongs to this account", shift.ErrTargetNotFound, awserror.Plain(err), distribution)
	case awserror.IsAccessDenied(err):
		return fmt.Errorf("%w; Sluice may access only the distributions in the stack's setting distributions: add %s with the name %s, and deploy the stack again",
			awserror.Plain(err), distribution, p.Name)
	case isRefusal(err):
		means = shift.ErrRouteRefused
	default:
		return awserror.Plain(err)
	}
	return fmt.Errorf("%w: %w", means, awserror.Plain(err))
}

// isRefusal says whether the error is one of CloudFront's own about the content of a request.
// The same request would be refused again.
func isRefusal(err error) bool {
	var coded smithy.APIError
	var generic *smithy.GenericAPIError
	return errors.As(err, &coded) && !errors.As(err, &generic) && coded.ErrorFault() == smithy.FaultClient
}
