package dynamodb

import "fmt"

// The names of the errors in the AWS-JSON protocol, each with the namespace that
// DynamoDB uses for it.
const (
	validationException         = "com.amazon.coral.validate#ValidationException"
	serializationException      = "com.amazon.coral.service#SerializationException"
	unknownOperationException   = "com.amazon.coral.service#UnknownOperationException"
	resourceNotFound            = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
	conditionalCheckFailed      = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
	transactionCanceled         = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
	idempotentParameterMismatch = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"
)

// fault is an error of DynamoDB with status 400. Every error that an operation returns
// is a fault.
type fault struct {
	name    string
	message string
	item    Item     // the item of a failed condition, if the request asks for it
	reasons []reason // the reasons of a canceled transaction, one for each action in order
}

// reason is the cancellation reason of one action of a transaction.
type reason struct {
	code    string
	message string
	item    Item
}

func (f *fault) Error() string { return f.message }

func invalid(format string, args ...any) error {
	return &fault{name: validationException, message: fmt.Sprintf(format, args...)}
}

func malformed(format string, args ...any) error {
	return &fault{name: serializationException, message: fmt.Sprintf(format, args...)}
}

func notImplemented(what string) error {
	return &fault{name: unknownOperationException, message: what + " is not implemented in this local DynamoDB"}
}

// flaw is an error in an expression, in DynamoDB's words. wrapFlaw adds the name of the
// expression's parameter.
type flaw string

func newFlaw(format string, args ...any) error { return flaw(fmt.Sprintf(format, args...)) }

func (f flaw) Error() string { return string(f) }

// errConstraint returns DynamoDB's error for a parameter that violates a constraint of
// the API model. DynamoDB checks these constraints first. The caller quotes value,
// because a missing value is a bare null.
func errConstraint(value, parameter, constraint string) error {
	return invalid("1 validation error detected: Value %s at '%s' failed to satisfy constraint: Member must %s",
		value, parameter, constraint)
}

// append appends the body of the error response to buf. The member with the message is
// "Message" or "message", as in the API model of each error.
func (f *fault) append(buf []byte) []byte {
	buf = append(buf, `{"__type":`...)
	buf = appendText(buf, f.name)
	switch f.name {
	case transactionCanceled, idempotentParameterMismatch, serializationException:
		buf = append(buf, `,"Message":`...)
	default:
		buf = append(buf, `,"message":`...)
	}
	buf = appendText(buf, f.message)
	if f.item != nil {
		buf = append(buf, `,"Item":`...)
		buf = f.item.append(buf)
	}
	if f.reasons != nil {
		buf = appendArray(append(buf, `,"CancellationReasons":`...), f.reasons)
	}
	return append(buf, '}')
}

func (r reason) append(buf []byte) []byte {
	buf = append(buf, `{"Code":`...)
	buf = appendText(buf, r.code)
	if r.message != "" {
		buf = append(buf, `,"Message":`...)
		buf = appendText(buf, r.message)
	}
	if r.item != nil {
		buf = append(buf, `,"Item":`...)
		buf = r.item.append(buf)
	}
	return append(buf, '}')
}
