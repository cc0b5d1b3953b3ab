package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
)

// newHookEndpoint makes the public URL to which hooks answer that were written for CodeDeploy, and
// the layer for those whose SDK cannot be told of it by a variable. The macro writes both into the
// templates that have such hooks. It makes nothing if the setting is off.
//
// The URL has no IAM authorization: SDKs sign for CodeDeploy, which only AWS itself can check. An
// answer needs the id of a hook that is awaited, which nobody can guess.
func (a *sluice) newHookEndpoint(from built) {
	if !a.settings.HookEndpoint {
		return
	}
	function := a.functions[flow.HookEndpoint]
	url := awslambda.NewCfnUrl(a.stack, jsii.String("HookUrl"), &awslambda.CfnUrlProps{
		TargetFunctionArn: function.FunctionArn(), AuthType: jsii.String("NONE"),
	})
	// A new URL needs both permissions (Lambda Developer Guide, Control access to function URLs).
	// The second one is for calls by the URL alone: without its condition everybody could invoke the
	// function.
	awslambda.NewCfnPermission(a.stack, jsii.String("HookUrlPermission"), &awslambda.CfnPermissionProps{
		FunctionName: function.FunctionArn(), Action: jsii.String("lambda:InvokeFunctionUrl"), Principal: jsii.String("*"), FunctionUrlAuthType: jsii.String("NONE"),
	})
	awslambda.NewCfnPermission(a.stack, jsii.String("HookInvokePermission"), &awslambda.CfnPermissionProps{
		FunctionName: function.FunctionArn(), Action: jsii.String("lambda:InvokeFunction"), Principal: jsii.String("*"), InvokedViaFunctionUrl: jsii.Bool(true),
	})
	preload := awslambda.NewLayerVersion(a.stack, jsii.String("HookPreload"), &awslambda.LayerVersionProps{
		LayerVersionName: jsii.String(a.settings.NamePrefix + "-codedeploy"),
		Description:      jsii.String("Has hooks with version 2 of the AWS SDK for JavaScript answer to Sluice. Set NODE_OPTIONS to: --require /opt/sluice-codedeploy.cjs"),
		Code:             from.preload(),
		// Stacks that the macro has changed name this version. One that goes back to it could not if
		// it were deleted.
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	macro := a.functions[flow.Macro]
	macro.AddEnvironment(jsii.String(flow.HookURLVariable), url.AttrFunctionUrl(), nil)
	macro.AddEnvironment(jsii.String(flow.HookLayerVariable), preload.LayerVersionArn(), nil)
	a.output("HookEndpointUrl", "Set "+flow.CodeDeployEndpointVariable+" to this in hooks that were written for CodeDeploy", *url.AttrFunctionUrl())
	a.output("HookPreloadLayerArn", "The layer for such hooks with version 2 of the AWS SDK for JavaScript", *preload.LayerVersionArn())
}
