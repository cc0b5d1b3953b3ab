package dynamodb

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzExpressions passes any text to every parser and evaluates the results.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{
		"", "a", "a = :a", "NOT (a < :a AND b.c[0] <> size(#a)) OR contains(a, :a)", "a BETWEEN :a AND :b", "a IN (:a, :b)",
		"SET a = if_not_exists(a, :a) + :b, b[1] = :a REMOVE c.d ADD e :a DELETE f :b", "SET a = list_append(:a, b)",
		"a, b.c[2], #a", "((a))", "attribute_not_exists(", "é", "\x00", ":a:", "a[99999999999999999999]", "pk = :a AND begins_with(sk, :a)",
	} {
		f.Add(seed)
	}
	b := &binding{
		names: map[string]string{"#a": "a", "#b": "b"},
		values: map[string]Value{
			":a": {kind: kindNumber, text: "1"}, ":b": setOf(kindStringSet, []string{"x"}), ":c": textValue("c"),
		},
	}
	it := Item{
		"a": {kind: kindNumber, text: "5"}, "b": {kind: kindList, list: []Value{textValue("x")}},
		"c": {kind: kindMap, fields: map[string]Value{"d": textValue("y")}}, "f": b.values[":b"],
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if c, err := parseCondition(expression); err == nil && c.check(b) == nil {
			c.holds(b, it)
			c.holds(b, nil)
			if clauses, err := keyClauses(c.condition, b); err == nil {
				_, _ = (&table{partitionKey: "pk", sortKey: "sk"}).rangeOf(clauses)
			}
		}
		was := it.String()
		if u, err := parseUpdate(expression); err == nil {
			if targets, err := u.bind(b); err == nil {
				if after, err := u.apply(b, targets, it); err == nil {
					requireNoHoles(t, Value{kind: kindMap, fields: after})
					pick(after, targets)
				}
			}
		}
		require.Equal(t, was, it.String(), "an update does not change the existing item")
		if p, err := parseProjection(expression); err == nil {
			if paths, err := p.bind(b); err == nil {
				requireNoHoles(t, Value{kind: kindMap, fields: pick(it, paths)})
			}
		}
	})
}

// requireNoHoles requires that no list in the value has a hole.
func requireNoHoles(t *testing.T, v Value) {
	t.Helper()
	require.False(t, v.isAbsent())
	for _, element := range v.list {
		requireNoHoles(t, element)
	}
	for _, field := range v.fields {
		requireNoHoles(t, field)
	}
}

// FuzzRequests passes any body to every operation. Every response must be JSON, and
// every body that is not JSON must be rejected.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `"`, `{"TableName":"t","Key":{"pk":{"S":"a\u00e9\ud83d\ude80"},"sk":{"S":"b"}}}`,
		`{"TableName":"t","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"L":[{"M":{"y":{"NS":["1","2e3"]}}},{"NULL":true},{"B":"eA=="}]}}}`,
		`{"TableName":"t","KeyConditionExpression":"pk = :a","ExpressionAttributeValues":{":a":{"S":"a"}},"Limit":1}`,
		`{"TransactItems":[{"Delete":{"TableName":"t","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}}],"ClientRequestToken":"x"}`,
		`{"TableName":"t","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		db := New(func() time.Time { return time.Unix(0, 0) })
		db.CreateTable("t", "pk", "sk", "")
		for operation, perform := range operations {
			q, err := decode(operation, []byte(body))
			if err != nil {
				continue
			}
			require.True(t, json.Valid([]byte(body)), "%s took %q", operation, body)
			answer, err := perform(db, q)
			if err == nil {
				require.True(t, json.Valid(answer), "%s answered %q", operation, answer)
			}
		}
	})
}
