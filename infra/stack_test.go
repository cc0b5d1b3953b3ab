package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/forecast"
)

func TestEveryFolderOfFunctionsIsOneFunctionWithItsTimeoutItsRoleAndItsLog(t *testing.T) {
	template := templateIn(t, hooked) // it has all functions
	functions, logs := map[string]map[string]any{}, resources(template, "AWS::Logs::LogGroup")
	roles := map[string]string{}
	for _, f := range resources(template, "AWS::Lambda::Function") {
		name := f["FunctionName"].(string)
		functions[strings.TrimPrefix(name, "sluice-")] = f
		role := fmt.Sprint(f["Role"])
		assert.Empty(t, roles[role], "%s and %s share a role", name, roles[role])
		roles[role] = name
		assert.Equal(t, []any{"arm64"}, f["Architectures"], name)
		assert.Equal(t, "provided.al2023", f["Runtime"], name)
		assert.Equal(t, map[string]any{"Mode": "Active"}, f["TracingConfig"], name)
		group := logs[f["LoggingConfig"].(map[string]any)["LogGroup"].(map[string]any)["Ref"].(string)]
		assert.Equal(t, "/aws/lambda/"+name, group["LogGroupName"])
	}
	mains, err := filepath.Glob("../functions/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, mains)
	assert.Equal(t, len(mains), len(functions), "one for each folder")
	for _, main := range mains {
		_, known := functions[filepath.Base(filepath.Dir(main))]
		assert.True(t, known, main)
	}
	for _, spec := range flow.Specs() {
		assert.InDelta(t, spec.Timeout.Seconds(), functions[spec.Function]["Timeout"], 0, spec.Function)
	}
	assert.InDelta(t, flow.SafetyNetTimeout.Seconds(), functions[flow.SafetyNet]["Timeout"], 0)
	assert.InDelta(t, flow.HookEndpointTimeout.Seconds(), functions[flow.HookEndpoint]["Timeout"], 0)
	assert.InDelta(t, forecast.InvocationMegabytes, functions[flow.SetWeight.Function]["MemorySize"], 0, "what plan reckons with")
}

func TestFunctionsHaveTheirEnvironment(t *testing.T) {
	template := otherTemplate(t)
	functions := resources(template, "AWS::Lambda::Function")
	require.Len(t, functions, len(functionNames(settings{})))
	for _, f := range functions {
		variables := f["Environment"].(map[string]any)["Variables"].(map[string]any)
		name := strings.TrimPrefix(f["FunctionName"].(string), "team-a-")
		var names []string
		for variable := range variables {
			names = append(names, variable)
		}
		want := []string{flow.MetricsVariable, flow.TableVariable}
		switch name {
		case flow.Publish.Function:
			want = append(want, flow.AliasVariable, flow.FunctionsVariable, flow.ParametersVariable)
			assert.Equal(t, "/team-a/", variables[flow.ParametersVariable])
			assert.Equal(t, "prod", variables[flow.AliasVariable])
			assert.Equal(t, "orders-*", variables[flow.FunctionsVariable])
		case flow.Open.Function:
			want = append(want, flow.RevertHoursVariable)
			assert.Equal(t, "72", variables[flow.RevertHoursVariable])
		case flow.Macro:
			want = append(want, flow.StackShiftVariable)
			assert.Equal(t, "arn:aws:lambda:eu-west-1:111122223333:function:team-a-stack-shift", filled(t, variables[flow.StackShiftVariable]))
		case flow.StackShift:
			want = append(want, flow.StateMachineVariable, flow.SafetyNetVariable)
			assert.Equal(t, "arn:aws:states:eu-west-1:111122223333:stateMachine:team-a", filled(t, variables[flow.StateMachineVariable]))
			assert.Equal(t, "team-a-safety-net", variables[flow.SafetyNetVariable])
		case flow.Panel:
			want = append(want, flow.StateMachineVariable, flow.SafetyNetVariable, flow.PanelVariable)
		case flow.SafetyNet:
			want = append(want, flow.StateMachineVariable)
			assert.Equal(t, "arn:aws:states:eu-west-1:111122223333:stateMachine:team-a", filled(t, variables[flow.StateMachineVariable]))
		}
		assert.ElementsMatch(t, want, names, name)
	}
}

func TestLedgerOutlivesTheStackAndItsMistakes(t *testing.T) {
	template := goldenTemplate(t)
	table := only(t, template, "AWS::DynamoDB::Table")
	for id := range resources(template, "AWS::DynamoDB::Table") {
		resource := template["Resources"].(map[string]any)[id].(map[string]any)
		assert.Equal(t, "Retain", resource["DeletionPolicy"])
		assert.Equal(t, "Retain", resource["UpdateReplacePolicy"])
	}
	assert.Equal(t, true, table["DeletionProtectionEnabled"])
	assert.Equal(t, "PAY_PER_REQUEST", table["BillingMode"])
	assert.Equal(t, map[string]any{"SSEEnabled": true}, table["SSESpecification"])
	assert.Equal(t, map[string]any{"PointInTimeRecoveryEnabled": true}, table["PointInTimeRecoverySpecification"])
	assert.Equal(t, map[string]any{"AttributeName": flow.LedgerExpiry, "Enabled": true}, table["TimeToLiveSpecification"])
}

func TestEveryLogHasTheRetentionInTheSettings(t *testing.T) {
	groups := resources(otherTemplate(t), "AWS::Logs::LogGroup")
	require.Len(t, groups, len(functionNames(settings{}))+1, "of every function, and of the state machine")
	for id, group := range groups {
		assert.InDelta(t, 14, group["RetentionInDays"], 0, id)
	}
}

func TestStateMachineIsTracedAndLogsNoExecutionData(t *testing.T) {
	machine := only(t, goldenTemplate(t), "AWS::StepFunctions::StateMachine")
	assert.Equal(t, flow.DefaultNamePrefix, machine["StateMachineName"])
	assert.Equal(t, map[string]any{"Enabled": true}, machine["TracingConfiguration"])
	logging := machine["LoggingConfiguration"].(map[string]any)
	assert.Equal(t, "ERROR", logging["Level"])
	assert.Equal(t, false, logging["IncludeExecutionData"])
}

func TestEverythingAsynchronousIsRetriedAndHasTheDeadLetterQueue(t *testing.T) {
	template := goldenTemplate(t)
	rules := resources(template, "AWS::Events::Rule")
	require.Len(t, rules, 6)
	for id, r := range rules {
		assert.NotEmpty(t, r["Description"], id)
		for _, target := range r["Targets"].([]any) {
			target := target.(map[string]any)
			assert.NotNil(t, target["DeadLetterConfig"], id)
			assert.NotNil(t, target["RetryPolicy"], id)
		}
	}
	configs := resources(template, "AWS::Lambda::EventInvokeConfig")
	assert.Len(t, configs, 2, "of the safety net, and of stack-shift")
	for id, config := range configs {
		assert.InDelta(t, 2, config["MaximumRetryAttempts"], 0, id)
		assert.Contains(t, fmt.Sprint(config["DestinationConfig"]), "DeadLetters", id)
	}
	queue := only(t, template, "AWS::SQS::Queue")
	assert.InDelta(t, 14*24*3600, queue["MessageRetentionPeriod"], 0)
	assert.Equal(t, true, queue["SqsManagedSseEnabled"])
}

func TestTheMacroIsMadeIfItIsNamed(t *testing.T) {
	assert.Empty(t, resources(goldenTemplate(t), "AWS::CloudFormation::Macro"))
	template := otherTemplate(t)
	macro := only(t, template, "AWS::CloudFormation::Macro")
	assert.Equal(t, "Shift", macro["Name"])
	var permissions []map[string]any
	for _, p := range resources(template, "AWS::Lambda::Permission") {
		if p["Principal"] == "cloudformation.amazonaws.com" {
			permissions = append(permissions, p)
		}
	}
	require.Len(t, permissions, 1)
	assert.Equal(t, "lambda:InvokeFunction", permissions[0]["Action"])
	assert.Equal(t, "111122223333", filled(t, permissions[0]["SourceAccount"]))
	assert.Equal(t, macro["FunctionName"], permissions[0]["FunctionName"])
	function := macro["FunctionName"].(map[string]any)["Fn::GetAtt"].([]any)[0].(string)
	assert.Equal(t, "team-a-macro", resources(template, "AWS::Lambda::Function")[function]["FunctionName"])
}

// It reads a template and writes one: its role has nothing but its log and its traces.
func TestTheMacroMayDoNothing(t *testing.T) {
	for _, role := range resources(goldenTemplate(t), "AWS::IAM::Role") {
		if role["Description"] != "What the function sluice-macro may do." {
			continue
		}
		var sids []string
		for _, s := range statementsOf(t, role) {
			sids = append(sids, s.Sid)
		}
		assert.Equal(t, []string{"Logs", "Traces"}, sids)
		return
	}
	t.Error("the macro has no role")
}

func TestEveryAlarmNotifiesPeopleAndSaysWhatToDo(t *testing.T) {
	alarms := resources(goldenTemplate(t), "AWS::CloudWatch::Alarm")
	var names []string
	for id, alarm := range alarms {
		names = append(names, alarm["AlarmName"].(string))
		assert.Greater(t, len(alarm["AlarmDescription"].(string)), 60, id)
		assert.Contains(t, fmt.Sprint(alarm["AlarmActions"]), "Announcements", id)
		assert.NotEmpty(t, alarm["TreatMissingData"], id)
		silence := alarm["AlarmName"] == "sluice-safety-net-silent"
		assert.Equal(t, silence, alarm["InsufficientDataActions"] != nil, id)
	}
	assert.ElementsMatch(t, []string{
		"sluice-stranded", "sluice-rollback-incomplete", "sluice-rollback-fails", "sluice-safety-net-fails", "sluice-safety-net-silent", "sluice-dead-letters",
	}, names)
}

func TestNotificationsAreSubscribedAndChosen(t *testing.T) {
	template := otherTemplate(t)
	var addresses []string
	for _, subscription := range resources(template, "AWS::SNS::Subscription") {
		assert.Equal(t, "email", subscription["Protocol"])
		addresses = append(addresses, subscription["Endpoint"].(string))
	}
	assert.ElementsMatch(t, []string{"a@example.com", "b@example.com"}, addresses)
	i := slices.IndexFunc(rulesOf(t, template), func(r rule) bool { return r.Name == "team-a-announced" })
	require.GreaterOrEqual(t, i, 0)
	assert.Contains(t, string(rulesOf(t, template)[i].Pattern), `"state":["Started"]`)
	assert.Empty(t, resources(goldenTemplate(t), "AWS::SNS::Subscription"))
}

func TestNewVersionsStartNothingIfSwitchedOff(t *testing.T) {
	names := func(template map[string]any) []string {
		var all []string
		for _, r := range rulesOf(t, template) {
			all = append(all, r.Name)
		}
		return all
	}
	assert.Equal(t, []string{"sluice-alarm-fired", "sluice-announced", "sluice-execution-ended", "sluice-stack-shift-ended", "sluice-version-published"}, names(goldenTemplate(t)))
	assert.Equal(t, []string{"team-a-alarm-fired", "team-a-announced", "team-a-execution-ended", "team-a-stack-shift-ended"}, names(otherTemplate(t)))
}

// reasons says why a statement applies to all resources.
var reasons = map[string]string{
	"cloudwatch:DescribeAlarms":      "composite alarms are told only to whoever may read all",
	"cloudwatch:GetMetricData":       "CloudWatch knows no resources for it",
	"lambda:ListEventSourceMappings": "Lambda knows no resources for it",
	"xray:PutTelemetryRecords":       "X-Ray knows no resources for it",
	"xray:PutTraceSegments":          "X-Ray knows no resources for it",
	"xray:GetSamplingRules":          "X-Ray knows no resources for it",
	"xray:GetSamplingTargets":        "X-Ray knows no resources for it",
	"logs:CreateLogDelivery":         "log delivery knows no resources",
	"logs:DeleteLogDelivery":         "log delivery knows no resources",
	"logs:DescribeLogGroups":         "log delivery knows no resources",
	"logs:DescribeResourcePolicies":  "log delivery knows no resources",
	"logs:GetLogDelivery":            "log delivery knows no resources",
	"logs:ListLogDeliveries":         "log delivery knows no resources",
	"logs:PutResourcePolicy":         "log delivery knows no resources",
	"logs:UpdateLogDelivery":         "log delivery knows no resources",
}

// everyFunction lists the actions on all functions without a condition, with the reasons.
var everyFunction = map[string]string{
	"lambda:ListTags": "publish-version reads the tags to find out whether it may touch a function, and safety-net to find out whether it exists",
}

func TestNothingIsAllowedOnEverythingWithoutAReason(t *testing.T) {
	wide := map[string]bool{}
	for isByTag, template := range map[bool]map[string]any{true: goldenTemplate(t), false: otherTemplate(t)} {
		roles := resources(template, "AWS::IAM::Role")
		require.Greater(t, len(roles), len(functionNames(settings{})))
		for id, role := range roles {
			assert.Empty(t, role["ManagedPolicyArns"], id)
			statements := statementsOf(t, role)
			require.NotEmpty(t, statements, id)
			for _, s := range statements {
				assert.NotEmpty(t, s.Sid, id)
				for _, action := range s.Actions {
					assert.NotContains(t, action, "*", id)
					if slices.Contains(s.Resources, "*") {
						wide[action] = true
						assert.NotEmpty(t, reasons[action], "%s may %s on everything", id, action)
					}
					if slices.ContainsFunc(s.Resources, func(r string) bool { return strings.HasSuffix(r, ":function:*") }) && s.Condition == nil {
						wide[action] = true
						assert.NotEmpty(t, everyFunction[action], "%s may %s on every function", id, action)
						assert.True(t, isByTag, "with a pattern nothing is allowed on every function")
					}
				}
			}
		}
		assert.Empty(t, resources(template, "AWS::IAM::Policy"), "every statement stands in its role")
	}
	for action := range maps.Keys(reasons) {
		assert.True(t, wide[action], "%s has a reason and no need", action)
	}
	for action := range maps.Keys(everyFunction) {
		assert.True(t, wide[action], "%s has a reason and no need", action)
	}
}

// The policies of the queue, the topic and the functions allow only AWS services, each only on
// behalf of a resource of this stack.
func TestResourcePoliciesAllowOnlyResourcesOfTheStack(t *testing.T) {
	template, let := goldenTemplate(t), map[string]int{}
	rules := resources(template, "AWS::Events::Rule")
	for _, kind := range []string{"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"} {
		for _, s := range only(t, template, kind)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			s := s.(map[string]any)
			if s["Effect"] == "Deny" {
				assert.Equal(t, map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}, s["Condition"], kind)
				continue
			}
			service := s["Principal"].(map[string]any)["Service"].(string)
			require.Len(t, s["Principal"], 1, kind)
			let[kind+" "+service]++
			switch service {
			case "events.amazonaws.com":
				source := s["Condition"].(map[string]any)["ArnEquals"].(map[string]any)["aws:SourceArn"].(map[string]any)
				assert.Contains(t, rules, source["Fn::GetAtt"].([]any)[0], kind)
			default:
				assert.Equal(t, map[string]any{"ArnLike": map[string]any{"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:sluice-*"}}, filled(t, s["Condition"]), kind)
			}
		}
	}
	for id, p := range resources(template, "AWS::Lambda::Permission") {
		let["AWS::Lambda::Permission "+p["Principal"].(string)]++
		assert.Contains(t, rules, p["SourceArn"].(map[string]any)["Fn::GetAtt"].([]any)[0], id)
	}
	assert.Equal(t, map[string]int{
		"AWS::SQS::QueuePolicy events.amazonaws.com":     len(rules),
		"AWS::SNS::TopicPolicy cloudwatch.amazonaws.com": 1,
		"AWS::Lambda::Permission events.amazonaws.com":   4,
	}, let)
}

// A rule has a role if its target is not the safety net.
func TestRolesOfRulesAreForThatRuleAlone(t *testing.T) {
	template := goldenTemplate(t)
	roles, of := resources(template, "AWS::IAM::Role"), map[string]string{}
	for _, r := range resources(template, "AWS::Events::Rule") {
		arn, ok := r["Targets"].([]any)[0].(map[string]any)["RoleArn"].(map[string]any)
		if !ok {
			continue
		}
		of[arn["Fn::GetAtt"].([]any)[0].(string)] = "arn:aws:events:eu-west-1:111122223333:rule/" + r["Name"].(string)
	}
	assert.Len(t, of, 2)
	trusting := 0
	for id, role := range roles {
		trust := role["AssumeRolePolicyDocument"].(map[string]any)["Statement"].([]any)
		require.Len(t, trust, 1, id)
		s := trust[0].(map[string]any)
		if s["Principal"].(map[string]any)["Service"] != "events.amazonaws.com" {
			continue
		}
		trusting++
		assert.Equal(t, map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": of[id]}}, filled(t, s["Condition"]), id)
	}
	assert.Equal(t, 2, trusting)
}

// The rule for published versions recognizes the roles of every Sluice by that path.
func TestRolesHaveThePathOfEverySluice(t *testing.T) {
	for _, template := range []map[string]any{goldenTemplate(t), otherTemplate(t)} {
		roles := resources(template, "AWS::IAM::Role")
		require.NotEmpty(t, roles)
		for id, role := range roles {
			assert.Equal(t, "/sluice/", role["Path"], id)
		}
	}
}

func TestFunctionsByPatternNeedNoTag(t *testing.T) {
	template := otherTemplate(t)
	found := map[string][]string{}
	for _, role := range resources(template, "AWS::IAM::Role") {
		for _, s := range statementsOf(t, role) {
			assert.NotContains(t, fmt.Sprint(s.Condition), "ResourceTag", s.Sid)
			for _, action := range s.Actions {
				if strings.HasPrefix(action, "lambda:") && s.Sid != "InvokeOwnFunctions" {
					found[s.Sid+" "+action] = s.Resources
				}
			}
		}
	}
	const functions = "arn:aws:lambda:eu-west-1:111122223333:function:"
	assert.Equal(t, []string{functions + "orders-*", functions + "orders-*:*"}, found["Shift lambda:UpdateAlias"])
	assert.Equal(t, []string{functions + "smoke", functions + "smoke:*"}, found["AskHooks lambda:InvokeFunction"])
	assert.Equal(t, []string{functions + "load", functions + "load:*"}, found["AskForRequests lambda:InvokeFunction"])
	assert.Equal(t, []string{functions + "orders-*", functions + "orders-*:*"}, found["WakeCandidates lambda:InvokeFunction"])
}

// said is a statement of a role's policy.
type said struct {
	Sid                string
	Actions, Resources []string
	Condition          any
}

func statementsOf(t *testing.T, role map[string]any) []said {
	t.Helper()
	var all []said
	policies, _ := role["Policies"].([]any)
	for _, policy := range policies {
		document := policy.(map[string]any)["PolicyDocument"].(map[string]any)
		for _, s := range document["Statement"].([]any) {
			statement := filled(t, s).(map[string]any)
			sid, _ := statement["Sid"].(string)
			all = append(all, said{sid, listed(statement["Action"]), listed(statement["Resource"]), statement["Condition"]})
		}
	}
	return all
}

// listed returns a text, or a list of texts, as a list.
func listed(value any) []string {
	if text, ok := value.(string); ok {
		return []string{text}
	}
	var all []string
	for _, item := range value.([]any) {
		all = append(all, item.(string))
	}
	return all
}
