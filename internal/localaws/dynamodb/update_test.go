package dynamodb_test

import (
	gostrings "strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func update(t *testing.T, w *world, expression string, returned types.ReturnValue) (attributes, error) {
	t.Helper()
	out, err := w.UpdateItem(t.Context(), &sdk.UpdateItemInput{
		TableName:                 aws.String("records"),
		Key:                       key("p", "s"),
		UpdateExpression:          aws.String(expression),
		ExpressionAttributeNames:  namesFor(expression),
		ExpressionAttributeValues: valuesFor(expression),
		ReturnValues:              returned,
	})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func TestUpdateAppliesItsActions(t *testing.T) {
	t.Parallel()
	type testcase struct {
		expression string
		want       attributes // what UPDATED_NEW returns
	}
	for _, tc := range []testcase{
		{"SET n = :one", attributes{"n": number("1")}},
		{"set n = n + :n6", attributes{"n": number("11")}},
		{"SET n=n-:n6", attributes{"n": number("-1")}},
		{"SET n = (n + :one)", attributes{"n": number("6")}},
		{"SET x = if_not_exists(absent, :s)", attributes{"x": text("hello")}},
		{"SET n = if_not_exists(n, :one) + :one", attributes{"n": number("6")}},
		{"SET x = if_not_exists(x, :one) + :one", attributes{"x": number("2")}},
		{"SET x = m.d, n = m.d.e", attributes{"x": document(attributes{"e": number("7")}), "n": number("7")}},
		{"SET s = n, n = s", attributes{"s": number("5"), "n": text("hello")}},
		{"SET q = list_append(if_not_exists(q, :l), :l)", attributes{"q": list(text("new"), text("new"))}},
		{"SET l[0] = :s", attributes{"l": list(text("hello"))}},
		{"SET l[2].r = :s, l[0] = :n", attributes{"l": list(number("5"), document(attributes{"r": text("hello")}))}},
		{"SET m.d.e = m.d.e + :one", attributes{"m": document(attributes{"d": document(attributes{"e": number("8")})})}},
		{"SET m.#x = :one, m.#y = :s", attributes{"m": document(attributes{"x": number("1"), "y": text("hello")})}},
		{"REMOVE n, s", nil},
		{"ADD n :one", attributes{"n": number("6")}},
		{"ADD absent :one", attributes{"absent": number("1")}},
		{"ADD m.hits :n", attributes{"m": document(attributes{"hits": number("5")})}},
		{"ADD ss :ss", attributes{"ss": strings("a", "b", "c", "z")}},
		{"ADD ns :ns", attributes{"ns": numbers("1", "2.5", "9")}},
		{"ADD absent :ss", attributes{"absent": strings("a", "z")}},
		{"DELETE ss :ss", attributes{"ss": strings("b", "c")}},
		{"DELETE ss :abc", nil},
		{"DELETE absent :ss", nil},
		{"SET n = :one REMOVE s ADD x :one DELETE ss :ss",
			attributes{"n": number("1"), "x": number("1"), "ss": strings("b", "c")}},
	} {
		t.Run(tc.expression, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			got, err := update(t, w, tc.expression, types.ReturnValueUpdatedNew)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestListIndexesInAnUpdateMeanTheListBeforeIt(t *testing.T) {
	t.Parallel()
	type testcase struct {
		expression string
		want       types.AttributeValue
	}
	a, b, c := text("a"), text("b"), text("c")
	for _, tc := range []testcase{
		{"REMOVE l[0]", list(b, c)},
		{"REMOVE l[0], l[1]", list(c)},
		{"REMOVE l[7]", list(a, b, c)},
		{"SET l[9] = :one, l[7] = :n", list(a, b, c, number("5"), number("1"))},
		{"SET l[0] = l[2] REMOVE l[2]", list(c, b)},
		{"SET l[1] = :one REMOVE l[0]", list(number("1"), c)},
		{"SET l[3] = :one REMOVE l[0], l[4]", list(b, c, number("1"))},
		{"SET l = list_append(l, :l)", list(a, b, c, text("new"))},
		{"SET l = list_append(:l, l)", list(text("new"), a, b, c)},
		{"REMOVE l[0], l[1], l[2]", &types.AttributeValueMemberL{Value: []types.AttributeValue{}}},
	} {
		t.Run(tc.expression, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, attributes{"pk": text("p"), "sk": text("s"), "l": list(a, b, c)})
			got, err := update(t, w, tc.expression, types.ReturnValueAllNew)
			require.NoError(t, err)
			require.Equal(t, tc.want, got["l"])
		})
	}
}

func TestUpdateIsRefusedInDynamoDBsWords(t *testing.T) {
	t.Parallel()
	type testcase struct{ expression, want string }
	const inExpression = "Invalid UpdateExpression: "
	const overlap = inExpression + "Two document paths overlap with each other; must remove or rewrite one of these paths; "
	for _, tc := range []testcase{
		{"", inExpression + "The expression can not be empty;"},
		{"INVALID SYNTAX HERE", inExpression + `Syntax error; token: "INVALID", near: "INVALID SYNTAX"`},
		{"SET", inExpression + `Syntax error; token: "<EOF>", near: "SET"`},
		{"SET n :n", inExpression + `Syntax error; token: ":n", near: "n :n"`},
		{"SET n = :n,", inExpression + `Syntax error; token: "<EOF>", near: ","`},
		{"SET n = :n + :n + :n", inExpression + `Syntax error; token: "+", near: ":n + :n"`},
		{"ADD n n", inExpression + `Syntax error; token: "n", near: "n n"`},
		{"SET n = :n SET s = :s", inExpression + `The "SET" section can only be used once in an update expression;`},
		{"SET status = :n", inExpression + "Attribute name is a reserved keyword; reserved keyword: status"},
		{"SET n = size(s)", inExpression + "Invalid function name; function: size"},
		{"SET n = :undefined", inExpression +
			"An expression attribute value used in expression is not defined; attribute value: :undefined"},
		{"SET #undefined = :n", inExpression +
			"An expression attribute name used in the document path is not defined; attribute name: #undefined"},
		{"SET n = :n, #n = :one", overlap + "path one: [n], path two: [n]"},
		{"SET m = :m REMOVE m.a", overlap + "path one: [m], path two: [m, a]"},
		{"SET l[1] = :n, l[1].a = :n", overlap + "path one: [l, [1]], path two: [l, [1], a]"},
		{"SET m.a = :n, m[0] = :n", inExpression + "Two document paths conflict with each other; " +
			"must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]"},
		{"SET a = if_not_exists(:n, :n)", inExpression +
			"Operator or function requires a document path; operator or function: if_not_exists"},
		{"SET a = if_not_exists(n)", inExpression + "Incorrect number of operands for operator or function; " +
			"operator or function: if_not_exists, number of operands: 1"},
		{"SET n = n + :s", inExpression +
			"Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"SET l = list_append(l, :n)", inExpression +
			"Incorrect operand type for operator or function; operator or function: list_append, operand type: N"},
		{"ADD n :s", inExpression + "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"},
		{"DELETE n :one", inExpression +
			"Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"},

		{"SET pk = :s", "One or more parameter values were invalid: " +
			"Cannot update attribute pk. This attribute is part of the key"},
		{"REMOVE sk", "One or more parameter values were invalid: " +
			"Cannot update attribute sk. This attribute is part of the key"},
		{"SET x = absent", "The provided expression refers to an attribute that does not exist in the item"},
		{"SET x = list_append(absent, :l)", "The provided expression refers to an attribute that does not exist in the item"},
		{"SET n = s + :one", "An operand in the update expression has an incorrect data type"},
		{"SET l = list_append(l, n)", "An operand in the update expression has an incorrect data type"},
		{"ADD s :one", "An operand in the update expression has an incorrect data type"},
		{"DELETE ns :ss", "An operand in the update expression has an incorrect data type"},
		{"SET absent.a = :n", "The document path provided in the update expression is invalid for update"},
		{"REMOVE absent.a", "The document path provided in the update expression is invalid for update"},
		{"SET n.a = :n", "The document path provided in the update expression is invalid for update"},
		{"SET l[5].a = :n", "The document path provided in the update expression is invalid for update"},
		{"SET m[0] = :n", "The document path provided in the update expression is invalid for update"},
	} {
		t.Run(tc.expression, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			before := w.stored()
			_, err := update(t, w, tc.expression, types.ReturnValueNone)
			requireRefused(t, err, tc.want)
			require.Equal(t, before, w.stored())
		})
	}
}

func TestUpdateHonoursReturnValues(t *testing.T) {
	t.Parallel()
	changed := sample()
	changed["n"] = number("6")
	delete(changed, "s")
	type testcase struct {
		returned types.ReturnValue
		want     attributes
	}
	for _, tc := range []testcase{
		{types.ReturnValueNone, nil},
		{types.ReturnValueAllOld, sample()},
		{types.ReturnValueUpdatedOld, attributes{"n": number("5"), "s": text("hello")}},
		{types.ReturnValueAllNew, changed},
		{types.ReturnValueUpdatedNew, attributes{"n": number("6")}},
	} {
		t.Run(string(tc.returned), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.put(t, sample())
			got, err := update(t, w, "ADD n :one REMOVE s", tc.returned)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestUpdateCreatesAMissingItem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got, err := update(t, w, "SET s = :s ADD n :one", types.ReturnValueAllOld)
	require.NoError(t, err)
	require.Nil(t, got)
	require.Equal(t, []string{`{"n":{"N":"1"},"pk":{"S":"p"},"s":{"S":"hello"},"sk":{"S":"s"}}`}, w.stored())

	_, err = w.UpdateItem(t.Context(), &sdk.UpdateItemInput{TableName: aws.String("records"), Key: key("p", "t")})
	require.NoError(t, err, "without an update expression there is only the key")
	require.Len(t, w.stored(), 2)
}

func TestUpdateDoesNotChangeEarlierResults(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	before := w.db.Items("records")[0]
	was := before.String()
	for _, expression := range []string{"SET m.a = :n", "SET l[0] = :s", "ADD ss :ss", "REMOVE l[1]", "SET x = m", "SET x.a = :s"} {
		_, err := update(t, w, expression, types.ReturnValueNone)
		require.NoError(t, err)
	}
	require.Equal(t, was, before.String())
	require.Contains(t, w.stored()[0], `"m":{"M":{"a":{"N":"5"}`, "changing the original does not change a copy")
}

func TestItemMayGrowTo400KB(t *testing.T) {
	t.Parallel()
	w := newWorld()
	// The names pk and sk are 4 bytes, their values 2, and the name s is 1.
	room := 400<<10 - 7
	item := key("p", "s")
	item["s"] = text(gostrings.Repeat("x", room))
	w.put(t, item)

	_, err := update(t, w, "SET n = :one", types.ReturnValueNone)
	requireRefused(t, err, "Item size to update has exceeded the maximum allowed size")

	item["s"] = text(gostrings.Repeat("x", room+1))
	_, err = w.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String("records"), Item: item})
	requireRefused(t, err, "Item size has exceeded the maximum allowed size")
}

func TestDocumentMayBe32LevelsDeep(t *testing.T) {
	t.Parallel()
	const refusal = "Nesting Levels have exceeded supported limits: " +
		"Attributes in the item have nested levels beyond supported limit"
	nested := func(wraps int) types.AttributeValue {
		v := text("leaf")
		for range wraps {
			v = document(attributes{"n": v})
		}
		return v
	}
	w := newWorld()
	item := sample()
	item["deep"] = nested(31)
	w.put(t, item)

	item["deep"] = nested(32)
	_, err := w.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String("records"), Item: item})
	requireRefused(t, err, refusal)

	_, err = update(t, w, "SET m.d.x = deep", types.ReturnValueNone)
	requireRefused(t, err, refusal)
}
