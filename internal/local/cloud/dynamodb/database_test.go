package dynamodb_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
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

func TestItemsAreACopy(t *testing.T) {
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

	delete(taken[0], "s")
	require.Contains(t, w.stored()[0], "hello")
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

func TestCreateTableEmptiesTheOneOfThatName(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	w.db.CreateTable("records", "pk", "sk", "")
	require.Empty(t, w.stored())
}
