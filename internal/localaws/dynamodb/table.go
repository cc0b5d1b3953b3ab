package dynamodb

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Maximum sizes of keys (developer guide, "Limits: Partition keys and sort keys").
const (
	maxPartitionSize = 2048 // bytes
	maxSortSize      = 1024
)

// table is a table whose keys are strings. Its items are replaced but never modified.
type table struct {
	name         string
	partitionKey string
	sortKey      string // "" if there is no sort key
	ttlAttribute string // "" if items do not expire
	created      time.Time
	partitions   map[string]*partition
}

// partition holds the items with one partition key, in byte order of their sort keys.
// In a table without a sort key it has one item, with the sort key "".
type partition struct {
	sorts []string
	items []Item
}

// address is the position of an item in a table.
type address struct{ partition, sort string }

func (t *table) keyNames() []string {
	if t.sortKey == "" {
		return []string{t.partitionKey}
	}
	return []string{t.partitionKey, t.sortKey}
}

// addressOf returns the address of an item. Its keys must be strings.
func (t *table) addressOf(it Item) address {
	return address{it[t.partitionKey].text, it[t.sortKey].text}
}

// keyOf returns only the key of an item.
func (t *table) keyOf(it Item) Item {
	key := Item{}
	for _, name := range t.keyNames() {
		key[name] = it[name]
	}
	return key
}

// checkKeyNotEmpty returns an error for an empty string in the key. DynamoDB checks
// this before anything else that depends on the table, even in a transaction.
func (t *table) checkKeyNotEmpty(it Item) error {
	for _, name := range t.keyNames() {
		if v := it[name]; v.text == "" && (v.kind == kindString || v.kind == kindBinary) {
			return errEmptyKey(name, v.kind)
		}
	}
	return nil
}

func errEmptyKey(name string, k kind) error {
	what := "string"
	if k == kindBinary {
		what = "binary"
	}
	return invalid("One or more parameter values are not valid. "+
		"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, name)
}

// checkKey checks that key has exactly the table's key attributes.
func (t *table) checkKey(key Item) error {
	names := t.keyNames()
	for _, name := range names {
		if len(key) != len(names) || key[name].kind != kindString {
			return invalid("The provided key element does not match the schema")
		}
	}
	return t.checkKeySize(key)
}

// checkItem checks that an item contains the table's key.
func (t *table) checkItem(it Item) error {
	for _, name := range t.keyNames() {
		switch k := it[name].kind; k {
		case kindString:
		case kindAbsent:
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		default:
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: S actual: %s",
				name, k)
		}
	}
	return t.checkKeySize(it)
}

// checkKeySize checks the sizes of the keys. The missing space in the first message is
// DynamoDB's.
func (t *table) checkKeySize(it Item) error {
	at := t.addressOf(it)
	switch {
	case len(at.partition) > maxPartitionSize:
		return invalid("One or more parameter values were invalid: "+
			"Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionSize)
	case len(at.sort) > maxSortSize:
		return invalid("One or more parameter values were invalid: "+
			"Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortSize)
	default:
		return nil
	}
}

// get returns the item at an address, or nil.
func (t *table) get(at address) Item {
	p := t.partitions[at.partition]
	if p == nil {
		return nil
	}
	if i, found := slices.BinarySearch(p.sorts, at.sort); found {
		return p.items[i]
	}
	return nil
}

// put stores an item at an address and replaces an existing one.
func (t *table) put(at address, it Item) {
	p := t.partitions[at.partition]
	if p == nil {
		p = &partition{}
		t.partitions[at.partition] = p
	}
	i, found := slices.BinarySearch(p.sorts, at.sort)
	if found {
		p.items[i] = it
		return
	}
	p.sorts = slices.Insert(p.sorts, i, at.sort)
	p.items = slices.Insert(p.items, i, it)
}

// remove deletes the item at an address, if there is one.
func (t *table) remove(at address) {
	p := t.partitions[at.partition]
	if p == nil {
		return
	}
	i, found := slices.BinarySearch(p.sorts, at.sort)
	if !found {
		return
	}
	p.sorts = slices.Delete(p.sorts, i, i+1)
	p.items = slices.Delete(p.items, i, i+1)
	if len(p.sorts) == 0 {
		delete(t.partitions, at.partition)
	}
}

// all returns every item, ordered by partition key and then by sort key.
func (t *table) all() []Item {
	var items []Item
	for _, key := range slices.Sorted(maps.Keys(t.partitions)) {
		items = append(items, t.partitions[key].items...)
	}
	return items
}

// Times of DynamoDB's expiry (developer guide, "Using time to live"): an item
// is typically deleted within 48 hours of its expiration, and never if it
// expired more than five years ago.
const (
	ttlDelay  = 48 * time.Hour
	ttlMaxAge = 5 * 365 * 24 * time.Hour
)

// isExpired reports whether DynamoDB would certainly have deleted the item by now. The
// time is a number of seconds since 1970. An attribute of any other kind is ignored.
func (t *table) isExpired(it Item, now time.Time) bool {
	seconds, ok := it.Number(t.ttlAttribute)
	if !ok {
		return false
	}
	whole, _, _ := strings.Cut(seconds, ".")
	earliest := strconv.FormatInt(now.Add(-ttlMaxAge).Unix(), 10)
	latest := strconv.FormatInt(now.Add(-ttlDelay).Unix(), 10)
	return compareNumbers(whole, earliest) > 0 && compareNumbers(whole, latest) < 0
}
