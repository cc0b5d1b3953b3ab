package dynamodb_test

import (
	"errors"
	"fmt"
	gostrings "strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// deleteIf deletes the sample item on a condition.
func deleteIf(t *testing.T, w *world, condition string) error {
	t.Helper()
	_, err := w.DeleteItem(t.Context(), &sdk.DeleteItemInput{
		TableName:                 aws.String("records"),
		Key:                       key("p", "s"),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeNames:  namesFor(condition),
		ExpressionAttributeValues: valuesFor(condition),
	})
	return err
}

func TestConditionHoldsAsDynamoDBEvaluatesIt(t *testing.T) {
	t.Parallel()
	type testcase struct {
		condition string
		want      bool
	}
	for _, tc := range []testcase{
		{"n = :n", true},
		{"n <> :n", false},
		{"n < :n6", true},
		{"n <= :n", true},
		{"n > :n6", false},
		{"n >= :n", true},
		{"n = :s", false},
		{"n <> :s", true},
		{":n = n", true},
		{":one < n", true},
		{"n=:n", true},
		{"(n) = (:n)", true},
		{"absent = :n", false},
		{"absent <> :n", true},
		{"absent < :n", false},
		{"NOT absent < :n", true},
		{"NOT n = :n", false},
		{"s < n", false},
		{"s > :he", true},
		{"bin > :bin", false},
		{"m = :m", false},
		{"nil = :nil", true},
		{"yes = :t", true},
		{"ss = :abc", true},
		{"ss = :ss", false},
		{"n BETWEEN :one AND :n6", true},
		{"n BETWEEN :n6 AND :n6", false},
		{"s between :he AND :s", true},
		{"n IN (:one, :n)", true},
		{"n IN (:one)", false},
		{"absent IN (:one)", false},
		{"attribute_exists(n)", true},
		{"attribute_exists (m.d.e)", true},
		{"attribute_exists(m.d.x)", false},
		{"attribute_exists(l[2].q)", true},
		{"attribute_exists(l[3])", false},
		{"attribute_exists(n.a)", false},
		{"attribute_not_exists(absent)", true},
		{"attribute_not_exists(nil)", false},
		{"attribute_type(n, :S)", false},
		{"attribute_type(s, :S)", true},
		{"attribute_type(ns, :NS)", true},
		{"attribute_type(absent, :S)", false},
		{"begins_with(s, :he)", true},
		{"begins_with(n, :he)", false},
		{"begins_with(absent, :he)", false},
		{"contains(s, :he)", true},
		{"contains(bin, :bin)", true},
		{"contains(ss, :S)", false},
		{"contains(ns, :one)", true},
		{"contains(ss, :one)", false},
		{"contains(l, :one)", true},
		{"contains(n, :n)", false},
		{"size(s) = :n", true},
		{"size(l) < :n", true},
		{"size(m) > :one", true},
		{"size(ss) BETWEEN :one AND :n", true},
		{"size(n) = :one", false},
		{"size(absent) <> :one", true},
		{"n = :one OR n = :n AND s = :s", true},
		{"(n = :one OR n = :n) AND s = :he", false},
		{"n = :n or s = :he and s = :he", true},
		{"NOT n = :one AND NOT (s = :he)", true},
		{"((n = :n) AND (s = :s))", true},
		{"#n = :n AND #m.#d.#e > :n", true},
		{"l[0] = :one AND m . a <> :s", true},
	} {
		t.Run(tc.condition, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			err := deleteIf(t, w, tc.condition)
			var failed *types.ConditionalCheckFailedException
			if tc.want {
				require.NoError(t, err)
				require.Empty(t, w.stored())
				return
			}
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "The conditional request failed", failed.ErrorMessage())
			require.Nil(t, failed.Item, "the request did not ask for the item")
			require.Len(t, w.stored(), 1)
		})
	}
}

// Dots and brackets in the text of an expression form a path. In the name that a
// placeholder stands for, they are part of the name (developer guide, "Expression
// attribute names").
func TestAPlaceholdersNameIsNotParsedAsAPath(t *testing.T) {
	t.Parallel()
	names := []string{"[0]", "[]", "l[0]", "a.b", ".", "#a", ":n", "status", "two words", `"`, "日本"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			deleteIf := func(condition, name string) error {
				_, err := w.DeleteItem(t.Context(), &sdk.DeleteItemInput{
					TableName: aws.String("records"), Key: key("p", "s"), ConditionExpression: &condition,
					ExpressionAttributeNames: map[string]string{"#m": "m", "#x": name},
				})
				return err
			}
			it := sample()
			it["m"] = document(attributes{"l": list(number("1")), "a": document(attributes{"b": number("2")})})
			w.put(t, it)
			var failed *types.ConditionalCheckFailedException
			require.ErrorAs(t, deleteIf("attribute_exists(#m.#x)", name), &failed)
			it["m"] = document(attributes{name: number("1")})
			w.put(t, it)
			require.ErrorAs(t, deleteIf("attribute_exists(#m.#x)", name+"x"), &failed)
			require.NoError(t, deleteIf("attribute_exists(#m.#x)", name))
		})
	}
}

func TestConditionIsRefusedInDynamoDBsWords(t *testing.T) {
	t.Parallel()
	type testcase struct{ condition, want string }
	for _, tc := range []testcase{
		{"", "The expression can not be empty;"},
		{"n", `Syntax error; token: "<EOF>", near: "n"`},
		{"n =", `Syntax error; token: "<EOF>", near: "="`},
		{"= :n", `Syntax error; token: "=", near: "= :n"`},
		{"n = :n AND", `Syntax error; token: "<EOF>", near: "AND"`},
		{"n = :n)", `Syntax error; token: ")", near: ":n)"`},
		{"(n = :n", `Syntax error; token: "<EOF>", near: ":n"`},
		{"attribute_not_exists(", `Syntax error; token: "<EOF>", near: "("`},
		{"n == :n", `Syntax error; token: "=", near: "== :n"`},
		{"n = 5", `Syntax error; token: "5", near: "= 5"`},
		{"n ! :n", `Syntax error; token: "!", near: "n ! :n"`},
		{"n IN ()", `Syntax error; token: ")", near: "()"`},
		{"l[a] = :n", `Syntax error; token: "a", near: "[a]"`},
		{"a-b = :n", `Syntax error; token: "-", near: "a-b"`},
		{"_a = :n", `Syntax error; token: "_", near: "_a"`},
		{"n BETWEEN :n", `Syntax error; token: "<EOF>", near: ":n"`},
		{"l[99999999999] = :n", "List index is not within the allowable range; index: [99999999999]"},
		{"((n = :n))", "The expression has redundant parentheses;"},
		{"((n)) = :n", "The expression has redundant parentheses;"},
		{"foo(n)", "Invalid function name; function: foo"},
		{"Size(s) = :n", "Invalid function name; function: Size"},
		{"if_not_exists(n, :n) = :n", "Invalid function name; function: if_not_exists"},
		{"size(s)", "The function is not allowed to be used this way in an expression; function: size"},
		{"attribute_exists(n) = :t",
			"The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"status = :n", "Attribute name is a reserved keyword; reserved keyword: status"},
		{"m.Name = :n", "Attribute name is a reserved keyword; reserved keyword: Name"},
		{"ttl = :n", "Attribute name is a reserved keyword; reserved keyword: ttl"},
		{"#undefined = :n",
			"An expression attribute name used in the document path is not defined; attribute name: #undefined"},
		{"n = :undefined",
			"An expression attribute value used in expression is not defined; attribute value: :undefined"},
		{"attribute_exists()", `Syntax error; token: ")", near: "()"`},
		{"attribute_exists(n, s)", "Incorrect number of operands for operator or function; " +
			"operator or function: attribute_exists, number of operands: 2"},
		{"attribute_exists(:n)",
			"Operator or function requires a document path; operator or function: attribute_exists"},
		{"n = #n", "The first operand must be distinct from the remaining operands for this operator or function; " +
			"operator: =, first operand: [n]"},
		{"begins_with(l[0], l[0])", "The first operand must be distinct from the remaining operands " +
			"for this operator or function; operator: begins_with, first operand: [l, [0]]"},
		{"begins_with(s, :n)", "Incorrect operand type for operator or function; " +
			"operator or function: begins_with, operand type: N"},
		{"size(:n) = :n", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"yes < :t", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
		{"attribute_type(s, :n)", "Incorrect operand type for operator or function; " +
			"operator or function: attribute_type, operand type: N"},
		{"attribute_type(s, :s)",
			"Invalid attribute type name found; type: hello, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
		{"n BETWEEN :n6 AND :one", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
			"lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:1}"},
		{"n BETWEEN :one AND :s", "The BETWEEN operator requires same data type for lower and upper bounds; " +
			"lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:hello}"},
		{"n IN (:n" + gostrings.Repeat(", :n", 100) + ")", "Incorrect number of operands for operator or function; " +
			"operator or function: IN, number of operands: 101"},
		{"n = :n" + gostrings.Repeat(" OR n = :n", 150), "The expression has more than 300 operators or functions;"},
		{"a" + gostrings.Repeat(" ", 4090) + "= :one",
			"Expression size has exceeded the maximum allowed size; expression size: 4097"},
	} {
		t.Run(tc.condition[:min(40, len(tc.condition))], func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			requireRefused(t, deleteIf(t, w, tc.condition), "Invalid ConditionExpression: "+tc.want)
			require.Len(t, w.stored(), 1, "a refused request changes nothing")
		})
	}
}

func TestUnusedPlaceholdersAreRefused(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name      string
		condition *string
		names     map[string]string
		values    attributes
		want      string
	}
	exists := aws.String("attribute_exists(n)")
	for _, tc := range []testcase{
		{"unused names", exists, map[string]string{"#b": "b", "#a": "a"}, nil,
			"Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"},
		{"unused values", exists, nil, attributes{":v": number("1")},
			"Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"},
		{"names without an expression", nil, map[string]string{"#a": "a"}, nil,
			"ExpressionAttributeNames can only be specified when using expressions"},
		{"values without an expression", nil, nil, attributes{":v": number("1")},
			"ExpressionAttributeValues can only be specified when using expressions"},
		{"no names", exists, map[string]string{}, nil, "ExpressionAttributeNames must not be empty"},
		{"no values", exists, nil, attributes{}, "ExpressionAttributeValues must not be empty"},
		{"a name without #", exists, map[string]string{"a": "a"}, nil,
			`ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{"a value with a dash", exists, nil, attributes{":a-b": number("1")},
			`ExpressionAttributeValues contains invalid key: Syntax error; key: ":a-b"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, err := w.DeleteItem(t.Context(), &sdk.DeleteItemInput{
				TableName: aws.String("records"), Key: key("p", "s"), ConditionExpression: tc.condition,
				ExpressionAttributeNames: tc.names, ExpressionAttributeValues: tc.values,
			})
			requireRefused(t, err, tc.want)
		})
	}
}

func TestFailedConditionReturnsTheExistingItem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	put := &sdk.PutItemInput{
		TableName:                           aws.String("records"),
		Item:                                key("p", "s"),
		ConditionExpression:                 aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	_, err := w.PutItem(t.Context(), put)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	require.Equal(t, sample(), failed.Item)

	put.Item, put.ConditionExpression = key("p", "new"), aws.String("attribute_exists(pk)")
	_, err = w.PutItem(t.Context(), put)
	require.ErrorAs(t, err, &failed)
	require.Empty(t, failed.Item, "there is no item to return")
}

func TestOneOfTwoConditionalPutsWins(t *testing.T) {
	t.Parallel()
	w := newWorld()
	results := make(chan error, 8)
	for i := range cap(results) {
		go func() {
			_, err := w.PutItem(t.Context(), &sdk.PutItemInput{
				TableName:           aws.String("records"),
				Item:                attributes{"pk": text("lock"), "sk": text("s"), "holder": text(fmt.Sprint(i))},
				ConditionExpression: aws.String("attribute_not_exists(pk)"),
			})
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		var failed *types.ConditionalCheckFailedException
		if err := <-results; err == nil {
			won++
		} else {
			require.True(t, errors.As(err, &failed), "%v", err)
		}
	}
	require.Equal(t, 1, won)
}
