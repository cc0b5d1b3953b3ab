package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/internal/flow"
	"sluice/statemachine"
)

// sluice is everything that stands in AWS, as far as its parts need each other.
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
}

// newStacks makes the stacks of an app: Sluice's own, and that of the pipeline if
// one is asked for.
func newStacks(app constructs.Construct, s settings, code codeOf) awscdk.Stack {
	own := newStack(app, s, code)
	if s.Pipeline != nil {
		newPipelineStack(app, s).AddStackDependency(own.stack, jsii.String("the pipeline starts executions of the state machine"))
	}
	return own.stack
}

func newStack(scope constructs.Construct, s settings, code codeOf) *sluice {
	stack := awscdk.NewStack(scope, jsii.String("Sluice"), &awscdk.StackProps{
		StackName:   jsii.String(s.NamePrefix),
		Description: jsii.String("Sluice: moves live traffic from one version of a Lambda function to the next, a little at a time, and puts it back when it gets worse."),
	})
	if s.mayCollide() {
		awscdk.Annotations_Of(stack).AddWarningV2(jsii.String("sluice:second"), jsii.String(
			"If another Sluice stands in this account and region, both would shift whatever function is tagged: give each a pattern of names of its own as functions, or onNewVersion=false to all but one."))
	}
	all := &sluice{stack: stack, settings: s, permit: permissions{stack: stack, settings: s}}
	all.table = all.newTable()
	all.deadLetters = all.newDeadLetters()
	all.functions = all.newFunctions(code)
	all.machineLogs, all.machine = all.newMachine()
	all.watchOver()
	all.startOnNewVersions()
	all.notify()
	all.newDashboard()
	all.tell()
	return all
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
		// It knows who holds which alias: deleting it in the middle of a shift would
		// leave the traffic divided and nobody to look after it.
		DeletionProtection: jsii.Bool(true),
		RemovalPolicy:      awscdk.RemovalPolicy_RETAIN,
	})
}

// newDeadLetters makes the queue of everything asynchronous that nobody could deal
// with. An alarm says when something is in it.
func (a *sluice) newDeadLetters() awssqs.Queue {
	return awssqs.NewQueue(a.stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		QueueName:       jsii.String(a.settings.NamePrefix + "-dead-letters"),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // SQS's longest
	})
}

// newMachine makes the state machine, with a log of what went wrong in it. A log
// never holds what is passed between states: the functions' own logs say as much
// of it as they may.
func (a *sluice) newMachine() (awslogs.LogGroup, sfn.StateMachine) {
	// The prefix keeps the log's policy off a resource policy of limited size
	// (Step Functions Developer Guide, Logging using CloudWatch Logs).
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
		// A log outlives nothing that it tells of but the stack; the table stays.
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// retentionNames are CDK's names of CloudWatch's retentions.
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

// tell prints what a person needs after a deploy.
func (a *sluice) tell() {
	for _, output := range []struct{ name, says, value string }{
		{"StateMachineArn", "Start executions of this one", *a.machine.StateMachineArn()},
		{"TopicArn", "Subscribe here to hear how deployments end", *a.topic.TopicArn()},
		{"TableName", "The ledger; it stays when the stack is destroyed", *a.table.TableName()},
		{"DeadLettersUrl", "What nobody could deal with", *a.deadLetters.QueueUrl()},
	} {
		awscdk.NewCfnOutput(a.stack, jsii.String(output.name), &awscdk.CfnOutputProps{
			Value: jsii.String(output.value), Description: jsii.String(output.says),
		})
	}
}
