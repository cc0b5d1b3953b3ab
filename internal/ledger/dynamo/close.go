package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/shift"
)

// Close ends a record and gives its locks back, in one transaction, on condition
// that nobody has gone on with it since it was read. The open item stays until the
// Outcome is announced. Close returns the closed record; when the condition fails,
// the record as it was found beside an error, which is shift.ErrDeploymentClosed,
// shift.ErrDeploymentRestoring or, when it is open, another; or
// shift.ErrDeploymentUnknown.
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
	e = settled(e)
	alarms, err := l.alarms(ctx, r)
	if err != nil {
		return shift.Record{}, err
	}
	actions, err := l.closing(r, alarms, e)
	if err != nil {
		return shift.Record{}, err
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err != nil {
		return l.notClosed(r, err)
	}
	return ended(r, e), nil
}

// notClosed explains a refused closing.
func (l *Ledger) notClosed(r shift.Record, err error) (shift.Record, error) {
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
			return r, fmt.Errorf("the lock of %s is no longer this deployment's (its holder: %q): somebody changed the table by hand", a.Target, lock.Holder)
		}
	}
	return r, meaning(err)
}

// alarms are the names that have an alarm item. While the opening is not complete
// only the stored record knows them.
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

// closing lists the actions: the record, for each Target its lock and its
// candidate item, the alarm items, and the suspect item of a Deployment that
// may have a stray writer. With an opening of 98 items besides the record and its
// open item these are at most 100, which is what a transaction takes.
func (l *Ledger) closing(r shift.Record, alarms []string, e shift.Ending) ([]types.TransactWriteItem, error) {
	ending := expression.Set(expression.Name(outcome), expression.Value(e.Outcome)).
		Set(expression.Name(closedAt), expression.Value(e.At)).
		Set(expression.Name(expiresAt), expression.Value(expiry(e)))
	// The description must be as it was read, too: a straggling Open, which has seen
	// none, must not close what another try has opened.
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
	own, err := expression.NewBuilder().WithCondition(expression.Name(holder).Equal(expression.Value(r.ID))).Build()
	if err != nil {
		return nil, fmt.Errorf("build the condition of the locks: %w", err)
	}
	history, err := expression.NewBuilder().WithUpdate(ending).Build()
	if err != nil {
		return nil, fmt.Errorf("build the end of the history: %w", err)
	}
	actions := []types.TransactWriteItem{l.updating(recordKey(r.ID), record)}
	for _, a := range r.Arrivals {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{
			TableName:                           l.table,
			Key:                                 lockKey(a.Target),
			ConditionExpression:                 own.Condition(),
			ExpressionAttributeNames:            own.Names(),
			ExpressionAttributeValues:           own.Values(),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}, l.updating(candidateKey(a.Target, a.Candidate, r.ID), history))
	}
	for _, name := range alarms {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{TableName: l.table, Key: alarmKey(name, r.ID)}})
	}
	if !ended(r, e).MayStray() {
		return actions, nil
	}
	suspect, err := encode(suspectKey(r.ID), storedPointer{ID: r.ID})
	if err != nil {
		return nil, err
	}
	return append(actions, types.TransactWriteItem{Put: &types.Put{TableName: l.table, Item: suspect}}), nil
}

func (l *Ledger) updating(k key, e expression.Expression) types.TransactWriteItem {
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

// Reject writes a closed record for a Deployment that never opened, so that a
// late opening of it is refused, and its open item until that is announced. It
// returns the closed record. When there is a record already, it returns that one,
// beside shift.ErrDeploymentClosed, or beside an error that may heal while the
// record is not closed.
func (l *Ledger) Reject(ctx context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error) {
	record, err := l.reject(ctx, id, arrivals, settled(e))
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
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return ended(shift.Record{ID: id, Arrivals: arrivals}, e), nil
	}
	found, refused := reasonsOf(err).refused(recordAction)
	if !refused {
		return shift.Record{}, meaning(err)
	}
	stored, err := decodeRecord(found)
	if err == nil {
		err = rejectedTooLate(stored)
	}
	return stored, err
}

// rejectedTooLate says why a record that exists was not closed by a rejection. Its
// error must not be a permanent one while the record has to be restored first.
func rejectedTooLate(r shift.Record) error {
	if r.Status == shift.StatusClosed {
		return refusal(r)
	}
	return fmt.Errorf("it was opened meanwhile and is %s: try again", r.Status)
}

// settled is an Ending as it is stored.
func settled(e shift.Ending) shift.Ending {
	e.At = e.At.UTC().Round(0)
	e.Reasons = shift.BoundReasons(e.Reasons)
	return e
}

func ended(r shift.Record, e shift.Ending) shift.Record {
	r.Status, r.Outcome, r.Cause, r.Reasons, r.ClosedAt = shift.StatusClosed, e.Outcome, e.Cause, e.Reasons, e.At
	return r
}

// expiry is when the TTL may delete what an Ending leaves: seconds since 1970, as
// DynamoDB wants it.
func expiry(e shift.Ending) int64 { return e.At.Add(retention).Unix() }
