package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func TestStackIsTheStateMachineOverFunctionsMadeElsewhere(t *testing.T) {
	template := assertions.Template_FromStack(newStack(awscdk.NewApp(nil)), nil)
	template.ResourceCountIs(jsii.String("AWS::Lambda::Function"), jsii.Number(0))

	machines, err := json.Marshal(template.FindResources(jsii.String("AWS::StepFunctions::StateMachine"), map[string]any{
		"Properties": map[string]any{"StateMachineName": "sluice", "StateMachineType": "STANDARD"},
	}))
	require.NoError(t, err)
	for _, spec := range flow.Specs() {
		assert.Contains(t, string(machines), ":function:sluice-"+spec.Function+`\`, "the function behind %s", spec.State)
	}
}
