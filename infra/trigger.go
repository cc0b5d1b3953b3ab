package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	targets "github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// alarmChanges selects the changes of alarms that invoke the safety net: those to ALARM, and
// those to OK, because an alarm that was ignored while it was firing at the start counts from
// then on. The previous state does not matter, because the alarm may have had no data in
// between.
func alarmChanges() map[string]any {
	return map[string]any{"state": map[string]any{"value": []shift.AlarmState{shift.AlarmFiring, shift.AlarmOK}}}
}

// sweepMinutes is the interval of sweeps, the shortest that a schedule can have.
const sweepMinutes = 1

// newSafetyNetTriggers makes the rules that invoke the safety net: for alarms, for executions
// that ended without success, and every minute. Events that EventBridge cannot deliver, or that
// the safety net cannot handle, become dead letters.
func (a *sluice) newSafetyNetTriggers() {
	net, changes := a.functions[flow.SafetyNet], alarmChanges()
	alarmFired := a.newRule("AlarmFired", "alarm-fired", &awsevents.RuleProps{
		Description: jsii.String("Wakes the safety net when an alarm goes to ALARM, or to OK. It looks up which deployments watch that alarm; most have none."),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings(flow.AlarmSource),
			DetailType: jsii.Strings(flow.AlarmDetailType),
			Detail:     &changes,
		},
		Targets: &[]awsevents.IRuleTarget{a.functionTarget(net, nil)},
	})
	executionEnded := a.newRule("ExecutionEnded", "execution-ended", &awsevents.RuleProps{
		Description: jsii.String("Wakes the safety net when an execution was stopped, timed out or failed: no Catch sees that."),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings(flow.ExecutionSource),
			DetailType: jsii.Strings(flow.ExecutionDetailType),
			Detail: &map[string]any{
				"stateMachineArn": []string{a.permit.machineARN()},
				"status":          flow.Endings(),
			},
		},
		Targets: &[]awsevents.IRuleTarget{a.functionTarget(net, nil)},
	})
	sweep := a.newRule("Sweep", "sweep", &awsevents.RuleProps{
		Description: jsii.String("Wakes the safety net every minute, for whatever events were lost. Do not disable it."),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Minutes(jsii.Number(sweepMinutes))),
		Targets:     &[]awsevents.IRuleTarget{a.functionTarget(net, awsevents.RuleTargetInput_FromObject(map[string]any{"detail-type": flow.SweepDetailType}))},
	})
	retries := a.retryEvents("SafetyNetRetries", net)
	a.safetyNetTriggers = []constructs.IDependable{alarmFired, executionEnded, sweep, retries}
}

// functionTarget returns a function as the target of a rule.
func (a *sluice) functionTarget(function awslambda.IFunction, input awsevents.RuleTargetInput) awsevents.IRuleTarget {
	return targets.NewLambdaFunction(function, &targets.LambdaFunctionProps{
		Event: input, DeadLetterQueue: a.deadLetters, RetryAttempts: jsii.Number(maxRetries), MaxEventAge: awscdk.Duration_Hours(jsii.Number(24)),
	})
}

// maxRetries is EventBridge's largest number of retries (RetryPolicy, MaximumRetryAttempts).
const maxRetries = 185

// startOnNewVersions starts an execution when somebody publishes a version.
func (a *sluice) startOnNewVersions() {
	if !a.settings.OnNewVersion {
		return
	}
	a.newRule("VersionPublished", "version-published", &awsevents.RuleProps{
		Description:  jsii.String("Starts an execution for a version that was published, by whatever means. The function's tags say what to do with it. It needs a CloudTrail trail that logs management events."),
		EventPattern: a.newVersionPattern(),
		Targets: &[]awsevents.IRuleTarget{targets.NewSfnStateMachine(a.machine, &targets.SfnStateMachineProps{
			Input: awsevents.RuleTargetInput_FromObject(map[string]any{
				"trigger":  "event",
				"function": awsevents.EventField_FromPath(jsii.String("$.detail.responseElements.functionArn")),
				"version":  awsevents.EventField_FromPath(jsii.String("$.detail.responseElements.version")),
			}),
			Role:            a.permit.starter(a.settings.NamePrefix + "-version-published"),
			DeadLetterQueue: a.deadLetters,
			RetryAttempts:   jsii.Number(maxRetries),
			MaxEventAge:     awscdk.Duration_Hours(jsii.Number(24)),
		})},
	})
}

// newVersionPattern matches the Lambda calls that publish a version. CloudTrail appends the
// API's date to a call's name (PublishVersion20150331), hence the prefixes. A failed call has an
// errorCode. A version that a Sluice publishes itself, this one or another in the account,
// already belongs to an execution; the pattern excludes it by the role of the caller's session.
// A deployment of this stack publishes versions of Sluice's own functions; the pattern excludes
// them by name.
func (a *sluice) newVersionPattern() *awsevents.EventPattern {
	absent := map[string]any{"exists": false}
	return &awsevents.EventPattern{
		Source:     jsii.Strings("aws.lambda"),
		DetailType: jsii.Strings("AWS API Call via CloudTrail"),
		Detail: &map[string]any{
			"eventSource": []string{"lambda.amazonaws.com"},
			"errorCode":   []any{absent},
			"userIdentity": map[string]any{"sessionContext": map[string]any{"sessionIssuer": map[string]any{
				"arn": []any{absent, map[string]any{"anything-but": prefix(a.permit.rolesARN())}},
			}}},
			// A call that published nothing returns $LATEST.
			"responseElements": map[string]any{
				"functionArn":  []any{map[string]any{"exists": true}},
				"functionName": []any{map[string]any{"anything-but": a.permit.functionNames()}},
				"version":      []any{map[string]any{"anything-but": map[string]any{"prefix": "$LATEST"}}},
			},
			"$or": []any{
				map[string]any{"eventName": []any{prefix("PublishVersion")}},
				map[string]any{
					"eventName":         []any{prefix("UpdateFunctionCode"), prefix("CreateFunction")},
					"requestParameters": map[string]any{"publish": []any{true}, "dryRun": []any{absent, false}},
				},
			},
		},
	}
}

func prefix(of string) map[string]any { return map[string]any{"prefix": of} }

func (a *sluice) newRule(id, name string, props *awsevents.RuleProps) awsevents.Rule {
	props.RuleName = jsii.String(a.settings.NamePrefix + "-" + name)
	return awsevents.NewRule(a.stack, jsii.String(id), props)
}
