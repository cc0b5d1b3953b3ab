package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/sluice-aws/sluice/internal/flow"
)

// ownSource is the source of the events that this program puts on the bus. No rule of Sluice's
// takes it.
const ownSource = "sluice.smoke"

// targetID names the queue among the targets of a rule. alarmsSuffix ends the name of the rule
// for the alarm's events.
const (
	targetID     = "inbox"
	alarmsSuffix = "-alarms"
)

// inbox is a queue that receives events by rules.
type inbox struct {
	url, arn  string
	announced bool // a rule sends announcements to it
	got       []event
}

// event is an event that has arrived.
type event struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Detail     json.RawMessage `json:"detail"`
}

// open returns the queue, and makes it and the rule for announcements if need be.
func (d *demo) open(ctx context.Context) (*inbox, error) {
	if d.inbox == nil {
		if err := d.makeInbox(ctx); err != nil {
			return nil, err
		}
	}
	if d.inbox.announced {
		return d.inbox, nil
	}
	pattern := fmt.Sprintf(`{"source": [%q, %q]}`, flow.OwnSource, ownSource)
	if err := d.subscribe(ctx, d.inbox, d.own, pattern); err != nil {
		return nil, err
	}
	d.inbox.announced = true
	return d.inbox, nil
}

func (d *demo) makeInbox(ctx context.Context) error {
	made, err := d.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &d.own})
	if err != nil {
		return err
	}
	box := &inbox{url: aws.ToString(made.QueueUrl)}
	d.made.queues = []string{box.url}
	found, err := d.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &box.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return err
	}
	box.arn = found.Attributes[string(types.QueueAttributeNameQueueArn)]
	d.inbox = box
	return nil
}

// subscribe makes a rule that sends events to the queue. The queue's policy allows the rules of
// this run.
func (d *demo) subscribe(ctx context.Context, box *inbox, name, pattern string) error {
	d.made.rules = append(d.made.rules, name)
	made, err := d.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern, Description: aws.String("Sluice's smoke test. It removes this rule.")})
	if err != nil {
		return err
	}
	policy := document(map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": box.arn,
		"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": []string{ruleARN(made, d.own), ruleARN(made, d.own+alarmsSuffix)}}},
	})
	if _, err := d.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &box.url, Attributes: map[string]string{"Policy": policy}}); err != nil {
		return err
	}
	put, err := d.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, Targets: []events.Target{{Id: aws.String(targetID), Arn: &box.arn}}})
	if err == nil && put.FailedEntryCount > 0 {
		err = fmt.Errorf("EventBridge does not take the queue as a target: %s", aws.ToString(put.FailedEntries[0].ErrorMessage))
	}
	return err
}

// ruleARN returns the ARN of a rule, beside that of one that was made.
func ruleARN(made *eventbridge.PutRuleOutput, name string) string {
	arn := aws.ToString(made.RuleArn)
	return arn[:strings.LastIndex(arn, "/")+1] + name
}

// receive takes what the queue has.
func (d *demo) receive(ctx context.Context, box *inbox) error {
	out, err := d.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &box.url, MaxNumberOfMessages: 10})
	if err != nil {
		return err
	}
	for _, m := range out.Messages {
		var e event
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
			return fmt.Errorf("a message of EventBridge is no JSON: %w", err)
		}
		box.got = append(box.got, e)
		if _, err := d.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &box.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}

// await waits for an event that fits, for at most a time.
func (d *demo) await(ctx context.Context, box *inbox, limit time.Duration, fits func(event) bool) (took time.Duration, ok bool, err error) {
	return d.until(ctx, limit, 250*time.Millisecond, func() (bool, error) {
		if err := d.receive(ctx, box); err != nil {
			return false, err
		}
		for _, e := range box.got {
			if fits(e) {
				return true, nil
			}
		}
		return false, nil
	})
}

// outcome returns the state that an event announces for a deployment, or "".
func (e event) outcome(deployment string) string {
	var announced struct{ DeploymentID, State string }
	if e.Source != flow.OwnSource || e.DetailType != flow.AnnouncementDetailType || json.Unmarshal(e.Detail, &announced) != nil || announced.DeploymentID != deployment {
		return ""
	}
	return announced.State
}

// ping puts an event on a bus. It returns the number of entries that EventBridge says have
// failed.
func (d *demo) ping(ctx context.Context, bus, number string) (rejected int32, err error) {
	out, err := d.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []events.PutEventsRequestEntry{{
		EventBusName: &bus, Source: aws.String(ownSource), DetailType: aws.String("Ping"), Detail: aws.String(fmt.Sprintf(`{"ping": %q}`, number)),
	}}})
	if err != nil {
		return 0, err
	}
	return out.FailedEntryCount, nil
}

func (e event) isPing(number string) bool {
	var detail struct{ Ping string }
	return e.Source == ownSource && json.Unmarshal(e.Detail, &detail) == nil && detail.Ping == number
}

// maxRuleDelay is how long a new rule may take until it counts (PutRule: "allow a short period
// of time for changes to take effect").
const maxRuleDelay = 2 * time.Minute

// listens waits until the rule for announcements works, and returns how long the last event was
// on its way.
func (d *demo) listens(ctx context.Context, box *inbox) (time.Duration, error) {
	for n, began := 0, time.Now(); d.since(began) < maxRuleDelay; n++ {
		number := fmt.Sprint(len(box.got), "-", n)
		if _, err := d.ping(ctx, flow.EventBus, number); err != nil {
			return 0, err
		}
		took, ok, err := d.await(ctx, box, 5*time.Second, func(e event) bool { return e.isPing(number) })
		if ok || err != nil {
			return took, err
		}
	}
	return 0, fmt.Errorf("the queue gets no event by its rule in %s", maxRuleDelay)
}
