package dynamo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// Codes of the reasons why a transaction is cancelled (TransactWriteItems,
// TransactionCanceledException).
const (
	conditionFailed = "ConditionalCheckFailed"
	conflict        = "TransactionConflict"
	throttling      = "ThrottlingError"
	exceeded        = "ProvisionedThroughputExceeded"
)

// meaning makes an error of DynamoDB a shift.ErrThrottled when it asks to come
// again: that includes meeting another write or transaction on the same item.
func meaning(err error) error {
	var conflicting *types.TransactionConflictException
	if errors.As(err, &conflicting) || reasonsOf(err).retryable() {
		return fmt.Errorf("%w: %w", shift.ErrThrottled, awserror.Plain(err))
	}
	return awserror.Meaning(err)
}

// cancellation is why a transaction was cancelled: a reason for each of its
// actions, in their order.
type cancellation []types.CancellationReason

// reasonsOf is nil for an error that is no cancellation.
func reasonsOf(err error) cancellation {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return nil
	}
	return cancelled.CancellationReasons
}

// refused says whether the condition of an action failed, and on which item.
func (c cancellation) refused(action int) (item, bool) {
	if action >= len(c) || aws.ToString(c[action].Code) != conditionFailed {
		return nil, false
	}
	return c[action].Item, true
}

func (c cancellation) retryable() bool {
	return slices.ContainsFunc(c, func(r types.CancellationReason) bool {
		return slices.Contains([]string{conflict, throttling, exceeded}, aws.ToString(r.Code))
	})
}

// refusedItem is the item on which the condition of a single write failed.
func refusedItem(err error) (item, bool) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, false
	}
	return failed.Item, true
}

// refusal says why a record cannot be written as was wanted: where it stands.
func refusal(r shift.Record) error {
	if err := r.CheckOpen(); err != nil {
		return err
	}
	return fmt.Errorf("the record is open at step %d, which does not allow this", r.Intent)
}
