package localaws_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// macroEvent is what a macro receives.
type macroEvent struct {
	Region, AccountID, TransformID, RequestID string
	Fragment, Params                          map[string]any
	TemplateParameterValues                   map[string]any
}

// withMacro returns stacks with a macro that answers so.
func withMacro(t *testing.T, answer func(macroEvent) any) (s stacks, received *[]macroEvent) {
	return withMacroOf(t, localaws.CloudFormationConfig{}, answer)
}

func withMacroOf(t *testing.T, config localaws.CloudFormationConfig, answer func(macroEvent) any) (s stacks, received *[]macroEvent) {
	s = newStacks(t, config)
	require.NoError(t, s.AddFunction(localaws.Function{Name: "macro"}))
	s.CloudFormation().RegisterMacro("Add", "macro")
	received = &[]macroEvent{}
	queue := s.queue.Invoke
	s.SetInvoker(func(ctx context.Context, in localaws.Invocation) localaws.InvocationResult {
		if in.Function != "macro" {
			return queue(ctx, in)
		}
		var e macroEvent
		require.NoError(t, json.Unmarshal(in.Payload, &e))
		*received = append(*received, e)
		body, err := json.Marshal(answer(e))
		require.NoError(t, err)
		if string(body) == `"crash"` {
			return localaws.InvocationResult{Payload: []byte(`{"errorMessage":"boom"}`), FunctionError: "Unhandled"}
		}
		return localaws.InvocationResult{Payload: body}
	})
	return s, received
}

func addTopic(e macroEvent) any {
	e.Fragment["Resources"].(map[string]any)["Added"] = map[string]any{"Type": "AWS::SNS::Topic"}
	return map[string]any{"requestId": e.RequestID, "status": "success", "fragment": e.Fragment}
}

func (s stacks) deploy(body string, capabilities ...types.Capability) error {
	_, err := s.client().CreateStack(s.t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(body), Capabilities: capabilities})
	return err
}

const macroTemplate = `{"Transform":["Add"],"Parameters":{"P":{"Type":"String","Default":"p"}},"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}`

func TestAMacroProcessesTheTemplate(t *testing.T) {
	s, received := withMacro(t, addTopic)
	require.ErrorContains(t, s.deploy(macroTemplate), "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
	require.NoError(t, s.deploy(macroTemplate, types.CapabilityCapabilityAutoExpand))
	assert.Empty(t, *received, "the macro runs after the answer")
	s.play()
	assert.Equal(t, "CREATE_COMPLETE", s.status())
	state, _ := s.CloudFormation().Stack("app")
	assert.Contains(t, state.Resources, "Added")
	e := (*received)[0]
	assert.Equal(t, "us-east-1", e.Region)
	assert.Equal(t, "123456789012", e.AccountID)
	assert.Equal(t, "123456789012::Add", e.TransformID)
	assert.Equal(t, map[string]any{"P": "p"}, e.TemplateParameterValues)
	assert.NotContains(t, e.Fragment, "Transform")
	_, err := s.client().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("app"), UsePreviousTemplate: aws.Bool(true), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
		Parameters: []types.Parameter{{ParameterKey: aws.String("P"), ParameterValue: aws.String("q")}},
	})
	require.NoError(t, err)
	s.play()
	assert.Equal(t, "UPDATE_COMPLETE", s.status())
	assert.Len(t, *received, 2, "the template of before is the one that was given")
	assert.Equal(t, map[string]any{"P": "q"}, (*received)[1].TemplateParameterValues)
}

func TestMacrosRunInTheirOrder(t *testing.T) {
	s, received := withMacro(t, addTopic)
	s.CloudFormation().RegisterMacro("Second", "macro")
	require.NoError(t, s.deploy(strings.Replace(macroTemplate, `["Add"]`, `["Add",{"Name":"Second","Parameters":{"X":"1"}}]`, 1), types.CapabilityCapabilityAutoExpand))
	s.play()
	require.Len(t, *received, 2)
	second := (*received)[1]
	assert.Contains(t, second.Fragment["Resources"], "Added")
	assert.Equal(t, map[string]any{"X": "1"}, second.Params)
	assert.Equal(t, "CREATE_COMPLETE", s.status())
}

func TestAMacroThatFailsRollsBack(t *testing.T) {
	respond := func(change func(map[string]any)) func(macroEvent) any {
		return func(e macroEvent) any {
			answer := addTopic(e).(map[string]any)
			change(answer)
			return answer
		}
	}
	for name, test := range map[string]struct {
		answer func(macroEvent) any
		reason string
	}{
		"a failure":      {respond(func(a map[string]any) { a["status"] = "failure"; a["errorMessage"] = "two aliases" }), "Transform 123456789012::Add failed with: two aliases. Rollback requested by user."},
		"without a text": {respond(func(a map[string]any) { a["status"] = "failure" }), "Transform 123456789012::Add failed without an error message."},
		"a crash":        {func(macroEvent) any { return "crash" }, "Transform 123456789012::Add failed without an error message."},
		"another id":     {respond(func(a map[string]any) { a["requestId"] = "x" }), "Received malformed response from transform 123456789012::Add."},
		"no fragment":    {respond(func(a map[string]any) { delete(a, "fragment") }), "Received malformed response from transform 123456789012::Add."},
		"a wrong template": {respond(func(a map[string]any) {
			a["fragment"] = map[string]any{"Resources": map[string]any{"A": map[string]any{"Type": "AWS::SNS::Topic", "DependsOn": "B"}}}
		}), "Template format error: Unresolved resource dependencies [B]"},
		"a template larger than a request may have": {respond(func(a map[string]any) {
			a["fragment"].(map[string]any)["Description"] = strings.Repeat("x", 51200)
		}), "1 validation error detected: Value at 'templateBody' failed to satisfy constraint"},
		"a SAM resource": {respond(func(a map[string]any) {
			a["fragment"] = map[string]any{"Resources": map[string]any{"A": map[string]any{"Type": "AWS::Serverless::Function"}}}
		}), "not implemented in the local AWS: cloudformation:the resource type AWS::Serverless::Function of A"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := withMacro(t, test.answer)
			require.NoError(t, s.deploy(macroTemplate, types.CapabilityCapabilityAutoExpand))
			s.play()
			assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
			assert.Contains(t, strings.Join(s.CloudFormation().History("app"), "\n"), "app ROLLBACK_IN_PROGRESS "+test.reason)
		})
	}
}

func TestAMacroIsAResource(t *testing.T) {
	s, received := withMacro(t, addTopic)
	require.NoError(t, s.deploy(`{"Resources":{"M":{"Type":"AWS::CloudFormation::Macro","Properties":{"Name":"Named","FunctionName":"macro"}}}}`))
	s.play()
	_, err := s.client().CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("other"), TemplateBody: aws.String(strings.Replace(macroTemplate, "Add", "Named", 1)), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	require.NoError(t, err)
	s.play()
	assert.Len(t, *received, 1)
	_, err = s.client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	require.NoError(t, err)
	s.play()
	_, err = s.client().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("other"), UsePreviousTemplate: aws.Bool(true), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	require.NoError(t, err)
	s.play()
	assert.Contains(t, s.CloudFormation().History("other"), "other UPDATE_ROLLBACK_IN_PROGRESS No transform named 123456789012::Named found. Rollback requested by user.")
}
