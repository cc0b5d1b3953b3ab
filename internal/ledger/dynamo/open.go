package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/shift"
)

// The actions of an opening stand in this order, which is also that of the
// reasons why it is refused: the record, the open item, and then for each Target
// its lock and its candidate item.
const (
	recordAction = 0
	targetAction = 2
	perTarget    = 2
)

// Open takes the lock of every Target of a Release, and writes the record, in one
// transaction. A retry finds its own record and returns it as it is. Open returns
// shift.ErrTargetHeld or shift.ErrTargetBeingRestored for a Target that another
// Deployment holds, and shift.ErrDeploymentRestoring or shift.ErrDeploymentClosed,
// with the record, for a Deployment that may not shift any more.
func (l *Ledger) Open(ctx context.Context, id string, release shift.Release, at time.Time) (shift.Record, error) {
	actions, err := l.opening(id, release, at.UTC())
	if err != nil {
		return shift.Record{}, fmt.Errorf("open %s: %w", id, err)
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return shift.Record{ID: id, Arrivals: release.Arrivals, Status: shift.StatusOpen}, nil
	}
	record, err := l.notOpened(ctx, id, release, err)
	if err != nil {
		return record, fmt.Errorf("open %s: %w", id, err)
	}
	return record, nil
}

// notOpened explains a refused opening. The own record goes first: when it is
// there, an earlier try has had its effect, and the locks are this Deployment's.
func (l *Ledger) notOpened(ctx context.Context, id string, release shift.Release, err error) (shift.Record, error) {
	why := reasonsOf(err)
	if found, refused := why.refused(recordAction); refused {
		record, err := decodeRecord(found)
		if err == nil {
			err = record.CheckOpen()
		}
		return record, err
	}
	for i, a := range release.Arrivals {
		found, refused := why.refused(targetAction + perTarget*i)
		if !refused {
			continue
		}
		lock, err := decodeLock(found)
		if err != nil {
			return shift.Record{}, fmt.Errorf("read the lock of %s: %w", a.Target, err)
		}
		if lock.Holder != id { // its own lock without its record is an opening on its way
			return shift.Record{}, l.held(ctx, a.Target, lock.Holder)
		}
	}
	return shift.Record{}, meaning(err)
}

// held says who holds a Target, and what that one is doing.
func (l *Ledger) held(ctx context.Context, t shift.Target, by string) error {
	record, err := l.Record(ctx, by)
	switch {
	case err != nil && !errors.Is(err, shift.ErrDeploymentUnknown):
		return fmt.Errorf("see what the holder of %s is doing: %w", t, err)
	case record.Status == shift.StatusRestoring:
		return fmt.Errorf("%w: %s, held by %s", shift.ErrTargetBeingRestored, t, by)
	case record.Status == shift.StatusClosed:
		return fmt.Errorf("%s was held until just now by %s: try again", t, by)
	}
	return fmt.Errorf(`%w: %s is held by %s; wait for its end, or say "whenHeld": "wait"`, shift.ErrTargetHeld, t, by)
}

func (l *Ledger) opening(id string, release shift.Release, at time.Time) ([]types.TransactWriteItem, error) {
	arrivals, err := encodeJSON("arrivals", release.Arrivals)
	if err != nil {
		return nil, err
	}
	record := storedRecord{Schema: shift.Schema, ID: id, Status: shift.StatusOpen, Arrivals: arrivals, Alarms: release.Alarms, OpenedAt: at}
	pointer := storedPointer{ID: id, OpenedAt: at}
	items := newItems()
	items.add(recordKey(id), record)
	items.add(openKey(id), pointer)
	for _, a := range release.Arrivals {
		items.add(lockKey(a.Target), storedLock{Holder: id, OpenedAt: at})
		items.add(candidateKey(a.Target, a.Candidate, id), storedArrived{ID: id, Candidate: a.Candidate, OpenedAt: at})
	}
	for _, a := range release.Arrivals {
		pointer.Targets = append(pointer.Targets, a.Target)
	}
	for _, name := range release.Alarms {
		items.add(alarmKey(name, id), pointer)
	}
	return items.puts(l.table)
}

// items are put on condition that they do not exist yet.
type items struct {
	list []item
	err  error
}

func newItems() *items { return &items{} }

func (s *items) add(k key, stored any) {
	i, err := encode(k, stored)
	s.list, s.err = append(s.list, i), errors.Join(s.err, err)
}

func (s *items) puts(table *string) ([]types.TransactWriteItem, error) {
	absent, err := expression.NewBuilder().WithCondition(expression.Name(partitionKey).AttributeNotExists()).Build()
	if err = errors.Join(s.err, err); err != nil {
		return nil, err
	}
	actions := make([]types.TransactWriteItem, len(s.list))
	for n, i := range s.list {
		actions[n].Put = &types.Put{
			TableName:                           table,
			Item:                                i,
			ConditionExpression:                 absent.Condition(),
			ExpressionAttributeNames:            absent.Names(),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}
	}
	return actions, nil
}
