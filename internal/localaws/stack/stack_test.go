package stack

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var here = Place{Partition: "aws", Region: "eu-west-1", Account: "111122223333", Endpoint: "http://127.0.0.1:1"}

const sample = `{"Resources": {
	"Ledger1": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "sluice"}},
	"Machine1": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"StateMachineName": "sluice"}},
	"Url1": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["A", "Arn"]}}}, "Layer1": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"LayerName": "preload"}},
	"B": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "sluice-safety-net", "Timeout": 120, "MemorySize": 512,
		"Environment": {"Variables": {
			"TABLE": {"Ref": "Ledger1"}, "MACHINE": {"Ref": "Machine1"}, "BUS": "default", "URL": {"Fn::GetAtt": ["Url1", "FunctionUrl"]}, "LAYER": {"Ref": "Layer1"},
			"JOINED": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}, ":stateMachine:sluice"]]}}}}},
	"A": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "sluice-rollback", "Timeout": 60}},
	"AVersion1": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "A"}}}}}`

func TestFunctionsHaveTheEnvironmentThatCloudFormationWouldGiveThem(t *testing.T) {
	t.Parallel()
	functions, err := Read([]byte(sample), here)
	require.NoError(t, err)
	const machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:sluice"
	assert.Equal(t, []Function{
		{Name: "sluice-rollback", Timeout: time.Minute, Variables: map[string]string{}, Published: true},
		{Name: "sluice-safety-net", Timeout: 2 * time.Minute, MemoryMB: 512, Variables: map[string]string{
			"TABLE": "sluice", "MACHINE": machine, "BUS": "default", "JOINED": machine,
			"URL": "http://127.0.0.1:1/lambda-url/sluice-rollback/", "LAYER": "arn:aws:lambda:eu-west-1:111122223333:layer:preload:1",
		}},
	}, functions)
}

// If this package guessed a value, tests would pass here and the stack would fail in
// AWS.
func TestUnsupportedTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"an attribute":                 `{"Fn::GetAtt": ["Ledger1", "Arn"]}`,
		"a URL of nothing":             `{"Fn::GetAtt": ["Url1", "FunctionUrl"]}`,
		"a resource of another kind":   `{"Ref": "Topic1"}`,
		"a resource that is not there": `{"Ref": "Nobody"}`,
		"a number":                     `7`,
		"a join of something else":     `{"Fn::Join": ["", [{"Fn::ImportValue": "x"}]]}`,
		"a join without parts":         `{"Fn::Join": [""]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(`{"Resources": {"Topic1": {"Type": "AWS::SNS::Topic"}, "Ledger1": {"Type": "AWS::DynamoDB::Table"},
				"Url1": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["Nobody", "Arn"]}}},
				"F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Timeout": 3, "Environment": {"Variables": {"X": `+value+`}}}}}}`), here)
			assert.ErrorContains(t, err, "read the function F: resolve its variable X: ")
			assert.ErrorContains(t, err, "not supported")
		})
	}
	_, err := Read([]byte(`{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {}}}}`), here)
	require.ErrorContains(t, err, "it has no FunctionName")
	_, err = Read([]byte(`{"Resources": {"V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": "f"}}}}`), here)
	require.ErrorContains(t, err, "read the version V: its FunctionName is not a reference")
	_, err = Read([]byte(`[`), here)
	assert.ErrorContains(t, err, "read the template")
}

func TestTheErrorNamesEveryMissingBootstrap(t *testing.T) {
	t.Parallel()
	functions, err := Read([]byte(sample), here)
	require.NoError(t, err)
	folder := t.TempDir()
	_, err = NewFleet(functions, Site{Place: here, Bootstraps: folder, Prefix: "sluice-", Logs: &bytes.Buffer{}})
	require.ErrorContains(t, err, filepath.Join(folder, "rollback")+", "+filepath.Join(folder, "safety-net"))

	for _, name := range []string{"rollback", "safety-net"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\nexit 3\n"), 0o700))
	}
	fleet, err := NewFleet(functions, Site{Place: here, Bootstraps: folder, Prefix: "sluice-", Logs: &bytes.Buffer{}})
	require.NoError(t, err)
	defer fleet.Close()
	output, report, err := fleet.Run(t.Context(), "rollback", []byte(`{}`))
	require.NoError(t, err)
	assert.True(t, report)
	assert.Contains(t, string(output), "exit status 3")
	assert.Len(t, fleet.Starts()["sluice-rollback"], 1)
	_, _, err = fleet.Run(t.Context(), "unknown", []byte(`{}`))
	assert.ErrorContains(t, err, "the stack has no function sluice-unknown")
}

// The credentials of a function's role are its name here, so that the local cloud knows
// the caller.
func TestAFunctionCallsTheLocalCloudUnderItsOwnName(t *testing.T) {
	t.Parallel()
	functions, err := Read([]byte(sample), here)
	require.NoError(t, err)
	f := Site{Place: here}.lambdaFunction(functions[1], "safety-net", "/x/safety-net")
	assert.Equal(t, "arn:aws:lambda:eu-west-1:111122223333:function:sluice-safety-net", f.ARN)
	assert.Equal(t, "http://127.0.0.1:1", f.Variables["AWS_ENDPOINT_URL"])
	assert.Equal(t, "safety-net", f.Variables["AWS_ACCESS_KEY_ID"])
	assert.Equal(t, "default", f.Variables["BUS"])
	assert.Empty(t, f.Version, "the safety net's triggers invoke $LATEST")
}

func TestAPublishedFunctionRunsAsItsVersion(t *testing.T) {
	t.Parallel()
	functions, err := Read([]byte(sample), here)
	require.NoError(t, err)
	f := Site{Place: here}.lambdaFunction(functions[0], "rollback", "/x/rollback")
	assert.Equal(t, "arn:aws:lambda:eu-west-1:111122223333:function:sluice-rollback:1", f.ARN)
	assert.Equal(t, "1", f.Version)
}
