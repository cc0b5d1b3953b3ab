package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/statemachine"
)

// sluice holds the resources of the stack that others refer to.
type sluice struct {
	stack    awscdk.Stack
	settings settings
	permit   permissions

	table       awsdynamodb.Table
	deadLetters awssqs.Queue
	functions   lambdas
	machine     sfn.StateMachine
	machineLogs awslogs.LogGroup
	topic       awssns.Topic
	// chat is the topic for AWS's chat service; nil without its setting.
	chat awssns.Topic
	// announced is the rule that sends announcements to the topic.
	announced awsevents.Rule
	// safetyNetTriggers are the rules that invoke the safety net, each with its permission, and
	// the retries of those invocations.
	safetyNetTriggers []constructs.IDependable
	// stackAnswers are the rule that tells stack-shift how executions have ended, and its retries.
	stackAnswers []constructs.IDependable
}

// newStacks makes the stacks of an app: Sluice's own, and the pipeline's if the settings have
// one.
func newStacks(app constructs.Construct, s settings, b built) awscdk.Stack {
	own := newStack(app, s, b)
	if s.Pipeline != nil {
		newPipelineStack(app, s).AddStackDependency(own.stack, jsii.String("the pipeline starts executions of the state machine"))
	}
	return own.stack
}

// stackID is the name of the stack's construct, and secondSluice that of its warning.
const (
	stackID      = "Sluice"
	secondSluice = "sluice:second"
)

func newStack(scope constructs.Construct, s settings, b built) *sluice {
	stack := awscdk.NewStack(scope, jsii.String(stackID), &awscdk.StackProps{
		StackName:   jsii.String(s.NamePrefix),
		Description: jsii.String("Sluice: moves live traffic from one version of a Lambda function to the next, a little at a time, and puts it back when it gets worse."),
	})
	if s.mayCollide() {
		awscdk.Annotations_Of(stack).AddWarningV2(jsii.String(secondSluice), jsii.String(
			"If another Sluice stands in this account and region, both would shift whatever function is tagged: give each a pattern of names of its own as functions, or onNewVersion=false to all but one."))
	}
	all := &sluice{stack: stack, settings: s, permit: permissions{stack: stack, settings: s}}
	all.permit.store = all.newStore()
	all.table = all.newTable()
	all.deadLetters = all.newDeadLetters()
	all.functions = all.newFunctions(b)
	all.machineLogs, all.machine = all.newMachine()
	all.newHookEndpoint(b)
	all.newSafetyNetTriggers()
	all.answerStacks()
	all.newTemplateMacro()
	all.startOnNewVersions()
	all.notify()
	all.newDashboard()
	all.keepSafetyNetUntilMachineIsGone()
	all.newOutputs()
	return all
}

// keepSafetyNetUntilMachineIsGone makes the state machine depend on all that notices the end of
// an execution and puts its traffic back. CloudFormation deletes a resource before those that it
// depends on (CloudFormation Template Reference, DependsOn). A state machine that is deleted
// fails its executions at their next transition, which no Catch sees, and is gone only when all
// of them have ended (DeleteStateMachine; re:Post, "stuck in the DELETING status"). So the safety
// net still gets their events, people still hear what it did, and stacks that wait still get their
// answers. The rule that starts executions depends on the state machine, and is deleted before it.
func (a *sluice) keepSafetyNetUntilMachineIsGone() {
	for _, what := range slices.Concat(a.safetyNetTriggers, a.stackAnswers, []constructs.IDependable{a.announced, a.topic}) {
		a.machine.Node().AddDependency(what)
	}
	if a.chat != nil {
		a.machine.Node().AddDependency(a.chat)
	}
}

// newTable makes the Ledger's table, as internal/ledger/dynamo uses it.
func (a *sluice) newTable() awsdynamodb.Table {
	return awsdynamodb.NewTable(a.stack, jsii.String("Ledger"), &awsdynamodb.TableProps{
		TableName:           jsii.String(a.settings.NamePrefix),
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String(flow.LedgerPartitionKey), Type: awsdynamodb.AttributeType_STRING},
		SortKey:             &awsdynamodb.Attribute{Name: jsii.String(flow.LedgerSortKey), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String(flow.LedgerExpiry),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:          awsdynamodb.TableEncryption_AWS_MANAGED,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		// The table records which deployment holds which alias. If it were deleted during a
		// shift, the traffic would stay divided and nothing would put it back.
		DeletionProtection: jsii.Bool(true),
		RemovalPolicy:      awscdk.RemovalPolicy_RETAIN,
	})
}

// newDeadLetters makes the queue for events that could not be delivered or handled. An alarm
// reports when the queue has a message.
func (a *sluice) newDeadLetters() awssqs.Queue {
	return awssqs.NewQueue(a.stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		QueueName:       jsii.String(a.settings.NamePrefix + "-dead-letters"),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // SQS's longest
	})
}

// newMachine makes the state machine, with a log of its errors. The log never contains the data
// that is passed between states. The functions' own logs show as much of it as is safe.
func (a *sluice) newMachine() (awslogs.LogGroup, sfn.StateMachine) {
	// With this prefix the log needs no entry in a resource policy of limited size (Step
	// Functions Developer Guide, Logging using CloudWatch Logs).
	logs := newLogGroup(a.stack, a.settings, "MachineLogs", "/aws/vendedlogs/states/"+a.settings.NamePrefix)
	machine := statemachine.New(a.stack, "Shift", statemachine.Props{
		Name:      a.settings.NamePrefix,
		Functions: a.functions.published(),
		Role:      a.permit.machine(),
		Logs:      &sfn.LogOptions{Destination: logs, Level: sfn.LogLevel_ERROR, IncludeExecutionData: jsii.Bool(false)},
		Tracing:   true,
	})
	return logs, machine
}

func newLogGroup(stack awscdk.Stack, s settings, id, name string) awslogs.LogGroup {
	return awslogs.NewLogGroup(stack, jsii.String(id), &awslogs.LogGroupProps{
		LogGroupName: jsii.String(name),
		Retention:    awslogs.RetentionDays(retentionNames[s.LogRetentionDays]),
		// The logs are deleted with the stack. Only the table stays.
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// retentionNames are CDK's names of CloudWatch's retention periods, by days.
var retentionNames = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
	150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
	400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS, 731: awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS, 2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS, 2922: awslogs.RetentionDays_EIGHT_YEARS, 3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}

// newOutputs adds the stack's outputs, which a person needs after a deployment of the stack.
func (a *sluice) newOutputs() {
	for _, output := range []struct{ name, description, value string }{
		{"StateMachineArn", "Start executions of this one", *a.machine.StateMachineArn()},
		{"TopicArn", "Subscribe here to hear how deployments end", *a.topic.TopicArn()},
		{"TableName", "The ledger; it stays when the stack is destroyed", *a.table.TableName()},
		{"DeadLettersUrl", "What nobody could deal with", *a.deadLetters.QueueUrl()},
	} {
		a.output(output.name, output.description, output.value)
	}
}

func (a *sluice) output(name, description, value string) {
	awscdk.NewCfnOutput(a.stack, jsii.String(name), &awscdk.CfnOutputProps{
		Value: jsii.String(value), Description: jsii.String(description),
	})
}
