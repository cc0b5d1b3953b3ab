package statemachine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/statemachine"
)

var update = flag.Bool("update", false, "rewrite the golden file from the synthesis")

const golden = "asl/sluice.asl.json"

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func TestGoldenFileIsWhatCDKSynthesizes(t *testing.T) {
	synthesized := canonical(t, definition(t, synthesize(flow.Specs())))
	if *update {
		require.NoError(t, os.WriteFile(golden, synthesized, 0o644))
	}
	kept, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(kept), string(synthesized),
		"the synthesis differs from %s; if that is intended, run go test ./statemachine -update, and review the difference", golden)
}

func TestMissingFunctionFailsTheSynthesis(t *testing.T) {
	assert.PanicsWithValue(t,
		"state Rollback needs the function rollback, which is missing from Props.Functions",
		func() { synthesize(flow.Specs()[:len(flow.Specs())-1]) })
}

// synthesize makes the template of a stack with the state machine and the
// functions behind the tasks.
func synthesize(specs []flow.Spec) assertions.Template {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Test"), nil)
	functions := map[string]awslambda.IFunction{}
	for _, spec := range specs {
		if functions[spec.Function] == nil {
			functions[spec.Function] = awslambda.Function_FromFunctionName(stack, jsii.String(spec.Function), jsii.String(spec.Function))
		}
	}
	statemachine.New(stack, "Shift", statemachine.Props{Name: "sluice", Functions: functions})
	return assertions.Template_FromStack(stack, nil)
}

// functionARN matches the ARN of a function of the same account and region in a template, after
// its parts are joined.
var functionARN = regexp.MustCompile(`arn:\$\{AWS::Partition}:lambda:\$\{AWS::Region}:\$\{AWS::AccountId}:function:([a-z-]+)`)

// definition extracts the definition from a template, with placeholders for the values that
// CloudFormation resolves.
func definition(t *testing.T, template assertions.Template) []byte {
	t.Helper()
	text, err := json.Marshal(template.FindResources(jsii.String("AWS::StepFunctions::StateMachine"), nil))
	require.NoError(t, err)
	var machines map[string]struct {
		Properties struct {
			DefinitionString struct {
				Join []json.RawMessage `json:"Fn::Join"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &machines))
	require.Len(t, machines, 1)
	var joined []byte
	for _, machine := range machines {
		require.Len(t, machine.Properties.DefinitionString.Join, 2, "Fn::Join has a delimiter and a list")
		joined = join(t, machine.Properties.DefinitionString.Join[1])
	}
	joined = functionARN.ReplaceAll(joined, []byte("$${$1}"))
	return bytes.ReplaceAll(joined, []byte("${AWS::Partition}"), []byte("${partition}"))
}

// join joins the parts of an Fn::Join. A reference becomes ${its name}.
func join(t *testing.T, list json.RawMessage) []byte {
	t.Helper()
	var parts []any
	require.NoError(t, json.Unmarshal(list, &parts))
	var joined []byte
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			joined = append(joined, p...)
		case map[string]any:
			name, ok := p["Ref"].(string)
			require.True(t, ok && len(p) == 1, "only references are expected in the definition, not %v", p)
			joined = append(joined, "${"+name+"}"...)
		}
	}
	return joined
}
