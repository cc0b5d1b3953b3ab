package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	targets "github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// notify informs people about the end of deployments and about problems of Sluice itself.
func (a *sluice) notify() {
	a.topic = a.newTopic("Announcements", a.settings.NamePrefix)
	if a.settings.Chat {
		a.chat = a.newTopic("Chat", a.permit.chatTopic())
		a.output("ChatTopicArn", "Choose this topic in a channel of Amazon Q Developer in chat applications", *a.chat.TopicArn())
	}
	for _, address := range a.settings.NotificationEmails {
		a.topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(address), nil))
	}
	a.announce()
	for _, p := range a.problems() {
		p.addAlarm(a)
	}
}

func (a *sluice) newTopic(id, name string) awssns.Topic {
	topic := awssns.NewTopic(a.stack, jsii.String(id), &awssns.TopicProps{
		TopicName:   jsii.String(name),
		DisplayName: jsii.String("Sluice"),
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(a.permit.alarmsPublish(*topic.TopicArn()))
	return topic
}

// topics are those that people hear of, each in its own form.
func (a *sluice) topics() []awssns.Topic {
	if a.chat == nil {
		return []awssns.Topic{a.topic}
	}
	return []awssns.Topic{a.topic, a.chat}
}

// announce sends the announcements in notifyOn to the topic, as text that reads well in an
// e-mail. Each line is one sentence, because every line of a template must be in quotes, which
// EventBridge does not remove (aws-cdk issues 5924 and 38121). A space separates the URL from
// its closing quote, which would otherwise become part of the link. EventBridge does not escape
// the values between the quotes; an announcement's summary contains no quotes
// (shift.Announcement).
func (a *sluice) announce() {
	page := a.console()
	text := field("detail.state") + ": " + field("detail.summary") + "\n" +
		"The execution: " + page + field("detail.deploymentId") + " "
	role := a.permit.announcer(a.settings.NamePrefix + "-announced")
	receivers := []awsevents.IRuleTarget{a.topicTarget(a.topic, role, awsevents.RuleTargetInput_FromMultilineText(jsii.String(text)))}
	if a.chat != nil {
		receivers = append(receivers, a.topicTarget(a.chat, role, awsevents.RuleTargetInput_FromObject(chatMessage(page))))
	}
	a.announced = a.newRule("Announced", "announced", &awsevents.RuleProps{
		Description: jsii.String("Sends to the topic how deployments end."),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings(flow.OwnSource),
			DetailType: jsii.Strings(flow.AnnouncementDetailType),
			// Another Sluice in the same account uses the same bus.
			Account: jsii.Strings(*a.stack.Account()),
			Detail: &map[string]any{
				"state":        a.settings.NotifyOn,
				"deploymentId": []any{prefix(a.permit.arn("states", "execution:"+a.settings.NamePrefix+":"))},
			},
		},
		Targets: &receivers,
	})
}

// field returns a field of the event, by its path.
func field(path string) string { return *awsevents.EventField_FromPath(jsii.String("$." + path)) }

func (a *sluice) topicTarget(topic awssns.Topic, role iam.IRole, message awsevents.RuleTargetInput) awsevents.IRuleTarget {
	return targets.NewSnsTopic(topic, &targets.SnsTopicProps{
		Message: message, Role: role,
		DeadLetterQueue: a.deadLetters, RetryAttempts: jsii.Number(maxRetries), MaxEventAge: awscdk.Duration_Hours(jsii.Number(24)),
	})
}

// chatMessage is an announcement as a custom notification of Amazon Q Developer in chat
// applications, which was AWS Chatbot (its Administrator Guide, Custom notifications). It takes no
// other JSON, and people want no JSON in their mail: so it has a topic of its own. SNS could
// choose the text by the kind of subscription, but a rule of EventBridge cannot ask for that.
//
// As in an e-mail, EventBridge inserts the values without escaping them.
func chatMessage(page string) map[string]any {
	title := field("detail.state") + ": " + field("detail.name")
	return map[string]any{
		"version": "1.0", "source": "custom", "id": field("detail.id"),
		"content": map[string]any{
			"textType": "client-markdown", "title": title, "description": field("detail.markdown"),
			"nextSteps": []any{"The execution: " + page + field("detail.deploymentId")},
			"keywords":  []any{"Sluice", field("detail.state")},
		},
		"metadata": map[string]any{
			"threadId": field("detail.name"), "summary": title, "eventType": field("detail.state"),
			"relatedResources": []any{field("detail.deploymentId")},
		},
	}
}

// console returns what the URL of an execution's page begins with, in the stack's partition and
// region. It is empty where the console is not known, so that a person reads the ARN alone.
func (a *sluice) console() string {
	page := jsii.String("")
	for _, partition := range operator.ConsolePartitions() {
		is := awscdk.NewCfnCondition(a.stack, jsii.String("ConsoleOf-"+partition), &awscdk.CfnConditionProps{
			Expression: awscdk.Fn_ConditionEquals(a.stack.Partition(), partition),
		})
		page = awscdk.Fn_ConditionIf(is.LogicalId(), operator.ConsoleOfExecutions(partition, *a.stack.Region()), page).ToString()
	}
	return *page
}

// metrics returns the namespace of Sluice's own metrics: those that the functions write
// (internal/announce/emf) and the one of the metric filter below. A second Sluice in the
// account must neither trigger these alarms nor appear on this dashboard.
func (a *sluice) metrics() string { return a.settings.NamePrefix }

// problem is a problem of Sluice itself that a person must know about.
type problem struct {
	id, name, description string
	metric                awscloudwatch.IMetric
	threshold             float64
	// bad is how many of the last minutes must breach.
	minutes, bad float64
	// silence means that missing data is the problem, of a metric that always has data.
	silence bool
}

func (a *sluice) problems() []problem {
	net := a.functions[flow.SafetyNet]
	minute := &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Sum")}
	return []problem{
		{
			id: "Stranded", name: "stranded", minutes: 1, bad: 1, threshold: 1,
			description: "A deployment ended Stranded: an alias is not as Sluice left it. The announcement says which, and what was found; set it by hand.",
			metric:      a.deployments(shift.Stranded, 1),
		},
		{
			id: "RollbackIncomplete", name: "rollback-incomplete", minutes: 1, bad: 1, threshold: 1,
			description: "A rollback could not be finished within an hour. The safety net goes on; look at the last error of the state Rollback, and at where the alias points.",
			metric:      a.incompleteRollbacks(),
		},
		{
			id: "RollbackFails", name: "rollback-fails", minutes: 10, bad: 5, threshold: 1,
			description: "Traffic cannot be put back: the function that does it has failed in 5 of the last 10 minutes. Its log says why.",
			metric:      a.functions[flow.Rollback.Function].MetricErrors(minute),
		},
		{
			id: "SafetyNetFails", name: "safety-net-fails", minutes: 10, bad: 3, threshold: 1,
			description: "The safety net has failed in 3 of the last 10 minutes. Its log says why. Until it works, a stopped execution leaves the traffic where it is.",
			metric:      net.MetricErrors(minute),
		},
		{
			id: "SafetyNetSilent", name: "safety-net-silent", minutes: 5, bad: 5, threshold: 1, silence: true,
			description: "The safety net has not run for 5 minutes, although it should every minute. Is the rule " + a.settings.NamePrefix + "-sweep disabled, or Lambda out of concurrency?",
			metric:      net.MetricInvocations(minute),
		},
		{
			id: "DeadLetterArrived", name: "dead-letters", minutes: 1, bad: 1, threshold: 1,
			description: "An event could not be dealt with and is in the queue " + a.settings.NamePrefix + "-dead-letters. Look at it, fix the cause, and delete it.",
			metric:      a.deadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Maximum")}),
		},
	}
}

// addAlarm makes the alarm of a problem. The alarm of a silence also notifies when it has no
// data. It does not treat missing data as breaching, because an alarm starts without data, and
// would go off when the stack is first deployed.
func (p problem) addAlarm(a *sluice) {
	comparison, missing := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD, awscloudwatch.TreatMissingData_NOT_BREACHING
	if p.silence {
		comparison, missing = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD, awscloudwatch.TreatMissingData_MISSING
	}
	alarm := awscloudwatch.NewAlarm(a.stack, jsii.String(p.id), &awscloudwatch.AlarmProps{
		AlarmName: jsii.String(a.settings.NamePrefix + "-" + p.name), AlarmDescription: jsii.String(p.description),
		Metric: p.metric, Threshold: jsii.Number(p.threshold), ComparisonOperator: comparison,
		EvaluationPeriods: jsii.Number(p.minutes), DatapointsToAlarm: jsii.Number(p.bad), TreatMissingData: missing,
	})
	for _, topic := range a.topics() {
		publish := awscloudwatchactions.NewSnsAction(topic)
		alarm.AddAlarmAction(publish)
		if p.silence {
			alarm.AddInsufficientDataAction(publish)
		}
	}
}

// deployments returns the metric that counts the deployments with an Outcome.
func (a *sluice) deployments(outcome shift.Outcome, minutes float64) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(a.metrics()), MetricName: jsii.String(flow.DeploymentsMetric), Label: jsii.String(string(outcome)),
		DimensionsMap: &map[string]*string{flow.OutcomeDimension: jsii.String(string(outcome))},
		Statistic:     jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(minutes)),
	})
}

// incompleteRollbacks returns the metric that counts the executions that failed as
// RollbackIncomplete. They have no Outcome yet, and no Lambda runs at that point. So a metric
// filter finds the state in the state machine's log (Step Functions Developer Guide, log levels:
// ERROR has FailStateEntered).
func (a *sluice) incompleteRollbacks() awscloudwatch.IMetric {
	filter := awslogs.NewMetricFilter(a.stack, jsii.String("RollbackGaveUp"), &awslogs.MetricFilterProps{
		LogGroup:        a.machineLogs,
		FilterName:      jsii.String(flow.RollbackIncomplete),
		FilterPattern:   awslogs.FilterPattern_StringValue(jsii.String("$.details.name"), jsii.String("="), jsii.String(flow.RollbackIncomplete)),
		MetricNamespace: jsii.String(a.metrics()),
		MetricName:      jsii.String(flow.RollbackIncomplete),
		MetricValue:     jsii.String("1"),
	})
	return filter.Metric(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(1))})
}
