package dynamodb

import (
	"sync"
	"sync/atomic"
	"time"
)

// Database is the DynamoDB tables of one account in one region. It answers
// requests as an http.Handler, from several goroutines at once.
type Database struct {
	now func() time.Time

	served atomic.Uint64 // requests, to number them

	mu     sync.Mutex
	tables map[string]*table
	done   idempotency
	writes int
	heard  func(table string, before, after Item)
}

// New returns a Database without tables. Now is its only clock: for the
// validity of transaction tokens, for Sweep and for the tables' birth dates.
func New(now func() time.Time) *Database {
	return &Database{now: now, tables: map[string]*table{}}
}

// CreateTable adds an empty table, or empties the one of that name. Both keys
// are strings; sortKey is "" for a table without one. Sweep deletes items by
// ttlAttribute, if it is not "".
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

// OnWrite sets who hears of every item that is written, as it was before and is
// after; either is nil where there is none. It is called in the middle of the
// request: it must not come back to the Database, nor change the items.
func (db *Database) OnWrite(listener func(table string, before, after Item)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.heard = listener
}

// tell tells of a write that was stored.
func (db *Database) tell(w *write, done effect) {
	if w.operation == "ConditionCheck" {
		return
	}
	db.writes++
	if db.heard != nil {
		db.heard(w.table.name, done.before, done.after)
	}
}

// Writes is how many items have been written so far.
func (db *Database) Writes() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.writes
}

// Items returns every item of the table, ordered by partition key and then by
// sort key. Nobody may change them; later requests do not. There are none in a
// table that does not exist.
func (db *Database) Items(table string) []Item {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tables[table]
	if t == nil {
		return nil
	}
	return t.all()
}

// Sweep deletes the items whose time to live passed more than 48 hours ago,
// and returns how many those were. DynamoDB deletes an expired item some time
// within about two days and returns it from reads until then (developer guide,
// "Using time to live"). Here it stays until a Sweep after the full two days,
// so that whoever forgets to compare the times finds out.
func (db *Database) Sweep() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	now, deleted := db.now(), 0
	for _, t := range db.tables {
		for _, it := range t.all() {
			if t.expired(it, now) {
				t.remove(t.addressOf(it))
				deleted++
			}
		}
	}
	return deleted
}

// read is what every request that reads begins with: its expressions, and its table.
func (db *Database) read(q *request) (*expressions, *table, error) {
	e, err := bindExpressions(q)
	if err != nil {
		return nil, nil, err
	}
	t, err := db.table(q.tableName)
	return e, t, err
}

// table returns the table of that name, which has to exist.
func (db *Database) table(name string) (*table, error) {
	t := db.tables[name]
	if t == nil {
		return nil, &fault{name: resourceNotFound, message: "Requested resource not found"}
	}
	return t, nil
}
