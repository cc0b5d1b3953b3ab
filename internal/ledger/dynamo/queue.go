package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// waitingPartition has the queue of Deployments that wait for their turn.
const waitingPartition = "waiting"

func waitingKey(id string) key { return keyOf(waitingPartition, "deployment#"+id) }

// storedWaiting is a waiting item.
type storedWaiting struct {
	storedPointer
	Arrivals string `dynamodbav:"arrivals"` // JSON
	PutsBack bool   `dynamodbav:"putsBack,omitempty"`
}

// Queue returns the Deployments that wait for their turn, in the order of shift.Waiting.Before. If an
// item cannot be decoded, it returns the rest together with shift.ErrLedgerDamaged.
func (l *Ledger) Queue(ctx context.Context) ([]shift.Waiting, error) {
	found, err := l.query(ctx, expression.Key(partitionKey).Equal(expression.Value(waitingPartition)))
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	var queue []shift.Waiting
	var damaged []error
	for _, i := range found {
		w, err := decodeWaiting(i)
		if err != nil {
			damaged = append(damaged, fmt.Errorf("read the queue: %w", err))
			continue
		}
		queue = append(queue, w)
	}
	slices.SortFunc(queue, shift.Waiting.Before)
	return queue, errors.Join(damaged...)
}

func decodeWaiting(i item) (shift.Waiting, error) {
	var stored storedWaiting
	err := attributevalue.UnmarshalMap(i, &stored)
	if err == nil && (stored.ID == "" || stored.OpenedAt.IsZero()) {
		err = errors.New("it has no id or no time")
	}
	w := shift.Waiting{ID: stored.ID, Since: stored.OpenedAt, PutsBack: stored.PutsBack}
	if err == nil {
		err = decodeJSON("arrivals", stored.Arrivals, &w.Arrivals)
	}
	if err != nil {
		return w, fmt.Errorf("%w: the item %q: %w", shift.ErrLedgerDamaged, shift.BoundText(sortKeyOf(i), maxShown), err)
	}
	return w, nil
}

// Enqueue puts a Deployment at the end of the queue. One that stands in it already keeps its
// place. It returns shift.ErrDeploymentClosed or shift.ErrDeploymentRestoring for a Deployment that
// has a record: somebody may have replaced it.
func (l *Ledger) Enqueue(ctx context.Context, w shift.Waiting) error {
	text, err := encodeJSON("arrivals", w.Arrivals)
	if err != nil {
		return err
	}
	stored, err := encode(waitingKey(w.ID), storedWaiting{storedPointer: storedPointer{ID: w.ID, OpenedAt: w.Since.UTC()}, Arrivals: text, PutsBack: w.PutsBack})
	if err != nil {
		return err
	}
	absent, err := expression.NewBuilder().WithCondition(expression.Name(partitionKey).AttributeNotExists()).Build()
	if err != nil {
		return fmt.Errorf("build the condition: %w", err)
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: l.table, Key: recordKey(w.ID), ConditionExpression: absent.Condition(), ExpressionAttributeNames: absent.Names(),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		{Put: &types.Put{TableName: l.table, Item: stored, ConditionExpression: absent.Condition(), ExpressionAttributeNames: absent.Names()}},
	}})
	if err = explainNotQueued(err); err != nil {
		return fmt.Errorf("put %s into the queue: %w", w.ID, err)
	}
	return nil
}

// explainNotQueued explains a refused entry into the queue. One that exists already is no error.
func explainNotQueued(err error) error {
	why := reasonsOf(err)
	if found, refused := why.refused(0); refused {
		record, err := decodeRecord(found)
		if err == nil {
			err = refusal(record)
		}
		return err
	}
	if _, stands := why.refused(1); err == nil || stands {
		return nil
	}
	return meaning(err)
}

// Dequeue takes a Deployment out of the queue. Doing so again does no harm.
func (l *Ledger) Dequeue(ctx context.Context, id string) error {
	_, err := l.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: l.table, Key: waitingKey(id)})
	if err != nil {
		return fmt.Errorf("take %s out of the queue: %w", id, meaning(err))
	}
	return nil
}
