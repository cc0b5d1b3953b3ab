package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// A record from newer code may have a meaning that this code does not know. So this code
// neither uses nor changes it.
func TestARecordOfANewerVersionIsRefusedAndNotChanged(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*world, shift.Record) error{
		"Record": func(w *world, _ shift.Record) error { _, err := w.Record(t.Context(), first); return err },
		"Open": func(w *world, _ shift.Record) error {
			_, err := w.Open(t.Context(), first, release(orders), noon)
			return err
		},
		"Intend":          func(w *world, _ shift.Record) error { _, err := w.Intend(t.Context(), first, 1); return err },
		"Land":            func(w *world, _ shift.Record) error { return w.Land(t.Context(), first, shift.Landed{Step: 1}) },
		"KeepComparisons": func(w *world, _ shift.Record) error { return w.KeepComparisons(t.Context(), first, nil) },
		"StopIgnoring":    func(w *world, _ shift.Record) error { return w.StopIgnoring(t.Context(), first, []string{"a"}) },
		"MarkCalmed":      func(w *world, _ shift.Record) error { return w.MarkCalmed(t.Context(), first, "a", noon) },
		"Command": func(w *world, _ shift.Record) error {
			_, err := w.Command(t.Context(), first, given(shift.Pause, 0))
			return err
		},
		"MarkRestoring": func(w *world, _ shift.Record) error {
			_, err := w.MarkRestoring(t.Context(), first, nil, noon)
			return err
		},
		"MarkFired": func(w *world, _ shift.Record) error {
			_, err := w.MarkFired(t.Context(), first, "a", noon, true, nil)
			return err
		},
		"Restore": func(w *world, _ shift.Record) error { return w.Restore(t.Context(), first, []shift.Target{orders}) },
		"Close": func(w *world, read shift.Record) error {
			_, err := w.Close(t.Context(), read, ending(shift.Promoted))
			return err
		},
		"Reject": func(w *world, _ shift.Record) error {
			_, err := w.Reject(t.Context(), first, nil, ending(shift.Rejected))
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opened(t, first, orders)
			read := w.record(t, first)
			w.setSchema(t, first, "2")
			before := w.item(t, first)
			require.ErrorIs(t, call(w, read), shift.ErrSchemaTooNew)
			assert.Equal(t, before, w.item(t, first))
		})
	}
}

func (w *world) key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "deployment#" + id}, "sk": &types.AttributeValueMemberS{Value: "record"},
	}
}

// setSchema changes the schema version of a record.
func (w *world) setSchema(t *testing.T, id, schema string) {
	t.Helper()
	_, err := w.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(tableName), Key: w.key(id), UpdateExpression: aws.String("SET #schema = :schema, reasons = :new"),
		ExpressionAttributeNames: map[string]string{"#schema": "schema"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":schema": &types.AttributeValueMemberN{Value: schema},
			":new":    &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}},
		},
	})
	require.NoError(t, err)
}

func (w *world) item(t *testing.T, id string) map[string]types.AttributeValue {
	t.Helper()
	out, err := w.client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(tableName), Key: w.key(id)})
	require.NoError(t, err)
	return out.Item
}
