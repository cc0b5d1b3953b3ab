package dynamodb

import (
	"slices"
	"strconv"
)

// maxPageSize is how much a Query or a Scan reads for one page, in bytes, before its
// filter applies (developer guide, "Paginating table query results"). The item that
// exceeds the limit still belongs to the page.
const maxPageSize = 1 << 20

// page is a page of results of a Query or a Scan.
type page struct {
	items   []Item
	count   int  // items that passed the filter
	scanned int  // items that were read
	last    Item // the key of the last item read; nil if there are no more pages
}

// query answers Query.
func (db *Database) query(q *request) ([]byte, error) {
	if q.keyConditionExpression == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := q.checkSelect(); err != nil {
		return nil, err
	}
	e, t, keys, err := db.selection(q)
	if err != nil {
		return nil, err
	}
	if err := t.checkFilter(e); err != nil {
		return nil, err
	}
	first, end, err := t.span(q, keys)
	if err != nil {
		return nil, err
	}
	return t.read(q, e, keys, first, end).append(q), nil
}

// selection returns the expressions of a Query, its table, and the keys that it selects.
func (db *Database) selection(q *request) (*expressions, *table, keyRange, error) {
	e, t, err := db.read(q)
	if err != nil {
		return nil, nil, keyRange{}, err
	}
	clauses, err := keyClauses(e.keys, &e.binding)
	if err != nil {
		return nil, nil, keyRange{}, err
	}
	keys, err := t.rangeOf(clauses)
	return e, t, keys, err
}

// checkSelect checks that Select agrees with ProjectionExpression.
func (q *request) checkSelect() error {
	projected := q.projectionExpression != nil
	switch {
	case q.selectMode == "ALL_PROJECTED_ATTRIBUTES":
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case q.selectMode == "SPECIFIC_ATTRIBUTES" && !projected:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case q.selectMode == "COUNT" && projected:
		return invalid("Cannot specify the ProjectionExpression when choosing to get only the Count")
	case q.selectMode == "ALL_ATTRIBUTES" && projected:
		return invalid("Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES")
	default:
		return nil
	}
}

// checkFilter returns an error for a filter on the key.
func (t *table) checkFilter(e *expressions) error {
	for _, name := range t.keyNames() {
		if slices.ContainsFunc(e.filterPaths, func(p path) bool { return p[0].name == name }) {
			return invalid("Filter Expression can only contain non-primary key attributes: "+
				"Primary key attribute: %s", name)
		}
	}
	return t.checkScalarKeys(e.projection)
}

// span returns the part of the partition that is still to be read.
func (t *table) span(q *request, keys keyRange) (first, end int, err error) {
	var sorts []string
	if p := t.partitions[keys.partition]; p != nil {
		sorts = p.sorts
	}
	first, end = keys.sort.bounds(sorts)
	if q.startKey == nil {
		return first, end, nil
	}
	if err := t.checkStart(q.startKey, keys); err != nil {
		return 0, 0, err
	}
	start := t.addressOf(q.startKey).sort
	if q.backward {
		before, _ := slices.BinarySearch(sorts, start)
		return first, min(end, before), nil
	}
	return max(first, after(sorts, start)), end, nil
}

// checkStart checks that the start key is in the range of the query. Its item may have
// been deleted.
func (t *table) checkStart(start Item, keys keyRange) error {
	if err := t.checkKeyNotEmpty(start); err != nil {
		return err
	}
	if err := t.checkKey(start); err != nil {
		return invalid("The provided starting key is invalid: %s", err)
	}
	at := t.addressOf(start)
	if first, end := keys.sort.bounds([]string{at.sort}); first >= end {
		return invalid("The provided starting key does not match the range key predicate")
	}
	if at.partition != keys.partition {
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	return nil
}

// read reads a page of the partition.
func (t *table) read(q *request, e *expressions, keys keyRange, first, end int) page {
	return t.page(q, e, end-first, func(i int) Item {
		position := first + i
		if q.backward {
			position = end - 1 - i
		}
		return t.partitions[keys.partition].items[position]
	})
}

// page reads a page of at most n items.
func (t *table) page(q *request, e *expressions, n int, item func(i int) Item) page {
	var result page
	size := 0
	for i := range n {
		it := item(i)
		result.scanned++
		size += it.size()
		if e.filter.holds(&e.binding, it) {
			result.count++
			if q.selectMode != "COUNT" {
				result.items = append(result.items, e.project(it))
			}
		}
		// DynamoDB does not check whether any item follows a full page.
		if size >= maxPageSize || q.limit != nil && result.scanned == *q.limit {
			result.last = t.keyOf(it)
			break
		}
	}
	return result
}

func (p page) append(q *request) []byte {
	buf := strconv.AppendInt([]byte(`{"Count":`), int64(p.count), 10)
	buf = strconv.AppendInt(append(buf, `,"ScannedCount":`...), int64(p.scanned), 10)
	if q.selectMode != "COUNT" {
		buf = appendArray(append(buf, `,"Items":`...), p.items)
	}
	if p.last != nil {
		buf = p.last.append(append(buf, `,"LastEvaluatedKey":`...))
	}
	return append(buf, '}')
}
