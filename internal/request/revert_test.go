package request_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAnInputCanRevert(t *testing.T) {
	t.Parallel()
	release := decode(t, `{"revert": "arn:aws:states:eu-west-1:123456789012:execution:sluice:first", "reason": "customers call"}`)
	assert.Equal(t, shift.Release{Reverts: "arn:aws:states:eu-west-1:123456789012:execution:sluice:first", RevertReason: "customers call"}.AsRevert(), release)
	assert.Equal(t, shift.AllAtOnce(), release.Steps)
	assert.Empty(t, release.Alarms)
	assert.False(t, release.Judging.On())
	assert.NotNil(t, release.Hooks.BeforeTraffic)
	assert.NotNil(t, release.Hooks.AfterTraffic)
}

func TestARevertNamesAnExecutionOfItsOwnMachineAndNothingElse(t *testing.T) {
	t.Parallel()
	const must = "revert: must be the ARN of the execution of this state machine whose deployment is to be reverted: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME"
	for input, problem := range map[string]string{
		`{"revert": "first"}`: must,
		`{"revert": "arn:aws:states:eu-west-1:123456789012:execution:other:first"}`:  must,
		`{"revert": "arn:aws:states:us-east-1:123456789012:execution:sluice:first"}`: must,
		`{"revert": 1}`: "revert: must be a string, not a number",
		`{"revert": "arn:aws:states:eu-west-1:123456789012:execution:sluice:first", "function": "orders"}`: "function: is not known here; known are revert, reason",
		`{"revert": "arn:aws:states:eu-west-1:123456789012:execution:sluice:first", "alarms": ["a"]}`:      "alarms: is not known here; known are revert, reason",
	} {
		assert.Equal(t, []string{problem}, problems(t, input), input)
	}
}
