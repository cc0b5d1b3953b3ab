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

	"github.com/sluice-aws/sluice/infra/pipeline"
)

// newPipelineStack makes the optional pipeline. For each push to the repository, the
// application's own buildspec updates the function's code and writes the execution's input. Then
// the pipeline shifts the traffic. It refers to the state machine by name, so that neither stack
// blocks a change of the other.
func newPipelineStack(scope constructs.Construct, s settings) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String("SluicePipeline"), &awscdk.StackProps{
		StackName:   jsii.String(s.NamePrefix + "-pipeline"),
		Description: jsii.String("Sluice: from a push to " + s.Pipeline.Owner + "/" + s.Pipeline.Repository + " to shifted traffic."),
	})
	source, built := awscodepipeline.NewArtifact(jsii.String("Source"), nil), awscodepipeline.NewArtifact(jsii.String("Built"), nil)
	line := awscodepipeline.NewPipeline(stack, jsii.String("Pipeline"), &awscodepipeline.PipelineProps{
		PipelineName: jsii.String(s.NamePrefix),
		PipelineType: awscodepipeline.PipelineType_V2,
		// After two pushes, the second waits until the first has shifted its traffic.
		ExecutionMode: awscodepipeline.ExecutionMode_QUEUED,
		ArtifactBucket: awss3.NewBucket(stack, jsii.String("Artifacts"), &awss3.BucketProps{
			Encryption: awss3.BucketEncryption_S3_MANAGED, EnforceSSL: jsii.Bool(true),
			BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
			LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: awscdk.Duration_Days(jsii.Number(90))}},
		}),
	})
	line.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String("Source"), Actions: &[]awscodepipeline.IAction{
		actions.NewCodeStarConnectionsSourceAction(&actions.CodeStarConnectionsSourceActionProps{
			ActionName: jsii.String("Source"), ConnectionArn: jsii.String(s.Pipeline.Connection), Output: source,
			Owner: jsii.String(s.Pipeline.Owner), Repo: jsii.String(s.Pipeline.Repository), Branch: jsii.String(s.Pipeline.Branch),
			Role: newReader(stack, line, s.Pipeline.Connection),
		}),
	}})
	line.AddStage(&awscodepipeline.StageOptions{StageName: jsii.String("Build"), Actions: &[]awscodepipeline.IAction{
		actions.NewCodeBuildAction(&actions.CodeBuildActionProps{
			ActionName: jsii.String("Build"), Input: source, Outputs: &[]awscodepipeline.Artifact{built}, Project: newBuild(stack, s),
		}),
	}})
	machine := sfn.StateMachine_FromStateMachineName(stack, jsii.String("Machine"), jsii.String(s.NamePrefix))
	pipeline.AddShift(line, pipeline.Shift{Machine: machine, Artifact: built, File: s.Pipeline.Input})
	return stack
}

// newReader makes the role that reads the repository. The role that CDK would make cannot use a
// newer connection.
func newReader(stack awscdk.Stack, of awscodepipeline.Pipeline, connection string) iam.IRole {
	role := iam.NewRole(stack, jsii.String("Reader"), &iam.RoleProps{
		AssumedBy:   iam.NewArnPrincipal(of.Role().RoleArn()),
		Description: jsii.String("Reads the repository for the pipeline."),
	})
	role.AddToPolicy(useConnection(connection))
	return role
}

// newBuild makes the project that runs the application's buildspec. The project may update the
// code of functions. The setting pipelineBuildPolicies adds permissions for other ways to
// deploy.
func newBuild(stack awscdk.Stack, s settings) awscodebuild.IProject {
	project := awscodebuild.NewPipelineProject(stack, jsii.String("Build"), &awscodebuild.PipelineProjectProps{
		ProjectName: jsii.String(s.NamePrefix + "-build"),
		Description: jsii.String("Builds the application by its own " + s.Pipeline.Buildspec + "."),
		BuildSpec:   awscodebuild.BuildSpec_FromSourceFilename(jsii.String(s.Pipeline.Buildspec)),
		Environment: &awscodebuild.BuildEnvironment{
			BuildImage: awscodebuild.LinuxArmBuildImage_AMAZON_LINUX_2023_STANDARD_3_0(),
			// The CDK's default for images of this kind is a large one.
			ComputeType: awscodebuild.ComputeType_SMALL,
		},
		Logging: &awscodebuild.LoggingOptions{CloudWatch: &awscodebuild.CloudWatchLoggingOptions{
			LogGroup: newLogGroup(stack, s, "BuildLogs", "/aws/codebuild/"+s.NamePrefix+"-build"),
		}},
	})
	project.AddToRolePolicy(permissions{stack: stack, settings: s}.updateCode())
	for i, arn := range s.Pipeline.BuildPolicies {
		project.Role().AddManagedPolicy(iam.ManagedPolicy_FromManagedPolicyArn(stack, jsii.Sprintf("BuildPolicy%d", i), jsii.String(arn)))
	}
	return project
}
