package dynamodb_test

import (
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	gostrings "strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
)

// post sends a body that the SDK's client would not send.
func post(t *testing.T, w *world, operation, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://dynamodb.local/", gostrings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	answer, err := transport{w.db}.Do(r)
	require.NoError(t, err)
	return answer
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

func TestEveryTypeIsReturnedUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld()
	item := sample()
	item["unicode"] = text("é \"quoted\" \\ \n\x01 \U0001F680 </script>")
	item["empty"] = list(text(""), &types.AttributeValueMemberB{Value: []byte{}},
		&types.AttributeValueMemberL{Value: []types.AttributeValue{}}, document(attributes{}), strings(""))
	item["attribute \"é\""] = number("1")
	w.put(t, item)
	out, err := w.GetItem(t.Context(), &sdk.GetItemInput{TableName: aws.String("records"), Key: key("p", "s")})
	require.NoError(t, err)
	require.Equal(t, item, out.Item)
}

func TestNumbersAndSetsAreReturnedInCanonicalForm(t *testing.T) {
	t.Parallel()
	w := newWorld()
	item := key("p", "s")
	item["n"], item["ns"], item["ss"] = number("-0012.50e1"), numbers("10", "9", "-1.0"), strings("b", "", "a")
	w.put(t, item)
	require.Equal(t, []string{
		`{"n":{"N":"-125"},"ns":{"NS":["-1","9","10"]},"pk":{"S":"p"},"sk":{"S":"s"},"ss":{"SS":["","a","b"]}}`,
	}, w.stored())
}

func TestGetItemOfAMissingItemReturnsNone(t *testing.T) {
	t.Parallel()
	out, err := newWorld().GetItem(t.Context(), &sdk.GetItemInput{TableName: aws.String("records"), Key: key("p", "s")})
	require.NoError(t, err)
	require.Nil(t, out.Item)
}

func TestPutAndDeleteReturnTheOldItem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	put, err := w.PutItem(t.Context(), &sdk.PutItemInput{
		TableName: aws.String("records"), Item: key("p", "s"), ReturnValues: types.ReturnValueAllOld,
	})
	require.NoError(t, err)
	require.Equal(t, sample(), put.Attributes)

	deletion := &sdk.DeleteItemInput{
		TableName: aws.String("records"), Key: key("p", "s"), ReturnValues: types.ReturnValueAllOld,
	}
	deleted, err := w.DeleteItem(t.Context(), deletion)
	require.NoError(t, err)
	require.Equal(t, key("p", "s"), deleted.Attributes)

	deleted, err = w.DeleteItem(t.Context(), deletion)
	require.NoError(t, err, "deleting a missing item succeeds")
	require.Nil(t, deleted.Attributes)

	deletion.ReturnValues = types.ReturnValueAllNew
	_, err = w.DeleteItem(t.Context(), deletion)
	requireRefused(t, err, "ReturnValues can only be ALL_OLD or NONE")
}

func TestTableWithoutSortKey(t *testing.T) {
	t.Parallel()
	w := newWorld()
	put := &sdk.PutItemInput{TableName: aws.String("plain"), Item: attributes{"id": text("a"), "n": number("1")}}
	_, err := w.PutItem(t.Context(), put)
	require.NoError(t, err)
	out, err := w.Query(t.Context(), &sdk.QueryInput{
		TableName:                 aws.String("plain"),
		KeyConditionExpression:    aws.String("id = :id"),
		ExpressionAttributeValues: attributes{":id": text("a")},
	})
	require.NoError(t, err)
	require.Equal(t, []attributes{put.Item}, out.Items)
}

func TestDescribeTableReturnsTheKeys(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(t, sample())
	out, err := w.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: aws.String("records")})
	require.NoError(t, err)
	require.Equal(t, types.TableStatusActive, out.Table.TableStatus)
	require.EqualValues(t, 1, *out.Table.ItemCount)
	require.Equal(t, w.clock.Now(), *out.Table.CreationDateTime)
	require.Equal(t, []types.KeySchemaElement{
		{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
	}, out.Table.KeySchema)

	_, err = w.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: aws.String("nowhere")})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Requested resource not found: Table: nowhere not found", missing.ErrorMessage())
}

func TestUnknownOperationsAndParametersAreRefusedByName(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name string
		call func(*testing.T, *world) error
		want string
	}
	const here = " is not implemented in this local DynamoDB"
	for _, tc := range []testcase{
		{"an operation", func(t *testing.T, w *world) error {
			_, err := w.ListTables(t.Context(), &sdk.ListTablesInput{})
			return err
		}, `the operation "ListTables"` + here},
		{"an index", func(t *testing.T, w *world) error {
			query := queryInput("pk = :p")
			query.IndexName = aws.String("index")
			_, err := w.Query(t.Context(), query)
			return err
		}, "the parameter IndexName of Query" + here},
		{"consumed capacity", func(t *testing.T, w *world) error {
			_, err := w.PutItem(t.Context(), &sdk.PutItemInput{
				TableName: aws.String("records"), Item: sample(),
				ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
			})
			return err
		}, "ReturnConsumedCapacity" + here},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var refusal smithy.APIError
			require.ErrorAs(t, tc.call(t, newWorld()), &refusal)
			require.Equal(t, "UnknownOperationException", refusal.ErrorCode())
			require.Equal(t, tc.want, refusal.ErrorMessage())
		})
	}
}

func TestBadRequestsAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	type testcase struct{ name, operation, body, want string }
	const keys = `"pk":{"S":"p"},"sk":{"S":"s"}`
	item := func(value string) string {
		return `{"TableName":"records","Item":{` + keys + `,"x":` + value + `}}`
	}
	for _, tc := range []testcase{
		{"no JSON", "PutItem", `{"TableName"`, "Unexpected token at byte 12 of the request"},
		{"more than JSON", "PutItem", `{} {}`, "Unexpected token at byte 3 of the request"},
		{"a wrong type", "PutItem", `{"TableName":5}`, "Unexpected token at byte 13 of the request"},
		{"a name in another case", "PutItem", `{"tableName":"records"}`,
			"the parameter tableName of PutItem is not implemented in this local DynamoDB"},
		{"no table", "PutItem", `{"Item":{` + keys + `}}`, "1 validation error detected: " +
			"Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		{"a null key", "GetItem", `{"TableName":"records","Key":null}`, "1 validation error detected: " +
			"Value null at 'key' failed to satisfy constraint: Member must not be null"},
		{"an action without a condition", "TransactWriteItems",
			`{"TransactItems":[{"ConditionCheck":{"TableName":"records","Key":{` + keys + `}}}]}`,
			"1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' " +
				"failed to satisfy constraint: Member must not be null"},
		{"a table that cannot be", "GetItem", `{"TableName":"a b","Key":{}}`, "1 validation error detected: " +
			"Value 'a b' at 'tableName' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
		{"an unknown ReturnValues", "PutItem", `{"TableName":"records","Item":{},"ReturnValues":"ALL"}`,
			"1 validation error detected: Value 'ALL' at 'returnValues' failed to satisfy constraint: " +
				"Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
		{"a limit of nothing", "Query", `{"TableName":"records","Limit":0}`, "1 validation error detected: " +
			"Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"no key condition", "Query", `{"TableName":"records"}`,
			"Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"a token of 37 characters", "TransactWriteItems", `{"ClientRequestToken":"` + gostrings.Repeat("x", 37) + `"}`,
			"1 validation error detected: Value '" + gostrings.Repeat("x", 37) + "' at 'clientRequestToken' " +
				"failed to satisfy constraint: Member must have length less than or equal to 36"},

		{"a value of no type", "PutItem", item(`{}`),
			"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"a value of an unknown type", "PutItem", item(`{"s":"x"}`),
			"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"a value of two types", "PutItem", item(`{"S":"x","N":"1"}`), "Supplied AttributeValue has more than one " +
			"datatypes set, must contain exactly one of the supported datatypes"},
		{"an empty string set", "PutItem", item(`{"SS":[]}`),
			"One or more parameter values were invalid: An string set  may not be empty"},
		{"an empty number set", "PutItem", item(`{"NS":[]}`),
			"One or more parameter values were invalid: An number set  may not be empty"},
		{"an empty binary set", "PutItem", item(`{"BS":[]}`),
			"One or more parameter values were invalid: Binary sets should not be empty"},
		{"a member twice", "PutItem", item(`{"SS":["a","a"]}`),
			`One or more parameter values were invalid: Input collection ["a", "a"] contains duplicates.`},
		{"a number twice", "PutItem", item(`{"NS":["1","1.0"]}`),
			"One or more parameter values were invalid: Input collection contains duplicates."},
		{"a null that is false", "PutItem", item(`{"NULL":false}`),
			"One or more parameter values were invalid: Null attribute value types must have the value of true"},
		{"a word for a number", "PutItem", item(`{"L":[{"N":"abc"}]}`),
			"The parameter cannot be converted to a numeric value: abc"},
		{"a bad Base64", "PutItem", item(`{"B":"?"}`), "Invalid Base64: illegal base64 data at input byte 0"},

		{"an empty key", "PutItem", `{"TableName":"plain","Item":{"id":{"S":""}}}`, "One or more parameter values " +
			"are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id"},
		{"half a key", "DeleteItem", `{"TableName":"records","Key":{"pk":{"S":"p"}}}`,
			"The provided key element does not match the schema"},
		{"more than a key", "GetItem", `{"TableName":"plain","Key":{"id":{"S":"a"},"x":{"S":"b"}}}`,
			"The provided key element does not match the schema"},
		{"a long partition key", "GetItem", `{"TableName":"plain","Key":{"id":{"S":"` + gostrings.Repeat("x", 2049) + `"}}}`,
			"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"a long sort key", "GetItem",
			`{"TableName":"records","Key":{"pk":{"S":"p"},"sk":{"S":"` + gostrings.Repeat("x", 1025) + `"}}}`,
			"One or more parameter values were invalid: " +
				"Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			answer := post(t, w, tc.operation, tc.body)
			require.Equal(t, http.StatusBadRequest, answer.StatusCode)
			body := read(t, answer)
			require.Regexp(t, `^\{"__type":"com\.amazon[a-z.0-9]*#[A-Za-z]+","[Mm]essage":".*"\}$`, body)
			require.Contains(t, body, strconv.Quote(tc.want))
			require.Empty(t, w.stored())
		})
	}
}

func TestAnswersAreAWSJSONWithTheirChecksum(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, body := range []string{`{"TableName":"plain","Key":{"id":{"S":"a"}}}`, `{"TableName":"plain"}`} {
		answer := post(t, w, "GetItem", body)
		sent := read(t, answer)
		require.Equal(t, "application/x-amz-json-1.0", answer.Header.Get("Content-Type"))
		require.Equal(t, strconv.Itoa(len(sent)), answer.Header.Get("Content-Length"))
		checksum := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(sent))), 10)
		require.Equal(t, checksum, answer.Header.Get("X-Amz-Crc32"))
		require.NotEmpty(t, answer.Header.Get("X-Amzn-Requestid"))
	}
}

func TestInspectDoesNotConsumeTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var calls []dynamodb.Call
	c := client(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		call, err := w.db.Inspect(r)
		require.NoError(t, err)
		require.Equal(t, dynamodb.Operation(r), call.Operation)
		calls = append(calls, call)
		w.db.ServeHTTP(rw, r)
	}))
	_, err := c.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String("records"), Item: sample()})
	require.NoError(t, err)
	_, err = c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		deleteAction(key("p", "s")), putAction(key("p", "t"), ""),
	}})
	require.NoError(t, err)
	_, err = c.Query(t.Context(), queryInput("pk = :p"))
	require.NoError(t, err)
	_, err = c.ListTables(t.Context(), &sdk.ListTablesInput{})
	require.Error(t, err)
	require.Equal(t, []dynamodb.Call{
		{Operation: "PutItem", Items: []dynamodb.Address{{Table: "records", Partition: "p", Sort: "s"}}},
		{Operation: "TransactWriteItems", Items: []dynamodb.Address{
			{Table: "records", Partition: "p", Sort: "s"}, {Table: "records", Partition: "p", Sort: "t"},
		}},
		{Operation: "Query", Items: []dynamodb.Address{{Table: "records"}}},
		{Operation: "ListTables"},
	}, calls)
	require.Equal(t, []string{`{"pk":{"S":"p"},"sk":{"S":"t"}}`}, w.stored())
}
