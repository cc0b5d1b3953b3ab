package dynamo

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The files of testdata/earlier are items that version 0 wrote, before Reasons had names
// and records a schema.
func TestRecordsOfAnEarlierVersionAreRead(t *testing.T) {
	t.Parallel()
	fired := []shift.Reason{{Name: shift.AlarmFired, Subject: "orders-5xx", Text: "orders-5xx is in ALARM: it was set by hand"}}
	for file, check := range map[string]func(*testing.T, shift.Record){
		"open": func(t *testing.T, r shift.Record) {
			assert.Equal(t, shift.StatusOpen, r.Status)
			assert.Equal(t, shift.Pause, r.Command.Order)
			assert.Equal(t, []string{"other"}, r.UntilOK)
		},
		"restoring": func(t *testing.T, r shift.Record) {
			assert.Equal(t, shift.StatusRestoring, r.Status)
			assert.Equal(t, fired, r.Reasons)
			assert.Len(t, r.Pending(), 1)
		},
		"rolled-back": func(t *testing.T, r shift.Record) {
			assert.Equal(t, shift.RolledBack, r.Outcome)
			assert.Equal(t, fired, r.Reasons)
			assert.Contains(t, r.Cause, "AlarmFired: orders-5xx")
			assert.False(t, r.EndedBefore())
		},
		"execution-ended": func(t *testing.T, r shift.Record) {
			assert.True(t, r.EndedBefore(), "one that is redriven still fails for that")
		},
		"deployed-before": func(t *testing.T, r shift.Record) {
			assert.Equal(t, shift.DeployedBefore, r.Reasons[0].Name)
		},
		"created": func(t *testing.T, r shift.Record) {
			assert.True(t, r.Deployment.Changes[0].Creates())
		},
		"rejected": func(t *testing.T, r shift.Record) {
			assert.Equal(t, "InvalidInput", r.Reasons[0].Name)
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			r, err := decodeRecord(earlier(t, file))
			require.NoError(t, err)
			check(t, r)
		})
	}
}

func earlier(t *testing.T, file string) item {
	t.Helper()
	text, err := os.ReadFile("testdata/earlier/" + file + ".json")
	require.NoError(t, err)
	var values map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &values))
	return itemOf(t, values)
}

// itemOf decodes an item from DynamoDB's JSON.
func itemOf(t *testing.T, values map[string]map[string]json.RawMessage) item {
	t.Helper()
	i := item{}
	for name, value := range values {
		i[name] = valueOf(t, value)
	}
	return i
}

func valueOf(t *testing.T, value map[string]json.RawMessage) types.AttributeValue {
	t.Helper()
	for kind, text := range value {
		switch kind {
		case "S":
			return &types.AttributeValueMemberS{Value: into[string](t, text)}
		case "N":
			return &types.AttributeValueMemberN{Value: into[string](t, text)}
		case "SS":
			return &types.AttributeValueMemberSS{Value: into[[]string](t, text)}
		case "M":
			return &types.AttributeValueMemberM{Value: itemOf(t, into[map[string]map[string]json.RawMessage](t, text))}
		case "L":
			list := &types.AttributeValueMemberL{}
			for _, element := range into[[]map[string]json.RawMessage](t, text) {
				list.Value = append(list.Value, valueOf(t, element))
			}
			return list
		}
	}
	t.Fatalf("not a value: %v", value)
	return nil
}

func into[T any](t *testing.T, text json.RawMessage) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal(text, &value))
	return value
}
