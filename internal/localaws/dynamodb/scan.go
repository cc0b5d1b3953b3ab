package dynamodb

import (
	"cmp"
	"slices"
)

// scan answers Scan with the whole table in the order of the keys. In AWS the order is
// that of the partition keys' hashes.
func (db *Database) scan(q *request) ([]byte, error) {
	if err := q.checkSelect(); err != nil {
		return nil, err
	}
	e, t, err := db.read(q)
	if err != nil {
		return nil, err
	}
	if err := t.checkScalarKeys(e.filterPaths); err != nil {
		return nil, err
	}
	if err := t.checkScalarKeys(e.projection); err != nil {
		return nil, err
	}
	items := t.all()
	if q.startKey != nil {
		if items, err = t.after(items, q.startKey); err != nil {
			return nil, err
		}
	}
	return t.page(q, e, len(items), func(i int) Item { return items[i] }).append(q), nil
}

// after returns the items after a key. The key's own item may have been deleted.
func (t *table) after(items []Item, start Item) ([]Item, error) {
	if err := t.checkKeyNotEmpty(start); err != nil {
		return nil, err
	}
	if err := t.checkKey(start); err != nil {
		return nil, invalid("The provided starting key is invalid: %s", err)
	}
	at := t.addressOf(start)
	first, found := slices.BinarySearchFunc(items, at, func(it Item, at address) int {
		here := t.addressOf(it)
		return cmp.Or(cmp.Compare(here.partition, at.partition), cmp.Compare(here.sort, at.sort))
	})
	if found {
		first++
	}
	return items[first:], nil
}
