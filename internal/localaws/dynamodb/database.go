package dynamodb

import (
	"sync"
	"sync/atomic"
	"time"
)

// Database holds the DynamoDB tables of one account in one region. It is an
// http.Handler that answers requests, and it is safe for concurrent use.
type Database struct {
	now func() time.Time

	served atomic.Uint64 // the number of requests, for request ids

	mu        sync.Mutex
	tables    map[string]*table
	completed idempotency
	writes    int
	listener  func(table string, before, after Item)
}

// New returns a Database without tables. now is its only clock, for the validity of
// transaction tokens, for Sweep and for the creation times of tables.
func New(now func() time.Time) *Database {
	return &Database{now: now, tables: map[string]*table{}}
}

// CreateTable adds an empty table, or empties the existing table with that name. Both
// keys are strings; sortKey is "" for a table without a sort key. If ttlAttribute is
// not "", Sweep deletes items by it.
func (db *Database) CreateTable(name, partitionKey, sortKey, ttlAttribute string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.tables[name] = &table{
		name:         name,
		partitionKey: partitionKey,
		sortKey:      sortKey,
		ttlAttribute: ttlAttribute,
		created:      db.now(),
		partitions:   map[string]*partition{},
	}
}

// PartitionKey returns the name of a table's partition key, or "" if there is no such table.
func (db *Database) PartitionKey(name string) string {
	db.mu.Lock()
	defer db.mu.Unlock()
	if t := db.tables[name]; t != nil {
		return t.partitionKey
	}
	return ""
}

// OnWrite sets a listener that is called for every written item, with the item before
// and after the write. before or after is nil if the item did not exist or was deleted.
// The listener is called during the request: it must not call the Database or change
// the items.
func (db *Database) OnWrite(listener func(table string, before, after Item)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.listener = listener
}

// notify counts a stored write and calls the listener.
func (db *Database) notify(w *write, done effect) {
	if w.operation == "ConditionCheck" {
		return
	}
	db.writes++
	if db.listener != nil {
		db.listener(w.table.name, done.before, done.after)
	}
}

// Writes returns the number of items written so far.
func (db *Database) Writes() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.writes
}

// Items returns every item of the table, ordered by partition key and then by sort key.
// The caller must not change them, and later requests do not change them. If the table
// does not exist, Items returns nil.
func (db *Database) Items(table string) []Item {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tables[table]
	if t == nil {
		return nil
	}
	return t.all()
}

// Sweep deletes the items that expired more than 48 hours ago, and returns their
// number. DynamoDB deletes an expired item within about two days and returns it from
// reads until then (developer guide, "Using time to live"). Here it stays until a Sweep
// after the full two days, so that code that forgets to compare the times fails in
// tests.
func (db *Database) Sweep() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	now, deleted := db.now(), 0
	for _, t := range db.tables {
		for _, it := range t.all() {
			if t.isExpired(it, now) {
				t.remove(t.addressOf(it))
				deleted++
			}
		}
	}
	return deleted
}

// read returns the expressions and the table of a request that reads.
func (db *Database) read(q *request) (*expressions, *table, error) {
	e, err := bindExpressions(q)
	if err != nil {
		return nil, nil, err
	}
	t, err := db.table(q.tableName)
	return e, t, err
}

// table returns the table with a name, or an error if it does not exist.
func (db *Database) table(name string) (*table, error) {
	t := db.tables[name]
	if t == nil {
		return nil, &fault{name: resourceNotFound, message: "Requested resource not found"}
	}
	return t, nil
}
