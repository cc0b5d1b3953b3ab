package dynamodb_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
)

func TestItemsAreInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, k := range [][2]string{{"b", "2"}, {"a", "9"}, {"b", "10"}, {"a", "A"}, {"a", "a"}} {
		w.put(t, key(k[0], k[1]))
	}
	require.Equal(t, []string{
		`{"pk":{"S":"a"},"sk":{"S":"9"}}`, `{"pk":{"S":"a"},"sk":{"S":"A"}}`, `{"pk":{"S":"a"},"sk":{"S":"a"}}`,
		`{"pk":{"S":"b"},"sk":{"S":"10"}}`, `{"pk":{"S":"b"},"sk":{"S":"2"}}`,
	}, w.stored())
	require.Nil(t, w.db.Items("nowhere"))
}

func TestReturnedItemsDoNotChange(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	taken := w.db.Items("records")
	s, ok := taken[0].Text("s")
	require.True(t, ok)
	require.Equal(t, "hello", s)
	n, ok := taken[0].Number("n")
	require.True(t, ok)
	require.Equal(t, "5", n)
	_, ok = taken[0].Text("n")
	require.False(t, ok)

	changed := sample()
	changed["s"] = text("goodbye")
	w.put(t, changed)
	require.Contains(t, w.stored()[0], "goodbye")
	require.Contains(t, taken[0].String(), "hello")
}

func TestExpiredItemIsReadUntilTheSweepAfterTwoDays(t *testing.T) {
	t.Parallel()
	w := newWorld()
	put := func(sk string, expires time.Duration) {
		item := key("p", sk)
		item["expiresAt"] = number(strconv.FormatInt(w.clock.Now().Add(expires).Unix(), 10))
		w.put(t, item)
	}
	put("an hour", time.Hour)
	put("a week", 7*24*time.Hour)
	put("six years ago", -6*365*24*time.Hour)
	text := key("p", "no number")
	text["expiresAt"] = samples[":s"]
	w.put(t, text)

	w.clock.advance(time.Hour + 48*time.Hour)
	require.Zero(t, w.db.Sweep())
	out, err := w.GetItem(t.Context(), &sdk.GetItemInput{TableName: aws.String("records"), Key: key("p", "an hour")})
	require.NoError(t, err)
	require.NotNil(t, out.Item, "it expired, and is still returned")

	w.clock.advance(time.Second)
	require.Equal(t, 1, w.db.Sweep())
	require.Zero(t, w.db.Sweep())
	require.Len(t, w.db.Items("records"), 3)
}

func TestCreateTableEmptiesAnExistingTable(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	w.db.CreateTable("records", "pk", "sk", "")
	require.Empty(t, w.stored())
}

// The listener is called for every stored item, once for each item of a transaction,
// and not for rejected writes.
func TestOnWriteReportsEveryStoredWrite(t *testing.T) {
	t.Parallel()
	w := newWorld()
	type effect struct{ before, after string }
	var writes []effect
	w.db.OnWrite(func(_ string, before, after dynamodb.Item) {
		writes = append(writes, effect{before.String(), after.String()})
	})
	w.put(t, key("a", "1"))
	require.Error(t, w.transact(t, "", putOnce(key("a", "2")), putOnce(key("a", "1"))))
	require.NoError(t, w.transact(t, "", putOnce(key("a", "2")), types.TransactWriteItem{Delete: &types.Delete{
		TableName: aws.String("records"), Key: key("a", "1"),
	}}))
	one, two := `{"pk":{"S":"a"},"sk":{"S":"1"}}`, `{"pk":{"S":"a"},"sk":{"S":"2"}}`
	require.Equal(t, []effect{{"{}", one}, {"{}", two}, {one, "{}"}}, writes)
}

func putOnce(item map[string]types.AttributeValue) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{
		TableName: aws.String("records"), Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
	}}
}
