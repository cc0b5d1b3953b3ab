package localaws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// resources describes the resources of the stack: "Thing thing CREATE_COMPLETE".
func (s stacks) resources(of string) []string {
	s.t.Helper()
	out, err := s.client().DescribeStackResources(s.t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: aws.String(of)})
	require.NoError(s.t, err)
	var lines []string
	for _, r := range out.StackResources {
		assert.NotNil(s.t, r.Timestamp)
		lines = append(lines, strings.Join([]string{*r.LogicalResourceId, aws.ToString(r.PhysicalResourceId), string(r.ResourceStatus)}, " "))
	}
	return lines
}

func TestTheResourcesOfAStackAreDescribed(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1")+`,"Other":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"one"}},"Gone":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"gone"}}`, ""))
	assert.Equal(t, []string{"Gone gone CREATE_COMPLETE", "Other one CREATE_COMPLETE", "Thing thing CREATE_COMPLETE"}, s.resources("app"))
	// One is replaced, and its earlier one deleted; another is removed.
	s.beginUpdate(templateOf(thing("1")+`,"Other":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"two"}}`, ""))
	s.play()
	assert.Equal(t, []string{"Other two CREATE_COMPLETE", "Thing thing CREATE_COMPLETE"}, s.resources("app"))

	one := &cloudformation.DescribeStackResourcesInput{StackName: aws.String("app"), LogicalResourceId: aws.String("Other")}
	out, err := s.client().DescribeStackResources(t.Context(), one)
	require.NoError(t, err)
	require.Len(t, out.StackResources, 1)
	assert.Equal(t, "AWS::SNS::Topic", *out.StackResources[0].ResourceType)
	assert.Equal(t, cfntypes.StackResourceDriftStatusNotChecked, out.StackResources[0].DriftInformation.StackResourceDriftStatus)
	one.LogicalResourceId = aws.String("Gone")
	_, err = s.client().DescribeStackResources(t.Context(), one)
	require.ErrorContains(t, err, "ValidationError: Resource Gone does not exist for stack app")
	one.StackName = aws.String("none")
	_, err = s.client().DescribeStackResources(t.Context(), one)
	require.ErrorContains(t, err, "Stack [none] does not exist")

	state, _ := s.CloudFormation().Stack("app")
	_, err = s.client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	require.NoError(t, err)
	s.play()
	assert.Equal(t, []string{"Gone gone DELETE_COMPLETE", "Other two DELETE_COMPLETE", "Thing thing DELETE_COMPLETE"}, s.resources(state.ID))
}

func TestTheTemplateOfAStackIsReadAsItWasGivenAndAsMacrosMadeIt(t *testing.T) {
	s, _ := withMacro(t, addTopic)
	require.NoError(t, s.deploy(macroTemplate, cfntypes.CapabilityCapabilityAutoExpand))
	s.play()
	read := func(stage cfntypes.TemplateStage) string {
		out, err := s.client().GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: aws.String("app"), TemplateStage: stage})
		require.NoError(t, err)
		assert.Equal(t, []cfntypes.TemplateStage{"Original", "Processed"}, out.StagesAvailable)
		return *out.TemplateBody
	}
	assert.Equal(t, macroTemplate, read(""))
	assert.Equal(t, macroTemplate, read(cfntypes.TemplateStageOriginal))
	assert.JSONEq(t, `{"Parameters":{"P":{"Type":"String","Default":"p"}},"Resources":{"Topic":{"Type":"AWS::SNS::Topic"},"Added":{"Type":"AWS::SNS::Topic"}}}`, read(cfntypes.TemplateStageProcessed))
	_, err := s.client().GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: aws.String("app"), TemplateStage: "Other"})
	require.ErrorContains(t, err, "'templateStage' failed to satisfy constraint")
}

// Whoever plays an account must not believe that there is what there is not.
func TestAResourceOfATypeThatIsNotThereIsRefused(t *testing.T) {
	s, _ := withMacroOf(t, localaws.CloudFormationConfig{Inert: []string{"AWS::SNS::Topic"}}, func(e macroEvent) any {
		e.Fragment["Resources"].(map[string]any)["Added"] = map[string]any{"Type": "AWS::S3::Bucket"}
		return map[string]any{"requestId": e.RequestID, "status": "success", "fragment": e.Fragment}
	})
	err := s.deploy(`{"Resources":{"Files":{"Type":"AWS::S3::Bucket"},"Topic":{"Type":"AWS::SNS::Topic"},"Jobs":{"Type":"AWS::SQS::Queue"},"W":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}`)
	require.ErrorContains(t, err, "not implemented in the local AWS: cloudformation:the resource type AWS::S3::Bucket of Files, and AWS::SQS::Queue of Jobs")
	require.NoError(t, s.deploy(macroTemplate, cfntypes.CapabilityCapabilityAutoExpand), "only the macro knows what it makes")
	s.play()
	assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
	assert.Contains(t, strings.Join(s.CloudFormation().History("app"), "\n"), "the resource type AWS::S3::Bucket of Added")
}

func TestACustomResourceIsRefusedWhereItCannotAnswer(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{NoCustomResources: true})
	err := s.deploy(*templateOf(thing("1"), ""))
	require.ErrorContains(t, err, "cloudformation:the resource type Custom::Thing of Thing")
}

func TestAMacroOfAWSIsRefusedByItsName(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	err := s.deploy(strings.Replace(macroTemplate, "Add", "AWS::Serverless-2016-10-31", 1), cfntypes.CapabilityCapabilityAutoExpand)
	require.ErrorContains(t, err, "not implemented in the local AWS: cloudformation:the transform AWS::Serverless-2016-10-31")
}

func TestOtherOperationsAreRefusedByTheirNames(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	_, err := s.client().DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: aws.String("app")})
	require.ErrorContains(t, err, "not implemented in the local AWS: cloudformation:DetectStackDrift")
}
