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

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/dynamodb"
	"sluice/internal/localaws/protocol"
)

// dynamodbName is DynamoDB's prefix in IAM, and the name that its requests are
// signed with.
const dynamodbName = "dynamodb"

// Database is the account's DynamoDB tables, to create them and to look into
// them from Go.
func (c *Cloud) Database() *dynamodb.Database { return c.database }

// tables is DynamoDB's API as a handler: a Database, and what IAM checks.
type tables struct {
	account  account.Account
	database *dynamodb.Database
}

// Protocol implements handler. The Database writes its answers itself.
func (t tables) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON10 }

// Operation hands a call to the tables. What it reads of the request
// is only what IAM would look at.
func (t tables) Operation(asked protocol.Request) protocol.Operation {
	var named tableNames
	// A request that cannot be read is refused by the tables themselves.
	_ = json.Unmarshal(asked.Body, &named)
	op := protocol.Operation{Action: asked.Target("DynamoDB_20120810"), Resource: "*", Permissions: t.permissions(named)}
	switch {
	case named.TableName != "":
		op.Resource = t.tableARN(named.TableName)
	case len(op.Permissions) > 0:
		op.Resource = op.Permissions[0].Resource
	}
	op.Run = func(ctx context.Context, _ time.Time) (protocol.Reply, error) {
		r, err := http.NewRequestWithContext(ctx, asked.Method, "/", bytes.NewReader(asked.Body))
		if err != nil {
			return protocol.Reply{}, fmt.Errorf("hand a call to DynamoDB: %w", err)
		}
		r.Header = asked.Header
		recorded := recorder{header: http.Header{}}
		t.database.ServeHTTP(&recorded, r)
		return recorded.reply(), nil
	}
	return op
}

// tableNames is where a request names tables: once, or in each part of a
// transaction.
type tableNames struct {
	TableName     string
	TransactItems []map[string]struct{ TableName string }
}

// transactActions are IAM's actions for the parts of a transaction: IAM knows
// no dynamodb:TransactWriteItems ("Using IAM with DynamoDB transactions").
var transactActions = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

// permissions are what IAM asks of the caller of a transaction, once each.
func (t tables) permissions(asked tableNames) []Permission {
	var needed []Permission
	for _, item := range asked.TransactItems {
		for kind, part := range item {
			permission := Permission{Action: dynamodbName + ":" + transactActions[kind], Resource: t.tableARN(part.TableName)}
			if transactActions[kind] != "" && !slices.Contains(needed, permission) {
				needed = append(needed, permission)
			}
		}
	}
	return needed
}

// tableARN is a table's ARN; a TableName may be one already.
func (t tables) tableARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return t.account.ARN(dynamodbName, "table/"+name)
}

// recorder is an http.ResponseWriter in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// reply is what was written. An error's name is in the body's __type, after a
// namespace.
func (w *recorder) reply() protocol.Reply {
	reply := protocol.Reply{Status: w.status, Header: w.header, Body: w.body.Bytes()}
	if w.status >= http.StatusBadRequest {
		var named struct {
			Type string `json:"__type"`
		}
		// An error that names no type is an error all the same.
		_ = json.Unmarshal(w.body.Bytes(), &named)
		reply.ErrorCode = named.Type[strings.LastIndex(named.Type, "#")+1:]
	}
	return reply
}
