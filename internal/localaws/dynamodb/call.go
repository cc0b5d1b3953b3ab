package dynamodb

import (
	"bytes"
	"io"
	"net/http"
)

// Call describes a request, for code that records requests or injects faults.
type Call struct {
	Operation string    // such as "UpdateItem"; "" if it is not a request to DynamoDB
	Items     []Address // the addressed items, one for each action of a transaction
}

// Address names an item by its table and key. Partition and Sort are empty if the
// request has no key: a Query or a DescribeTable names only a table.
type Address struct{ Table, Partition, Sort string }

// Inspect reads a request before ServeHTTP, which can still read it. If Inspect returns
// an error, the Call has no Items, and ServeHTTP will return the same error.
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
		call.Items = append(call.Items, db.addressOf(action))
	}
	return call, nil
}

func (db *Database) addressOf(q *request) Address {
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

// QueriedPartition returns the partition that the body of a Query selects, or "" if the Database
// will refuse the Query.
func (db *Database) QueriedPartition(body []byte) string {
	q, err := decode("Query", body)
	if err != nil || q.keyConditionExpression == nil {
		return ""
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	_, _, keys, err := db.selection(q)
	if err != nil {
		return ""
	}
	return keys.partition
}
