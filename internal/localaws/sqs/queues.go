package sqs

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Queues holds the queues of an account. Several goroutines may call its methods at once.
type Queues struct {
	account account.Account

	mu     sync.Mutex
	ids    *identifier.Sequence
	queues map[string]*queue
}

// New returns the Queues of an account that has none.
func New(in account.Account) *Queues {
	return &Queues{account: in, ids: identifier.NewSequence(4), queues: map[string]*queue{}}
}

// queue is a standard queue. Its messages are kept in order, which AWS does not promise.
type queue struct {
	name, url, arn string
	attributes     map[string]string
	messages       []*message
}

type message struct {
	id, body, receipt string
	hiddenUntil       time.Time
}

// attributeNames are the attributes that can be set here.
var attributeNames = []string{"Policy", "MessageRetentionPeriod", "VisibilityTimeout"}

// visibility is how long a received message is hidden (CreateQueue in SQS's API reference,
// VisibilityTimeout).
const visibility = 30 * time.Second

// namePattern is what the name of a standard queue may be (CreateQueue in SQS's API reference).
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// Deliver puts a message from EventBridge into the queue with this ARN, for the rule with this
// ARN. The message is lost if there is no such queue, or its policy does not allow the rule to
// send (EventBridge User Guide, using resource-based policies: Amazon SQS permissions).
func (s *Queues) Deliver(rule, arn string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		if q.arn == arn && allowsRule(q.attributes["Policy"], arn, rule) {
			q.messages = append(q.messages, &message{id: s.ids.Next(), body: string(body)})
		}
	}
}

func (s *Queues) createQueue(in input) (any, error) {
	if !namePattern.MatchString(in.QueueName) {
		return nil, protocol.NewError(http.StatusBadRequest, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	q := s.queues[in.QueueName]
	switch {
	case q != nil && !maps.Equal(q.attributes, in.Attributes):
		return nil, protocol.NewError(http.StatusBadRequest, "QueueNameExists", "A queue already exists with the same name and a different value for attributes")
	case q == nil:
		q = &queue{
			name: in.QueueName, arn: s.account.ARN(Name, in.QueueName), attributes: maps.Clone(in.Attributes),
			url: fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", s.account.Region, s.account.ID, in.QueueName),
		}
		s.queues[q.name] = q
	}
	return map[string]string{"QueueUrl": q.url}, nil
}

func checkAttributes(given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(attributeNames, name) {
			return protocol.NotImplemented(Name, "the attribute "+name)
		}
	}
	return nil
}

// find returns a queue by its URL. The error is that of SQS's API model, with the text that is
// known of it.
func (s *Queues) find(url string) (*queue, error) {
	if q := s.queues[url[strings.LastIndex(url, "/")+1:]]; q != nil {
		return q, nil
	}
	return nil, protocol.NewError(http.StatusBadRequest, "QueueDoesNotExist", "The specified queue does not exist.")
}

func (s *Queues) setQueueAttributes(in input) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err == nil {
		err = checkAttributes(in.Attributes)
	}
	if err != nil {
		return nil, err
	}
	attributes := maps.Clone(q.attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	maps.Copy(attributes, in.Attributes)
	q.attributes = attributes
	return struct{}{}, nil
}

func (s *Queues) getQueueAttributes(in input) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	found := map[string]string{"QueueArn": q.arn}
	maps.Copy(found, q.attributes)
	if !slices.Contains(in.AttributeNames, "All") {
		maps.DeleteFunc(found, func(name, _ string) bool { return !slices.Contains(in.AttributeNames, name) })
	}
	return map[string]any{"Attributes": found}, nil
}

// maxMessages is how many messages one ReceiveMessage returns at most (SQS's API reference).
const maxMessages = 10

// receiveMessage returns the messages that are not hidden, at once, and hides them. Waiting for
// messages is not implemented: the caller asks again.
func (s *Queues) receiveMessage(in input) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	limit := in.MaxNumberOfMessages
	switch {
	case limit == 0:
		limit = 1
	case limit < 1 || limit > maxMessages:
		return nil, protocol.NewError(http.StatusBadRequest, "InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", limit)
	}
	now := s.account.Now()
	list := []map[string]string{}
	for _, m := range q.messages {
		if len(list) == limit || now.Before(m.hiddenUntil) {
			continue
		}
		m.receipt, m.hiddenUntil = s.ids.Next(), now.Add(visibility)
		sum := md5.Sum([]byte(m.body))
		list = append(list, map[string]string{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": hex.EncodeToString(sum[:])})
	}
	if len(list) == 0 {
		return struct{}{}, nil // an empty list is left out
	}
	return map[string]any{"Messages": list}, nil
}

func (s *Queues) deleteMessage(in input) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.receipt != "" && m.receipt == in.ReceiptHandle })
	return struct{}{}, nil
}

func (s *Queues) deleteQueue(in input) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.name)
	return struct{}{}, nil
}

func (s *Queues) listQueues(in input) (any, error) {
	var urls []string
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if strings.HasPrefix(name, in.QueueNamePrefix) {
			urls = append(urls, s.queues[name].url)
		}
	}
	if len(urls) == 0 {
		return struct{}{}, nil
	}
	return map[string]any{"QueueUrls": urls}, nil
}
