package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

var withPipeline = map[string]any{
	"pipeline":           "acme/orders@main",
	"pipelineConnection": "arn:aws:codeconnections:eu-west-1:111122223333:connection/c0ffee",
}

func TestPipelineShiftsTrafficAfterAPush(t *testing.T) {
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
	assert.Equal(t, "deployment.json", shift["Input"])
	assert.Equal(t, "pipeline", shift["ExecutionNamePrefix"])
	assert.Equal(t, "Shift", stages[2].action["Namespace"])
	assert.Equal(t, "buildspec.yml", only(t, template, "AWS::CodeBuild::Project")["Source"].(map[string]any)["BuildSpec"])
	pipeline := only(t, template, "AWS::CodePipeline::Pipeline")
	assert.Equal(t, "V2", pipeline["PipelineType"])
	assert.Equal(t, "QUEUED", pipeline["ExecutionMode"])
}

func TestBuildMayUpdateCodeAndHasTheGivenPolicies(t *testing.T) {
	set := maps.Clone(withPipeline)
	set["pipelineBuildPolicies"] = "arn:aws:iam::111122223333:policy/deploy"
	a, s := app(t, set)
	template := templateOf(t, newPipelineStack(a, s))
	policies := fmt.Sprint(resources(template, "AWS::IAM::Policy"))
	assert.Contains(t, policies, "lambda:UpdateFunctionCode")
	assert.Contains(t, policies, "aws:ResourceTag/"+flow.TagAlias)
	assert.Contains(t, fmt.Sprint(resources(template, "AWS::IAM::Role")), "policy/deploy")
}

func TestThereIsNoPipelineByDefault(t *testing.T) {
	a, s := app(t, nil)
	newStacks(a, s, placeholder())
	assert.Len(t, *a.Node().Children(), 1)
	a, s = app(t, withPipeline)
	newStacks(a, s, placeholder())
	assert.Len(t, *a.Node().Children(), 2)
}

// A connection's ARN has one of two services (Developer Tools console User Guide, Connections
// rename).
func TestConnectionIsUsedWithTheNameOfItsService(t *testing.T) {
	for service, connection := range map[string]string{
		"codeconnections":      "arn:aws:codeconnections:eu-west-1:111122223333:connection/c0ffee",
		"codestar-connections": "arn:aws:codestar-connections:eu-west-1:111122223333:connection/c0ffee",
	} {
		t.Run(service, func(t *testing.T) {
			set := maps.Clone(withPipeline)
			set["pipelineConnection"] = connection
			a, s := app(t, set)
			template := templateOf(t, newPipelineStack(a, s))
			role := stagesOf(t, template)[0].action["RoleArn"].(map[string]any)["Fn::GetAtt"].([]any)[0].(string)
			var uses []string
			for _, statement := range attachedTo(t, template, role) {
				if slices.Equal([]any{connection}, asList(statement["Resource"])) {
					for _, action := range asList(statement["Action"]) {
						uses = append(uses, action.(string))
					}
				}
			}
			assert.Contains(t, uses, service+":UseConnection")
		})
	}
}

func TestBuildIsSmallAndItsLogHasTheRetentionInTheSettings(t *testing.T) {
	set := maps.Clone(withPipeline)
	set["logRetentionDays"] = "14"
	a, s := app(t, set)
	template := templateOf(t, newPipelineStack(a, s))
	project := only(t, template, "AWS::CodeBuild::Project")
	assert.Equal(t, "BUILD_GENERAL1_SMALL", project["Environment"].(map[string]any)["ComputeType"])
	assert.Equal(t, "ARM_CONTAINER", project["Environment"].(map[string]any)["Type"])
	logs := project["LogsConfig"].(map[string]any)["CloudWatchLogs"].(map[string]any)
	group := resources(template, "AWS::Logs::LogGroup")[logs["GroupName"].(map[string]any)["Ref"].(string)]
	assert.Equal(t, "/aws/codebuild/sluice-build", group["LogGroupName"])
	assert.InDelta(t, 14, group["RetentionInDays"], 0)
}

// attachedTo returns the statements of the policies that are attached to a role.
func attachedTo(t *testing.T, template map[string]any, role string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, policy := range resources(template, "AWS::IAM::Policy") {
		if !slices.ContainsFunc(policy["Roles"].([]any), func(r any) bool { return r.(map[string]any)["Ref"] == role }) {
			continue
		}
		for _, statement := range policy["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			all = append(all, statement.(map[string]any))
		}
	}
	require.NotEmpty(t, all, "%s has no policy", role)
	return all
}

// asList returns a value, or a list of values, as a list.
func asList(value any) []any {
	if all, ok := value.([]any); ok {
		return all
	}
	return []any{value}
}

// stage is a stage of a pipeline with its one action.
type stage struct {
	name   string
	action map[string]any
}

func stagesOf(t *testing.T, template map[string]any) []stage {
	t.Helper()
	var all []stage
	for _, s := range only(t, template, "AWS::CodePipeline::Pipeline")["Stages"].([]any) {
		s := s.(map[string]any)
		all = append(all, stage{s["Name"].(string), s["Actions"].([]any)[0].(map[string]any)})
	}
	return all
}
