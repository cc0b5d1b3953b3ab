package dynamo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Close closes a record and releases its locks in one transaction, except those of
// quarantined Targets, which Acquit releases. It does so on condition that nobody has changed the record's status or described it since it was read. The open item stays
// until the Outcome is announced. Close returns the closed record. If the condition fails, it
// returns the record that it found with shift.ErrDeploymentClosed,
// shift.ErrDeploymentRestoring or, for an open record, another error. If there is no record,
// it returns shift.ErrDeploymentUnknown.
func (l *Ledger) Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	closed, err := l.close(ctx, r, e)
	if err != nil {
		return closed, fmt.Errorf("close %s as %s: %w", r.ID, e.Outcome, err)
	}
	return closed, nil
}

func (l *Ledger) close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	if r.Status == shift.StatusClosed {
		return r, refusal(r)
	}
	e = normalize(e)
	alarms, err := l.alarms(ctx, r)
	if err != nil {
		return shift.Record{}, err
	}
	actions, err := l.closingActions(r, alarms, e)
	if err != nil {
		return shift.Record{}, err
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err != nil {
		return l.explainNotClosed(r, err)
	}
	return withEnding(r, e), nil
}

// explainNotClosed explains a refused closing.
func (l *Ledger) explainNotClosed(r shift.Record, err error) (shift.Record, error) {
	why := reasonsOf(err)
	if found, refused := why.refused(recordAction); refused {
		if len(found) == 0 {
			return shift.Record{}, shift.ErrDeploymentUnknown
		}
		stored, err := decodeRecord(found)
		if err == nil {
			err = refusal(stored)
		}
		return stored, err
	}
	for i, a := range r.Arrivals {
		if found, refused := why.refused(1 + perTarget*i); refused {
			lock, err := decodeLock(found)
			if err != nil {
				return r, fmt.Errorf("read the lock of %s: %w", a.Target, err)
			}
			return r, fmt.Errorf("this deployment no longer holds the lock of %s (its holder is %q): somebody changed the table by hand", a.Target, lock.Holder)
		}
	}
	return r, meaning(err)
}

// alarms returns the names of the alarms with an alarm item. Until the opening is complete,
// only the stored record has them.
func (l *Ledger) alarms(ctx context.Context, r shift.Record) ([]string, error) {
	if r.Deployment != nil {
		return r.Deployment.Alarms, nil
	}
	found, err := l.item(ctx, recordKey(r.ID))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read its alarms: %w", err)
	case len(found) == 0:
		return nil, shift.ErrDeploymentUnknown
	}
	stored, err := decodeStored(found)
	return stored.Alarms, err
}

// closingActions lists the actions: the record, for each Target its lock and its candidate
// item, the alarm items, and the suspect item of a Deployment that may have a stray writer.
// An opening writes at most 98 items besides the record and its open item, so these are at
// most 100 actions, which is the limit of a transaction.
func (l *Ledger) closingActions(r shift.Record, alarms []string, e shift.Ending) ([]types.TransactWriteItem, error) {
	ending := expression.Set(expression.Name(outcome), expression.Value(e.Outcome)).
		Set(expression.Name(closedAt), expression.Value(e.At)).
		Set(expression.Name(expiresAt), expression.Value(expiry(e)))
	// The description must not have changed either: a straggling Open that has read no
	// description must not close what another try has opened.
	described := expression.Name(deployment).AttributeNotExists()
	if r.Deployment != nil {
		described = expression.Name(deployment).AttributeExists()
	}
	asRead := is(r.Status).And(described).And(isReadable())
	record, err := expression.NewBuilder().WithCondition(asRead).WithUpdate(ending.
		Set(expression.Name(status), expression.Value(shift.StatusClosed)).
		Set(expression.Name(cause), expression.Value(e.Cause)).
		Set(expression.Name(reasons), expression.Value(storeReasons(e.Reasons)))).Build()
	if err != nil {
		return nil, fmt.Errorf("build the closing of the record: %w", err)
	}
	own, err := holds(r.ID)
	if err != nil {
		return nil, err
	}
	keep, err := expression.NewBuilder().WithCondition(holdsLock(r.ID)).
		WithUpdate(expression.Set(expression.Name(quarantinedLock), expression.Value(true))).Build()
	if err != nil {
		return nil, fmt.Errorf("build the update of the locks that stay: %w", err)
	}
	quarantined := withEnding(r, e).Quarantined()
	history, err := expression.NewBuilder().WithUpdate(ending).Build()
	if err != nil {
		return nil, fmt.Errorf("build the end of the history: %w", err)
	}
	actions := []types.TransactWriteItem{l.updateAction(recordKey(r.ID), record)}
	for _, a := range r.Arrivals {
		lock := l.deleteAction(lockKey(a.Target), own)
		if slices.Contains(quarantined, a.Target) {
			lock = l.updateAction(lockKey(a.Target), keep)
		}
		actions = append(actions, lock, l.updateAction(candidateKey(a.Target, a.Candidate, r.ID), history))
	}
	for _, name := range alarms {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{TableName: l.table, Key: alarmKey(name, r.ID)}})
	}
	if !withEnding(r, e).MayStray() {
		return actions, nil
	}
	suspect, err := encode(suspectKey(r.ID), storedPointer{ID: r.ID})
	if err != nil {
		return nil, err
	}
	return append(actions, types.TransactWriteItem{Put: &types.Put{TableName: l.table, Item: suspect}}), nil
}

// holdsLock is the condition that a Deployment holds a lock.
func holdsLock(id string) expression.ConditionBuilder {
	return expression.Name(holder).Equal(expression.Value(id))
}

func holds(id string) (expression.Expression, error) {
	e, err := expression.NewBuilder().WithCondition(holdsLock(id)).Build()
	if err != nil {
		return e, fmt.Errorf("build the condition of the locks: %w", err)
	}
	return e, nil
}

func (l *Ledger) deleteAction(k key, e expression.Expression) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName:                           l.table,
		Key:                                 k,
		ConditionExpression:                 e.Condition(),
		ExpressionAttributeNames:            e.Names(),
		ExpressionAttributeValues:           e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

func (l *Ledger) updateAction(k key, e expression.Expression) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                           l.table,
		Key:                                 k,
		UpdateExpression:                    e.Update(),
		ConditionExpression:                 e.Condition(),
		ExpressionAttributeNames:            e.Names(),
		ExpressionAttributeValues:           e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// Reject writes a closed record for a Deployment that never opened, so that a late opening is
// refused. It also writes the open item, which stays until the Outcome is announced, and takes the
// Deployment out of the queue. Reject returns the closed record. If there already is a record, it returns that record with
// shift.ErrDeploymentClosed, or with an error that can be retried if the record is not
// closed.
func (l *Ledger) Reject(ctx context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error) {
	record, err := l.reject(ctx, id, arrivals, normalize(e))
	if err != nil {
		return record, fmt.Errorf("reject %s: %w", id, err)
	}
	return record, nil
}

func (l *Ledger) reject(ctx context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error) {
	text, err := encodeJSON("arrivals", arrivals)
	if err != nil {
		return shift.Record{}, err
	}
	items := newItems()
	items.add(recordKey(id), storedRecord{
		Schema: shift.Schema, ID: id, Status: shift.StatusClosed, Arrivals: text, Outcome: e.Outcome, Cause: e.Cause,
		Reasons: storeReasons(e.Reasons), ClosedAt: e.At, ExpiresAt: expiry(e),
	})
	items.add(openKey(id), storedPointer{ID: id, OpenedAt: e.At})
	actions, err := items.puts(l.table)
	if err != nil {
		return shift.Record{}, err
	}
	actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{TableName: l.table, Key: waitingKey(id)}})
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return withEnding(shift.Record{ID: id, Arrivals: arrivals}, e), nil
	}
	found, refused := reasonsOf(err).refused(recordAction)
	if !refused {
		return shift.Record{}, meaning(err)
	}
	stored, err := decodeRecord(found)
	if err == nil {
		err = explainNotRejected(stored)
	}
	return stored, err
}

// explainNotRejected says why a rejection did not close an existing record. While the record
// must be restored first, the error must not be a permanent one.
func explainNotRejected(r shift.Record) error {
	if r.Status == shift.StatusClosed {
		return refusal(r)
	}
	return fmt.Errorf("it was opened in the meantime and is %s: try again", r.Status)
}

// normalize makes an Ending equal to what is read back after it was stored.
func normalize(e shift.Ending) shift.Ending {
	e.At = e.At.UTC().Round(0)
	e.Reasons = shift.BoundReasons(e.Reasons)
	return e
}

func withEnding(r shift.Record, e shift.Ending) shift.Record {
	r.Status, r.Outcome, r.Cause, r.Reasons, r.ClosedAt = shift.StatusClosed, e.Outcome, e.Cause, e.Reasons, e.At
	return r
}

// expiry returns when the TTL may delete a closed record and its history, in seconds since
// 1970, as DynamoDB requires.
func expiry(e shift.Ending) int64 { return e.At.Add(retention).Unix() }
