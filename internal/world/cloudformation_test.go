package world

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// shopTemplate is a template as SAM makes it of a function with a DeploymentPreference. CODE is the
// code of a version.
const shopTemplate = `{
  "Transform": "Sluice",
  "Resources": {
    "Shop": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop", "Runtime": "nodejs22.x", "Handler": "index.handler",
      "Role": {"Fn::GetAtt": ["ShopRole", "Arn"]}, "Code": {"S3Bucket": "code", "S3Key": "CODE"}}},
    "ShopRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
    "ShopVersionCODE": {"Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": {"FunctionName": {"Ref": "Shop"}}},
    "ShopAliaslive": {"Type": "AWS::Lambda::Alias",
      "Properties": {"Name": "live", "FunctionName": {"Ref": "Shop"}, "FunctionVersion": {"Fn::GetAtt": ["ShopVersionCODE", "Version"]}},
      "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "Application"}, "DeploymentGroupName": {"Ref": "Group"}, "BeforeAllowTrafficHook": {"Ref": "Smoke"}}}},
    "Smoke": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "smoke", "Runtime": "nodejs22.x", "Handler": "index.handler",
      "Role": {"Fn::GetAtt": ["ShopRole", "Arn"]}, "Code": {"S3Bucket": "code", "S3Key": "smoke"}}},
    "Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "shop-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
      "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": "Shop"}}, {"Name": "Resource", "Value": "shop:live"}],
      "Period": "60", "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching"}},
    "Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
    "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "Application"}, "ServiceRoleArn": {"Fn::GetAtt": ["ShopRole", "Arn"]},
      "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
      "AlarmConfiguration": {"Enabled": true, "Alarms": [{"Name": {"Ref": "Errors"}}]}}}
  }
}`

// shop has a stack of CloudFormation in a Paced world.
type shop struct {
	*outside
	t *testing.T
}

func (s shop) client() *cloudformation.Client {
	return cloudformation.NewFromConfig(s.config("deployer"))
}

func (s shop) template(code string) *string {
	return aws.String(strings.ReplaceAll(shopTemplate, "CODE", code))
}

// create creates the stack, with the first version.
func (s shop) create() {
	s.t.Helper()
	_, err := s.client().CreateStack(s.t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("shop"), TemplateBody: s.template("a"), Capabilities: []cfntypes.Capability{"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"},
	})
	require.NoError(s.t, err)
	s.await(cfntypes.StackStatusCreateComplete)
}

func (s shop) update(code string) {
	s.t.Helper()
	_, err := s.client().UpdateStack(s.t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("shop"), TemplateBody: s.template(code), Capabilities: []cfntypes.Capability{"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"},
	})
	require.NoError(s.t, err)
}

// await waits for a status of the stack.
func (s shop) await(status cfntypes.StackStatus) {
	s.t.Helper()
	eventually(s.t, func() bool {
		out, err := s.client().DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("shop")})
		require.NoError(s.t, err)
		now := out.Stacks[0].StackStatus
		require.False(s.t, now != status && !strings.HasSuffix(string(now), "_IN_PROGRESS"), "%s: %v", now, s.events())
		return now == status
	})
}

// events are what has happened to the stack, latest first.
func (s shop) events() (lines []string) {
	out, err := s.client().DescribeStackEvents(s.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("shop")})
	require.NoError(s.t, err)
	for _, e := range out.StackEvents {
		lines = append(lines, strings.Join([]string{*e.LogicalResourceId, string(e.ResourceStatus), aws.ToString(e.ResourceStatusReason)}, " "))
	}
	return lines
}

// serving is what the alias serves.
func (s shop) serving() (version string, weights map[string]float64) {
	alias, err := lambda.NewFromConfig(s.config("operator")).GetAlias(s.t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("shop"), Name: aws.String("live")})
	require.NoError(s.t, err)
	if alias.RoutingConfig != nil {
		weights = alias.RoutingConfig.AdditionalVersionWeights
	}
	return *alias.FunctionVersion, weights
}

func openShop(t *testing.T, p Pace) shop {
	return shop{open(t, p, `{}`, orders), t}
}

func TestAStackOfAPacedWorldShiftsByItself(t *testing.T) {
	t.Parallel()
	s := openShop(t, Pace{Speed: 1000})
	var asked []byte
	s.OnHook(func(function string, event []byte) {
		if function == "smoke" {
			asked = event
		}
	})
	s.create()
	version, _ := s.serving()
	assert.Equal(t, "1", version)
	s.update("b")
	weighted := false
	eventually(t, func() bool {
		_, weights := s.serving()
		weighted = weighted || weights["2"] == 0.1
		return weighted
	})
	s.await(cfntypes.StackStatusUpdateComplete)
	version, weights := s.serving()
	assert.Equal(t, "2", version)
	assert.Empty(t, weights)
	assert.Contains(t, string(asked), "LifecycleEventHookExecutionId", "a hook is asked as CodeDeploy asks it")

	smoke, err := lambda.NewFromConfig(s.config("operator")).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("smoke")})
	require.NoError(t, err)
	assert.Equal(t, s.HookURL(), smoke.Environment.Variables["AWS_ENDPOINT_URL_CODEDEPLOY"])
	assert.Empty(t, s.problems)
}

func TestAnAlarmOfAStackOfAPacedWorldRollsItBack(t *testing.T) {
	t.Parallel()
	s := openShop(t, Pace{Speed: 500})
	s.create()
	s.update("b")
	eventually(t, func() bool { _, weights := s.serving(); return weights["2"] == 0.1 })
	_, err := cloudwatch.NewFromConfig(s.config("operator")).SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("shop-errors"), StateValue: cloudwatchtypes.StateValueAlarm, StateReason: aws.String("by hand"),
	})
	require.NoError(t, err)
	s.await(cfntypes.StackStatusUpdateRollbackComplete)
	version, weights := s.serving()
	assert.Equal(t, "1", version)
	assert.Empty(t, weights)
	assert.Contains(t, strings.Join(s.events(), "\n"), "shop-errors")
}

func TestAStackOfAPacedWorldHasNoOtherResources(t *testing.T) {
	t.Parallel()
	s := openShop(t, Pace{Speed: 1000})
	_, err := s.client().CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("files"), TemplateBody: aws.String(`{"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}}`),
	})
	require.ErrorContains(t, err, "the resource type AWS::S3::Bucket of Files")
}

func TestAnAlarmOfATemplateIsReadWithItsNumbersAsTexts(t *testing.T) {
	t.Parallel()
	var properties map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"MetricName": "Errors", "Period": "60", "EvaluationPeriods": "3", "DatapointsToAlarm": 2, "Threshold": "0.5", "Dimensions": [{"Name": "FunctionName", "Value": "shop"}]}`), &properties))
	m := alarmOf(localaws.OpaqueChange{Physical: "errors", Properties: properties})
	assert.Equal(t, time.Minute, m.Period)
	assert.Equal(t, 3, m.Evaluations)
	assert.Equal(t, 2, m.ToAlarm)
	assert.InDelta(t, 0.5, m.Threshold, 0)
	assert.Equal(t, map[string]string{"FunctionName": "shop"}, m.Dimensions)
}
