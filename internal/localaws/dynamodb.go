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

	"sluice/internal/localaws/dynamodb"
)

const dynamodbService = "dynamodb"

// Database is the account's DynamoDB tables, to create them and to look into
// them from Go.
func (c *Cloud) Database() *dynamodb.Database { return c.database }

// understandDynamoDB hands a call to the tables. What it reads of the request
// is only what IAM would look at.
func (c *Cloud) understandDynamoDB(asked request) operation {
	var named tablesNamed
	// A request that cannot be read is refused by the tables themselves.
	_ = json.Unmarshal(asked.body, &named)
	op := operation{action: targetOf(asked), resource: "*", permissions: c.tablePermissions(named)}
	switch {
	case named.TableName != "":
		op.resource = c.tableARN(named.TableName)
	case len(op.permissions) > 0:
		op.resource = op.permissions[0].Resource
	}
	op.run = func(ctx context.Context, _ time.Time) (reply, error) {
		r, err := http.NewRequestWithContext(ctx, asked.method, "/", bytes.NewReader(asked.body))
		if err != nil {
			return reply{}, fmt.Errorf("hand a call to DynamoDB: %w", err)
		}
		r.Header = asked.header
		written := recorder{header: http.Header{}}
		c.database.ServeHTTP(&written, r)
		return written.reply(), nil
	}
	return op
}

// tablesNamed is where a request names tables: once, or in each part of a
// transaction.
type tablesNamed struct {
	TableName     string
	TransactItems []map[string]struct{ TableName string }
}

// transactActions are IAM's actions for the parts of a transaction: IAM knows
// no dynamodb:TransactWriteItems ("Using IAM with DynamoDB transactions").
var transactActions = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

// tablePermissions are what IAM asks of the caller of a transaction, once each.
func (c *Cloud) tablePermissions(asked tablesNamed) []Permission {
	var needed []Permission
	for _, item := range asked.TransactItems {
		for kind, part := range item {
			permission := Permission{Action: dynamodbService + ":" + transactActions[kind], Resource: c.tableARN(part.TableName)}
			if transactActions[kind] != "" && !slices.Contains(needed, permission) {
				needed = append(needed, permission)
			}
		}
	}
	return needed
}

// tableARN is a table's ARN; a TableName may be one already.
func (c *Cloud) tableARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", c.config.Region, c.config.Account, name)
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
func (w *recorder) reply() reply {
	written := reply{status: w.status, header: w.header, body: w.body.Bytes()}
	if w.status >= http.StatusBadRequest {
		var named struct {
			Type string `json:"__type"`
		}
		// An error that names no type is an error all the same.
		_ = json.Unmarshal(w.body.Bytes(), &named)
		written.errorCode = named.Type[strings.LastIndex(named.Type, "#")+1:]
	}
	return written
}
