package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stackHook is the function of a hook in stackTemplate.
const stackHook = "stack-hook"

// stackTemplate has a hook that was written for CodeDeploy, as SAM makes it.
const stackTemplate = `{"Transform": "Sluice", "Resources": {
  "Shop": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop", "Runtime": "nodejs22.x", "Handler": "index.handler", "Role": "arn:aws:iam::123456789012:role/shop", "Code": {"S3Bucket": "code", "S3Key": "CODE"}}},
  "VersionCODE": {"Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": {"FunctionName": {"Ref": "Shop"}}},
  "Live": {"Type": "AWS::Lambda::Alias",
    "Properties": {"Name": "live", "FunctionName": {"Ref": "Shop"}, "FunctionVersion": {"Fn::GetAtt": ["VersionCODE", "Version"]}},
    "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": {"Ref": "Group"}, "BeforeAllowTrafficHook": {"Ref": "Hook"}}}},
  "Hook": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "stack-hook", "Runtime": "nodejs22.x", "Handler": "index.handler", "Role": "arn:aws:iam::123456789012:role/hook", "Code": {"S3Bucket": "code", "S3Key": "hook"}}},
  "App": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
  "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "App"}, "ServiceRoleArn": "arn:aws:iam::123456789012:role/deploy", "DeploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}}}}`

// A hook in a template answers with the variables that the macro gives its function, and no others.
func TestAHookOfAStackAnswersByWhatTheMacroWrites(t *testing.T) {
	t.Parallel()
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missing := p.missing(t)
			if missing == "" && name != "Go" && modulesFolder(t) == "" {
				missing = "only make conformance runs it with a stack"
			}
			if missing != "" {
				t.Skip("SKIPPED: " + missing)
			}
			a := newHookAccountAt(t, 60)
			a.deployStack(t, "one")
			a.awaitStack(t, cfntypes.StackStatusCreateComplete)
			hook, err := lambda.NewFromConfig(a.config()).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(stackHook)})
			require.NoError(t, err)
			a.own = hook.Environment.Variables

			a.deployStack(t, "two")
			require.NoError(t, p.run(t, a, a.nextEvent(t), "Failed"))
			a.awaitStack(t, cfntypes.StackStatusUpdateRollbackComplete)
			assert.Equal(t, "1", a.serving(t))

			a.deployStack(t, "three")
			require.NoError(t, p.run(t, a, a.nextEvent(t), "Succeeded"))
			a.awaitStack(t, cfntypes.StackStatusUpdateComplete)
			assert.Equal(t, "3", a.serving(t))
		})
	}
}

// deployStack creates the stack, or updates it, with new code.
func (a *hookAccount) deployStack(t *testing.T, code string) {
	t.Helper()
	client, body := cloudformation.NewFromConfig(a.config()), aws.String(strings.ReplaceAll(stackTemplate, "CODE", code))
	capabilities := []cfntypes.Capability{cfntypes.CapabilityCapabilityAutoExpand}
	if a.own == nil {
		_, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("shop"), TemplateBody: body, Capabilities: capabilities})
		require.NoError(t, err)
		return
	}
	_, err := client.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("shop"), TemplateBody: body, Capabilities: capabilities})
	require.NoError(t, err)
}

func (a *hookAccount) awaitStack(t *testing.T, status cfntypes.StackStatus) {
	t.Helper()
	client := cloudformation.NewFromConfig(a.config())
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		out, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("shop")})
		require.NoError(t, err)
		if out.Stacks[0].StackStatus == status {
			return
		}
		require.True(t, time.Now().Before(deadline), "the stack is %s", out.Stacks[0].StackStatus)
	}
}

func (a *hookAccount) serving(t *testing.T) string {
	t.Helper()
	alias, err := lambda.NewFromConfig(a.config()).GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("shop"), Name: aws.String("live")})
	require.NoError(t, err)
	return *alias.FunctionVersion
}
