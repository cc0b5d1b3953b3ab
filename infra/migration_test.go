package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
)

// shopTemplate is what CDK makes of newShop. The tests of internal/template read it, too.
var shopTemplate = filepath.Join("..", "internal", "template", "testdata", "cdk", "shop.json")

// newShop is an application whose functions CodeDeploy shifts: one after the other, with an alarm,
// hooks, a configuration of CodeDeploy's and one of its own.
func newShop(app awscdk.App) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	orders, ordersAlias := newShifted(stack, "Orders", nil)
	_, stockAlias := newShifted(stack, "Stock", map[string]*string{"ORDERS": ordersAlias.FunctionArn()})
	alarm := orders.MetricErrors(nil).CreateAlarm(stack, jsii.String("OrdersErrors"), &awscloudwatch.CreateAlarmOptions{
		Threshold: jsii.Number(1), EvaluationPeriods: jsii.Number(1),
	})
	awscodedeploy.NewLambdaDeploymentGroup(stack, jsii.String("OrdersGroup"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias: ordersAlias, Alarms: &[]interfacesawscloudwatch.IAlarmRef{alarm},
		DeploymentConfig: awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES(),
		PreHook:          newCode(stack, "Smoke", nil),
	})
	awscodedeploy.NewLambdaDeploymentGroup(stack, jsii.String("StockGroup"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias: stockAlias,
		DeploymentConfig: awscodedeploy.NewLambdaDeploymentConfig(stack, jsii.String("Slow"), &awscodedeploy.LambdaDeploymentConfigProps{
			TrafficRouting: awscodedeploy.TrafficRouting_TimeBasedLinear(&awscodedeploy.TimeBasedLinearTrafficRoutingProps{
				Interval: awscdk.Duration_Minutes(jsii.Number(20)), Percentage: jsii.Number(25),
			}),
		}),
	})
	return stack
}

func newShifted(stack awscdk.Stack, name string, variables map[string]*string) (awslambda.Function, awslambda.Alias) {
	function := newCode(stack, name, variables)
	return function, awslambda.NewAlias(stack, jsii.String(name+"Live"), &awslambda.AliasProps{
		AliasName: jsii.String("live"), Version: function.CurrentVersion(),
	})
}

func newCode(stack awscdk.Stack, name string, variables map[string]*string) awslambda.Function {
	return awslambda.NewFunction(stack, jsii.String(name), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_PYTHON_3_13(), Handler: jsii.String("index.handler"), Environment: &variables,
		Code: awslambda.Code_FromInline(jsii.String("def handler(event, context): return {}")),
	})
}

func TestGoldenProgramOfCDKIsMigrated(t *testing.T) {
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	synthesized := canonical(t, templateOf(t, newShop(app)))
	if *update {
		require.NoError(t, os.WriteFile(shopTemplate, synthesized, 0o644))
	}
	kept, err := os.ReadFile(shopTemplate)
	require.NoError(t, err)
	assert.Equal(t, string(kept), string(synthesized), "CDK makes another template than %s", shopTemplate)

	result, err := template.Rewrite(synthesized, template.Options{StackShift: "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift", HookEndpoint: "https://hooks.example.com/"})
	require.NoError(t, err)
	var rewritten map[string]any
	require.NoError(t, json.Unmarshal(result.Text, &rewritten))
	aliases := resources(rewritten, "AWS::Lambda::Alias")
	require.Len(t, aliases, 2)
	shifts := resources(rewritten, "Custom::SluiceShift")
	assert.Len(t, shifts, 2, "Stock needs the alias of Orders")
	for id, alias := range aliases {
		assert.NotContains(t, rewritten["Resources"].(map[string]any)[id], "UpdatePolicy")
		from := alias["FunctionVersion"].(map[string]any)["Fn::GetAtt"].([]any)
		assert.Contains(t, shifts, from[0])
		assert.Equal(t, id, from[1])
	}
	assert.Len(t, resources(rewritten, "AWS::CloudFormation::WaitCondition"), 1, "60 minutes of Stock are long")
}
