package dynamodb

import "fmt"

// The names of the errors as the AWS-JSON protocol carries them, each in the
// namespace that DynamoDB uses for it.
const (
	validationException         = "com.amazon.coral.validate#ValidationException"
	serializationException      = "com.amazon.coral.service#SerializationException"
	unknownOperationException   = "com.amazon.coral.service#UnknownOperationException"
	resourceNotFound            = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
	conditionalCheckFailed      = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
	transactionCanceled         = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
	idempotentParameterMismatch = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"
)

// fault is an error as DynamoDB answers it, with status 400. Every error that an
// operation returns is one.
type fault struct {
	name    string
	message string
	item    Item     // of a failed condition, when the request asked for it
	reasons []reason // of a canceled transaction, one for each action in its order
}

// reason says what became of one action of a canceled transaction.
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

// flaw is what is wrong with an expression, in DynamoDB's words. Where it is
// reported it gets the name of the expression in front.
type flaw string

func flawed(format string, args ...any) error { return flaw(fmt.Sprintf(format, args...)) }

func (f flaw) Error() string { return string(f) }

// violated is how DynamoDB reports a parameter that breaks a constraint of its
// model, before it looks at anything else. Value is quoted by the caller,
// because a missing one is written as a bare null.
func violated(value, parameter, constraint string) error {
	return invalid("1 validation error detected: Value %s at '%s' failed to satisfy constraint: Member must %s",
		value, parameter, constraint)
}

// append adds the body of the answer to buf. The member that holds the message
// is spelled as in the service's model, which is not the same for every error.
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
		buf = append(buf, `,"CancellationReasons":[`...)
		for i, r := range f.reasons {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = r.append(buf)
		}
		buf = append(buf, ']')
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
