package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/sluice-aws/sluice/internal/shift"
)

// until is the attribute of a lease that says when it ends, in milliseconds since 1970.
const until = "until"

// Lease gives a holder the lease of the queue of restorations until the given time, unless
// another holder has it. It returns whether the holder has it then. Who has it already may
// extend it.
func (l *Ledger) Lease(ctx context.Context, by string, now, end time.Time) (bool, error) {
	isFree := expression.Name(partitionKey).AttributeNotExists().
		Or(expression.Name(until).LessThan(expression.Value(shift.Milliseconds(now)))).
		Or(holdsLock(by))
	e, err := expression.NewBuilder().WithCondition(isFree).
		WithUpdate(expression.Set(expression.Name(holder), expression.Value(by)).
			Set(expression.Name(until), expression.Value(shift.Milliseconds(end)))).Build()
	if err != nil {
		return false, fmt.Errorf("build the lease: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 l.table,
		Key:                       leaseKey(),
		UpdateExpression:          e.Update(),
		ConditionExpression:       e.Condition(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
	})
	if _, taken := refusedItem(err); taken {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease the queue of restorations: %w", meaning(err))
	}
	return true, nil
}

// Release ends the lease of a holder. If another one has it by now, it does nothing.
func (l *Ledger) Release(ctx context.Context, by string) error {
	own, err := holds(by)
	if err != nil {
		return err
	}
	_, err = l.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                 l.table,
		Key:                       leaseKey(),
		ConditionExpression:       own.Condition(),
		ExpressionAttributeNames:  own.Names(),
		ExpressionAttributeValues: own.Values(),
	})
	if _, another := refusedItem(err); err != nil && !another {
		return fmt.Errorf("release the queue of restorations: %w", meaning(err))
	}
	return nil
}
