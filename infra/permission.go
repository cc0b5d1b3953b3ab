package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
)

// permissions makes the roles: one for each function, one for the state machine, one for the
// rule that starts it and one for the rule that publishes to the topic. All their permissions are
// in this file, and CDK adds nothing to a role. The roles of the optional pipeline are CDK's, for
// its source, its artifacts and its build. What Sluice adds to them is also in this file, except
// the managed policies that a setting names. (CDK does add resource policies, so that a rule may
// invoke the safety net, and each rule may send undeliverable events to the dead letters.) The
// tests of internal/proof compare the calls of each function with these permissions, in both
// directions.
//
// ARNs are made from names instead of references, because a function's role refers to the state
// machine, which refers to the function.
type permissions struct {
	stack    awscdk.Stack
	settings settings
	// store is the ARN of the KeyValueStore, or empty.
	store string
}

// statements returns the permissions of each function, in addition to its logs and traces.
func (p permissions) statements(function string) []iam.PolicyStatement {
	switch function {
	case flow.Publish.Function:
		return []iam.PolicyStatement{
			p.readTags(),
			p.targets("Publish", "lambda:GetFunction", "lambda:ListAliases", "lambda:PublishVersion"),
			p.parameters(),
			p.alarms(),
			// To see whether they exist, by a dry run. It has both permissions, so a function with
			// the other's tag passes here, and is denied when its turn comes.
			p.hooks(),
			p.synthetic(),
		}
	case flow.Open.Function:
		return []iam.PolicyStatement{
			p.targets("ReadTargets", "lambda:GetAlias", "lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig"),
			p.ledger("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.targets("WakeCandidates", "lambda:InvokeFunction"),
			p.alarms(),
			metrics(),
			p.announce(),
		}
	case flow.SetWeight.Function:
		return []iam.PolicyStatement{
			p.targets("Shift", "lambda:CreateAlias", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
			p.ledger("dynamodb:GetItem", "dynamodb:UpdateItem"),
			p.announce(),
		}
	case flow.CheckAlarms.Function:
		return []iam.PolicyStatement{
			p.targets("SeeRoutes", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig"),
			p.ledger("dynamodb:GetItem", "dynamodb:UpdateItem"),
			p.alarms(),
			metrics(),
			p.synthetic(),
			p.announce(),
		}
	case flow.BeforeHook.Function:
		return append([]iam.PolicyStatement{p.hooks(), p.answer("states:SendTaskSuccess")}, p.awaitAnswers()...)
	case flow.Close.Function:
		return []iam.PolicyStatement{
			p.targets("Verify", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:ListAliases", "lambda:ListProvisionedConcurrencyConfigs", "lambda:ListVersionsByFunction"),
			p.oldVersions(),
			eventSources(),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.announce(),
		}
	case flow.Rollback.Function:
		return []iam.PolicyStatement{
			p.targets("Restore", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
			p.announce(),
		}
	}
	return p.besideMachine(function)
}

// besideMachine returns the permissions of the functions that are not tasks of the state machine.
func (p permissions) besideMachine(function string) []iam.PolicyStatement {
	switch function {
	case flow.HookEndpoint:
		return []iam.PolicyStatement{
			p.ledgerOf("RecordAnswers", []string{flow.HookPartition}, "dynamodb:GetItem", "dynamodb:UpdateItem"),
			p.answer("states:SendTaskFailure", "states:SendTaskSuccess"),
		}
	case flow.Panel:
		return p.panel()
	case flow.SafetyNet:
		return append(p.seeDeleted(),
			p.targets("Restore", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.announce(),
			allow("SeeExecutions", []string{"states:ListExecutions"}, p.machineARN()),
			allow("SeeExecution", []string{"states:DescribeExecution", "states:GetExecutionHistory"}, p.arn("states", "execution:"+p.settings.NamePrefix+":*")),
			p.answer("states:SendTaskFailure"),
			p.failedEvents(),
		)
	case flow.StackShift:
		return []iam.PolicyStatement{
			p.targets("SeeRoutes", "lambda:GetAlias"),
			p.ledgerOf("ReadOutcomes", []string{flow.DeploymentPartition, flow.StackPartition, flow.StackWaitPartition}, "dynamodb:GetItem"),
			p.ledgerOf("RememberStacks", []string{flow.StackPartition, flow.StackWaitPartition}, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			allow("Start", []string{"states:StartExecution"}, p.machineARN()),
			allow("SeeExecution", []string{"states:DescribeExecution"}, p.arn("states", "execution:"+p.settings.NamePrefix+":"+flow.StackExecutionPrefix+"*")),
			allow("Abort", []string{"lambda:InvokeFunction"}, p.functionARN(p.functionName(flow.SafetyNet))),
			// Any stack may have its custom resource.
			allow("SeeStacks", []string{"cloudformation:DescribeStacks"}, p.arn("cloudformation", "stack/*")),
			allow("ReadStrategies", []string{"codedeploy:GetDeploymentConfig"}, p.arn("codedeploy", "deploymentconfig:*")),
			p.failedEvents(),
		}
	case flow.Macro:
		return nil // CloudFormation hands it the template
	}
	panic(fmt.Sprintf("the function %s has no permissions here", function))
}

// panel allows reading what the widget shows and, if it has buttons, asking the safety net for what
// they do. Whoever may invoke the panel can do no more than that.
func (p permissions) panel() []iam.PolicyStatement {
	all := []iam.PolicyStatement{
		p.ledgerOf("ReadRecords", []string{flow.DeploymentPartition, flow.FreezePartition}, "dynamodb:GetItem"),
		p.ledgerOf("ListOpen", []string{flow.OpenPartition}, "dynamodb:Query"),
		allow("SeeExecutions", []string{"states:ListExecutions"}, p.machineARN()),
		allow("SeeExecution", []string{"states:GetExecutionHistory"}, p.arn("states", "execution:"+p.settings.NamePrefix+":*")),
		p.alarms(),
	}
	if p.settings.Panel == flow.PanelOn {
		all = append(all, allow("Command", []string{"lambda:InvokeFunction"}, p.functionARN(p.functionName(flow.SafetyNet))))
	}
	return all
}

// frontEnds returns what a function needs for Targets other than functions. Each kind has its
// statements only if its setting is given.
func (p permissions) frontEnds(function string) []iam.PolicyStatement {
	const (
		readKey, readDistribution, readConfig = "cloudfront-keyvaluestore:GetKey", "cloudfront:GetDistribution", "cloudfront:GetDistributionConfig"
		describeStore, listRecords            = "cloudfront-keyvaluestore:DescribeKeyValueStore", "route53:ListResourceRecordSets"
	)
	var all [][]iam.PolicyStatement
	switch function {
	case flow.Publish.Function:
		all = append(all,
			p.keys("ReadKeys", describeStore, readKey), p.releases(),
			p.zones(listRecords, "route53:GetHostedZone"),
			p.distributions(readDistribution), p.switches("ReadSwitches", readConfig),
		)
	case flow.Open.Function:
		all = append(all,
			p.keys("ReadKeys", describeStore, readKey), p.releases(), // a revert looks whether what served before is still there
			p.zones(listRecords, "route53:GetHostedZone"),
			p.distributions(readDistribution), p.switches("ReadSwitches", readConfig),
		)
	case flow.CheckAlarms.Function:
		// It also asks whether the last write has reached all viewers.
		all = append(all,
			p.keys("ReadKeys", describeStore, readKey),
			p.zones(listRecords), p.changes(),
			p.switches("ReadSwitches", readDistribution, readConfig),
		)
	case flow.Close.Function:
		all = append(all, p.keys("ReadKeys", describeStore, readKey), p.zones(listRecords), p.switches("ReadSwitches", readConfig))
	case flow.SetWeight.Function, flow.Rollback.Function, flow.SafetyNet:
		// Before a name is left to the other distribution, that one is read, too.
		all = append(all,
			p.keys("ShiftKeys", describeStore, readKey, "cloudfront-keyvaluestore:PutKey", "cloudfront-keyvaluestore:DeleteKey"),
			p.zones(listRecords), p.records(),
			p.distributions(readConfig), p.switches("SwitchNames", "cloudfront:UpdateDistribution"),
		)
	}
	return slices.Concat(all...)
}

// keys allows calls on the KeyValueStore. Its keys have no ARNs (Service Authorization Reference).
// The requests are signed for all regions (SigV4a), which needs no further permission.
func (p permissions) keys(sid string, actions ...string) []iam.PolicyStatement {
	if p.store == "" {
		return nil
	}
	return []iam.PolicyStatement{allow(sid, actions, p.store)}
}

// releases allows looking for the files of releases, with HeadObject.
func (p permissions) releases() []iam.PolicyStatement {
	var objects []string
	for _, bucket := range p.settings.FrontEnds.ReleaseBuckets {
		objects = append(objects, fmt.Sprintf("arn:%s:s3:::%s%s*", *p.stack.Partition(), bucket, flow.ReleasesPath))
	}
	return some("FindReleases", []string{"s3:GetObject"}, objects)
}

// zones allows reading the zones whose names may be shifted. A read cannot be narrowed to names.
func (p permissions) zones(actions ...string) []iam.PolicyStatement {
	var zones []string
	for _, records := range p.settings.FrontEnds.zones() {
		zones = append(zones, p.zoneARN(records[0]))
	}
	return some("ReadZones", actions, zones)
}

// changes allows reading how far a batch of records has come. The ids of batches are not known
// before.
func (p permissions) changes() []iam.PolicyStatement {
	if len(p.settings.FrontEnds.Records) == 0 {
		return nil
	}
	return []iam.PolicyStatement{allow("ReadChanges", []string{"route53:GetChange"}, fmt.Sprintf("arn:%s:route53:::change/*", *p.stack.Partition()))}
}

func (p permissions) zoneARN(r record) string {
	return fmt.Sprintf("arn:%s:route53:::hostedzone/%s", *p.stack.Partition(), r.zone)
}

// records allows writing the names of each zone, and their guards, with no other types than
// Sluice's (Route 53 Developer Guide, Using IAM policy conditions for fine-grained access control).
// Each zone has its own statement: a name of one zone must not be written in another.
func (p permissions) records() []iam.PolicyStatement {
	var all []iam.PolicyStatement
	for _, records := range p.settings.FrontEnds.zones() {
		var names []string
		for _, r := range records {
			name := normalRecordName(r.name)
			names = append(names, name, flow.GuardLabel+name)
		}
		statement := allow("ShiftRecords"+records[0].zone, []string{"route53:ChangeResourceRecordSets"}, p.zoneARN(records[0]))
		statement.AddCondition(jsii.String("ForAllValues:StringEquals"), &map[string]any{
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
			"route53:ChangeResourceRecordSetsRecordTypes":           []string{"A", "AAAA", "CNAME", "TXT"},
		})
		all = append(all, statement)
	}
	return all
}

// normalRecordName returns a name as conditions have it: any other character than letters, digits,
// hyphens, underscores and dots is an octal escape.
func normalRecordName(name string) string { return strings.ReplaceAll(name, "*", `\052`) }

// distributions allows reading the distributions between which names are switched.
func (p permissions) distributions(actions ...string) []iam.PolicyStatement {
	return some("ReadDistributions", actions, p.distributionARNs(p.settings.FrontEnds.distributions()))
}

// switches allows calls on those distributions that get and lose names.
func (p permissions) switches(sid string, actions ...string) []iam.PolicyStatement {
	return some(sid, actions, p.distributionARNs(p.settings.FrontEnds.switches()))
}

// distributionARNs returns the ARNs of distributions. They have no region.
func (p permissions) distributionARNs(ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", *p.stack.Partition(), *p.stack.Account(), id))
	}
	return all
}

// some allows actions on resources, or nothing if there are none.
func some(sid string, actions []string, resources []string) []iam.PolicyStatement {
	if len(resources) == 0 {
		return nil
	}
	return []iam.PolicyStatement{allow(sid, actions, resources...)}
}

// targets allows calls on the functions that may be shifted, including their versions and
// aliases. A function's tags also apply to those (Lambda Developer Guide, attribute-based access
// control).
// A tag without a value may not fulfil the condition (flow.EmptyTagAlias).
func (p permissions) targets(sid string, actions ...string) iam.PolicyStatement {
	return p.within(p.settings.Functions, sid, actions...)
}

// oldVersions allows deleting single versions, for the input's keepVersions, and never a function:
// a call without a version is checked against the function's own ARN.
func (p permissions) oldVersions() iam.PolicyStatement {
	const sid, action = "DeleteOldVersions", "lambda:DeleteFunction"
	if tag := p.settings.Functions.tag; tag != "" {
		statement := allow(sid, []string{action}, p.functionARN("*:*"))
		statement.AddCondition(jsii.String("Null"), &map[string]any{"aws:ResourceTag/" + tag: "false"})
		return statement
	}
	return allow(sid, []string{action}, p.functionARN(p.settings.Functions.pattern+":*"))
}

// eventSources allows reading which versions get the events of queues and streams. It needs the *,
// because Lambda has no resources for this action (Service Authorization Reference).
func eventSources() iam.PolicyStatement {
	return allow("SeeEventSources", []string{"lambda:ListEventSourceMappings"}, "*")
}

// hooks allows invoking the functions that may be hooks.
func (p permissions) hooks() iam.PolicyStatement {
	return p.within(p.settings.Hooks, "AskHooks", "lambda:InvokeFunction")
}

// synthetic allows invoking the functions that may be asked for synthetic requests.
func (p permissions) synthetic() iam.PolicyStatement {
	return p.within(p.settings.Synthetic, "AskForRequests", "lambda:InvokeFunction")
}

func (p permissions) within(r reach, sid string, actions ...string) iam.PolicyStatement {
	if r.tag == "" {
		return allow(sid, actions, p.functionARN(r.pattern), p.functionARN(r.pattern+":*"))
	}
	statement := allow(sid, actions, p.functionARN("*"))
	statement.AddCondition(jsii.String("Null"), &map[string]any{"aws:ResourceTag/" + r.tag: "false"})
	return statement
}

// listTags is the one call that Sluice makes on functions without its tags.
const listTags = "lambda:ListTags"

// readTags lets publish-version find out whether a function may be shifted. If tags decide, it
// must read the tags of every function in the account whose new version starts an execution, and
// of every function that an input names.
func (p permissions) readTags() iam.PolicyStatement {
	if p.settings.Functions.tag == "" {
		return p.targets("ReadTags", listTags)
	}
	return allow("ReadTags", []string{listTags}, p.functionARN("*"))
}

// seeDeleted lets the safety net find out that a function was deleted. If tags decide, IAM denies each
// other call on such a function, because it has none. If names decide, Lambda says that it is missing.
func (p permissions) seeDeleted() []iam.PolicyStatement {
	if p.settings.Functions.tag == "" {
		return nil
	}
	return []iam.PolicyStatement{allow("SeeDeleted", []string{listTags}, p.functionARN("*"))}
}

// parameters allows reading the configurations that the tag sluice:config names.
func (p permissions) parameters() iam.PolicyStatement {
	return allow("ReadConfiguration", []string{"ssm:GetParameter"}, p.arn("ssm", "parameter"+p.settings.ConfigParameters+"*"))
}

func (p permissions) ledger(actions ...string) iam.PolicyStatement {
	return allow("Ledger", actions, p.arn("dynamodb", "table/"+p.settings.NamePrefix))
}

// alarms allows reading alarms. It needs the *, because CloudWatch leaves out composite alarms
// for a caller that may not read all (DescribeAlarms), and because deployments may name any
// alarm, of any region.
func (p permissions) alarms() iam.PolicyStatement {
	return allow("ReadAlarms", []string{"cloudwatch:DescribeAlarms"}, "*")
}

// metrics allows reading what both versions have served. It needs the *, because CloudWatch
// has no resources for this action (Service Authorization Reference).
func metrics() iam.PolicyStatement {
	return allow("ReadMetrics", []string{"cloudwatch:GetMetricData"}, "*")
}

func (p permissions) announce() iam.PolicyStatement {
	return allow("Announce", []string{"events:PutEvents"}, p.arn("events", "event-bus/"+flow.EventBus))
}

// answer allows answering for a hook: its success when it has returned, or its failure when the
// deployment has ended meanwhile. The Service Authorization Reference lists no resource for
// these actions. But AWS checks the state machine: its access-denied errors name it, and a policy
// on it was seen to work (aws-cdk pull request 8486).
func (p permissions) answer(actions ...string) iam.PolicyStatement {
	return allow("AnswerForHooks", actions, p.machineARN())
}

// awaitAnswers allows recording that a hook's answer is awaited, if there is an endpoint that takes
// it.
func (p permissions) awaitAnswers() []iam.PolicyStatement {
	if !p.settings.HookEndpoint {
		return nil
	}
	return []iam.PolicyStatement{p.ledgerOf("AwaitAnswers", []string{flow.HookPartition, flow.CodeDeployPartition}, "dynamodb:PutItem")}
}

// ledgerOf allows calls on some partitions of the table, by how they begin. All these calls have
// the partition of the item as a condition key (Amazon DynamoDB Developer Guide, Using IAM policy
// conditions for fine-grained access control).
func (p permissions) ledgerOf(sid string, partitions []string, actions ...string) iam.PolicyStatement {
	var patterns []string
	for _, begins := range partitions {
		patterns = append(patterns, begins+"*")
	}
	statement := allow(sid, actions, p.arn("dynamodb", "table/"+p.settings.NamePrefix))
	statement.AddCondition(jsii.String("ForAllValues:StringLike"), &map[string]any{"dynamodb:LeadingKeys": patterns})
	return statement
}

// failedEvents allows sending events that have failed for good to the dead letters (Lambda
// Developer Guide, on-failure destinations).
func (p permissions) failedEvents() iam.PolicyStatement {
	return allow("DeadLetters", []string{"sqs:SendMessage"}, p.arn("sqs", p.settings.NamePrefix+"-dead-letters"))
}

// traces allows sending traces. It needs the *, because X-Ray has no resources for these actions
// (Service Authorization Reference).
func traces() iam.PolicyStatement {
	return allow("Traces", []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*")
}

func (p permissions) logs(function string) iam.PolicyStatement {
	return allow("Logs", []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		p.arn("logs", "log-group:/aws/lambda/"+p.functionName(function)+":*"))
}

// function makes the role of a function.
func (p permissions) function(name string) iam.IRole {
	statements := append(p.statements(name), p.logs(name), traces())
	statements = append(statements, p.frontEnds(name)...)
	return p.role(name+"-role", service("lambda"), "What the function "+p.functionName(name)+" may do.", statements...)
}

// machine makes the role of the state machine, which may invoke only its own functions. It may
// invoke all their versions, because an execution that started before an upgrade still invokes
// the versions in its definition. The ARNs without a version are for executions of earlier
// commits, whose definitions had no versions.
func (p permissions) machine() iam.IRole {
	var own []string
	for _, spec := range flow.Specs() {
		if arn := p.functionARN(p.functionName(spec.Function)); !slices.Contains(own, arn) {
			own = append(own, arn, arn+":*")
		}
	}
	return p.role("machine-role", service("states"), "What the state machine "+p.settings.NamePrefix+" may do.",
		allow("InvokeOwnFunctions", []string{"lambda:InvokeFunction"}, own...),
		// These need the *, because log delivery and X-Ray have no resources for them (Step
		// Functions Developer Guide, Logging using CloudWatch Logs; X-Ray and Step Functions).
		allow("DeliverLogs", []string{
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
		}, "*"),
		allow("Traces", []string{
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}, "*"),
	)
}

// starter makes the role of the rule that starts executions.
func (p permissions) starter(rule string) iam.IRole {
	return p.role("starter-role", p.onlyRule(rule), "Starts executions of the state machine "+p.settings.NamePrefix+" for new versions.",
		allow("Start", []string{"states:StartExecution"}, p.machineARN()))
}

// announcer makes the role of the rule that publishes to the topics. A topic's policy could
// allow EventBridge instead, but only for every rule of every account, because EventBridge
// supports no conditions in the policy of a topic (EventBridge User Guide, Amazon SNS
// permissions). Roles for SNS targets exist since March 2025 (AWS What's New).
func (p permissions) announcer(rule string) iam.IRole {
	return p.role("announcer-role", p.onlyRule(rule), "Publishes announcements to the topic "+p.settings.NamePrefix+".",
		allow("Publish", []string{"sns:Publish"}, p.topicARNs()...))
}

// chatTopic is the name of the topic for AWS's chat service.
func (p permissions) chatTopic() string { return p.settings.NamePrefix + "-chat" }

func (p permissions) topicARNs() []string {
	all := []string{p.arn("sns", p.settings.NamePrefix)}
	if p.settings.Chat {
		all = append(all, p.arn("sns", p.chatTopic()))
	}
	return all
}

// updateCode lets the pipeline's build update the code of the functions.
func (p permissions) updateCode() iam.PolicyStatement {
	return p.targets("UpdateCode", "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode")
}

// useConnection lets the pipeline read its repository. A connection has an ARN of the
// service codeconnections, or of codestar-connections if it is older, and a policy on
// it must name the action by the same service (Developer Tools console User Guide,
// Connections rename). The CDK uses only the old name.
func useConnection(connection string) iam.PolicyStatement {
	return allow("UseConnection", []string{strings.Split(connection, ":")[2] + ":UseConnection"}, connection)
}

// onlyRule returns the principal of EventBridge for one rule only (EventBridge User Guide,
// Cross-service confused deputy prevention).
func (p permissions) onlyRule(name string) iam.IPrincipal {
	return iam.NewServicePrincipal(jsii.String("events.amazonaws.com"), &iam.ServicePrincipalOpts{Conditions: &map[string]any{
		"ArnEquals": map[string]any{"aws:SourceArn": p.arn("events", "rule/"+name)},
	}})
}

// alarmsPublish lets Sluice's alarms publish to the topic.
func (p permissions) alarmsPublish(topicARN string) iam.PolicyStatement {
	statement := allow("Alarms", []string{"sns:Publish"}, topicARN)
	statement.AddServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)
	statement.AddCondition(jsii.String("ArnLike"), &map[string]any{"aws:SourceArn": p.arn("cloudwatch", "alarm:"+p.settings.NamePrefix+"-*")})
	return statement
}

// rolePath is the path of the roles of every Sluice, with any prefix.
const rolePath = "/sluice/"

// rolesARN returns the prefix of the roles' ARNs.
func (p permissions) rolesARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:role%s", *p.stack.Partition(), *p.stack.Account(), rolePath)
}

func service(name string) iam.IPrincipal {
	return iam.NewServicePrincipal(jsii.String(name+".amazonaws.com"), nil)
}

// role makes a role with one policy, to which CDK adds nothing.
func (p permissions) role(id string, by iam.IPrincipal, description string, statements ...iam.PolicyStatement) iam.IRole {
	return iam.NewRole(p.stack, jsii.String(id), &iam.RoleProps{
		Path:        jsii.String(rolePath),
		AssumedBy:   by,
		Description: jsii.String(description),
		InlinePolicies: &map[string]iam.PolicyDocument{
			"sluice": iam.NewPolicyDocument(&iam.PolicyDocumentProps{Statements: &statements}),
		},
	}).WithoutPolicyUpdates(nil)
}

func allow(sid string, actions []string, resources ...string) iam.PolicyStatement {
	return iam.NewPolicyStatement(&iam.PolicyStatementProps{
		Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: jsii.Strings(resources...),
	})
}

// functionName returns a function's name in AWS.
func (p permissions) functionName(folder string) string { return p.settings.NamePrefix + "-" + folder }

// functionNames returns the names of all functions in AWS.
func (p permissions) functionNames() []string {
	var names []string
	for _, folder := range functionNames(p.settings) {
		names = append(names, p.functionName(folder))
	}
	return names
}

func (p permissions) functionARN(name string) string { return p.arn("lambda", "function:"+name) }

func (p permissions) machineARN() string {
	return p.arn("states", "stateMachine:"+p.settings.NamePrefix)
}

// arn returns the ARN of a resource in the stack's own account and region.
func (p permissions) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", *p.stack.Partition(), service, *p.stack.Region(), *p.stack.Account(), resource)
}
