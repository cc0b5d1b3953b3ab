package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// counters is a naive model of "records": the attribute n by key.
type counters map[[2]string]int

// TestDatabaseBehavesAsAMapOfCounters sends the same random requests to the database
// and the model, and compares the responses and the stored items.
func TestDatabaseBehavesAsAMapOfCounters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{world: newWorld(), counters: counters{}}
		t.Repeat(map[string]func(*rapid.T){
			"create":   m.create,
			"add":      m.add,
			"delete":   m.delete,
			"move":     m.move,
			"query":    m.query,
			"":         m.check,
			"transact": m.transact,
		})
	})
}

type model struct {
	*world
	counters counters
}

func drawKey(t *rapid.T, label string) [2]string {
	return [2]string{
		rapid.SampledFrom([]string{"a", "b"}).Draw(t, label+" partition"),
		rapid.StringMatching(`[a-c]{1,2}`).Draw(t, label+" sort"),
	}
}

// conditionFailed reports whether a request failed on a condition, the only error that
// these requests may return.
func conditionFailed(t *rapid.T, err error) bool {
	var conditional *types.ConditionalCheckFailedException
	var canceled *types.TransactionCanceledException
	if errors.As(err, &conditional) || errors.As(err, &canceled) {
		return true
	}
	require.NoError(t, err)
	return false
}

func (m *model) create(t *rapid.T) {
	k, n := drawKey(t, "key"), rapid.IntRange(-5, 5).Draw(t, "n")
	item := key(k[0], k[1])
	item["n"] = number(strconv.Itoa(n))
	_, err := m.PutItem(context.Background(), &sdk.PutItemInput{
		TableName: aws.String("records"), Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
	})
	_, exists := m.counters[k]
	require.Equal(t, exists, conditionFailed(t, err))
	if !exists {
		m.counters[k] = n
	}
}

func (m *model) add(t *rapid.T) {
	k, least := drawKey(t, "key"), rapid.IntRange(-5, 5).Draw(t, "least")
	out, err := m.UpdateItem(context.Background(), &sdk.UpdateItemInput{
		TableName: aws.String("records"), Key: key(k[0], k[1]), ReturnValues: types.ReturnValueUpdatedNew,
		UpdateExpression: aws.String("SET n = n + :one"), ConditionExpression: aws.String("n >= :least"),
		ExpressionAttributeValues: attributes{":one": number("1"), ":least": number(strconv.Itoa(least))},
	})
	n, exists := m.counters[k]
	require.Equal(t, !exists || n < least, conditionFailed(t, err))
	if err == nil {
		m.counters[k]++
		require.Equal(t, attributes{"n": number(strconv.Itoa(n + 1))}, out.Attributes)
	}
}

func (m *model) delete(t *rapid.T) {
	k := drawKey(t, "key")
	out, err := m.DeleteItem(context.Background(), &sdk.DeleteItemInput{
		TableName: aws.String("records"), Key: key(k[0], k[1]), ReturnValues: types.ReturnValueAllOld,
	})
	require.NoError(t, err)
	_, exists := m.counters[k]
	require.Equal(t, exists, out.Attributes != nil)
	delete(m.counters, k)
}

// move moves a counter to another, unused key in a transaction.
func (m *model) move(t *rapid.T) {
	from, to := drawKey(t, "from"), drawKey(t, "to")
	if from == to {
		return
	}
	n, exists := m.counters[from]
	item := key(to[0], to[1])
	item["n"] = number(strconv.Itoa(n))
	_, err := m.TransactWriteItems(context.Background(), &sdk.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{
			{Delete: &types.Delete{
				TableName: aws.String("records"), Key: key(from[0], from[1]),
				ConditionExpression: aws.String("attribute_exists(pk)"),
			}},
			putAction(item, "attribute_not_exists(pk)"),
		},
	})
	_, taken := m.counters[to]
	require.Equal(t, !exists || taken, conditionFailed(t, err))
	if err == nil {
		delete(m.counters, from)
		m.counters[to] = n
	}
}

// transact adds to several counters in one transaction, if none of them is negative.
func (m *model) transact(t *rapid.T) {
	keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) [2]string { return drawKey(t, "key") }), 1, 4,
		rapid.ID).Draw(t, "keys")
	var actions []types.TransactWriteItem
	negative := false
	for _, k := range keys {
		actions = append(actions, types.TransactWriteItem{Update: &types.Update{
			TableName: aws.String("records"), Key: key(k[0], k[1]), UpdateExpression: aws.String("ADD n :one"),
			ConditionExpression:       aws.String("attribute_not_exists(n) OR n >= :zero"),
			ExpressionAttributeValues: attributes{":one": number("1"), ":zero": number("0")},
		}})
		negative = negative || m.counters[k] < 0
	}
	_, err := m.TransactWriteItems(context.Background(), &sdk.TransactWriteItemsInput{TransactItems: actions})
	require.Equal(t, negative, conditionFailed(t, err))
	if err == nil {
		for _, k := range keys {
			m.counters[k]++
		}
	}
}

// query reads a partition from a sort key on, page by page.
func (m *model) query(t *rapid.T) {
	from := drawKey(t, "from")
	forward := rapid.Bool().Draw(t, "forward")
	pager := sdk.NewQueryPaginator(m, &sdk.QueryInput{
		TableName: aws.String("records"), KeyConditionExpression: aws.String("pk = :p AND sk >= :s"),
		ExpressionAttributeValues: attributes{":p": text(from[0]), ":s": text(from[1])},
		ScanIndexForward:          aws.Bool(forward),
		Limit:                     aws.Int32(int32(rapid.IntRange(1, 3).Draw(t, "limit"))),
	})
	var got []string
	for pager.HasMorePages() {
		page, err := pager.NextPage(context.Background())
		require.NoError(t, err)
		for _, item := range page.Items {
			got = append(got, item["sk"].(*types.AttributeValueMemberS).Value)
		}
	}
	var want []string
	for k := range m.counters {
		if k[0] == from[0] && k[1] >= from[1] {
			want = append(want, k[1])
		}
	}
	slices.Sort(want)
	if !forward {
		slices.Reverse(want)
	}
	require.Equal(t, want, got)
}

func (m *model) check(t *rapid.T) {
	var want []string
	for _, k := range slices.SortedFunc(maps.Keys(m.counters), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		want = append(want, fmt.Sprintf(`{"n":{"N":"%d"},"pk":{"S":%q},"sk":{"S":%q}}`, m.counters[k], k[0], k[1]))
	}
	require.Equal(t, want, m.stored())
}
