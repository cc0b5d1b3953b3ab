package cloudfront

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// meaning makes an error of the store plain, and wraps it in what it means for any call. It
// returns nil for nil.
func (r *Router) meaning(err error) error {
	switch {
	case err == nil:
		return nil
	case awserror.IsThrottled(err):
		return fmt.Errorf("%w: %w", shift.ErrThrottled, awserror.Plain(err))
	case isNotFound(err):
		return fmt.Errorf("there is no key value store %s: set the stack's setting cloudfrontStore to the store of the CloudFront Function, and deploy the stack again: %w",
			r.settings.Store, awserror.Plain(err))
	case awserror.IsAccessDenied(err):
		return fmt.Errorf("%w; Sluice may access only the key value store in the stack's setting cloudfrontStore, which is %s", awserror.Plain(err), r.settings.Store)
	}
	return awserror.Plain(err)
}

// isNotFound says whether the store or the key does not exist. The error is the same.
func isNotFound(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

// isConflict says whether a write was refused because the store has changed.
func isConflict(err error) bool {
	var conflict *types.ConflictException
	return errors.As(err, &conflict)
}

// isInvalid says whether a write was refused as invalid. The API reference does not say
// whether that is the answer to an ETag that is not the store's any more.
func isInvalid(err error) bool {
	var invalid *types.ValidationException
	return errors.As(err, &invalid)
}

// isFull says whether a write was refused because the store has no room.
func isFull(err error) bool {
	var full *types.ServiceQuotaExceededException
	return errors.As(err, &full)
}
