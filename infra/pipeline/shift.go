// Package pipeline lets any CDK pipeline shift traffic with Sluice. AddShift is all
// there is to it; the package needs nothing but the CDK.
package pipeline

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	actions "github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
)

// Shift is how a pipeline shifts traffic.
type Shift struct {
	// Machine is Sluice's state machine; StateMachine_FromStateMachineName knows it by
	// the prefix of the stack.
	Machine sfn.IStateMachine
	// Input is the execution's, as it stands; otherwise Artifact and File say where
	// the build has left it.
	Input    map[string]any
	Artifact awscodepipeline.Artifact
	File     string
	// Name is that of the stage and its action; Shift if it is empty.
	Name string
}

// executionPrefix begins the names of the executions that a pipeline starts: the action
// adds its own execution's id, which has 36 characters, and a name has 80 at most.
const executionPrefix = "pipeline"

// AddShift adds a stage to the end of a pipeline that shifts traffic and waits for the
// end of it: the pipeline fails when the deployment is not Promoted or Unchanged. Stages
// that are added later must come behind it.
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
