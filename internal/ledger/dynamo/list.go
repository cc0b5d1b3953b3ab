package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
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
	return l.list(ctx, flow.OpenPartition)
}

// Suspects lists the Deployments that were rolled back and may have a straggler, until Acquit
// removes them. Each has the time since when it is a suspect, which is zero until Suspect
// was called.
func (l *Ledger) Suspects(ctx context.Context) ([]shift.Listed, error) {
	return l.list(ctx, suspectPartition)
}

// Suspect records the time since when a Deployment is a suspect, on condition that this time
// has not changed since the Deployment was listed. It returns whether it has recorded it.
func (l *Ledger) Suspect(ctx context.Context, listed shift.Listed, at time.Time) (bool, error) {
	e, err := expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name(openedAt), expression.Value(at.UTC()))).
		WithCondition(isListedAs(listed)).Build()
	if err != nil {
		return false, fmt.Errorf("build the update: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 l.table,
		Key:                       suspectKey(listed.ID),
		UpdateExpression:          e.Update(),
		ConditionExpression:       e.Condition(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
	})
	if _, changed := refusedItem(err); changed {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("suspect %s: %w", listed.ID, meaning(err))
	}
	return true, nil
}

// isListedAs is the condition that a suspect item is as it was listed.
func isListedAs(listed shift.Listed) expression.ConditionBuilder {
	exists := expression.Name(partitionKey).AttributeExists()
	if listed.Since.IsZero() {
		return exists.And(expression.Name(openedAt).AttributeNotExists())
	}
	return exists.And(expression.Name(openedAt).Equal(expression.Value(listed.Since)))
}

// Acquit removes a Deployment from the list of suspects, and releases the quarantined Targets
// whose locks it still has. It does nothing if the time since when the Deployment is a
// suspect has changed since it was listed. Doing so again does no harm.
func (l *Ledger) Acquit(ctx context.Context, listed shift.Listed, quarantined []shift.Target) error {
	actions, err := l.acquittingActions(ctx, listed, quarantined)
	if err != nil {
		return fmt.Errorf("acquit %s: %w", listed.ID, err)
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if _, changed := reasonsOf(err).refused(0); err != nil && !changed {
		return fmt.Errorf("acquit %s: %w", listed.ID, meaning(err))
	}
	return nil
}

func (l *Ledger) acquittingActions(ctx context.Context, listed shift.Listed, quarantined []shift.Target) ([]types.TransactWriteItem, error) {
	asListed, err := expression.NewBuilder().WithCondition(isListedAs(listed)).Build()
	if err != nil {
		return nil, fmt.Errorf("build the condition of the suspect: %w", err)
	}
	own, err := holds(listed.ID)
	if err != nil {
		return nil, err
	}
	actions := []types.TransactWriteItem{l.deleteAction(suspectKey(listed.ID), asListed)}
	for _, t := range quarantined {
		holder, err := l.Holder(ctx, t)
		if err != nil {
			return nil, err
		}
		if holder.DeploymentID == listed.ID { // earlier versions released every lock at once
			actions = append(actions, l.deleteAction(lockKey(t), own))
		}
	}
	return actions, nil
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

// CheckFree returns shift.ErrTargetHeld or shift.ErrTargetBeingRestored for a Target that a
// Deployment holds, as Open does, and says which one.
func (l *Ledger) CheckFree(ctx context.Context, t shift.Target) error {
	found, err := l.item(ctx, lockKey(t))
	if err != nil {
		return fmt.Errorf("read the lock of %s: %w", t, err)
	}
	lock, err := decodeLock(found)
	if err != nil {
		return fmt.Errorf("read the lock of %s: %w", t, err)
	}
	if lock.Holder == "" {
		return nil
	}
	return l.explainHeld(ctx, t, lock)
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
		listed = append(listed, shift.Listed{ID: pointer.ID, Since: pointer.OpenedAt})
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
