package statemachine

import (
	"fmt"

	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Props is what the state machine needs from the stack.
type Props struct {
	// Name is that of the state machine, as it appears in the ARNs of executions.
	Name string
	// Functions are the Lambdas behind the tasks, by the Function of their flow.Spec. They
	// are published versions, so that a deploy does not change the code under a running
	// execution.
	Functions map[string]awslambda.IFunction
	// Role is the state machine's role. If it is nil, CDK creates one.
	Role iam.IRole
	// Logs configure the logging. If they are nil, nothing is logged.
	Logs *sfn.LogOptions
	// Tracing sends traces to X-Ray.
	Tracing bool
}

// New builds the state machine. It panics if the function behind a task is missing from
// props, and so fails the synthesis.
func New(scope constructs.Construct, id string, props Props) sfn.StateMachine {
	machine := constructs.NewConstruct(scope, jsii.String(id))
	b := builder{scope: machine, functions: props.Functions}
	return sfn.NewStateMachine(machine, jsii.String("Machine"), &sfn.StateMachineProps{
		StateMachineName: jsii.String(props.Name),
		StateMachineType: sfn.StateMachineType_STANDARD,
		Comment:          jsii.String(comment),
		QueryLanguage:    sfn.QueryLanguage_JSON_PATH,
		Role:             props.Role,
		Logs:             props.Logs,
		TracingEnabled:   jsii.Bool(props.Tracing),
		DefinitionBody:   sfn.DefinitionBody_FromChainable(define(b)),
	})
}

// builder makes states. Their names are also their construct ids, so that a duplicate name
// fails the synthesis.
type builder struct {
	scope     constructs.Construct
	functions map[string]awslambda.IFunction
}

func (b builder) function(state, name string) awslambda.IFunction {
	f, ok := b.functions[name]
	if !ok {
		panic(fmt.Sprintf("state %s needs the function %s, which is missing from Props.Functions", state, name))
	}
	return f
}
