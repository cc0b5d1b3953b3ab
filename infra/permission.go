package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"sluice/internal/flow"
)

// permissions make the roles: one for each function, one for the state machine, one
// for the rule that starts it and one for the rule that publishes to the topic. What they
// may do stands in this file, all of it: CDK adds nothing to a role. The optional
// pipeline's roles are CDK's, for its source, its artifacts and its build; what Sluice
// adds to them stands in this file, too, but for the managed policies that a setting
// names. (CDK does let a rule invoke the safety net, and each rule put what it cannot hand
// over into the dead letters, by the policies of those.) Which calls each function makes is
// held against this by the tests of internal/proof, in both directions.
//
// ARNs are written out of names instead of references: a function's role names the
// state machine, which names the function.
type permissions struct {
	stack    awscdk.Stack
	settings settings
}

// statements are what each function may do, beside its log and its traces.
func (p permissions) statements(function string) []iam.PolicyStatement {
	switch function {
	case flow.Publish.Function:
		return []iam.PolicyStatement{
			p.readTags(),
			p.targets("Publish", "lambda:GetFunction", "lambda:PublishVersion"),
			p.parameters(),
		}
	case flow.Open.Function:
		return []iam.PolicyStatement{
			p.targets("ReadTargets", "lambda:GetAlias", "lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig", "lambda:ListAliases"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.alarms(),
			p.announce(),
		}
	case flow.SetWeight.Function:
		return []iam.PolicyStatement{
			p.targets("Shift", "lambda:CreateAlias", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:UpdateAlias"),
			p.ledger("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.announce(),
		}
	case flow.CheckAlarms.Function:
		return []iam.PolicyStatement{
			p.targets("SeeRoutes", "lambda:GetAlias"),
			p.ledger("dynamodb:GetItem", "dynamodb:UpdateItem"),
			p.alarms(),
		}
	case flow.BeforeHook.Function:
		return []iam.PolicyStatement{p.hooks(), p.answer()}
	case flow.Close.Function:
		return []iam.PolicyStatement{
			p.targets("Verify", "lambda:GetAlias"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"),
			p.announce(),
		}
	case flow.Rollback.Function:
		return []iam.PolicyStatement{
			p.targets("Restore", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:UpdateAlias"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
			p.announce(),
		}
	case flow.SafetyNet:
		return []iam.PolicyStatement{
			p.targets("Restore", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:UpdateAlias"),
			p.ledger("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
			p.announce(),
			allow("SeeExecutions", []string{"states:ListExecutions"}, p.machineARN()),
			allow("SeeExecution", []string{"states:DescribeExecution"}, p.arn("states", "execution:"+p.settings.NamePrefix+":*")),
			// What fails for good goes there (Lambda, on-failure destination).
			allow("DeadLetters", []string{"sqs:SendMessage"}, p.arn("sqs", p.settings.NamePrefix+"-dead-letters")),
		}
	}
	panic(fmt.Sprintf("no permissions are written down for the function %s", function))
}

// targets allows calls on the functions that may be shifted, their versions and
// aliases included. A function's tags count for those, too (Lambda Developer Guide,
// attribute-based access control).
func (p permissions) targets(sid string, actions ...string) iam.PolicyStatement {
	return p.within(p.settings.Functions, sid, actions...)
}

// hooks allows asking the functions that may be hooks.
func (p permissions) hooks() iam.PolicyStatement {
	return p.within(p.settings.Hooks, "AskHooks", "lambda:InvokeFunction")
}

func (p permissions) within(r reach, sid string, actions ...string) iam.PolicyStatement {
	if r.tag == "" {
		return allow(sid, actions, p.functionARN(r.pattern), p.functionARN(r.pattern+":*"))
	}
	statement := allow(sid, actions, p.functionARN("*"))
	statement.AddCondition(jsii.String("Null"), &map[string]any{"aws:ResourceTag/" + r.tag: "false"})
	return statement
}

// readTags lets publish-version find out whether a function may be shifted. Where
// tags decide, that has to be asked of every function of the account whose new version
// starts an execution, and of every one that somebody names; to one without our tags
// nothing else is done.
func (p permissions) readTags() iam.PolicyStatement {
	const action = "lambda:ListTags"
	if p.settings.Functions.tag == "" {
		return p.targets("ReadTags", action)
	}
	return allow("ReadTags", []string{action}, p.functionARN("*"))
}

// parameters allows reading the configurations that the tag sluice:config names.
func (p permissions) parameters() iam.PolicyStatement {
	return allow("ReadConfiguration", []string{"ssm:GetParameter"}, p.arn("ssm", "parameter"+p.settings.ConfigParameters+"*"))
}

func (p permissions) ledger(actions ...string) iam.PolicyStatement {
	return allow("Ledger", actions, p.arn("dynamodb", "table/"+p.settings.NamePrefix))
}

// alarms allows reading alarms. CloudWatch leaves composite alarms out of its answer
// for whoever may not read all (DescribeAlarms), and which alarms a deployment
// watches is its owner's to say: hence the *.
func (p permissions) alarms() iam.PolicyStatement {
	return allow("ReadAlarms", []string{"cloudwatch:DescribeAlarms"}, "*")
}

func (p permissions) announce() iam.PolicyStatement {
	return allow("Announce", []string{"events:PutEvents"}, p.arn("events", "event-bus/"+flow.DefaultEventBus))
}

// answer allows answering for a hook whose return is its success. The Service
// Authorization Reference names no resource for it, but AWS checks the state machine:
// its refusals name it, and a policy on it was seen to do (aws-cdk pull request 8486).
func (p permissions) answer() iam.PolicyStatement {
	return allow("AnswerForHooks", []string{"states:SendTaskSuccess"}, p.machineARN())
}

// traces allows sending traces. X-Ray knows no resources for it (Service
// Authorization Reference): hence the *.
func traces() iam.PolicyStatement {
	return allow("Traces", []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*")
}

func (p permissions) logs(function string) iam.PolicyStatement {
	return allow("Logs", []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		p.arn("logs", "log-group:/aws/lambda/"+p.functionName(function)+":*"))
}

// function is the role of a function.
func (p permissions) function(name string) iam.IRole {
	statements := append(p.statements(name), p.logs(name), traces())
	return p.role(name+"-role", service("lambda"), "What the function "+p.functionName(name)+" may do.", statements...)
}

// machine is the role of the state machine: it invokes its own functions and nothing else.
// It may invoke all their versions, because an execution that began before an upgrade goes
// on to invoke the versions that its definition names. The functions without a version are
// for executions of earlier commits, whose definitions named none.
func (p permissions) machine() iam.IRole {
	var own []string
	for _, spec := range flow.Specs() {
		if arn := p.functionARN(p.functionName(spec.Function)); !slices.Contains(own, arn) {
			own = append(own, arn, arn+":*")
		}
	}
	return p.role("machine-role", service("states"), "What the state machine "+p.settings.NamePrefix+" may do.",
		allow("InvokeOwnFunctions", []string{"lambda:InvokeFunction"}, own...),
		// Log delivery and X-Ray know no resources for these (Step Functions Developer
		// Guide, Logging using CloudWatch Logs; X-Ray and Step Functions): hence the *.
		allow("DeliverLogs", []string{
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
		}, "*"),
		allow("Traces", []string{
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}, "*"),
	)
}

// starter is the role of the rule that starts executions.
func (p permissions) starter(rule string) iam.IRole {
	return p.role("starter-role", p.onlyRule(rule), "Starts executions of the state machine "+p.settings.NamePrefix+" for new versions.",
		allow("Start", []string{"states:StartExecution"}, p.machineARN()))
}

// announcer is the role of the rule that publishes to the topic. EventBridge could be
// let in by the topic's policy instead, but to every rule of every account: in the
// policy of a topic it fulfils no conditions (EventBridge User Guide, Amazon SNS
// permissions). Roles for targets of this kind are newer (AWS What's New, March 2025).
func (p permissions) announcer(rule string) iam.IRole {
	return p.role("announcer-role", p.onlyRule(rule), "Publishes announcements to the topic "+p.settings.NamePrefix+".",
		allow("Publish", []string{"sns:Publish"}, p.arn("sns", p.settings.NamePrefix)))
}

// updateCode lets the pipeline's build give the functions new code.
func (p permissions) updateCode() iam.PolicyStatement {
	return p.targets("UpdateCode", "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode")
}

// useConnection lets the pipeline read its repository. A connection has an ARN of the
// service codeconnections, or of codestar-connections if it is older, and a policy on
// it must name the action by the same service (Developer Tools console User Guide,
// Connections rename). The CDK names it by the old one only.
func useConnection(connection string) iam.PolicyStatement {
	return allow("UseConnection", []string{strings.Split(connection, ":")[2] + ":UseConnection"}, connection)
}

// onlyRule is EventBridge on behalf of one rule (EventBridge User Guide, Cross-service
// confused deputy prevention).
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

// rolePath is where the roles of every Sluice are, whatever its prefix.
const rolePath = "/sluice/"

// rolesARN begins the ARN of each of them.
func (p permissions) rolesARN() string {
	return fmt.Sprintf("arn:%s:iam::%s:role%s", *p.stack.Partition(), *p.stack.Account(), rolePath)
}

func service(name string) iam.IPrincipal {
	return iam.NewServicePrincipal(jsii.String(name+".amazonaws.com"), nil)
}

// role is a role with one policy, to which CDK adds nothing.
func (p permissions) role(id string, by iam.IPrincipal, says string, statements ...iam.PolicyStatement) iam.IRole {
	return iam.NewRole(p.stack, jsii.String(id), &iam.RoleProps{
		Path:        jsii.String(rolePath),
		AssumedBy:   by,
		Description: jsii.String(says),
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

// functionName is a function's name in AWS.
func (p permissions) functionName(folder string) string { return p.settings.NamePrefix + "-" + folder }

// functionNames are the names of all functions in AWS.
func (p permissions) functionNames() []string {
	var names []string
	for _, folder := range functionNames() {
		names = append(names, p.functionName(folder))
	}
	return names
}

func (p permissions) functionARN(name string) string { return p.arn("lambda", "function:"+name) }

func (p permissions) machineARN() string {
	return p.arn("states", "stateMachine:"+p.settings.NamePrefix)
}

// arn is that of something in the stack's own account and region.
func (p permissions) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", *p.stack.Partition(), service, *p.stack.Region(), *p.stack.Account(), resource)
}
