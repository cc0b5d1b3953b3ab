package asl_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	interpreter "github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/statemachine/asl"
)

func TestDefinitionIsAcceptedByTheLocalInterpreter(t *testing.T) {
	t.Parallel()
	_, err := interpreter.Parse(asl.Definition("aws", arn))
	require.NoError(t, err)
}

func TestDefinitionIsInItsPartition(t *testing.T) {
	t.Parallel()
	definition := string(asl.Definition("aws-cn", arn))
	assert.Equal(t, 2, strings.Count(definition, `"arn:aws-cn:states:::lambda:invoke.waitForTaskToken"`))
	assert.NotContains(t, definition, "${", "every placeholder is filled in")
}

func TestDefinitionWithoutAnARNPanics(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, `the definition calls the function "set-weight", which has no ARN here`, func() {
		asl.Definition("aws", func(function string) string {
			return strings.TrimPrefix(function, "set-weight")
		})
	})
}

func TestFunctionsAreThoseOfTheTasks(t *testing.T) {
	t.Parallel()
	var functions []string
	for _, spec := range flow.Specs() {
		functions = append(functions, spec.Function)
	}
	slices.Sort(functions)
	assert.Equal(t, slices.Compact(functions), asl.Functions())
}

// Step Functions accepts definitions of up to 1 MB (Service quotas). The bound here is much
// lower, so that a person can read it.
func TestDefinitionIsSmall(t *testing.T) {
	t.Parallel()
	assert.Less(t, len(asl.Definition("aws", arn)), 64<<10)
}

func TestPackageBuildsWithoutCDK(t *testing.T) {
	t.Parallel()
	list, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	assert.NotRegexp(t, `aws-cdk-go|jsii-runtime-go|constructs-go`, string(list))
}
