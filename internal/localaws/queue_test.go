package localaws_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func (a account) sqs() *sqs.Client { return sqs.NewFromConfig(a.config) }

// inbox makes a queue with a policy, and a rule that sends the shop's events there. The policy
// has a %s for the rule's ARN.
func (a account) inbox(t *testing.T, policy string) (url string) {
	t.Helper()
	ctx := context.Background()
	rule, err := a.events().PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("shop"), EventPattern: aws.String(`{"source": ["shop"], "detail-type": ["Order State Change"]}`)})
	require.NoError(t, err)
	made, err := a.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("inbox")})
	require.NoError(t, err)
	_, err = a.sqs().SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: made.QueueUrl, Attributes: map[string]string{"Policy": fmt.Sprintf(policy, *rule.RuleArn)}})
	require.NoError(t, err)
	found, err := a.sqs().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"QueueArn": "arn:aws:sqs:us-east-1:123456789012:inbox"}, found.Attributes)
	_, err = a.events().PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("shop"), Targets: []events.Target{{Id: aws.String("inbox"), Arn: aws.String(found.Attributes["QueueArn"])}}})
	require.NoError(t, err)
	return *made.QueueUrl
}

func (a account) receive(t *testing.T, url string) []types.Message {
	t.Helper()
	out, err := a.sqs().ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
	require.NoError(t, err)
	return out.Messages
}

const rulesMaySend = `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
	"Resource": "arn:aws:sqs:us-east-1:123456789012:inbox", "Condition": {"ArnEquals": {"aws:SourceArn": "%s"}}}]}`

func TestARuleSendsTheEventsThatItMatchesToAQueue(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{EventBuses: []string{"releases"}})
	url := a.inbox(t, rulesMaySend)
	sent := entries(`{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`)
	sent[1].Source, sent[2].DetailType, sent[3].EventBusName = aws.String("other"), aws.String("Other"), aws.String("releases")
	put, err := a.events().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: sent})
	require.NoError(t, err)

	got := a.receive(t, url)
	require.Len(t, got, 1)
	assert.JSONEq(t, `{"version": "0", "id": "`+*put.Entries[0].EventId+`", "detail-type": "Order State Change", "source": "shop", "account": "123456789012",
		"time": "2026-12-01T12:00:00Z", "region": "us-east-1", "resources": [], "detail": {"n": 1}}`, *got[0].Body)

	assert.Empty(t, a.receive(t, url), "it is hidden")
	a.clock.advance(30 * time.Second)
	again := a.receive(t, url)
	require.Len(t, again, 1, "it comes again")
	_, err = a.sqs().DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: again[0].ReceiptHandle})
	require.NoError(t, err)
	a.clock.advance(time.Minute)
	assert.Empty(t, a.receive(t, url))
}

func TestAQueueReceivesNothingThatItsPolicyDoesNotAllow(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{
		"nobody":               `{"Statement": []}%.0s`,
		"another rule":         `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:inbox", "Condition": {"ArnEquals": {"aws:SourceArn": "%s-other"}}}]}`,
		"another service":      `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:inbox"}]}%.0s`,
		"another queue":        `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:outbox"}]}%.0s`,
		"an unknown condition": `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:inbox", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}%.0s`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, localaws.Config{})
			url := a.inbox(t, policy)
			_, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: entries(`{}`)})
			require.NoError(t, err)
			assert.Empty(t, a.receive(t, url))
		})
	}
}

func TestARuleIsDeletedAfterItsTargets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	url := a.inbox(t, rulesMaySend)
	remove := func() error {
		_, err := a.events().DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("shop")})
		return err
	}
	requireRefused(t, remove(), 400, "ValidationException", "Rule can't be deleted since it has targets.")
	_, err := a.events().RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("shop"), Ids: []string{"inbox"}})
	require.NoError(t, err)
	require.NoError(t, remove())
	require.NoError(t, remove(), "deleting it again is no error")
	listed, err := a.events().ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String("sh")})
	require.NoError(t, err)
	assert.Empty(t, listed.Rules)
	_, err = a.events().RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("shop"), Ids: []string{"inbox"}})
	requireRefused(t, err, 400, "ResourceNotFoundException", "Rule shop does not exist on EventBus default.")

	queues, err := a.sqs().ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("in")})
	require.NoError(t, err)
	assert.Equal(t, []string{url}, queues.QueueUrls)
	_, err = a.sqs().DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	require.NoError(t, err)
	_, err = a.sqs().DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	requireRefused(t, err, 400, "QueueDoesNotExist", "The specified queue does not exist.")
}

func TestQueuesAndRulesAreRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	put := func(pattern string) func(account) error {
		return func(a account) error {
			_, err := a.events().PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: &pattern})
			return err
		}
	}
	for name, test := range map[string]struct {
		call   func(account) error
		status int
		code   string
		says   string
	}{
		"a pattern that is no JSON":   {put(`{`), 400, "InvalidEventPatternException", "not valid"},
		"a pattern on the detail":     {put(`{"source": ["shop"], "detail": {}}`), 501, "NotImplemented", "anything but texts of source and detail-type"},
		"a pattern with a comparison": {put(`{"source": [{"prefix": "s"}]}`), 501, "NotImplemented", "anything but texts"},
		"events of AWS's services":    {put(`{"source": ["aws.cloudwatch"]}`), 501, "NotImplemented", "events of AWS's own services"},
		"a schedule": {func(a account) error {
			_, err := a.events().PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(1 day)")})
			return err
		}, 501, "NotImplemented", "ScheduleExpression"},
		"a queue with a bad name": {func(a account) error {
			_, err := a.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a b")})
			return err
		}, 400, "InvalidParameterValue", "1 to 80 in length"},
		"another attribute": {func(a account) error {
			_, err := a.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"FifoQueue": "true"}})
			return err
		}, 501, "NotImplemented", "the attribute FifoQueue"},
		"waiting for messages": {func(a account) error {
			_, err := a.sqs().ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String("https://sqs/q"), WaitTimeSeconds: 1})
			return err
		}, 501, "NotImplemented", "WaitTimeSeconds"},
		"another operation": {func(a account) error {
			_, err := a.sqs().PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: aws.String("https://sqs/q")})
			return err
		}, 501, "NotImplemented", "sqs:PurgeQueue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireRefused(t, test.call(newAccount(t, localaws.Config{})), test.status, test.code, test.says)
		})
	}
}
