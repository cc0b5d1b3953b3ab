package dynamodb

import "fmt"

// describeTable answers DescribeTable. The response has only the members that a client
// needs to wait for a table and to know its keys.
func (db *Database) describeTable(q *request) ([]byte, error) {
	t := db.tables[q.tableName]
	if t == nil {
		return nil, &fault{
			name:    resourceNotFound,
			message: fmt.Sprintf("Requested resource not found: Table: %s not found", q.tableName),
		}
	}
	buf := appendText([]byte(`{"Table":{"TableName":`), t.name)
	buf = append(buf, `,"TableStatus":"ACTIVE","BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"}`...)
	buf = fmt.Appendf(buf, `,"CreationDateTime":%d,"ItemCount":%d`, t.created.Unix(), len(t.all()))
	schema, definitions := "", ""
	for i, name := range t.keyNames() {
		role, separator := "HASH", ""
		if i > 0 {
			role, separator = "RANGE", ","
		}
		quoted := appendText(nil, name)
		schema += fmt.Sprintf(`%s{"AttributeName":%s,"KeyType":%q}`, separator, quoted, role)
		definitions += fmt.Sprintf(`%s{"AttributeName":%s,"AttributeType":"S"}`, separator, quoted)
	}
	return fmt.Appendf(buf, `,"KeySchema":[%s],"AttributeDefinitions":[%s]}}`, schema, definitions), nil
}
