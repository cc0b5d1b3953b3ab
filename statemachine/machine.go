package statemachine

import (
	"fmt"

	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Props is what the state machine needs to know of the stack around it.
type Props struct {
	// Name of the state machine, as it stands in the ARNs of executions.
	Name string
	// Functions are the Lambdas behind the tasks, by flow.Spec's Function: published
	// versions, so that a deploy does not change the code under a running execution.
	Functions map[string]awslambda.IFunction
	// Role is what the state machine may do; nil for one that CDK makes.
	Role iam.IRole
	// Logs say where and how much is logged; nil for nothing.
	Logs *sfn.LogOptions
	// Tracing sends traces to X-Ray.
	Tracing bool
}

// New builds the state machine. It panics, and so fails the synthesis, when the
// function behind a task is missing from props.
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

// builder makes states. Their ids are their names, so that a name that stands
// twice does not synthesize.
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
