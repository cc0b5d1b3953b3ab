package dynamo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Codes of the reasons why a transaction is cancelled (TransactWriteItems,
// TransactionCanceledException).
const (
	conditionFailed = "ConditionalCheckFailed"
	conflict        = "TransactionConflict"
	throttling      = "ThrottlingError"
	exceeded        = "ProvisionedThroughputExceeded"
)

// meaning wraps an error of DynamoDB in shift.ErrThrottled if the call can be retried. That
// includes a conflict with another write or transaction on the same item.
func meaning(err error) error {
	var conflicting *types.TransactionConflictException
	if errors.As(err, &conflicting) || reasonsOf(err).isRetryable() {
		return fmt.Errorf("%w: %w", shift.ErrThrottled, awserror.Plain(err))
	}
	return awserror.Meaning(err)
}

// cancellation says why a transaction was cancelled. It has a reason for each action, in
// their order.
type cancellation []types.CancellationReason

// reasonsOf returns the reasons of a cancelled transaction, or nil for any other error.
func reasonsOf(err error) cancellation {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return nil
	}
	return cancelled.CancellationReasons
}

// refused says whether the condition of an action failed, and returns the stored item.
func (c cancellation) refused(action int) (item, bool) {
	if action >= len(c) || aws.ToString(c[action].Code) != conditionFailed {
		return nil, false
	}
	return c[action].Item, true
}

func (c cancellation) isRetryable() bool {
	return slices.ContainsFunc(c, func(r types.CancellationReason) bool {
		return slices.Contains([]string{conflict, throttling, exceeded}, aws.ToString(r.Code))
	})
}

// refusedItem returns the stored item if the condition of a single write failed.
func refusedItem(err error) (item, bool) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, false
	}
	return failed.Item, true
}

// refusal says why a record cannot be changed, from its status.
func refusal(r shift.Record) error {
	if err := r.CheckOpen(); err != nil {
		return err
	}
	return fmt.Errorf("the record is open at step %d, which does not allow this", r.Intent)
}
