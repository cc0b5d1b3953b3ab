package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	targets "github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// notify tells people: of how deployments end, and of Sluice's own troubles.
func (a *sluice) notify() {
	a.topic = awssns.NewTopic(a.stack, jsii.String("Announcements"), &awssns.TopicProps{
		TopicName:   jsii.String(a.settings.NamePrefix),
		DisplayName: jsii.String("Sluice"),
		EnforceSSL:  jsii.Bool(true),
	})
	a.topic.AddToResourcePolicy(a.permit.alarmsPublish(*a.topic.TopicArn()))
	for _, address := range a.settings.NotificationEmails {
		a.topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(address), nil))
	}
	a.announce()
	for _, trouble := range a.troubles() {
		trouble.alarm(a)
	}
}

// announce sends the announcements that are wanted to the topic, as text that reads
// well in an e-mail: one sentence a line, because EventBridge leaves the quotes in
// which each line of a template must stand (aws-cdk issues 5924 and 38121), and a
// space between an address and its quote, which would else become part of the link.
// What it puts between the quotes it does not escape: an announcement's summary has
// none (shift.Announcement).
func (a *sluice) announce() {
	of := func(path string) string { return *awsevents.EventField_FromPath(jsii.String("$." + path)) }
	text := of("detail.state") + ": " + of("detail.summary") + "\n" +
		"The execution: https://" + of("region") + "." + a.console() + "/states/home?region=" + of("region") +
		"#/v2/executions/details/" + of("detail.deploymentId") + " "
	a.newRule("Announced", "announced", &awsevents.RuleProps{
		Description: jsii.String("Sends to the topic how deployments end."),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings(flow.OwnSource),
			DetailType: jsii.Strings(flow.AnnouncementDetailType),
			// Another Sluice of the same account announces on the same bus.
			Account: jsii.Strings(*a.stack.Account()),
			Detail: &map[string]any{
				"state":        a.settings.NotifyOn,
				"deploymentId": []any{prefix(a.permit.arn("states", "execution:"+a.settings.NamePrefix+":"))},
			},
		},
		Targets: &[]awsevents.IRuleTarget{targets.NewSnsTopic(a.topic, &targets.SnsTopicProps{
			Message:         awsevents.RuleTargetInput_FromMultilineText(jsii.String(text)),
			Role:            a.permit.announcer(a.settings.NamePrefix + "-announced"),
			DeadLetterQueue: a.deadLetters, RetryAttempts: jsii.Number(most), MaxEventAge: awscdk.Duration_Hours(jsii.Number(24)),
		})},
	})
}

// console is the host of AWS's console where the stack stands, behind the region.
func (a *sluice) console() string {
	host := jsii.String("console.aws.amazon.com")
	for _, other := range []struct{ id, partition, host string }{
		{"InChina", "aws-cn", "console.amazonaws.cn"},
		{"InGovCloud", "aws-us-gov", "console.amazonaws-us-gov.com"},
	} {
		is := awscdk.NewCfnCondition(a.stack, jsii.String(other.id), &awscdk.CfnConditionProps{
			Expression: awscdk.Fn_ConditionEquals(a.stack.Partition(), other.partition),
		})
		host = awscdk.Fn_ConditionIf(is.LogicalId(), other.host, host).ToString()
	}
	return *host
}

// metrics is the namespace of Sluice's own metrics, those that the functions write
// (internal/announce/emf) and that of the metric filter below. A second Sluice in the
// account must neither ring these alarms nor be seen on this dashboard.
func (a *sluice) metrics() string { return a.settings.NamePrefix }

// trouble is something of Sluice's own that a person must hear of.
type trouble struct {
	id, name, says string
	metric         awscloudwatch.IMetric
	threshold      float64
	// of the last so many minutes, in how many
	minutes, bad float64
	// silence is the trouble: a metric that is written all the time has no data.
	silence bool
}

func (a *sluice) troubles() []trouble {
	net := a.functions[flow.SafetyNet]
	minute := &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Sum")}
	return []trouble{
		{
			id: "Stranded", name: "stranded", minutes: 1, bad: 1, threshold: 1,
			says:   "A deployment ended Stranded: an alias is not as Sluice left it. The announcement says which, and what was found; set it by hand.",
			metric: a.ended(shift.Stranded, 1),
		},
		{
			id: "RollbackIncomplete", name: "rollback-incomplete", minutes: 1, bad: 1, threshold: 1,
			says:   "A rollback could not be finished within an hour. The safety net goes on; look at the last error of the state Rollback, and at where the alias points.",
			metric: a.gaveUp(),
		},
		{
			id: "RollbackFails", name: "rollback-fails", minutes: 10, bad: 5, threshold: 1,
			says:   "Traffic cannot be put back: the function that does it has failed in 5 of the last 10 minutes. Its log says why.",
			metric: a.functions[flow.Rollback.Function].MetricErrors(minute),
		},
		{
			id: "SafetyNetFails", name: "safety-net-fails", minutes: 10, bad: 3, threshold: 1,
			says:   "The safety net has failed in 3 of the last 10 minutes. Its log says why. Until it works, a stopped execution leaves the traffic where it is.",
			metric: net.MetricErrors(minute),
		},
		{
			id: "SafetyNetSilent", name: "safety-net-silent", minutes: 5, bad: 5, threshold: 1, silence: true,
			says:   "The safety net has not run for 5 minutes, although it should every minute. Is the rule " + a.settings.NamePrefix + "-sweep disabled, or Lambda out of concurrency?",
			metric: net.MetricInvocations(minute),
		},
		{
			id: "DeadLetterArrived", name: "dead-letters", minutes: 1, bad: 1, threshold: 1,
			says:   "An event could not be dealt with and is in the queue " + a.settings.NamePrefix + "-dead-letters. Look at it, fix the cause, and delete it.",
			metric: a.deadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Maximum")}),
		},
	}
}

// alarm makes the alarm of a trouble. That of a silence tells of having no data, too:
// taking that for the trouble itself would ring when the stack is first deployed, as
// an alarm begins without data.
func (t trouble) alarm(a *sluice) {
	comparison, missing := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD, awscloudwatch.TreatMissingData_NOT_BREACHING
	if t.silence {
		comparison, missing = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD, awscloudwatch.TreatMissingData_MISSING
	}
	alarm := awscloudwatch.NewAlarm(a.stack, jsii.String(t.id), &awscloudwatch.AlarmProps{
		AlarmName: jsii.String(a.settings.NamePrefix + "-" + t.name), AlarmDescription: jsii.String(t.says),
		Metric: t.metric, Threshold: jsii.Number(t.threshold), ComparisonOperator: comparison,
		EvaluationPeriods: jsii.Number(t.minutes), DatapointsToAlarm: jsii.Number(t.bad), TreatMissingData: missing,
	})
	tell := awscloudwatchactions.NewSnsAction(a.topic)
	alarm.AddAlarmAction(tell)
	if t.silence {
		alarm.AddInsufficientDataAction(tell)
	}
}

// ended counts the deployments of an Outcome.
func (a *sluice) ended(as shift.Outcome, minutes float64) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(a.metrics()), MetricName: jsii.String(flow.DeploymentsMetric), Label: jsii.String(string(as)),
		DimensionsMap: &map[string]*string{flow.OutcomeDimension: jsii.String(string(as))},
		Statistic:     jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(minutes)),
	})
}

// gaveUp counts the executions that ended as RollbackIncomplete. They have no
// Outcome yet, and no Lambda of ours runs there: the state machine's log tells of
// the state that was entered (Step Functions Developer Guide, log levels: ERROR has
// FailStateEntered).
func (a *sluice) gaveUp() awscloudwatch.IMetric {
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
