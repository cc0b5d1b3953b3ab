package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

const codeDeployID = "codeDeployId"

// storedHook is a hook item. Its attributes tell neither the hook's id nor its task token.
type storedHook struct {
	CodeDeployID string                `dynamodbav:"codeDeployId"`
	Execution    string                `dynamodbav:"execution"`
	Function     string                `dynamodbav:"function"`
	Point        shift.Point           `dynamodbav:"point"`
	Sealed       []byte                `dynamodbav:"sealed"`
	ExpiresAt    int64                 `dynamodbav:"expiresAt"` // seconds since 1970, for the TTL
	Status       shift.LifecycleStatus `dynamodbav:"status,omitempty"`
}

// storedCodeDeployID is an item that leads from the id that hooks know to the execution.
type storedCodeDeployID struct {
	Execution string `dynamodbav:"execution"`
	ExpiresAt int64  `dynamodbav:"expiresAt"`
}

// Await records that the answer of a hook is awaited, before the hook is asked. The item that
// leads from the CodeDeployID to the execution stays as long as the Deployment's record.
func (l *Ledger) Await(ctx context.Context, h shift.AwaitedHook, now time.Time) error {
	items := newItems()
	items.add(hookKey(h.Lookup), storedHook{
		CodeDeployID: h.CodeDeployID, Execution: h.Execution, Function: h.Function, Point: h.Point,
		Sealed: h.Sealed, ExpiresAt: h.Expires.Unix(), Status: h.Status,
	})
	actions, err := items.puts(l.table)
	if err != nil {
		return fmt.Errorf("record that the hook %s is awaited: %w", h.Function, err)
	}
	leads, err := encode(codeDeployKey(h.CodeDeployID), storedCodeDeployID{Execution: h.Execution, ExpiresAt: now.Add(retention).Unix()})
	if err != nil {
		return fmt.Errorf("record that the hook %s is awaited: %w", h.Function, err)
	}
	actions = append(actions, types.TransactWriteItem{Put: &types.Put{TableName: l.table, Item: leads}})
	if _, err := l.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions}); err != nil {
		return fmt.Errorf("record that the hook %s is awaited: %w", h.Function, meaning(err))
	}
	return nil
}

// Answer records the answer of a hook, unless it has answered before. It returns the hook as it
// was before this answer: its Status is empty for the first one, and the same as this answer for
// a repetition. It returns shift.ErrHookAnswered if the hook has given the other answer before,
// and shift.ErrHookUnknown for an unknown hook, for one of another deployment, and for one whose
// time is over: who asks must not learn which.
func (l *Ledger) Answer(ctx context.Context, a shift.HookAnswer, now time.Time) (shift.AwaitedHook, error) {
	found, err := l.item(ctx, hookKey(a.Lookup))
	var hook shift.AwaitedHook
	if err == nil {
		hook, err = checkAnswer(found, a, now)
	}
	if err == nil && hook.Status == "" {
		hook, err = l.setStatus(ctx, hook, a, now)
	}
	if err != nil {
		return shift.AwaitedHook{}, fmt.Errorf("record the answer of a hook: %w", err)
	}
	return hook, nil
}

// checkAnswer decodes a hook item, and says whether the hook may give this answer.
func checkAnswer(found item, a shift.HookAnswer, now time.Time) (shift.AwaitedHook, error) {
	if len(found) == 0 {
		return shift.AwaitedHook{}, shift.ErrHookUnknown
	}
	var stored storedHook
	err := attributevalue.UnmarshalMap(found, &stored)
	if err == nil && (stored.CodeDeployID == "" || len(stored.Sealed) == 0) {
		err = errors.New("it has no deployment or no token")
	}
	switch {
	case err != nil:
		return shift.AwaitedHook{}, fmt.Errorf("%w: the item of a hook: %w", shift.ErrLedgerDamaged, err)
	// The table deletes an expired item days later.
	case stored.CodeDeployID != a.CodeDeployID, stored.ExpiresAt <= now.Unix():
		return shift.AwaitedHook{}, shift.ErrHookUnknown
	case stored.Status != "" && stored.Status != a.Status:
		return shift.AwaitedHook{}, shift.ErrHookAnswered
	}
	return shift.AwaitedHook{
		Lookup: a.Lookup, CodeDeployID: stored.CodeDeployID, Execution: stored.Execution, Function: stored.Function,
		Point: stored.Point, Sealed: stored.Sealed, Expires: time.Unix(stored.ExpiresAt, 0).UTC(), Status: stored.Status,
	}, nil
}

// setStatus gives a hook that has not answered its status, on condition that this is still so.
func (l *Ledger) setStatus(ctx context.Context, hook shift.AwaitedHook, a shift.HookAnswer, now time.Time) (shift.AwaitedHook, error) {
	unanswered := expression.Name(status).AttributeNotExists().
		And(expression.Name(codeDeployID).Equal(expression.Value(a.CodeDeployID))).
		And(expression.Name(expiresAt).GreaterThan(expression.Value(now.Unix())))
	e, err := expression.NewBuilder().WithCondition(unanswered).
		WithUpdate(expression.Set(expression.Name(status), expression.Value(a.Status))).Build()
	if err != nil {
		return shift.AwaitedHook{}, fmt.Errorf("build the update: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           l.table,
		Key:                                 hookKey(a.Lookup),
		UpdateExpression:                    e.Update(),
		ConditionExpression:                 e.Condition(),
		ExpressionAttributeNames:            e.Names(),
		ExpressionAttributeValues:           e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if found, refused := refusedItem(err); refused { // another answer was faster
		return checkAnswer(found, a, now)
	}
	if err != nil {
		return shift.AwaitedHook{}, meaning(err)
	}
	return hook, nil
}

// ExecutionOf returns the execution whose hooks know it by an id in CodeDeploy's form. It returns
// shift.ErrDeploymentUnknown if there is none.
func (l *Ledger) ExecutionOf(ctx context.Context, id string) (string, error) {
	found, err := l.item(ctx, codeDeployKey(id))
	if err == nil && len(found) == 0 {
		err = shift.ErrDeploymentUnknown
	}
	var stored storedCodeDeployID
	if err == nil {
		err = attributevalue.UnmarshalMap(found, &stored)
	}
	if err == nil && flow.CodeDeployID(stored.Execution) != id {
		err = fmt.Errorf("%w: the item of %s", shift.ErrLedgerDamaged, shift.BoundText(id, maxShown))
	}
	if err != nil {
		return "", fmt.Errorf("find the execution of %s: %w", shift.BoundText(id, maxShown), err)
	}
	return stored.Execution, nil
}
