package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The actions of an opening have this order: the record, the open item, and then for each
// Target its lock and its candidate item. A refusal lists its reasons in the same order.
const (
	recordAction = 0
	targetAction = 2
	perTarget    = 2
)

// Open takes the lock of every Target of a Release and writes the record, all in one
// transaction. A retry finds its own record and returns it unchanged. Open returns
// shift.ErrTargetHeld or shift.ErrTargetBeingRestored for a Target that another Deployment
// holds. It returns shift.ErrDeploymentRestoring or shift.ErrDeploymentClosed, with the
// record, for a Deployment that may no longer shift.
func (l *Ledger) Open(ctx context.Context, id string, release shift.Release, at time.Time) (shift.Record, error) {
	actions, err := l.openingActions(id, release, at.UTC())
	if err != nil {
		return shift.Record{}, fmt.Errorf("open %s: %w", id, err)
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return shift.Record{ID: id, OpenedAt: at.UTC(), Arrivals: release.Arrivals, PutsBack: release.PutsBack(), Status: shift.StatusOpen}, nil
	}
	record, err := l.explainNotOpened(ctx, id, release, err)
	if err != nil {
		return record, fmt.Errorf("open %s: %w", id, err)
	}
	return record, nil
}

// explainNotOpened explains a refused opening. It checks the Deployment's own record first:
// if that exists, an earlier try has succeeded, and the locks are this Deployment's.
func (l *Ledger) explainNotOpened(ctx context.Context, id string, release shift.Release, err error) (shift.Record, error) {
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
		if lock.Holder != id { // its own lock without its record: another try is opening it now
			return shift.Record{}, l.explainHeld(ctx, a.Target, lock)
		}
	}
	return shift.Record{}, meaning(err)
}

// explainHeld returns an error that names the Deployment that holds a Target, and what it is
// doing.
func (l *Ledger) explainHeld(ctx context.Context, t shift.Target, lock storedLock) error {
	by := lock.Holder
	if lock.Quarantined {
		return fmt.Errorf("%w: %s, which %s may have created; the safety net checks once more that nothing is left of it, and frees it within some 5 minutes after that deployment has ended",
			shift.ErrTargetBeingRestored, t, by)
	}
	record, err := l.Record(ctx, by)
	switch {
	case err != nil && !errors.Is(err, shift.ErrDeploymentUnknown):
		return fmt.Errorf("read what the holder of %s is doing: %w", t, err)
	case record.Status == shift.StatusRestoring:
		return fmt.Errorf("%w: %s, held by %s", shift.ErrTargetBeingRestored, t, by)
	case record.Status == shift.StatusClosed:
		return fmt.Errorf("%s was held by %s until a moment ago: try again", t, by)
	}
	return &shift.HeldError{Target: t, By: by, Since: lock.OpenedAt}
}

func (l *Ledger) openingActions(id string, release shift.Release, at time.Time) ([]types.TransactWriteItem, error) {
	arrivals, err := encodeJSON("arrivals", release.Arrivals)
	if err != nil {
		return nil, err
	}
	record := storedRecord{Schema: shift.Schema, ID: id, Status: shift.StatusOpen, Arrivals: arrivals, PutsBack: release.PutsBack(), Alarms: release.Alarms, OpenedAt: at}
	pointer := storedPointer{ID: id, OpenedAt: at}
	items := newItems()
	items.add(recordKey(id), record)
	items.add(openKey(id), pointer)
	for _, a := range release.Arrivals {
		items.add(lockKey(a.Target), storedLock{Holder: id, OpenedAt: at})
		items.add(candidateKey(a.Target, a.Candidate, id), storedArrived{ID: id, Candidate: a.Candidate, OpenedAt: at})
	}
	for _, name := range release.Alarms {
		items.add(alarmKey(name, id), pointer)
	}
	return items.puts(l.table)
}

// items collects items for one transaction. Each is written only if it does not exist yet.
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
