package dynamodb_test

import (
	"bytes"
	"io"
	"net/http"
	gostrings "strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// recorder is the last request that a client sent.
type recorder struct {
	header http.Header
	body   []byte
}

// BenchmarkUpdate measures the most frequent update of a simulation: a record of 2 KB,
// conditional on its status. It excludes the client's own work.
func BenchmarkUpdate(b *testing.B) {
	w := newWorld()
	record := key("deployment", "record")
	record["status"], record["document"] = text("open"), text(gostrings.Repeat(`{"x":1}`, 300))
	_, err := w.PutItem(b.Context(), &sdk.PutItemInput{TableName: aws.String("records"), Item: record})
	require.NoError(b, err)

	var last recorder
	c := client(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(b, err)
		last = recorder{r.Header, body}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.db.ServeHTTP(rw, r)
	}))
	_, err = c.UpdateItem(b.Context(), &sdk.UpdateItemInput{
		TableName:                 aws.String("records"),
		Key:                       key("deployment", "record"),
		ConditionExpression:       aws.String("(attribute_exists (#0)) AND (#1 = :0)"),
		UpdateExpression:          aws.String("SET #2 = :1, #3 = :2\n"),
		ExpressionAttributeNames:  map[string]string{"#0": "pk", "#1": "status", "#2": "document", "#3": "step"},
		ExpressionAttributeValues: attributes{":0": text("open"), ":1": record["document"], ":2": number("3")},
		ReturnValues:              types.ReturnValueAllNew,
	})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/", bytes.NewReader(last.body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = last.header
		answer := &response{header: http.Header{}}
		w.db.ServeHTTP(answer, r)
		if answer.status != http.StatusOK {
			b.Fatal(answer.body.String())
		}
	}
}
