package main

import (
	"slices"
	"time"
)

// rows returns what is tested, in order. Each row makes what it needs, so that one that fails
// does not keep the others from being tested.
func rows() []row { return slices.Concat(reliedOn(), openQuestions()) }

// reliedOn are the rows without which a deployment is not safe.
func reliedOn() []row {
	return []row{
		{
			name: "canary", relies: true, takes: 90 * time.Second, test: canary,
			expects: "A deployment moves 10 % of the alias, and a minute later the rest.",
			settles: "That the calls for an alias are allowed by the tag of its function (aws:ResourceTag) is documented in general, and not for each call.",
		},
		{
			name: "stop", relies: true, takes: 30 * time.Second, test: stop,
			expects: "After StopExecution the safety net puts the traffic back, by the execution's event, in about a second.",
			settles: "How soon EventBridge delivers the event of an execution is not documented, only that it tries its best (Step Functions Developer Guide, EventBridge).",
		},
		{
			name: "alarm", relies: true, takes: 90 * time.Second, test: alarm,
			needs:   []string{"cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState", "cloudwatch:DeleteAlarms"},
			expects: "After an alarm is set off by hand the safety net puts the traffic back, by the alarm's event, in about a second.",
			settles: "How soon EventBridge delivers the event of an alarm is not documented.",
		},
		{
			name: "hook-passes", relies: true, takes: 20 * time.Second, test: hookPasses,
			expects: "A deployment asks a hook, and is promoted when the hook returns.",
		},
		{
			name: "hook-fails", relies: true, takes: 20 * time.Second, test: hookFails,
			expects: "A deployment whose hook fails is Rejected with HookFailed, and the alias stays as it is.",
		},
		{
			name: "empty-tag", relies: true, takes: 10 * time.Second, test: emptyTag,
			expects: "A function whose tag sluice:alias has no value is Rejected with the remedy.",
		},
		{
			name: "announcement", relies: true, takes: 40 * time.Second, test: announcement,
			needs: []string{
				"sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:DeleteQueue",
				"events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:DeleteRule", "events:PutEvents",
			},
			expects: "The Outcome of a deployment arrives in a queue, by a rule on the default bus.",
		},
		{
			name: "stale-write", relies: true, takes: 15 * time.Second, test: staleWrite,
			expects: "A write of an alias changes its RevisionId, and one with an old RevisionId is refused (PreconditionFailedException).",
		},
		{
			name: "fresh-reads", relies: true, takes: 15 * time.Second, test: freshReads,
			expects: "GetAlias right after UpdateAlias shows what was written, or at least within 7 seconds.",
			settles: "AWS does not say whether or for how long GetAlias is outdated. Sluice reads again for 7 seconds.",
		},
		{
			name: "exact-weights", relies: true, takes: 5 * time.Second, test: exactWeights,
			expects: "UpdateAlias answers each weight exactly as it was sent.",
			settles: "This is not documented. Sluice compares weights within 1e-6; by more, a deployment would go back.",
		},
		{
			name: "missing-alarm", relies: true, takes: time.Second, test: missingAlarm,
			expects: "DescribeAlarms leaves out the name of an alarm that does not exist.",
			settles: "This is not documented. Sluice counts the alarms.",
		},
	}
}

// openQuestions are the rows about what AWS does not document. Sluice works with either
// answer.
func openQuestions() []row {
	return []row{
		{
			name: "empty-tag-in-iam", takes: 30 * time.Second, test: emptyTagInIAM,
			needs:   []string{"lambda:InvokeFunction"},
			expects: "For IAM's condition Null a tag without a value is no tag.",
			settles: "IAM's documentation says that an empty text is null, and not whether that goes for tags (IAM User Guide, condition operators). Sluice refuses such a tag.",
		},
		{
			name: "unchanged-write", takes: time.Second, test: unchangedWrite,
			expects: "An UpdateAlias that changes nothing gives the alias a new RevisionId.",
			settles: "It was recorded for an UpdateAlias without a version and weights (LocalStack, test_alias_lifecycle). Sluice works with either.",
		},
		{
			name: "zero-weight", takes: time.Second, test: zeroWeight,
			expects: "A weight of 0 is accepted, and gives the alias a new RevisionId.",
			settles: "The API model allows 0. Where it is refused, Sluice changes the alias's description instead.",
		},
		{
			name: "kept-weights", takes: time.Second, test: keptWeights,
			expects: "An UpdateAlias without a RoutingConfig keeps the weights.",
			settles: "This is not documented. Sluice always sends both.",
		},
		{
			name: "tag-rotates", takes: time.Second, test: tagRotates,
			expects: "TagResource gives $LATEST a new RevisionId.",
			settles: "It was recorded by others (LocalStack).",
		},
		{
			name: "unknown-bus", takes: time.Second, test: unknownBus,
			needs:   []string{"events:PutEvents"},
			expects: "PutEvents for a bus that does not exist is answered as if the event were delivered.",
			settles: "It was recorded by others (LocalStack).",
		},
		{
			name: "event-delay", takes: 20 * time.Second, test: eventDelay,
			needs:   []string{"the actions of announcement"},
			expects: "An event goes from PutEvents by a rule to a queue in about half a second.",
			settles: "AWS gives about half a second as typical. The times to restore in internal/cmd/figures/README.md assume it.",
		},
		{
			name: "new-execution", takes: 30 * time.Second, test: newExecution,
			needs:   []string{"states:ListExecutions"},
			expects: "A new execution is described, and listed as running, within two seconds.",
			settles: "Both reads are eventually consistent (DescribeExecution and ListExecutions in Step Functions' API reference). The safety net believes for ten minutes that an execution may just not be known yet.",
		},
		{
			name: "muted-alarm", takes: 2 * time.Minute, test: mutedAlarm,
			needs:   []string{"the actions of alarm and announcement", "cloudwatch:PutAlarmMuteRule", "cloudwatch:GetAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"},
			expects: "A mute rule does not keep an alarm's event from EventBridge.",
			settles: "Only the alarm's actions are documented to be muted (PutAlarmMuteRule). Without the event, a poll sees the alarm within minutes.",
		},
		{
			name: "metrics", takes: 3 * time.Minute, test: metrics,
			needs:   []string{"lambda:InvokeFunction", "cloudwatch:GetMetricData"},
			expects: "The metrics of an alias, and of its version, can be read a minute after their minute has ended.",
			settles: "This is not documented. Others read them 5 and 14 minutes late (Netflix-Skunkworks/iep-apps, lambda.conf).",
		},
	}
}
