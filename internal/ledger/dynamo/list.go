package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/internal/shift"
)

// Watchers lists the open Deployments that an alarm concerns, each with the time when it was
// opened. If an item cannot be decoded, this and the other lists return the rest together
// with shift.ErrLedgerDamaged.
func (l *Ledger) Watchers(ctx context.Context, alarm string) ([]shift.Listed, error) {
	return l.list(ctx, alarmPartition(alarm))
}

// Unannounced lists the Deployments whose Outcome is not yet announced: the open
// ones, those being restored, and those that were just closed.
func (l *Ledger) Unannounced(ctx context.Context) ([]shift.Listed, error) {
	return l.list(ctx, openPartition)
}

// Suspects lists the Deployments that were rolled back and may have a straggler, until Acquit
// removes them. Each has the time since when it is a suspect, which is zero until Suspect
// was called.
func (l *Ledger) Suspects(ctx context.Context) ([]shift.Listed, error) {
	return l.list(ctx, suspectPartition)
}

// Suspect records the time since when a Deployment is a suspect. It does nothing for one that
// was acquitted.
func (l *Ledger) Suspect(ctx context.Context, id string, at time.Time) error {
	e, err := expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name(openedAt), expression.Value(at.UTC()))).
		WithCondition(expression.Name(partitionKey).AttributeExists()).Build()
	if err != nil {
		return fmt.Errorf("build the update: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 l.table,
		Key:                       suspectKey(id),
		UpdateExpression:          e.Update(),
		ConditionExpression:       e.Condition(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
	})
	if _, acquitted := refusedItem(err); err != nil && !acquitted {
		return fmt.Errorf("suspect %s: %w", id, meaning(err))
	}
	return nil
}

// Acquit removes a Deployment from the list of suspects. Doing so again does no harm.
func (l *Ledger) Acquit(ctx context.Context, id string) error {
	_, err := l.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: l.table, Key: suspectKey(id)})
	if err != nil {
		return fmt.Errorf("acquit %s: %w", id, meaning(err))
	}
	return nil
}

// Holder returns the Deployment that holds a Target. It is zero when none does.
func (l *Ledger) Holder(ctx context.Context, t shift.Target) (shift.Holder, error) {
	found, err := l.item(ctx, lockKey(t))
	if err != nil {
		return shift.Holder{}, fmt.Errorf("read the lock of %s: %w", t, err)
	}
	lock, err := decodeLock(found)
	if err != nil {
		return shift.Holder{}, fmt.Errorf("read the lock of %s: %w", t, err)
	}
	return shift.Holder{DeploymentID: lock.Holder, Since: lock.OpenedAt}, nil
}

// list reads all pointers of a partition.
func (l *Ledger) list(ctx context.Context, partition string) ([]shift.Listed, error) {
	found, err := l.query(ctx, expression.Key(partitionKey).Equal(expression.Value(partition)))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", partition, err)
	}
	listed := make([]shift.Listed, 0, len(found))
	var damaged []error
	for _, i := range found {
		pointer, err := decodePointer(i)
		if err != nil {
			damaged = append(damaged, fmt.Errorf("list %s: %w", partition, err))
			continue
		}
		listed = append(listed, shift.Listed{ID: pointer.ID, Since: pointer.OpenedAt, Targets: pointer.Targets})
	}
	return listed, errors.Join(damaged...)
}

// query reads all items that match a key condition, with strongly consistent reads.
func (l *Ledger) query(ctx context.Context, keys expression.KeyConditionBuilder) ([]item, error) {
	e, err := expression.NewBuilder().WithKeyCondition(keys).Build()
	if err != nil {
		return nil, fmt.Errorf("build the query: %w", err)
	}
	var found []item
	pages := dynamodb.NewQueryPaginator(l.api, &dynamodb.QueryInput{
		TableName:                 l.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    e.KeyCondition(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, meaning(err)
		}
		found = append(found, page.Items...)
	}
	return found, nil
}
