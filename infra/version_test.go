package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// A running execution keeps its definition. If the definition named a function without a
// version, a deployment of the stack would change the code under the execution.
func TestDefinitionNamesRetainedVersionsOfItsFunctions(t *testing.T) {
	template := goldenTemplate(t)
	versions := versionsOf(t, template)
	var tasks []string
	for _, spec := range flow.Specs() {
		if !slices.Contains(tasks, spec.Function) {
			tasks = append(tasks, spec.Function)
		}
	}
	assert.ElementsMatch(t, tasks, slices.Collect(maps.Keys(versions)), "each task's function has a version, and the safety net has none")
	for _, id := range versions {
		resource := template["Resources"].(map[string]any)[id].(map[string]any)
		assert.Equal(t, "Retain", resource["DeletionPolicy"], id)
		assert.Equal(t, "Retain", resource["UpdateReplacePolicy"], id)
	}
	definition := only(t, template, "AWS::StepFunctions::StateMachine")["DefinitionString"].(map[string]any)
	named := map[string]bool{}
	for _, part := range definition["Fn::Join"].([]any)[1].([]any) {
		if reference, ok := part.(map[string]any); ok {
			require.Len(t, reference, 1)
			named[fmt.Sprint(reference["Ref"])] = true
		}
	}
	delete(named, "AWS::Partition")
	assert.ElementsMatch(t, slices.Collect(maps.Values(versions)), slices.Collect(maps.Keys(named)), "the definition names the versions and nothing else")
}

// CloudFormation publishes a version when the template has one with a new logical id. Lambda
// refuses to publish unchanged code.
func TestVersionIsPublishedOnlyWhenItsFunctionChanges(t *testing.T) {
	changed := func(before, after map[string]string) []string {
		require.Len(t, after, len(before))
		var names []string
		for name, id := range after {
			if before[name] != id {
				names = append(names, name)
			}
		}
		return names
	}
	before := versionsOf(t, synthesized(t, nil))
	assert.Empty(t, changed(before, versionsOf(t, synthesized(t, nil))), "nothing has changed")
	assert.Empty(t, changed(before, versionsOf(t, synthesized(t, map[string]any{"notifyOn": "Started", "logRetentionDays": "14"}))), "no function has changed")
	assert.Equal(t, []string{flow.Publish.Function}, changed(before, versionsOf(t, synthesized(t, map[string]any{"alias": "prod"}))),
		"only publish-version has the alias in its environment")

	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "bootstrap"), []byte("other code"), 0o600))
	a, s := app(t, nil)
	changedBuild := placeholder()
	changedBuild.code = func(function string) awslambda.Code {
		if function == flow.SetWeight.Function {
			return awslambda.Code_FromAsset(jsii.String(folder), nil)
		}
		return placeholder().code(function)
	}
	after := templateOf(t, newStack(a, s, changedBuild).stack)
	assert.Equal(t, []string{flow.SetWeight.Function}, changed(before, versionsOf(t, after)), "only set-weight has other code")
}

// An execution that started before an upgrade invokes older versions, which are not in the new
// template, or the function without a version.
func TestStateMachineMayInvokeEveryVersionOfItsFunctionsAndNothingElse(t *testing.T) {
	for prefix, template := range map[string]map[string]any{"sluice-": goldenTemplate(t), "team-a-": otherTemplate(t)} {
		var want []string
		for function := range versionsOf(t, template) {
			arn := "arn:aws:lambda:eu-west-1:111122223333:function:" + prefix + function
			want = append(want, arn, arn+":*")
		}
		for id, role := range resources(template, "AWS::IAM::Role") {
			for _, s := range statementsOf(t, role) {
				if s.Sid == "InvokeOwnFunctions" {
					assert.Equal(t, []string{"lambda:InvokeFunction"}, s.Actions, id)
					assert.ElementsMatch(t, want, s.Resources, id)
				}
			}
		}
	}
}

// versionsOf returns the logical ids of a template's versions, by the names of the
// functions' folders.
func versionsOf(t *testing.T, template map[string]any) map[string]string {
	t.Helper()
	functions, ids := resources(template, "AWS::Lambda::Function"), map[string]string{}
	for id, version := range resources(template, "AWS::Lambda::Version") {
		function := functions[version["FunctionName"].(map[string]any)["Ref"].(string)]
		name := function["FunctionName"].(string)
		for _, prefix := range []string{"sluice-", "team-a-"} {
			name = strings.TrimPrefix(name, prefix)
		}
		assert.Empty(t, ids[name], "%s has two versions", name)
		ids[name] = id
	}
	return ids
}
