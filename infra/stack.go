package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/internal/flow"
	"sluice/statemachine"
)

// prefix begins the names of the functions in AWS.
const prefix = "sluice-"

// newStack makes the stack around the state machine. The functions are not part
// of it: it works where functions of these names have been made beforehand.
func newStack(scope constructs.Construct) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String("Sluice"), &awscdk.StackProps{
		Description: jsii.String("Sluice: the state machine that shifts traffic. The functions that it calls (" + prefix + "publish-version and its fellows) are not part of this stack."),
	})
	statemachine.New(stack, "Shift", statemachine.Props{
		Name:      "sluice",
		Functions: functions(stack),
	})
	return stack
}

// functions looks up by name every function that a task needs.
func functions(stack awscdk.Stack) map[string]awslambda.IFunction {
	found := map[string]awslambda.IFunction{}
	for _, spec := range flow.Specs() {
		if found[spec.Function] == nil {
			found[spec.Function] = awslambda.Function_FromFunctionName(stack, jsii.String(spec.Function), jsii.String(prefix+spec.Function))
		}
	}
	return found
}
