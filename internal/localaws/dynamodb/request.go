package dynamodb

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// request holds the parameters of one operation, or of one action of a transaction, by
// their names in the API reference. The zero value of a field means that the parameter
// was not sent.
type request struct {
	operation string // the API's operation, or the kind of an action

	tableName           string
	key                 Item
	item                Item
	conditionExpression *string
	updateExpression    *string
	names               map[string]string
	values              map[string]Value
	returnValues        string
	returnOnFailure     string

	projectionExpression   *string
	keyConditionExpression *string
	filterExpression       *string
	selectMode             string
	limit                  *int
	backward               bool
	startKey               Item

	actions []*request
	token   string
}

// parameterReader reads one parameter into the request.
type parameterReader func(*reader, *request)

// parameterReaders holds the readers of all supported parameters except TransactItems,
// which contains requests itself.
var parameterReaders = map[string]parameterReader{
	"TableName":                 func(r *reader, q *request) { q.tableName = r.text() },
	"Key":                       func(r *reader, q *request) { q.key = r.item() },
	"Item":                      func(r *reader, q *request) { q.item = r.item() },
	"ConditionExpression":       func(r *reader, q *request) { q.conditionExpression = r.optionalText() },
	"UpdateExpression":          func(r *reader, q *request) { q.updateExpression = r.optionalText() },
	"ExpressionAttributeNames":  func(r *reader, q *request) { q.names = r.names() },
	"ExpressionAttributeValues": func(r *reader, q *request) { q.values = r.item() },
	"ReturnValues": func(r *reader, q *request) {
		q.returnValues = r.oneOf("returnValues", "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
	},
	"ReturnValuesOnConditionCheckFailure": func(r *reader, q *request) {
		q.returnOnFailure = r.oneOf("returnValuesOnConditionCheckFailure", "ALL_OLD", "NONE")
	},
	"ProjectionExpression":   func(r *reader, q *request) { q.projectionExpression = r.optionalText() },
	"KeyConditionExpression": func(r *reader, q *request) { q.keyConditionExpression = r.optionalText() },
	"FilterExpression":       func(r *reader, q *request) { q.filterExpression = r.optionalText() },
	"Select": func(r *reader, q *request) {
		q.selectMode = r.oneOf("select", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
	},
	"Limit":              func(r *reader, q *request) { q.limit = r.limit() },
	"ScanIndexForward":   func(r *reader, q *request) { q.backward = !r.boolean() },
	"ExclusiveStartKey":  func(r *reader, q *request) { q.startKey = r.item() },
	"ClientRequestToken": func(r *reader, q *request) { q.token = r.token() },

	// Every read is consistent here.
	"ConsistentRead": func(r *reader, _ *request) { r.boolean() },
	// Item collections have sizes only on tables with local secondary indexes.
	"ReturnItemCollectionMetrics": func(r *reader, _ *request) { r.oneOf("returnItemCollectionMetrics", "SIZE", "NONE") },
	"ReturnConsumedCapacity": func(r *reader, _ *request) {
		if r.oneOf("returnConsumedCapacity", "INDEXES", "TOTAL", "NONE") != "NONE" {
			r.fail(notImplemented("ReturnConsumedCapacity"))
		}
	},
}

// acceptedParameters lists the supported parameters of each operation and of each kind
// of action in a transaction.
var acceptedParameters = map[string][]string{
	"GetItem": {"TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames", "ConsistentRead",
		"ReturnConsumedCapacity"},
	"PutItem": {"TableName", "Item", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
		"ReturnValues", "ReturnValuesOnConditionCheckFailure", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"},
	"UpdateItem": {"TableName", "Key", "UpdateExpression", "ConditionExpression", "ExpressionAttributeNames",
		"ExpressionAttributeValues", "ReturnValues", "ReturnValuesOnConditionCheckFailure", "ReturnConsumedCapacity",
		"ReturnItemCollectionMetrics"},
	"DeleteItem": {"TableName", "Key", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
		"ReturnValues", "ReturnValuesOnConditionCheckFailure", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"},
	"Query": {"TableName", "KeyConditionExpression", "FilterExpression", "ProjectionExpression",
		"ExpressionAttributeNames", "ExpressionAttributeValues", "Select", "Limit", "ScanIndexForward",
		"ExclusiveStartKey", "ConsistentRead", "ReturnConsumedCapacity"},
	"Scan": {"TableName", "FilterExpression", "ProjectionExpression", "ExpressionAttributeNames",
		"ExpressionAttributeValues", "Select", "Limit", "ExclusiveStartKey", "ConsistentRead", "ReturnConsumedCapacity"},
	"TransactWriteItems": {"TransactItems", "ClientRequestToken", "ReturnConsumedCapacity",
		"ReturnItemCollectionMetrics"},
	"DescribeTable": {"TableName"},

	"Put": {"TableName", "Item", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
		"ReturnValuesOnConditionCheckFailure"},
	"Update": {"TableName", "Key", "UpdateExpression", "ConditionExpression", "ExpressionAttributeNames",
		"ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure"},
	"Delete": {"TableName", "Key", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
		"ReturnValuesOnConditionCheckFailure"},
	"ConditionCheck": {"TableName", "Key", "ConditionExpression", "ExpressionAttributeNames",
		"ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure"},
}

// requiredParameters lists the required parameters, by their names in error messages.
var requiredParameters = map[string][]string{
	"GetItem":            {"tableName", "key"},
	"PutItem":            {"tableName", "item"},
	"UpdateItem":         {"tableName", "key"},
	"DeleteItem":         {"tableName", "key"},
	"Query":              {"tableName"},
	"Scan":               {"tableName"},
	"DescribeTable":      {"tableName"},
	"TransactWriteItems": {"transactItems"},
	"Put":                {"tableName", "item"},
	"Update":             {"tableName", "key", "updateExpression"},
	"Delete":             {"tableName", "key"},
	"ConditionCheck":     {"tableName", "key", "conditionExpression"},
}

// decode reads the body of a request for a supported operation.
func decode(operation string, body []byte) (*request, error) {
	r := &reader{data: body}
	q := r.request(operation)
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return q, q.checkModel()
}

func (r *reader) request(operation string) *request {
	q := &request{operation: operation}
	for name := range r.members() {
		if !slices.Contains(acceptedParameters[operation], name) {
			r.fail(notImplemented("the parameter " + name + " of " + operation))
			break
		}
		if name == "TransactItems" {
			q.actions = r.actions()
			continue
		}
		parameterReaders[name](r, q)
	}
	return q
}

func (r *reader) optionalText() *string {
	text := r.text()
	return &text
}

func (r *reader) names() map[string]string {
	names := map[string]string{}
	for alias := range r.members() {
		names[alias] = r.text()
	}
	return names
}

// oneOf reads a text that must be one of the allowed values.
func (r *reader) oneOf(parameter string, allowed ...string) string {
	text := r.text()
	if r.err == nil && !slices.Contains(allowed, text) {
		r.fail(errNotAllowed(text, parameter, allowed))
	}
	return text
}

func errNotAllowed(text, parameter string, allowed []string) error {
	return errConstraint("'"+text+"'", parameter, "satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
}

func (r *reader) limit() *int {
	limit := r.integer()
	if r.err == nil && limit < 1 {
		r.fail(errConstraint(fmt.Sprintf("'%d'", limit), "limit", "have value greater than or equal to 1"))
	}
	return &limit
}

// maxTokenLength is the maximum length of a transaction's token, in characters.
const maxTokenLength = 36

func (r *reader) token() string {
	token := r.text()
	if utf8.RuneCountInString(token) > maxTokenLength {
		r.fail(errConstraint("'"+token+"'", "clientRequestToken", "have length less than or equal to 36"))
	}
	if r.err == nil && token == "" {
		r.fail(errConstraint("''", "clientRequestToken", "have length greater than or equal to 1"))
	}
	return token
}

// maxActions is the maximum number of actions in a transaction.
const maxActions = 100

func (r *reader) actions() []*request {
	actions := []*request{}
	for range r.elements() {
		actions = append(actions, r.action())
	}
	switch {
	case r.err != nil:
	case len(actions) == 0:
		r.fail(errConstraint("'[]'", "transactItems", "have length greater than or equal to 1"))
	case len(actions) > maxActions:
		r.fail(errConstraint("'[…]'", "transactItems", "have length less than or equal to 100"))
	}
	return actions
}

// action reads one action of a transaction: an object with one member, whose name is
// the kind.
func (r *reader) action() *request {
	var action *request
	for name := range r.members() {
		switch name {
		case "Put", "Update", "Delete", "ConditionCheck":
		default:
			r.fail(notImplemented("the transaction's action " + name))
		}
		if action != nil {
			r.fail(errOneAction())
		}
		action = r.request(name)
	}
	if action == nil {
		r.fail(errOneAction())
	}
	return action
}

func errOneAction() error {
	return invalid("TransactItems can only contain one of Check, Put, Update or Delete")
}

// maxTableNameLength is the maximum length of a table's name. A name consists of
// letters, digits and _.-; ARNs are not supported.
const maxTableNameLength = 255

// violation is a constraint of the API model that a request violates.
type violation struct{ value, parameter, constraint string }

// checkModel checks for missing parameters and invalid table names.
func (q *request) checkModel() error {
	if v := q.violation(); v != nil {
		return errConstraint(v.value, v.parameter, v.constraint)
	}
	for i, action := range q.actions {
		if v := action.violation(); v != nil {
			where := fmt.Sprintf("transactItems.%d.member.%s%s.", i+1,
				strings.ToLower(action.operation[:1]), action.operation[1:])
			return errConstraint(v.value, where+v.parameter, v.constraint)
		}
	}
	return nil
}

func (q *request) violation() *violation {
	for _, name := range requiredParameters[q.operation] {
		if q.isMissing(name) {
			return &violation{"null", name, "not be null"}
		}
	}
	switch {
	case q.operation == "TransactWriteItems":
		return nil
	case utf8.RuneCountInString(q.tableName) > maxTableNameLength:
		return &violation{"'" + q.tableName + "'", "tableName", "have length less than or equal to 255"}
	case !isTableName(q.tableName):
		return &violation{"'" + q.tableName + "'", "tableName", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"}
	default:
		return nil
	}
}

func isTableName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("_.-", c) < 0 {
			return false
		}
	}
	return name != ""
}

// isMissing reports whether a required parameter is missing.
func (q *request) isMissing(name string) bool {
	switch name {
	case "tableName":
		return q.tableName == ""
	case "key":
		return q.key == nil
	case "item":
		return q.item == nil
	case "updateExpression":
		return q.updateExpression == nil
	case "conditionExpression":
		return q.conditionExpression == nil
	default:
		return q.actions == nil
	}
}
