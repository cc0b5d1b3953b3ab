package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// outcomes are the states of announcements that end a deployment.
var outcomes = []shift.Outcome{shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded}

// answerStacks makes the rule that tells stack-shift how the executions of CloudFormation's stacks
// have ended, so that it can answer CloudFormation. CloudFormation itself invokes stack-shift with
// the rights of whoever deploys the stack, which needs no permission of the function.
func (a *sluice) answerStacks() {
	function := a.functions[flow.StackShift]
	rule := a.newRule("StackShiftEnded", "stack-shift-ended", &awsevents.RuleProps{
		Description: jsii.String("Tells stack-shift how a deployment has ended that a CloudFormation stack waits for."),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings(flow.OwnSource),
			DetailType: jsii.Strings(flow.AnnouncementDetailType),
			Account:    jsii.Strings(*a.stack.Account()),
			Detail: &map[string]any{
				"state":        outcomes,
				"deploymentId": []any{prefix(a.permit.arn("states", "execution:"+a.settings.NamePrefix+":"+flow.StackExecutionPrefix))},
			},
		},
		Targets: &[]awsevents.IRuleTarget{a.functionTarget(function, nil)},
	})
	a.stackAnswers = []constructs.IDependable{rule, a.retryEvents("StackShiftRetries", function)}
}

// retryEvents makes Lambda retry the events of a function that fail: twice, after one and after
// two minutes. What fails for good becomes a dead letter.
func (a *sluice) retryEvents(id string, function awslambda.Function) awslambda.CfnEventInvokeConfig {
	return awslambda.NewCfnEventInvokeConfig(a.stack, jsii.String(id), &awslambda.CfnEventInvokeConfigProps{
		FunctionName:             function.FunctionName(),
		Qualifier:                jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(2),
		MaximumEventAgeInSeconds: jsii.Number(6 * 3600),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: a.deadLetters.QueueArn()},
		},
	})
}
