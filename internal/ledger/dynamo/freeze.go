package dynamo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// storedFreeze is the item of the account's freeze.
type storedFreeze struct {
	Until     time.Time `dynamodbav:"frozenUntil"`
	Reason    string    `dynamodbav:"reason"`
	By        string    `dynamodbav:"by,omitempty"`
	At        time.Time `dynamodbav:"at"`
	OrderedAt int64     `dynamodbav:"orderedAt"` // At in milliseconds since 1970, for the condition
	ExpiresAt int64     `dynamodbav:"expiresAt"` // seconds since 1970, for the TTL
}

const (
	givenBy = "by"
	// orderedAt is the attribute by which the later of two freezes wins.
	orderedAt = "orderedAt"
)

// Freeze returns the freeze of the account. The zero value is none.
func (l *Ledger) Freeze(ctx context.Context) (shift.Freeze, error) {
	found, err := l.item(ctx, freezeKey())
	if err != nil {
		return shift.Freeze{}, fmt.Errorf("read whether deployments are frozen: %w", err)
	}
	return decodeFreeze(found)
}

func decodeFreeze(i item) (shift.Freeze, error) {
	var stored storedFreeze
	if err := attributevalue.UnmarshalMap(i, &stored); err != nil {
		return shift.Freeze{}, fmt.Errorf("%w: the freeze: %w", shift.ErrLedgerDamaged, err)
	}
	return shift.Freeze{Until: stored.Until, Reason: stored.Reason, By: stored.By, At: stored.At}, nil
}

// SetFreeze stores a freeze in place of an earlier one. One that has ended lifts that. Of two,
// the one that was ordered later stands, whichever arrives first. SetFreeze returns the one
// that stands afterwards.
func (l *Ledger) SetFreeze(ctx context.Context, f shift.Freeze) (shift.Freeze, error) {
	attributes, err := encode(nil, storedFreeze{
		Until: f.Until.UTC(), Reason: f.Reason, By: f.By, At: f.At.UTC(), OrderedAt: shift.Milliseconds(f.At),
		ExpiresAt: max(f.Until.Unix(), f.At.Unix()) + int64(freezeKept/time.Second),
	})
	if err != nil {
		return shift.Freeze{}, err
	}
	update := expression.Remove(expression.Name(givenBy))
	if f.By != "" {
		update = expression.UpdateBuilder{}
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		update = update.Set(expression.Name(name), expression.Value(attributes[name]))
	}
	earlier := expression.Name(orderedAt).AttributeNotExists().Or(expression.Name(orderedAt).LessThanEqual(expression.Value(shift.Milliseconds(f.At))))
	e, err := expression.NewBuilder().WithUpdate(update).WithCondition(earlier).Build()
	if err != nil {
		return shift.Freeze{}, fmt.Errorf("build the freeze: %w", err)
	}
	_, err = l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: l.table, Key: freezeKey(), UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if later, refused := refusedItem(err); refused {
		return decodeFreeze(later)
	}
	if err != nil {
		return shift.Freeze{}, fmt.Errorf("freeze deployments: %w", meaning(err))
	}
	return f, nil
}

// freezeKept is how long the item stays after the freeze, so that an order that arrives late
// finds that a later one has been given.
const freezeKept = 7 * 24 * time.Hour
