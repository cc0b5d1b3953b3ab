package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	actions "github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var withPipeline = map[string]any{
	"pipeline":           "acme/orders@main",
	"pipelineConnection": "arn:aws:codeconnections:eu-west-1:111122223333:connection/c0ffee",
}

func TestPipelineGoesFromAPushToShiftedTraffic(t *testing.T) {
	a, s := app(t, withPipeline)
	template := templateOf(t, newPipelineStack(a, s))
	stages := stagesOf(t, template)
	require.Len(t, stages, 3)
	for i, want := range []struct{ stage, provider string }{{"Source", "CodeStarSourceConnection"}, {"Build", "CodeBuild"}, {"Shift", "StepFunctions"}} {
		assert.Equal(t, want.stage, stages[i].name)
		assert.Equal(t, want.provider, stages[i].action["ActionTypeId"].(map[string]any)["Provider"])
	}
	source := stages[0].action["Configuration"].(map[string]any)
	assert.Equal(t, "acme/orders", source["FullRepositoryId"])
	assert.Equal(t, "main", source["BranchName"])
	shift := stages[2].action["Configuration"].(map[string]any)
	assert.Equal(t, "FilePath", shift["InputType"])
	assert.Equal(t, "Built::deployment.json", shift["Input"])
	assert.Equal(t, "pipeline", shift["ExecutionNamePrefix"])
	assert.Equal(t, "Shift", stages[2].action["Namespace"])
	for _, project := range resources(template, "AWS::CodeBuild::Project") {
		assert.Equal(t, "buildspec.yml", project["Source"].(map[string]any)["BuildSpec"])
	}
	for _, pipeline := range resources(template, "AWS::CodePipeline::Pipeline") {
		assert.Equal(t, "V2", pipeline["PipelineType"])
		assert.Equal(t, "QUEUED", pipeline["ExecutionMode"])
	}
}

func TestBuildMayUpdateCodeAndWhatElseIsGivenToIt(t *testing.T) {
	set := map[string]any{"pipelineBuildPolicies": "arn:aws:iam::111122223333:policy/deploy"}
	for name, value := range withPipeline {
		set[name] = value
	}
	a, s := app(t, set)
	template := templateOf(t, newPipelineStack(a, s))
	policies := fmt.Sprint(resources(template, "AWS::IAM::Policy"))
	assert.Contains(t, policies, "lambda:UpdateFunctionCode")
	assert.Contains(t, policies, "aws:ResourceTag/sluice:alias")
	assert.Contains(t, fmt.Sprint(resources(template, "AWS::IAM::Role")), "policy/deploy")
}

func TestNoPipelineUnlessAsked(t *testing.T) {
	a, s := app(t, nil)
	newStacks(a, s, placeholder)
	assert.Len(t, *a.Node().Children(), 1)
	a, s = app(t, withPipeline)
	newStacks(a, s, placeholder)
	assert.Len(t, *a.Node().Children(), 2)
}

func TestShiftJoinsAnyPipelineWithAnInputAsItStands(t *testing.T) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Own"), nil)
	artifact := awscodepipeline.NewArtifact(jsii.String("A"), nil)
	pipeline := awscodepipeline.NewPipeline(stack, jsii.String("Pipeline"), &awscodepipeline.PipelineProps{
		Stages: &[]*awscodepipeline.StageProps{{StageName: jsii.String("Source"), Actions: &[]awscodepipeline.IAction{
			actions.NewS3SourceAction(&actions.S3SourceActionProps{
				ActionName: jsii.String("S3"), Bucket: awss3.NewBucket(stack, jsii.String("Bucket"), nil), BucketKey: jsii.String("a.zip"), Output: artifact,
			}),
		}}},
	})
	machine := sfn.StateMachine_FromStateMachineName(stack, jsii.String("Sluice"), jsii.String("sluice"))
	AddShift(pipeline, ShiftProps{Machine: machine, Input: map[string]any{"function": "orders", "strategy": "AllAtOnce"}, Name: "Release"})
	template := templateOf(t, stack)
	stages := stagesOf(t, template)
	require.Len(t, stages, 2)
	configuration := stages[1].action["Configuration"].(map[string]any)
	assert.Equal(t, "Release", stages[1].name)
	assert.Equal(t, "Literal", configuration["InputType"])
	assert.JSONEq(t, `{"function": "orders", "strategy": "AllAtOnce"}`, configuration["Input"].(string))
}

// An execution's name has 80 characters at most (StartExecution, name), and the
// action puts a hyphen and its own id of 36 behind the prefix.
func TestNameOfAPipelinesExecutionFits(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, len(executionPrefix+"-"+strings.Repeat("0", 36)), 80)
}

// stage is a stage of a pipeline with its one action.
type stage struct {
	name   string
	action map[string]any
}

func stagesOf(t *testing.T, template map[string]any) []stage {
	t.Helper()
	var all []stage
	for _, pipeline := range resources(template, "AWS::CodePipeline::Pipeline") {
		for _, s := range pipeline["Stages"].([]any) {
			s := s.(map[string]any)
			all = append(all, stage{s["Name"].(string), s["Actions"].([]any)[0].(map[string]any)})
		}
	}
	return all
}
