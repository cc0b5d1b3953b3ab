package localaws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// dynamodbName is DynamoDB's prefix in IAM and its signing name.
const dynamodbName = "dynamodb"

// Database returns the account's DynamoDB tables, for tests and simulations to create
// and read them in Go.
func (c *Cloud) Database() *dynamodb.Database { return c.database }

// tables is DynamoDB's API as a handler. It adds the resources and permissions that IAM
// checks to a Database.
type tables struct {
	account  account.Account
	database *dynamodb.Database
}

// Protocol implements handler. The Database writes its responses itself.
func (t tables) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON10 }

// Operation passes a call to the Database. It reads only the parts of the request that
// IAM checks.
func (t tables) Operation(request protocol.Request) protocol.Operation {
	var names requestedKeys
	// The Database itself rejects a request that cannot be read.
	_ = json.Unmarshal(request.Body, &names)
	op := protocol.Operation{Action: request.Target("DynamoDB_20120810"), Resource: "*"}
	if op.Action == "Query" {
		names.Key = map[string]struct{ S string }{t.database.PartitionKey(names.TableName): {t.database.QueriedPartition(request.Body)}}
	}
	op.Permissions = t.permissions(op.Action, names)
	switch {
	case names.TableName != "":
		op.Resource = t.tableARN(names.TableName)
	case len(op.Permissions) > 0:
		op.Resource = op.Permissions[0].Resource
	}
	op.Run = func(ctx context.Context, _ time.Time) (protocol.Reply, error) {
		r, err := http.NewRequestWithContext(ctx, request.Method, "/", bytes.NewReader(request.Body))
		if err != nil {
			return protocol.Reply{}, fmt.Errorf("pass a call to DynamoDB: %w", err)
		}
		r.Header = request.Header
		recorder := responseRecorder{header: http.Header{}}
		t.database.ServeHTTP(&recorder, r)
		return recorder.reply(), nil
	}
	return op
}

// requestedKeys holds the members of a request that name tables and keys: those of one item, or
// of one in each action of a transaction.
type requestedKeys struct {
	requestedKey
	TransactItems []map[string]requestedKey
}

// requestedKey names an item, by its Key or by itself.
type requestedKey struct {
	TableName string
	Key, Item map[string]struct{ S string }
}

// transactActions are IAM's actions for the parts of a transaction. IAM has no action
// dynamodb:TransactWriteItems ("Using IAM with DynamoDB transactions").
var transactActions = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

// permissions returns the distinct permissions that the caller needs. Each has the partition key
// that it is about (developer guide, "Using IAM policy conditions for fine-grained access
// control", dynamodb:LeadingKeys).
func (t tables) permissions(operation string, names requestedKeys) []Permission {
	var needed []Permission
	add := func(action string, k requestedKey) {
		permission := Permission{Action: dynamodbName + ":" + action, Resource: t.tableARN(k.TableName), Context: t.leadingKeys(k)}
		if !slices.ContainsFunc(needed, func(p Permission) bool {
			return p.Action == permission.Action && p.Resource == permission.Resource && p.Context.String() == permission.Context.String()
		}) {
			needed = append(needed, permission)
		}
	}
	if names.TableName != "" {
		add(operation, names.requestedKey)
	}
	for _, item := range names.TransactItems {
		for kind, part := range item {
			if transactActions[kind] != "" {
				add(transactActions[kind], part)
			}
		}
	}
	return needed
}

// leadingKeys returns the condition key of an item.
func (t tables) leadingKeys(k requestedKey) *protocol.RequestContext {
	partition := t.database.PartitionKey(k.TableName)
	leading, found := k.Key[partition]
	if !found {
		leading, found = k.Item[partition]
	}
	if !found {
		return nil
	}
	return &protocol.RequestContext{Keys: map[string][]string{"dynamodb:LeadingKeys": {leading.S}}}
}

// tableARN returns a table's ARN. A TableName may already be an ARN.
func (t tables) tableARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return t.account.ARN(dynamodbName, "table/"+name)
}

// responseRecorder is an http.ResponseWriter in memory.
type responseRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *responseRecorder) Header() http.Header         { return w.header }
func (w *responseRecorder) WriteHeader(status int)      { w.status = status }
func (w *responseRecorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// reply returns the recorded response. An error's name is in the body's __type, after a
// namespace.
func (w *responseRecorder) reply() protocol.Reply {
	reply := protocol.Reply{Status: w.status, Header: w.header, Body: w.body.Bytes()}
	if w.status >= http.StatusBadRequest {
		var body struct {
			Type string `json:"__type"`
		}
		// An error without a type leaves ErrorCode empty.
		_ = json.Unmarshal(w.body.Bytes(), &body)
		reply.ErrorCode = body.Type[strings.LastIndex(body.Type, "#")+1:]
	}
	return reply
}
