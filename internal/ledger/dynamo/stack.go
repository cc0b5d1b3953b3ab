package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/flow"
	"sluice/internal/shift"
	"sluice/internal/stackshift"
)

const (
	// waiterRetention is how long a request of CloudFormation is kept. CloudFormation waits for 12
	// hours at most; after the answer the item is only there so that its repetition is known.
	waiterRetention = 7 * 24 * time.Hour
	waiterText      = "waiter"
	memoryText      = "memory"
)

// storedMemory is what is remembered of a custom resource.
type storedMemory struct {
	Memory    string `dynamodbav:"memory"` // JSON
	ExpiresAt int64  `dynamodbav:"expiresAt"`
}

// storedWaiter is a request that waits for an execution. Waiter is missing when it was answered.
type storedWaiter struct {
	Waiter    string `dynamodbav:"waiter,omitempty"` // JSON
	Input     string `dynamodbav:"input,omitempty"`  // JSON
	ExpiresAt int64  `dynamodbav:"expiresAt"`
}

func memoryKey(resource string) key { return keyOf(flow.StackPartition+resource, memoryText) }

func waiterPartition(execution string) string { return flow.StackWaitPartition + execution }

func waiterKey(execution, requestID string) key {
	return keyOf(waiterPartition(execution), "request#"+requestID)
}

// Memory reads what is remembered of a custom resource. It is empty if nothing is.
func (l *Ledger) Memory(ctx context.Context, resource string) (stackshift.Memory, error) {
	var m stackshift.Memory
	found, err := l.item(ctx, memoryKey(resource))
	if err != nil {
		return m, fmt.Errorf("read what is remembered of the stack: %w", err)
	}
	if len(found) == 0 {
		return m, nil
	}
	var stored storedMemory
	err = attributevalue.UnmarshalMap(found, &stored)
	if err == nil {
		err = json.Unmarshal([]byte(stored.Memory), &m)
	}
	if err != nil {
		return m, fmt.Errorf("%w: what is remembered of the stack: %w", shift.ErrLedgerDamaged, err)
	}
	return m, nil
}

// Remember stores the shift that a request begins, before its execution is started, and that the
// request waits for it. If the request has come before, it changes nothing. It returns the input
// of the execution as it was stored by the first.
func (l *Ledger) Remember(ctx context.Context, m stackshift.Memory, w stackshift.Waiter, input json.RawMessage, at time.Time) (json.RawMessage, error) {
	stored, err := l.remember(ctx, m, w, input, at)
	if err != nil {
		return nil, fmt.Errorf("remember the shift of the stack: %w", err)
	}
	return stored, nil
}

func (l *Ledger) remember(ctx context.Context, m stackshift.Memory, w stackshift.Waiter, input json.RawMessage, at time.Time) (json.RawMessage, error) {
	memory, err := encodeJSON("the memory of the stack", m)
	if err != nil {
		return nil, err
	}
	waiter, err := encodeJSON("the request of the stack", w)
	if err != nil {
		return nil, err
	}
	expires := at.Add(waiterRetention).Unix()
	items := newItems()
	items.add(waiterKey(w.Execution, w.Request.RequestID), storedWaiter{Waiter: waiter, Input: string(input), ExpiresAt: expires})
	items.add(memoryKey(w.Request.Resource()), storedMemory{Memory: memory, ExpiresAt: at.Add(memoryRetention).Unix()})
	actions, err := items.puts(l.table)
	if err != nil {
		return nil, err
	}
	// What is remembered of the shift before is replaced.
	actions[1].Put.ConditionExpression, actions[1].Put.ExpressionAttributeNames = nil, nil
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return input, nil
	}
	found, refused := reasonsOf(err).refused(0)
	if !refused {
		return nil, meaning(err)
	}
	var before storedWaiter
	if err := attributevalue.UnmarshalMap(found, &before); err != nil {
		return nil, fmt.Errorf("%w: a request of the stack: %w", shift.ErrLedgerDamaged, err)
	}
	return json.RawMessage(before.Input), nil
}

// Forget stores that a request of a custom resource had nothing to shift.
func (l *Ledger) Forget(ctx context.Context, resource string, m stackshift.Memory, at time.Time) error {
	memory, err := encodeJSON("the memory of the stack", m)
	if err != nil {
		return err
	}
	return l.updateStack(ctx, memoryKey(resource), expression.Set(expression.Name(memoryText), expression.Value(memory)).
		Set(expression.Name(expiresAt), expression.Value(at.Add(memoryRetention).Unix())))
}

// memoryRetention is how long a shift of a stack is remembered. A stack that rolls back does so
// within hours; a rollback that failed may be continued much later.
const memoryRetention = 400 * 24 * time.Hour

// Began reads the input of the execution that a request has begun. It returns nil if the request
// has not come before.
func (l *Ledger) Began(ctx context.Context, r stackshift.Request) (json.RawMessage, error) {
	found, err := l.item(ctx, waiterKey(r.Execution(), r.RequestID))
	if err != nil {
		return nil, fmt.Errorf("see whether the request has come before: %w", err)
	}
	var stored storedWaiter
	if err := attributevalue.UnmarshalMap(found, &stored); err != nil {
		return nil, fmt.Errorf("%w: a request of the stack: %w", shift.ErrLedgerDamaged, err)
	}
	if stored.Input == "" {
		return nil, nil
	}
	return json.RawMessage(stored.Input), nil
}

// AwaitEnd stores that a request waits for an execution.
func (l *Ledger) AwaitEnd(ctx context.Context, w stackshift.Waiter, at time.Time) error {
	text, err := encodeJSON("the request of the stack", w)
	if err != nil {
		return err
	}
	return l.updateStack(ctx, waiterKey(w.Execution, w.Request.RequestID), expression.Set(expression.Name(waiterText), expression.Value(text)).
		Set(expression.Name(expiresAt), expression.Value(at.Add(waiterRetention).Unix())))
}

// Answered stores that a request was answered. The ResponseURL is forgotten.
func (l *Ledger) Answered(ctx context.Context, w stackshift.Waiter) error {
	return l.updateStack(ctx, waiterKey(w.Execution, w.Request.RequestID), expression.Remove(expression.Name(waiterText)))
}

func (l *Ledger) updateStack(ctx context.Context, k key, change expression.UpdateBuilder) error {
	e, err := expression.NewBuilder().WithUpdate(change).Build()
	if err != nil {
		return fmt.Errorf("build the update: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 l.table,
		Key:                       k,
		UpdateExpression:          e.Update(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
	})
	if err != nil {
		return fmt.Errorf("record the request of the stack: %w", meaning(err))
	}
	return nil
}

// Waiters lists the requests that wait for an execution and were not answered yet.
func (l *Ledger) Waiters(ctx context.Context, execution string) ([]stackshift.Waiter, error) {
	var waiters []stackshift.Waiter
	var damaged error
	pages := dynamodb.NewQueryPaginator(l.api, &dynamodb.QueryInput{
		TableName:                 l.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": partitionKey},
		ExpressionAttributeValues: item{":pk": &types.AttributeValueMemberS{Value: waiterPartition(execution)}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list who waits for %s: %w", execution, meaning(err))
		}
		for _, i := range page.Items {
			var stored storedWaiter
			err := attributevalue.UnmarshalMap(i, &stored)
			if err == nil && stored.Waiter == "" {
				continue
			}
			var w stackshift.Waiter
			if err == nil {
				err = json.Unmarshal([]byte(stored.Waiter), &w)
			}
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("%w: who waits for %s: %w", shift.ErrLedgerDamaged, execution, err))
				continue
			}
			waiters = append(waiters, w)
		}
	}
	return waiters, damaged
}
