package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodebuild"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	actions "github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	iam "github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ShiftProps are how a pipeline shifts traffic.
type ShiftProps struct {
	// Machine is Sluice's state machine.
	Machine sfn.IStateMachine
	// Input is the execution's, as it stands; otherwise Artifact and File say where
	// the build has left it.
	Input    map[string]any
	Artifact awscodepipeline.Artifact
	File     string
	// Name is that of the action; Shift if it is empty.
	Name string
}

// executionPrefix begins the names of the executions that a pipeline starts: the action
// adds its own execution's id, which has 36 characters, and a name has 80 at most.
const executionPrefix = "pipeline"

// AddShift adds a stage to any CDK pipeline that shifts traffic and waits for the
// end of it: the pipeline fails when the deployment is not Promoted or Unchanged.
func AddShift(pipeline awscodepipeline.Pipeline, props ShiftProps) actions.StepFunctionInvokeAction {
	name := props.Name
	if name == "" {
		name = "Shift"
	}
	input := actions.StateMachineInput_Literal(&props.Input)
	if props.Artifact != nil {
		input = actions.StateMachineInput_FilePath(props.Artifact.AtPath(jsii.String(props.File)))
	}
	action := actions.NewStepFunctionInvokeAction(&actions.StepFunctionsInvokeActionProps{
		ActionName:          jsii.String(name),
		StateMachine:        props.Machine,
		StateMachineInput:   input,
		ExecutionNamePrefix: jsii.String(executionPrefix),
		// Later actions read #{Shift.ExecutionArn} and #{Shift.StateMachineArn}.
		VariablesNamespace: jsii.String(name),
	})
	pipeline.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String(name), Actions: &[]awscodepipeline.IAction{action}})
	return action
}

// newPipelineStack makes the optional pipeline: one push to the repository is built
// by the application's own buildspec, which updates the function's code and leaves
// the execution's input; then the traffic is shifted. It knows the state machine by
// its name only, so that neither stack holds up a change of the other.
func newPipelineStack(scope constructs.Construct, s settings) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String("SluicePipeline"), &awscdk.StackProps{
		StackName:   jsii.String(s.NamePrefix + "-pipeline"),
		Description: jsii.String("Sluice: from a push to " + s.Pipeline.Owner + "/" + s.Pipeline.Repository + " to shifted traffic."),
	})
	source, built := awscodepipeline.NewArtifact(jsii.String("Source"), nil), awscodepipeline.NewArtifact(jsii.String("Built"), nil)
	pipeline := awscodepipeline.NewPipeline(stack, jsii.String("Pipeline"), &awscodepipeline.PipelineProps{
		PipelineName: jsii.String(s.NamePrefix),
		PipelineType: awscodepipeline.PipelineType_V2,
		// Two pushes: the second waits for the first one's traffic, the lock's way.
		ExecutionMode: awscodepipeline.ExecutionMode_QUEUED,
		ArtifactBucket: awss3.NewBucket(stack, jsii.String("Artifacts"), &awss3.BucketProps{
			Encryption: awss3.BucketEncryption_S3_MANAGED, EnforceSSL: jsii.Bool(true),
			BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
			LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: awscdk.Duration_Days(jsii.Number(90))}},
		}),
	})
	pipeline.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String("Source"), Actions: &[]awscodepipeline.IAction{
		actions.NewCodeStarConnectionsSourceAction(&actions.CodeStarConnectionsSourceActionProps{
			ActionName: jsii.String("Source"), ConnectionArn: jsii.String(s.Pipeline.Connection), Output: source,
			Owner: jsii.String(s.Pipeline.Owner), Repo: jsii.String(s.Pipeline.Repository), Branch: jsii.String(s.Pipeline.Branch),
		}),
	}})
	pipeline.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String("Build"), Actions: &[]awscodepipeline.IAction{
		actions.NewCodeBuildAction(&actions.CodeBuildActionProps{
			ActionName: jsii.String("Build"), Input: source, Outputs: &[]awscodepipeline.Artifact{built}, Project: newBuild(stack, s),
		}),
	}})
	machine := sfn.StateMachine_FromStateMachineName(stack, jsii.String("Machine"), jsii.String(s.NamePrefix))
	AddShift(pipeline, ShiftProps{Machine: machine, Artifact: built, File: s.Pipeline.Input})
	return stack
}

// newBuild runs the application's buildspec. What a deployment of other means than
// updating the function's code needs, pipelineBuildPolicies adds.
func newBuild(stack awscdk.Stack, s settings) awscodebuild.IProject {
	project := awscodebuild.NewPipelineProject(stack, jsii.String("Build"), &awscodebuild.PipelineProjectProps{
		ProjectName: jsii.String(s.NamePrefix + "-build"),
		Description: jsii.String("Builds the application by its own " + s.Pipeline.Buildspec + "."),
		BuildSpec:   awscodebuild.BuildSpec_FromSourceFilename(jsii.String(s.Pipeline.Buildspec)),
		Environment: &awscodebuild.BuildEnvironment{BuildImage: awscodebuild.LinuxArmBuildImage_AMAZON_LINUX_2023_STANDARD_3_0()},
	})
	update := permissions{stack: stack, settings: s}.targets("UpdateCode", "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode")
	project.AddToRolePolicy(update)
	for i, arn := range s.Pipeline.BuildPolicies {
		project.Role().AddManagedPolicy(iam.ManagedPolicy_FromManagedPolicyArn(stack, jsii.Sprintf("BuildPolicy%d", i), jsii.String(arn)))
	}
	return project
}
