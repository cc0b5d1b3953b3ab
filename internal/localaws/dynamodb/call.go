package dynamodb

import (
	"bytes"
	"io"
	"net/http"
)

// Call says what a request is for, for whoever records requests or makes some
// of them fail.
type Call struct {
	Operation string    // such as "UpdateItem"; "" if it is no request to DynamoDB
	Items     []Address // what it names, one for each action of a transaction
}

// Address is an item by its table and key. Partition and Sort are empty where
// the request does not have them: a Query or a DescribeTable names a table.
type Address struct{ Table, Partition, Sort string }

// Inspect reads a request ahead of ServeHTTP, which can read it again. The
// error is what ServeHTTP will answer in any case; the Call then has no Items.
func (db *Database) Inspect(r *http.Request) (Call, error) {
	call := Call{Operation: Operation(r)}
	if operations[call.Operation] == nil {
		return call, nil
	}
	body, err := readBody(r)
	if err != nil {
		return call, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	q, err := decode(call.Operation, body)
	if err != nil {
		return call, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	actions := q.actions
	if actions == nil {
		actions = []*request{q}
	}
	for _, action := range actions {
		call.Items = append(call.Items, db.addressed(action))
	}
	return call, nil
}

func (db *Database) addressed(q *request) Address {
	address := Address{Table: q.tableName}
	if t := db.tables[q.tableName]; t != nil {
		key := q.key
		if key == nil {
			key = q.item
		}
		address.Partition, _ = key.Text(t.partitionKey)
		address.Sort, _ = key.Text(t.sortKey)
	}
	return address
}
