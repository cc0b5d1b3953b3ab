package dynamodb_test

import (
	"fmt"
	gostrings "strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// tenItems returns a world with ten items k0 to k9 in the partition q, one more with a
// non-ASCII sort key, and one in another partition.
func tenItems(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	for i := 9; i >= 0; i-- {
		w.put(t, attributes{"pk": text("q"), "sk": text(fmt.Sprintf("k%d", i)), "n": number(fmt.Sprint(i))})
	}
	w.put(t, attributes{"pk": text("q"), "sk": text("é"), "n": number("99")})
	w.put(t, key("other", "k1"))
	return w
}

// queryInput returns a query of "records" with the values p = q, a = k3, b = k7, k = k,
// n = 4.
func queryInput(condition string) *sdk.QueryInput {
	all := attributes{":p": text("q"), ":a": text("k3"), ":b": text("k7"), ":k": text("k"), ":n": number("4"), ":e": text("")}
	var values attributes
	if reference.MatchString(condition) {
		values = attributes{}
	}
	for _, name := range reference.FindAllString(condition, -1) {
		values[name] = all[name]
	}
	return &sdk.QueryInput{
		TableName:                 aws.String("records"),
		KeyConditionExpression:    aws.String(condition),
		ExpressionAttributeNames:  namesFor(condition),
		ExpressionAttributeValues: values,
	}
}

// sortKeys returns the sort keys of the items, separated by spaces.
func sortKeys(items []attributes) string {
	var found []string
	for _, item := range items {
		found = append(found, item["sk"].(*types.AttributeValueMemberS).Value)
	}
	return gostrings.Join(found, " ")
}

func TestQuerySelectsARangeOfAPartition(t *testing.T) {
	t.Parallel()
	type testcase struct{ condition, want string }
	w := tenItems(t)
	for _, tc := range []testcase{
		{"pk = :p", "k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 é"},
		{"pk = :a", ""},
		{"pk = :p AND sk = :a", "k3"},
		{"pk = :p AND sk < :a", "k0 k1 k2"},
		{"pk = :p AND sk <= :a", "k0 k1 k2 k3"},
		{"pk = :p AND sk > :b", "k8 k9 é"},
		{"pk = :p AND sk >= :b", "k7 k8 k9 é"},
		{"pk = :p AND sk BETWEEN :a AND :b", "k3 k4 k5 k6 k7"},
		{"pk = :p AND begins_with(sk, :k)", "k0 k1 k2 k3 k4 k5 k6 k7 k8 k9"},
		{"sk > :b AND pk = :p", "k8 k9 é"},
		{"(:p = #pk) AND (:b <= #sk)", "k7 k8 k9 é"},
	} {
		t.Run(tc.condition, func(t *testing.T) {
			t.Parallel()
			out, err := w.Query(t.Context(), queryInput(tc.condition))
			require.NoError(t, err)
			require.Equal(t, tc.want, sortKeys(out.Items))
			require.EqualValues(t, len(out.Items), out.Count)
			require.Nil(t, out.LastEvaluatedKey)

			backward := queryInput(tc.condition)
			backward.ScanIndexForward = aws.Bool(false)
			out, err = w.Query(t.Context(), backward)
			require.NoError(t, err)
			require.Len(t, out.Items, len(gostrings.Fields(tc.want)))
			for i, sort := range gostrings.Fields(tc.want) {
				require.Equal(t, text(sort), out.Items[len(out.Items)-1-i]["sk"])
			}
		})
	}
}

func TestQueryIsRefusedInDynamoDBsWords(t *testing.T) {
	t.Parallel()
	type testcase struct{ condition, want string }
	w := tenItems(t)
	for _, tc := range []testcase{
		{"", "Invalid KeyConditionExpression: The expression can not be empty;"},
		{"sk = :a", "Query condition missed key schema element: pk"},
		{"pk = :p AND n = :n", "Query condition missed key schema element: sk"},
		{"pk > :p", "Query key condition not supported"},
		{"pk = :n", "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"pk = :p OR sk = :a", "Invalid operator used in KeyConditionExpression: OR"},
		{"NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"},
		{"pk IN (:p)", "Invalid operator used in KeyConditionExpression: IN"},
		{"pk = :p AND sk <> :a", "Invalid operator used in KeyConditionExpression: <>"},
		{"pk = :p AND contains(sk, :k)", "Invalid operator used in KeyConditionExpression: contains"},
		{"pk = :p AND attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"},
		{"pk = :p AND size(sk) = :n", "KeyConditionExpressions cannot contain nested operations"},
		{"pk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"},
		{"pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
		{":p = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"},
		{"pk = :p AND :a BETWEEN sk AND :b", "Invalid condition in KeyConditionExpression: " +
			"BETWEEN operator must have the key attribute as its first operand"},
		{"pk = :p AND sk BETWEEN :a AND n",
			"Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
		{"pk = :p AND sk > :a AND sk < :b",
			"Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"},
		{"pk = :p AND sk > :a AND extra = :b",
			"The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
		{"pk = :p AND begins_with(sk, :n)", "Invalid KeyConditionExpression: Incorrect operand type for operator " +
			"or function; operator or function: begins_with, operand type: N"},
		{"pk = :p AND sk = :e", "One or more parameter values are not valid. " +
			"The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"},
	} {
		t.Run(tc.condition, func(t *testing.T) {
			t.Parallel()
			_, err := w.Query(t.Context(), queryInput(tc.condition))
			requireRefused(t, err, tc.want)
		})
	}
}

func TestQueryPagesByItsLimit(t *testing.T) {
	t.Parallel()
	for _, forward := range []bool{true, false} {
		t.Run(fmt.Sprint("forward ", forward), func(t *testing.T) {
			t.Parallel()
			w := tenItems(t)
			query := queryInput("pk = :p AND sk BETWEEN :a AND :b")
			query.ScanIndexForward, query.Limit = aws.Bool(forward), aws.Int32(2)
			var pages []string
			pager := sdk.NewQueryPaginator(w, query)
			for pager.HasMorePages() {
				page, err := pager.NextPage(t.Context())
				require.NoError(t, err)
				pages = append(pages, sortKeys(page.Items))
			}
			want := []string{"k3 k4", "k5 k6", "k7"}
			if !forward {
				want = []string{"k7 k6", "k5 k4", "k3"}
			}
			require.Equal(t, want, pages)
		})
	}
}

func TestQueryReturnsTheLastKeyOfAFullPageEvenIfItIsTheLast(t *testing.T) {
	t.Parallel()
	w := tenItems(t)
	query := queryInput("pk = :p AND sk > :b")
	query.Limit = aws.Int32(3)
	out, err := w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, key("q", "é"), out.LastEvaluatedKey)

	query.ExclusiveStartKey = out.LastEvaluatedKey
	out, err = w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Empty(t, out.Items)
	require.Nil(t, out.LastEvaluatedKey)
}

func TestQueryContinuesAfterADeletedItem(t *testing.T) {
	t.Parallel()
	w := tenItems(t)
	query := queryInput("pk = :p")
	query.ExclusiveStartKey, query.Limit = key("q", "k55"), aws.Int32(2)
	out, err := w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, "k6 k7", sortKeys(out.Items))

	query.ScanIndexForward = aws.Bool(false)
	out, err = w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, "k5 k4", sortKeys(out.Items))
}

func TestQueryRefusesAStartKeyOutsideOfItsRange(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		start attributes
		want  string
	}
	w := tenItems(t)
	for _, tc := range []testcase{
		{"no sort key", attributes{"pk": text("q")},
			"The provided starting key is invalid: The provided key element does not match the schema"},
		{"another partition", key("other", "k8"),
			"The provided starting key is outside query boundaries based on provided conditions"},
		{"outside the range", key("q", "k1"), "The provided starting key does not match the range key predicate"},
		{"an empty sort key", key("q", ""), "One or more parameter values are not valid. " +
			"The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			query := queryInput("pk = :p AND sk > :b")
			query.ExclusiveStartKey = tc.start
			_, err := w.Query(t.Context(), query)
			requireRefused(t, err, tc.want)
		})
	}
}

func TestQueryPageEndsAtOneMegabyte(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 5 {
		item := key("big", fmt.Sprint(i))
		item["data"] = text(gostrings.Repeat("x", 390_000))
		w.put(t, item)
	}
	query := queryInput("pk = :p")
	query.ExpressionAttributeValues = attributes{":p": text("big")}
	query.ProjectionExpression = aws.String("sk")
	out, err := w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, "0 1 2", sortKeys(out.Items), "attributes that are not returned count too")
	require.Equal(t, key("big", "2"), out.LastEvaluatedKey)

	query.ExclusiveStartKey = out.LastEvaluatedKey
	out, err = w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, "3 4", sortKeys(out.Items))
	require.Nil(t, out.LastEvaluatedKey)
}

func TestQueryFiltersAfterTheLimit(t *testing.T) {
	t.Parallel()
	w := tenItems(t)
	query := queryInput("pk = :p")
	query.FilterExpression = aws.String("n > :n")
	query.ExpressionAttributeValues[":n"] = number("4")
	query.Limit = aws.Int32(7)
	out, err := w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, "k5 k6", sortKeys(out.Items))
	require.EqualValues(t, 2, out.Count)
	require.EqualValues(t, 7, out.ScannedCount)
	require.Equal(t, key("q", "k6"), out.LastEvaluatedKey)

	query.Select, query.Limit = types.SelectCount, nil
	out, err = w.Query(t.Context(), query)
	require.NoError(t, err)
	require.Nil(t, out.Items)
	require.EqualValues(t, 6, out.Count)

	query.FilterExpression = aws.String("n > :n AND attribute_exists(sk)")
	_, err = w.Query(t.Context(), query)
	requireRefused(t, err, "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk")
}

func TestProjectionReturnsOnlyItsPaths(t *testing.T) {
	t.Parallel()
	type testcase struct {
		projection string
		want       attributes
	}
	w := newWorld()
	w.put(t, sample())
	for _, tc := range []testcase{
		{"n, #s", attributes{"n": number("5"), "s": text("hello")}},
		{"m.d.e, m.a", document(attributes{"d": document(attributes{"e": number("7")}), "a": text("A")}).(*types.AttributeValueMemberM).Value},
		{"l[2].q, l[0]", attributes{"l": list(number("1"), document(attributes{"q": number("2")}))}},
		{"absent, m.absent, l[7], n.a", attributes{}},
	} {
		t.Run(tc.projection, func(t *testing.T) {
			t.Parallel()
			out, err := w.GetItem(t.Context(), &sdk.GetItemInput{
				TableName: aws.String("records"), Key: key("p", "s"), ConsistentRead: aws.Bool(true),
				ProjectionExpression: aws.String(tc.projection), ExpressionAttributeNames: namesFor(tc.projection),
			})
			require.NoError(t, err)
			if m, ok := out.Item["m"].(*types.AttributeValueMemberM); ok {
				out.Item = m.Value
			}
			require.Equal(t, tc.want, out.Item)
		})
	}
}

func TestProjectionIsRefusedInDynamoDBsWords(t *testing.T) {
	t.Parallel()
	type testcase struct{ projection, want string }
	w := newWorld()
	for _, tc := range []testcase{
		{"", "Invalid ProjectionExpression: The expression can not be empty;"},
		{"n,", `Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","`},
		{"status", "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status"},
		{"m, m.a", "Invalid ProjectionExpression: Two document paths overlap with each other; " +
			"must remove or rewrite one of these paths; path one: [m], path two: [m, a]"},
		{"pk.a", "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
	} {
		t.Run(tc.projection, func(t *testing.T) {
			t.Parallel()
			_, err := w.GetItem(t.Context(), &sdk.GetItemInput{
				TableName: aws.String("records"), Key: key("p", "s"), ProjectionExpression: aws.String(tc.projection),
			})
			requireRefused(t, err, tc.want)
		})
	}
}

func TestSelectMustAgreeWithTheProjection(t *testing.T) {
	t.Parallel()
	type testcase struct {
		selected   types.Select
		projection *string
		want       string
	}
	w := tenItems(t)
	n := aws.String("n")
	for _, tc := range []testcase{
		{types.SelectCount, n, "Cannot specify the ProjectionExpression when choosing to get only the Count"},
		{types.SelectAllAttributes, n, "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"},
		{types.SelectSpecificAttributes, nil,
			"Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"},
		{types.SelectAllProjectedAttributes, nil,
			"ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
	} {
		t.Run(string(tc.selected), func(t *testing.T) {
			t.Parallel()
			query := queryInput("pk = :p")
			query.Select, query.ProjectionExpression = tc.selected, tc.projection
			_, err := w.Query(t.Context(), query)
			requireRefused(t, err, tc.want)
		})
	}
}
