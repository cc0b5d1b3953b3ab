package dynamo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	local "github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	tableName = "ledger"
	first     = "arn:aws:states:us-east-1:123456789012:execution:sluice:first"
	second    = "arn:aws:states:us-east-1:123456789012:execution:sluice:second"
	orders    = shift.Target("lambda:orders:live")
	billing   = shift.Target("lambda:billing:live")
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	midnight = noon.Add(12 * time.Hour)
)

// externalEndpoint is the URL of a DynamoDB that is not the local one of this project, if
// there is one. make conformance runs these tests on it.
var externalEndpoint = os.Getenv("LEDGER_ENDPOINT")

// world is a table, and the requests to it.
type world struct {
	*dynamo.Ledger
	db http.Handler
	// table is the table's name in the database. It differs from tableName in an external
	// database, which the tests share.
	table string

	mu       sync.Mutex
	requests []request
	// answer answers instead of the table when it returns ok.
	answer func(operation string) (status int, body string, ok bool)
}

// request is a request of the SDK client.
type request struct {
	operation string
	body      map[string]any
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{table: tableName}
	w.Ledger = dynamo.New(w.client(), tableName)
	if externalEndpoint != "" {
		w.useExternal(t)
		return w
	}
	db := local.New(func() time.Time { return noon })
	db.CreateTable(tableName, flow.LedgerPartitionKey, flow.LedgerSortKey, flow.LedgerExpiry)
	w.db = db
	return w
}

func (w *world) client() *dynamodb.Client {
	return dynamodb.NewFromConfig(localaws.ClientConfig("id", w))
}

// useExternal creates a table for the test in the external database.
func (w *world) useExternal(t *testing.T) {
	t.Helper()
	at, err := url.Parse(externalEndpoint)
	require.NoError(t, err)
	w.db = httputil.NewSingleHostReverseProxy(at)
	w.table = fmt.Sprintf("%.200s-%d", regexp.MustCompile(`[^A-Za-z]`).ReplaceAllString(t.Name(), "-"), time.Now().UnixNano())
	key := func(name string, as types.KeyType) (types.AttributeDefinition, types.KeySchemaElement) {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}, types.KeySchemaElement{AttributeName: &name, KeyType: as}
	}
	pk, hash := key(flow.LedgerPartitionKey, types.KeyTypeHash)
	sk, sort := key(flow.LedgerSortKey, types.KeyTypeRange)
	name := aws.String(tableName)
	_, err = w.client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{pk, sk}, KeySchema: []types.KeySchemaElement{hash, sort},
	})
	require.NoError(t, err)
	require.NoError(t, dynamodb.NewTableExistsWaiter(w.client()).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: name}, time.Minute,
		func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 10*time.Millisecond, time.Second }))
	t.Cleanup(func() {
		_, _ = w.client().DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: name})
	})
	w.requests = nil
}

// Do makes world the HTTP client of the real SDK.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	req := request{operation: operation}
	if err := json.Unmarshal(text, &req.body); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.requests = append(w.requests, req)
	answer := w.answer
	w.mu.Unlock()
	rec := httptest.NewRecorder()
	if answer != nil {
		if status, body, ok := answer(operation); ok {
			rec.Code, rec.Body = status, bytes.NewBufferString(body)
			return rec.Result(), nil
		}
	}
	text = bytes.ReplaceAll(text, []byte(`"TableName":"`+tableName+`"`), []byte(`"TableName":"`+w.table+`"`))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	w.db.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// requestsOf returns the requests that a call makes.
func (w *world) requestsOf(call func()) []request {
	w.requests = nil
	call()
	return w.requests
}

// keys lists the items of the table, as "pk sk".
func (w *world) keys() []string {
	all, err := w.client().Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(tableName)})
	if err != nil {
		return []string{err.Error()}
	}
	text := func(v types.AttributeValue) string {
		s, _ := v.(*types.AttributeValueMemberS)
		return s.Value
	}
	var keys []string
	for _, item := range all.Items {
		keys = append(keys, text(item[flow.LedgerPartitionKey])+" "+text(item[flow.LedgerSortKey]))
	}
	slices.Sort(keys)
	return keys
}

func release(targets ...shift.Target) shift.Release {
	r := shift.Release{Alarms: []string{"orders-5xx"}}
	for _, t := range targets {
		r.Arrivals = append(r.Arrivals, arrival(t))
	}
	return r
}

func arrival(t shift.Target) shift.Arrival {
	return shift.Arrival{Target: t, Candidate: "2", Detail: "arn:aws:lambda:us-east-1:123456789012:function:" + string(t)}
}

func describe(id string, targets ...shift.Target) shift.Deployment {
	d := shift.Deployment{
		ID:       id,
		Plan:     shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 300, Poll: 60}, {Weight: shift.All}}},
		Alarms:   []string{"orders-5xx"},
		OpenedAt: noon,
	}
	for _, t := range targets {
		d.Changes = append(d.Changes, shift.Change{Target: t, Stable: "1", Candidate: "2", Revision: "r1"})
	}
	return d
}

// opened opens and describes a Deployment.
func (w *world) opened(t *testing.T, id string, targets ...shift.Target) shift.Record {
	t.Helper()
	_, err := w.Open(t.Context(), id, release(targets...), noon)
	require.NoError(t, err)
	_, err = w.Describe(t.Context(), describe(id, targets...), []string{"orders-5xx", "orders-slow"}, nil)
	require.NoError(t, err)
	return w.record(t, id)
}

func (w *world) record(t *testing.T, id string) shift.Record {
	t.Helper()
	r, err := w.Record(t.Context(), id)
	require.NoError(t, err)
	return r
}

func (w *world) restoring(t *testing.T, id string) shift.Record {
	t.Helper()
	r, err := w.MarkRestoring(t.Context(), id, reasons("AlarmFired: orders-5xx"), noon)
	require.NoError(t, err)
	return r
}

func (w *world) closed(t *testing.T, id string) shift.Record {
	t.Helper()
	r, err := w.Close(t.Context(), w.record(t, id), ending(shift.Promoted))
	require.NoError(t, err)
	return r
}

func ending(o shift.Outcome) shift.Ending {
	return shift.Ending{Outcome: o, Cause: "because", Reasons: reasons("one", "two"), At: midnight}
}

// reasons parses texts in the format of records from before Reasons had names.
func reasons(texts ...string) []shift.Reason {
	list := make([]shift.Reason, len(texts))
	for i, text := range texts {
		list[i] = shift.ParseReason(text)
	}
	return list
}
