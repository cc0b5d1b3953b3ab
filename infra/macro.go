package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
)

// newTemplateMacro makes the function macro a macro of CloudFormation, if a setting names it. The
// name stands in templates and has no prefix, so it must be asked for: there can be only one macro
// of a name in an account and region, and the second stack that makes it fails to deploy. Whoever
// may change the function rewrites every template that names the macro. Without the macro, the
// function does nothing.
func (a *sluice) newTemplateMacro() {
	if a.settings.Macro == "" {
		return
	}
	function := a.functions[flow.Macro]
	// CloudFormation calls a macro with the rights of whoever deploys (CloudFormation User Guide,
	// Macros account scope and permissions). This lets it do so for everybody of this account who
	// may deploy, and for nobody else.
	permission := awslambda.NewCfnPermission(a.stack, jsii.String("MacroPermission"), &awslambda.CfnPermissionProps{
		Action:        jsii.String("lambda:InvokeFunction"),
		FunctionName:  function.FunctionArn(),
		Principal:     jsii.String("cloudformation.amazonaws.com"),
		SourceAccount: a.stack.Account(),
	})
	macro := awscdk.NewCfnMacro(a.stack, jsii.String("Macro"), &awscdk.CfnMacroProps{
		Name:         jsii.String(a.settings.Macro),
		FunctionName: function.FunctionArn(),
		Description:  jsii.String("Makes a template that shifts its aliases with CodeDeploy shift them with Sluice."),
	})
	macro.AddResourceDependency(permission, nil)
}
