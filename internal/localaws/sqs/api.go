package sqs

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is SQS's prefix in IAM and its signing name.
const Name = "sqs"

// Failures are the errors that any SQS call may return.
var Failures = protocol.Failures{InternalCode: "InternalFailure"}

// Protocol returns AWS-JSON 1.0.
func (s *Queues) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON10 }

// input is the request of any operation.
type input struct {
	QueueName           string
	QueueUrl            string
	QueueNamePrefix     string
	Attributes          map[string]string
	AttributeNames      []string
	MaxNumberOfMessages int
	ReceiptHandle       string
}

// operations are the implemented operations, with the members of their requests.
var operations = map[string]struct {
	members []string
	run     func(*Queues, input) (any, error)
}{
	"CreateQueue":        {[]string{"QueueName", "Attributes"}, (*Queues).createQueue},
	"SetQueueAttributes": {[]string{"QueueUrl", "Attributes"}, (*Queues).setQueueAttributes},
	"GetQueueAttributes": {[]string{"QueueUrl", "AttributeNames"}, (*Queues).getQueueAttributes},
	"ReceiveMessage":     {[]string{"QueueUrl", "MaxNumberOfMessages"}, (*Queues).receiveMessage},
	"DeleteMessage":      {[]string{"QueueUrl", "ReceiptHandle"}, (*Queues).deleteMessage},
	"DeleteQueue":        {[]string{"QueueUrl"}, (*Queues).deleteQueue},
	"ListQueues":         {[]string{"QueueNamePrefix"}, (*Queues).listQueues},
}

// Operation parses a request.
func (s *Queues) Operation(request protocol.Request) protocol.Operation {
	name := request.Target("AmazonSQS")
	op := protocol.Operation{Action: name, Resource: "*"}
	known, exists := operations[name]
	if !exists {
		return op.Refuse(protocol.NotImplemented(Name, name))
	}
	var in input
	var given map[string]json.RawMessage
	if err := protocol.Decode(Name, name, request.Body, &in); err != nil {
		return op.Refuse(err)
	}
	_ = json.Unmarshal(request.Body, &given) // Decode has read it already
	for _, member := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known.members, member) {
			return op.Refuse(protocol.NotImplemented(Name, name+" with "+member))
		}
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, err := known.run(s, in)
		return protocol.Reply{Body: body}, err
	}
	return op
}
