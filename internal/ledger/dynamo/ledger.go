package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the DynamoDB calls that the Ledger makes.
type API interface {
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// Ledger is the durable record of which Deployment shifts which Target. It also locks the
// Targets.
type Ledger struct {
	api   API
	table *string
}

// New returns the Ledger in a table.
func New(api API, table string) *Ledger {
	return &Ledger{api: api, table: aws.String(table)}
}

// Record reads the current record of a Deployment. It returns shift.ErrDeploymentUnknown
// when there is none.
func (l *Ledger) Record(ctx context.Context, id string) (shift.Record, error) {
	stored, err := l.item(ctx, recordKey(id))
	if err == nil && len(stored) == 0 {
		err = shift.ErrDeploymentUnknown
	}
	var record shift.Record
	if err == nil {
		record, err = decodeRecord(stored)
	}
	if err != nil {
		return shift.Record{}, fmt.Errorf("read the record of %s: %w", id, err)
	}
	return record, nil
}

// Announced says whether a closed record's Outcome was announced. The open item exists until
// then.
func (l *Ledger) Announced(ctx context.Context, id string) (bool, error) {
	stored, err := l.item(ctx, openKey(id))
	if err != nil {
		return false, fmt.Errorf("read the open item of %s: %w", id, err)
	}
	return len(stored) == 0, nil
}

// Retire removes a Deployment from the list of those whose Outcome is not yet announced.
// Doing so again does no harm.
func (l *Ledger) Retire(ctx context.Context, id string) error {
	_, err := l.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: l.table, Key: openKey(id)})
	if err != nil {
		return fmt.Errorf("delete the open item of %s: %w", id, meaning(err))
	}
	return nil
}

// item reads one item with a strongly consistent read. It returns an empty item if there is
// none.
func (l *Ledger) item(ctx context.Context, k key) (item, error) {
	out, err := l.api.GetItem(ctx, &dynamodb.GetItemInput{TableName: l.table, Key: k, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, meaning(err)
	}
	return out.Item, nil
}
