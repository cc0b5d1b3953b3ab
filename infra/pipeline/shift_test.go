package pipeline

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	actions "github.com/aws/aws-cdk-go/awscdk/v2/awscodepipelineactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// own makes a user's existing pipeline with its source and the source's artifact.
func own() (awscdk.Stack, awscodepipeline.Pipeline, awscodepipeline.Artifact) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Own"), nil)
	artifact := awscodepipeline.NewArtifact(jsii.String("A"), nil)
	return stack, awscodepipeline.NewPipeline(stack, jsii.String("Pipeline"), &awscodepipeline.PipelineProps{
		Stages: &[]*awscodepipeline.StageProps{{StageName: jsii.String("Source"), Actions: &[]awscodepipeline.IAction{
			actions.NewS3SourceAction(&actions.S3SourceActionProps{
				ActionName: jsii.String("S3"), Bucket: awss3.NewBucket(stack, jsii.String("Bucket"), nil), BucketKey: jsii.String("a.zip"), Output: artifact,
			}),
		}}},
	}), artifact
}

// shifted returns the actions of a stack's pipeline, each with the name of its stage.
func shifted(t *testing.T, stack awscdk.Stack) map[string]map[string]any {
	t.Helper()
	actions := map[string]map[string]any{}
	for _, r := range (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any) {
		if resource := r.(map[string]any); resource["Type"] == "AWS::CodePipeline::Pipeline" {
			for _, s := range resource["Properties"].(map[string]any)["Stages"].([]any) {
				stage := s.(map[string]any)
				actions[stage["Name"].(string)] = stage["Actions"].([]any)[0].(map[string]any)
			}
		}
	}
	require.NotEmpty(t, actions)
	return actions
}

func TestShiftJoinsAnyPipelineWithALiteralInput(t *testing.T) {
	stack, pipeline, _ := own()
	machine := sfn.StateMachine_FromStateMachineName(stack, jsii.String("Sluice"), jsii.String("sluice"))
	AddShift(pipeline, Shift{Machine: machine, Input: map[string]any{"function": "orders", "strategy": "AllAtOnce"}, Name: "Release"})
	actions := shifted(t, stack)
	require.Len(t, actions, 2)
	configuration := actions["Release"]["Configuration"].(map[string]any)
	assert.Equal(t, "Literal", configuration["InputType"])
	assert.JSONEq(t, `{"function": "orders", "strategy": "AllAtOnce"}`, configuration["Input"].(string))
	assert.Equal(t, "Release", actions["Release"]["Namespace"])
}

func TestEveryShiftNamesItsOwnFileByItsPathInTheArtifact(t *testing.T) {
	stack, pipeline, artifact := own()
	machine := sfn.StateMachine_FromStateMachineName(stack, jsii.String("Sluice"), jsii.String("sluice"))
	AddShift(pipeline, Shift{Machine: machine, Artifact: artifact, File: "staging/deployment.json", Name: "Staging"})
	AddShift(pipeline, Shift{Machine: machine, Artifact: artifact, File: "deployment.json"})
	actions := shifted(t, stack)
	for stage, file := range map[string]string{"Staging": "staging/deployment.json", "Shift": "deployment.json"} {
		configuration := actions[stage]["Configuration"].(map[string]any)
		assert.Equal(t, "FilePath", configuration["InputType"], stage)
		assert.Equal(t, file, configuration["Input"], stage)
		assert.Equal(t, []any{map[string]any{"Name": "A"}}, actions[stage]["InputArtifacts"], stage)
	}
	assert.NotContains(t, actions["Source"]["Configuration"], "Input")
}

// An execution's name may have at most 80 characters (StartExecution, name). The action appends
// a hyphen and its own id of 36 characters to the prefix.
func TestNameOfAPipelinesExecutionFits(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, len(executionPrefix+"-"+strings.Repeat("0", 36)), 80)
}
