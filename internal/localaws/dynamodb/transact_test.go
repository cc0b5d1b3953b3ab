package dynamodb_test

import (
	"fmt"
	gostrings "strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func putAction(item attributes, condition string) types.TransactWriteItem {
	put := &types.Put{TableName: aws.String("records"), Item: item}
	if condition != "" {
		put.ConditionExpression = aws.String(condition)
	}
	return types.TransactWriteItem{Put: put}
}

func checkAction(k attributes, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: aws.String("records"), Key: k, ConditionExpression: aws.String(condition),
		ExpressionAttributeValues: valuesFor(condition),
	}}
}

func updateAction(k attributes, expression string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String("records"), Key: k, UpdateExpression: aws.String(expression),
		ExpressionAttributeValues: valuesFor(expression),
	}}
}

func deleteAction(k attributes) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("records"), Key: k}}
}

func (w *world) transact(t *testing.T, token string, actions ...types.TransactWriteItem) error {
	t.Helper()
	input := &sdk.TransactWriteItemsInput{TransactItems: actions}
	if token != "" {
		input.ClientRequestToken = aws.String(token)
	}
	_, err := w.TransactWriteItems(t.Context(), input)
	return err
}

func TestTransactionStoresAllActions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, key("a", "gone"))
	w.put(t, key("a", "checked"))
	require.NoError(t, w.transact(t, "",
		putAction(key("a", "new"), "attribute_not_exists(pk)"),
		updateAction(key("a", "updated"), "ADD n :one"),
		deleteAction(key("a", "gone")),
		checkAction(key("a", "checked"), "attribute_exists(pk)"),
	))
	require.Equal(t, []string{
		`{"pk":{"S":"a"},"sk":{"S":"checked"}}`,
		`{"pk":{"S":"a"},"sk":{"S":"new"}}`,
		`{"n":{"N":"1"},"pk":{"S":"a"},"sk":{"S":"updated"}}`,
	}, w.stored())
}

func TestConditionCheckDoesNotCreateAnItem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	require.NoError(t, w.transact(t, "", checkAction(key("a", "b"), "attribute_not_exists(pk)")))
	require.Empty(t, w.stored())
}

func TestTransactionStoresNothingWhenOneConditionFails(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	before := w.stored()
	returning := putAction(key("p", "s"), "attribute_not_exists(pk)")
	returning.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	err := w.transact(t, "token",
		putAction(key("p", "new"), ""),
		returning,
		checkAction(key("p", "absent"), "attribute_exists(pk)"),
	)
	var canceled *types.TransactionCanceledException
	require.ErrorAs(t, err, &canceled)
	require.Equal(t, "Transaction cancelled, please refer cancellation reasons for specific reasons "+
		"[None, ConditionalCheckFailed, ConditionalCheckFailed]", canceled.ErrorMessage())
	require.Equal(t, []types.CancellationReason{
		{Code: aws.String("None")},
		{
			Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed"),
			Item: sample(),
		},
		{Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed")},
	}, canceled.CancellationReasons)
	require.Equal(t, before, w.stored())

	require.NoError(t, w.transact(t, "token", putAction(key("p", "other"), "")),
		"the token of a canceled transaction was not used up")
}

func TestTransactionIsCanceledByErrorsThatDependOnItems(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		action types.TransactWriteItem
		want   string
	}
	const mismatch = "The provided key element does not match the schema"
	wrong := attributes{"pk": number("5"), "sk": text("s")}
	for _, tc := range []testcase{
		{"a put with a number for a key", putAction(wrong, ""),
			"One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},
		{"a put without a key", putAction(attributes{"pk": text("p")}, ""),
			"One or more parameter values were invalid: Missing the key sk in the item"},
		{"an update by half a key", updateAction(attributes{"pk": text("p")}, "SET n = :n"), mismatch},
		{"a delete by a number", deleteAction(wrong), mismatch},
		{"a check by a number", checkAction(wrong, "attribute_exists(pk)"), mismatch},
		{"an update of the key", updateAction(key("p", "s"), "SET sk = :s"), "One or more parameter values were invalid: " +
			"Cannot update attribute sk. This attribute is part of the key"},
		{"a sum with a string", updateAction(key("p", "s"), "SET n = s + :one"),
			"An operand in the update expression has an incorrect data type"},
		{"a path that leads nowhere", updateAction(key("p", "s"), "SET absent.a = :n"),
			"The document path provided in the update expression is invalid for update"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			before := w.stored()
			err := w.transact(t, "", putAction(key("p", "new"), ""), tc.action)
			var canceled *types.TransactionCanceledException
			require.ErrorAs(t, err, &canceled)
			require.Equal(t, []types.CancellationReason{
				{Code: aws.String("None")},
				{Code: aws.String("ValidationError"), Message: aws.String(tc.want)},
			}, canceled.CancellationReasons)
			require.Equal(t, before, w.stored())
		})
	}
}

func TestTransactionIsRefusedByErrorsThatDoNotDependOnItems(t *testing.T) {
	t.Parallel()
	var hundredAndOne []types.TransactWriteItem
	for i := range 101 {
		hundredAndOne = append(hundredAndOne, putAction(key("p", fmt.Sprint(i)), ""))
	}
	var large []types.TransactWriteItem
	for i := range 11 {
		item := key("p", fmt.Sprint(i))
		item["data"] = text(gostrings.Repeat("x", 400_000))
		large = append(large, putAction(item, ""))
	}
	huge := key("p", "huge")
	huge["data"] = text(gostrings.Repeat("x", 400<<10))
	type testcase struct {
		name    string
		actions []types.TransactWriteItem
		want    string
	}
	const emptyKey = "One or more parameter values are not valid. " +
		"The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"
	for _, tc := range []testcase{
		{"no action", []types.TransactWriteItem{}, "1 validation error detected: Value '[]' at 'transactItems' " +
			"failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"more than 100 actions", hundredAndOne, "1 validation error detected: Value '[…]' at 'transactItems' " +
			"failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"two actions on one item",
			[]types.TransactWriteItem{checkAction(key("p", "s"), "attribute_exists(pk)"), putAction(key("p", "s"), "")},
			"Transaction request cannot include multiple operations on one item"},
		{"two in one action",
			[]types.TransactWriteItem{{Put: putAction(key("p", "s"), "").Put, Delete: deleteAction(key("p", "t")).Delete}},
			"TransactItems can only contain one of Check, Put, Update or Delete"},
		{"none in an action", []types.TransactWriteItem{{}},
			"TransactItems can only contain one of Check, Put, Update or Delete"},
		{"an empty key", []types.TransactWriteItem{putAction(key("p", ""), "")}, emptyKey},
		{"an empty key of a check", []types.TransactWriteItem{checkAction(key("p", ""), "attribute_exists(pk)")}, emptyKey},
		{"more than 4 MB", large, "The aggregate size of the items in the transaction exceeds 4194304 bytes"},
		{"an item of more than 400 KB", []types.TransactWriteItem{putAction(huge, "")},
			"Item size has exceeded the maximum allowed size"},
		{"a malformed condition after an action on no table", []types.TransactWriteItem{
			{Delete: &types.Delete{TableName: aws.String("nowhere"), Key: key("p", "s")}},
			checkAction(key("p", "s"), "attribute_not_exists("),
		}, `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			requireRefused(t, w.transact(t, "", tc.actions...), tc.want)
			require.Empty(t, w.stored())
		})
	}
}

func TestTransactionOnAnUnknownTableIsNotFound(t *testing.T) {
	t.Parallel()
	err := newWorld().transact(t, "", types.TransactWriteItem{
		Delete: &types.Delete{TableName: aws.String("nowhere"), Key: key("p", "s")},
	})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Requested resource not found", missing.ErrorMessage())
}

func TestTransactionWithATokenRunsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	count := updateAction(key("p", "s"), "ADD n :one")
	for range 3 {
		require.NoError(t, w.transact(t, "token", count))
		w.clock.advance(3 * time.Minute)
	}
	require.Equal(t, []string{`{"n":{"N":"1"},"pk":{"S":"p"},"sk":{"S":"s"}}`}, w.stored())

	var mismatch *types.IdempotentParameterMismatchException
	require.ErrorAs(t, w.transact(t, "token", updateAction(key("p", "s"), "ADD n :n")), &mismatch)
	require.ErrorAs(t, w.transact(t, "token", count, deleteAction(key("p", "t"))), &mismatch)

	w.clock.advance(time.Minute)
	require.NoError(t, w.transact(t, "token", count), "ten minutes later it is another transaction")
	require.Equal(t, []string{`{"n":{"N":"2"},"pk":{"S":"p"},"sk":{"S":"s"}}`}, w.stored())
}
