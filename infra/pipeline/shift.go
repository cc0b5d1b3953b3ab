// Package pipeline lets any CDK pipeline shift traffic with Sluice. AddShift is its only
// function. The package depends only on the CDK.
package pipeline

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	actions "github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
)

// Shift configures the stage of a pipeline that shifts traffic.
type Shift struct {
	// Machine is Sluice's state machine. StateMachine_FromStateMachineName finds it by the
	// stack's name prefix.
	Machine sfn.IStateMachine
	// Input is the execution's input. Alternatively, Artifact and File say where the build has
	// written it.
	Input    map[string]any
	Artifact awscodepipeline.Artifact
	File     string
	// Name is the name of the stage and its action. If it is empty, the name is Shift.
	Name string
}

// executionPrefix begins the names of the executions that a pipeline starts. The action appends
// its own execution's id of 36 characters. A name may have at most 80.
const executionPrefix = "pipeline"

// AddShift adds a stage to the end of a pipeline. The stage shifts traffic and waits for the
// outcome. The pipeline fails if the deployment is not Promoted or Unchanged. Stages that are
// added later run after it.
func AddShift(to awscodepipeline.Pipeline, s Shift) actions.StepFunctionInvokeAction {
	if s.Name == "" {
		s.Name = "Shift"
	}
	input := actions.StateMachineInput_Literal(&s.Input)
	if s.Artifact != nil {
		input = actions.StateMachineInput_FilePath(s.Artifact.AtPath(jsii.String(s.File)))
	}
	action := actions.NewStepFunctionInvokeAction(&actions.StepFunctionsInvokeActionProps{
		ActionName:          jsii.String(s.Name),
		StateMachine:        s.Machine,
		StateMachineInput:   input,
		ExecutionNamePrefix: jsii.String(executionPrefix),
		// Later actions read #{Shift.ExecutionArn} and #{Shift.StateMachineArn}.
		VariablesNamespace: jsii.String(s.Name),
	})
	to.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String(s.Name), Actions: &[]awscodepipeline.IAction{action}})
	if s.Artifact != nil {
		plainPath(to, s.File)
	}
	return action
}

// plainPath names the input's file by its path within the one input artifact, as the
// action is documented (CodePipeline User Guide, Step Functions invoke action, Input);
// the CDK would put the artifact's name before it.
func plainPath(of awscodepipeline.Pipeline, file string) {
	last := int(*of.StageCount()) - 1
	of.Node().DefaultChild().(awscodepipeline.CfnPipeline).
		AddPropertyOverride(jsii.String(fmt.Sprintf("Stages.%d.Actions.0.Configuration.Input", last)), file)
}
