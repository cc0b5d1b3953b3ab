package main

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// safetyNet returns all that puts traffic back without the state machine: the function, its role
// with its policy, its log, the ledger, and the rules that invoke it, each with its permission.
func safetyNet(t *testing.T, template map[string]any) []string {
	t.Helper()
	net := ""
	for id, f := range resources(template, "AWS::Lambda::Function") {
		if strings.HasSuffix(f["FunctionName"].(string), "-"+flow.SafetyNet) {
			net = id
		}
	}
	require.NotEmpty(t, net)
	needed := append(slices.Collect(maps.Keys(dependenciesOf(t, template, net))), net)
	for _, kind := range []string{"AWS::Events::Rule", "AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig"} {
		for id, properties := range resources(template, kind) {
			if refersTo(properties, net) {
				needed = append(needed, id)
			}
		}
	}
	require.Len(t, needed, 1+3+3+3+1, "the function; its role, its log and the table; three rules with their permissions; the retries")
	return needed
}

// announcing returns all that tells people how a deployment ended.
func announcing(t *testing.T, prefix string, template map[string]any) []string {
	t.Helper()
	var needed []string
	for _, kind := range []string{"AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription"} {
		needed = slices.AppendSeq(needed, maps.Keys(resources(template, kind)))
	}
	for id, rule := range resources(template, "AWS::Events::Rule") {
		if rule["Name"] == prefix+"-announced" {
			needed = slices.AppendSeq(append(needed, id), maps.Keys(dependenciesOf(t, template, id)))
		}
	}
	return needed
}

// CloudFormation deletes a resource before those that it depends on. When the state machine is
// deleted, its executions end without a Catch, and only the safety net can put their traffic
// back.
func TestSafetyNetIsDeletedAfterTheStateMachine(t *testing.T) {
	for prefix, template := range map[string]map[string]any{"sluice": goldenTemplate(t), "team-a": otherTemplate(t)} {
		machine := onlyID(t, template, "AWS::StepFunctions::StateMachine")
		later := dependenciesOf(t, template, machine)
		for _, id := range append(safetyNet(t, template), announcing(t, prefix, template)...) {
			assert.True(t, later[id], "%s would be deleted without waiting for the state machine", id)
		}
		// Nothing may start executions of a state machine that is being deleted.
		for id, rule := range resources(template, "AWS::Events::Rule") {
			if refersTo(rule, machine) {
				assert.False(t, later[id], id)
			}
		}
	}
}

func TestResourcesDoNotDependOnThemselves(t *testing.T) {
	for _, template := range []map[string]any{goldenTemplate(t), otherTemplate(t)} {
		for id := range template["Resources"].(map[string]any) {
			assert.False(t, dependenciesOf(t, template, id)[id], id)
		}
	}
}

// What stays when the stack is destroyed, or when its first deploy fails, must not keep its name
// from the next deploy. CloudFormation can take a resource into a stack if the template has its
// name as text, if its deletion policy is Retain, and if its type can be imported (CloudFormation
// User Guide, Import AWS resources into a CloudFormation stack automatically; Resource type
// support).
func TestWhatStaysWithAFixedNameCanBeTakenInAgain(t *testing.T) {
	importable := map[string]string{"AWS::DynamoDB::Table": "TableName"} // with the property of its name
	// A version has no name. Lambda deletes the versions with their function.
	unnamed := []string{"AWS::Lambda::Version"}
	for prefix, template := range map[string]map[string]any{"sluice": goldenTemplate(t), "team-a": otherTemplate(t)} {
		kept := 0
		for id, r := range template["Resources"].(map[string]any) {
			r := r.(map[string]any)
			if r["DeletionPolicy"] != "Retain" && r["DeletionPolicy"] != "RetainExceptOnCreate" {
				continue
			}
			if slices.Contains(unnamed, r["Type"].(string)) {
				continue
			}
			kept++
			require.Contains(t, importable, r["Type"], "%s stays, and cannot be taken in again", id)
			assert.Equal(t, "Retain", r["DeletionPolicy"], id)
			assert.Equal(t, prefix, r["Properties"].(map[string]any)[importable[r["Type"].(string)]], id)
		}
		assert.Equal(t, 1, kept, "only the ledger stays")
	}
}

// onlyID returns the logical id of the one resource of a type.
func onlyID(t *testing.T, template map[string]any, kind string) string {
	t.Helper()
	found := slices.Collect(maps.Keys(resources(template, kind)))
	require.Len(t, found, 1, kind)
	return found[0]
}

// dependenciesOf returns the resources that a resource depends on, directly or through others:
// by a reference in its properties, or by DependsOn.
func dependenciesOf(t *testing.T, template map[string]any, id string) map[string]bool {
	t.Helper()
	all := template["Resources"].(map[string]any)
	found := map[string]bool{}
	var visit func(string)
	visit = func(id string) {
		r := all[id].(map[string]any)
		for other := range all {
			if !found[other] && (refersTo(r["Properties"], other) || refersTo(map[string]any{"Ref": r["DependsOn"]}, other)) {
				found[other] = true
				visit(other)
			}
		}
	}
	visit(id)
	return found
}

// refersTo says whether a value of a template refers to a resource.
func refersTo(value any, id string) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return refersTo(item, id) })
	case map[string]any:
		if isResource(v["Ref"], id) {
			return true
		}
		if path, ok := v["Fn::GetAtt"].([]any); ok && path[0] == id {
			return true
		}
		for _, item := range v {
			if refersTo(item, id) {
				return true
			}
		}
	}
	return false
}

// isResource says whether a name, or one of a list of names, is that of a resource.
func isResource(names any, id string) bool {
	if list, ok := names.([]any); ok {
		return slices.Contains(list, any(id))
	}
	return fmt.Sprint(names) == id
}

// dryRun returns the commands of a target of the Makefile.
func dryRun(t *testing.T, args ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "make", append([]string{"-n", "--no-print-directory", "-C", ".."}, args...)...)
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return strings.Split(string(said), "\n")
}

// position returns which of the commands contains all of the texts.
func position(t *testing.T, commands []string, texts ...string) int {
	t.Helper()
	i := slices.IndexFunc(commands, func(command string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(command, text) })
	})
	require.GreaterOrEqual(t, i, 0, "no command contains %q:\n%s", texts, strings.Join(commands, "\n"))
	return i
}

func TestDeployTakesInTheLedgerThatStayed(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"deploy", "diff"} {
		position(t, dryRun(t, target, "SETTINGS=-c alias=prod"), "aws-cdk@", " "+target+" ", " --import-existing-resources ", "-c alias=prod")
	}
}

func TestDestroyAsksFirstWhetherADeploymentIsOpen(t *testing.T) {
	t.Parallel()
	commands := dryRun(t, "destroy", "SETTINGS=-c namePrefix=team-a")
	asks := position(t, commands, "bin/preflight destroy", "-c namePrefix=team-a")
	assert.Less(t, asks, position(t, commands, "aws-cdk@", " destroy --all ", "-c namePrefix=team-a"))
	assert.NotContains(t, commands[asks], "--abandon-open")
	position(t, dryRun(t, "destroy", "ABANDON_OPEN=1"), "bin/preflight destroy --abandon-open")
}
