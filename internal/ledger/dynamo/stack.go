package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
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
	Memory    string `dynamodbav:"memory,omitempty"` // JSON
	Signed    string `dynamodbav:"signed,omitempty"`
	BackTo    string `dynamodbav:"backTo,omitempty"`  // see stackshift.Memory
	StackID   string `dynamodbav:"stackId,omitempty"` // of a resource that was not deleted
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
	return decodeMemory(found)
}

func decodeMemory(found item) (stackshift.Memory, error) {
	var m stackshift.Memory
	var stored storedMemory
	err := attributevalue.UnmarshalMap(found, &stored)
	if err == nil && stored.Memory != "" {
		err = json.Unmarshal([]byte(stored.Memory), &m)
	}
	if err != nil {
		return m, fmt.Errorf("%w: what is remembered of the stack: %w", shift.ErrLedgerDamaged, err)
	}
	m.Signed, m.BackTo = stored.Signed, stored.BackTo
	return m, nil
}

// Supersede stores that a request is the newest of its custom resource, so that an earlier one
// which is still being handled begins nothing any more, and that the stack goes back to the request's
// properties. It returns what is remembered, or stackshift.ErrLate if a newer request has come before.
func (l *Ledger) Supersede(ctx context.Context, r stackshift.Request, at time.Time) (stackshift.Memory, error) {
	if r.Signed(at) == "" {
		return l.Memory(ctx, r.Resource())
	}
	found, err := l.updateMemory(ctx, r, expression.Set(expression.Name(backTo), expression.Value(r.Remembered().Properties)), at)
	if err != nil {
		return stackshift.Memory{}, err
	}
	return decodeMemory(found)
}

// Replace stores what is remembered of a request's custom resource from now on. It returns
// stackshift.ErrLate if a newer request has come before.
func (l *Ledger) Replace(ctx context.Context, r stackshift.Request, m stackshift.Memory, at time.Time) error {
	memory, err := encodeJSON("the memory of the stack", m)
	if err != nil {
		return err
	}
	change := expression.Set(expression.Name(memoryText), expression.Value(memory))
	if m.BackTo == "" {
		change = change.Remove(expression.Name(backTo))
	}
	_, err = l.updateMemory(ctx, r, change, at)
	return err
}

// updateMemory changes what is remembered of a request's custom resource, unless a newer request
// has come, and returns the item.
func (l *Ledger) updateMemory(ctx context.Context, r stackshift.Request, change expression.UpdateBuilder, at time.Time) (item, error) {
	change = change.Set(expression.Name(expiresAt), expression.Value(at.Add(memoryRetention).Unix()))
	if r.Type == stackshift.Delete {
		change = change.Remove(expression.Name(stackID))
	} else {
		change = change.Set(expression.Name(stackID), expression.Value(r.StackID))
	}
	builder := expression.NewBuilder()
	if signed := r.Signed(at); signed != "" {
		change = change.Set(expression.Name(signedAt), expression.Value(signed))
		builder = builder.WithCondition(noNewer(signed))
	}
	found, err := l.updateStack(ctx, memoryKey(r.Resource()), builder.WithUpdate(change))
	if _, refused := refusedItem(err); refused {
		return nil, stackshift.ErrLate
	}
	return found, err
}

const signedAt, backTo, stackID = "signed", "backTo", "stackId"

// noNewer is the condition that no newer request of a custom resource has come.
func noNewer(signed string) expression.ConditionBuilder {
	return expression.AttributeNotExists(expression.Name(signedAt)).
		Or(expression.Name(signedAt).LessThanEqual(expression.Value(signed)))
}

// noOther is the condition that neither a newer request has come, nor another try of this one.
func noOther(signed string) expression.ConditionBuilder {
	return expression.AttributeNotExists(expression.Name(signedAt)).
		Or(expression.Name(signedAt).LessThan(expression.Value(signed)))
}

// Remember stores the shift that a request begins, before its execution is started, and that the
// request waits for it. If the request has come before, it changes nothing. It returns the input
// of the execution as it was stored by the first. It returns stackshift.ErrLate if a newer request has
// come, and stackshift.ErrDecided if another try has decided this one since m.Signed was read.
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
	items.add(memoryKey(w.Request.Resource()), storedMemory{Memory: memory, Signed: w.Request.Signed(at), StackID: w.Request.StackID, ExpiresAt: at.Add(memoryRetention).Unix()})
	actions, err := items.puts(l.table)
	if err != nil {
		return nil, err
	}
	// What is remembered of the shift before is replaced.
	if err := replaceOlder(actions[1].Put, w.Request.Signed(at), m.Signed); err != nil {
		return nil, err
	}
	_, err = l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return input, nil
	}
	found, refused := reasonsOf(err).refused(0)
	if !refused {
		if newer, late := reasonsOf(err).refused(1); late {
			return nil, whyRefused(newer, w.Request.Signed(at))
		}
		return nil, meaning(err)
	}
	var before storedWaiter
	if err := attributevalue.UnmarshalMap(found, &before); err != nil {
		return nil, fmt.Errorf("%w: a request of the stack: %w", shift.ErrLedgerDamaged, err)
	}
	return json.RawMessage(before.Input), nil
}

// whyRefused says why a request may not replace what is remembered: a newer one has, or another try.
func whyRefused(found item, signed string) error {
	m, err := decodeMemory(found)
	switch {
	case err != nil:
		return err
	case m.Signed == signed:
		return stackshift.ErrDecided
	}
	return stackshift.ErrLate
}

// replaceOlder lets a Put replace what an older request has stored, and what this one has if that was
// read before.
func replaceOlder(put *types.Put, signed, read string) error {
	put.ConditionExpression, put.ExpressionAttributeNames = nil, nil
	if signed == "" {
		return nil
	}
	condition := noOther(signed)
	if read == signed {
		condition = noNewer(signed)
	}
	e, err := expression.NewBuilder().WithCondition(condition).Build()
	if err != nil {
		return fmt.Errorf("build the condition: %w", err)
	}
	put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	return nil
}

// Stacks lists the ids of the stacks with a custom resource that CloudFormation has created or
// changed within memoryRetention, and has not deleted. It reads the whole table.
func (l *Ledger) Stacks(ctx context.Context) ([]string, error) {
	e, err := expression.NewBuilder().WithFilter(
		expression.Name(partitionKey).BeginsWith(flow.StackPartition).And(expression.AttributeExists(expression.Name(stackID))),
	).WithProjection(expression.NamesList(expression.Name(stackID))).Build()
	if err != nil {
		return nil, fmt.Errorf("build the scan: %w", err)
	}
	var ids []string
	pages := dynamodb.NewScanPaginator(l.api, &dynamodb.ScanInput{
		TableName: l.table, ConsistentRead: aws.Bool(true), FilterExpression: e.Filter(), ProjectionExpression: e.Projection(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the stacks: %w", meaning(err))
		}
		for _, i := range page.Items {
			var stored storedMemory
			if err := attributevalue.UnmarshalMap(i, &stored); err != nil {
				return nil, fmt.Errorf("%w: the stack of a resource: %w", shift.ErrLedgerDamaged, err)
			}
			ids = append(ids, stored.StackID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
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
	_, err = l.updateStack(ctx, waiterKey(w.Execution, w.Request.RequestID), expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name(waiterText), expression.Value(text)).
			Set(expression.Name(expiresAt), expression.Value(at.Add(waiterRetention).Unix()))))
	return err
}

// Answered stores that a request was answered. The ResponseURL is forgotten. A request that does not
// wait is none of its affairs.
func (l *Ledger) Answered(ctx context.Context, w stackshift.Waiter) error {
	_, err := l.updateStack(ctx, waiterKey(w.Execution, w.Request.RequestID), expression.NewBuilder().
		WithUpdate(expression.Remove(expression.Name(waiterText))).
		WithCondition(expression.AttributeExists(expression.Name(waiterText))))
	if _, refused := refusedItem(err); refused {
		return nil
	}
	return err
}

// updateStack changes an item of a stack, and returns it.
func (l *Ledger) updateStack(ctx context.Context, k key, change expression.Builder) (item, error) {
	e, err := change.Build()
	if err != nil {
		return nil, fmt.Errorf("build the update: %w", err)
	}
	out, err := l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 l.table,
		Key:                       k,
		UpdateExpression:          e.Update(),
		ConditionExpression:       e.Condition(),
		ExpressionAttributeNames:  e.Names(),
		ExpressionAttributeValues: e.Values(),
		ReturnValues:              types.ReturnValueAllNew,
	})
	if err != nil {
		return nil, fmt.Errorf("record the request of the stack: %w", meaning(err))
	}
	return out.Attributes, nil
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
