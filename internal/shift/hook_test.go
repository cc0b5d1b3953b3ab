package shift_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

func TestAHookIsAskedWithTheQualifiedVersionsAndNotTheAlias(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	d.Changes[0].FunctionARN = orderARN
	d.Changes = append(d.Changes, shift.Change{Target: payments, Candidate: "9", FunctionARN: "arn:payments"})
	question, err := d.Question(shift.Hook{Mode: shift.Callback}, shift.BeforeTraffic, d.Start(), "token")
	require.NoError(t, err)
	text, err := json.Marshal(question)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"deploymentId": "execution", "point": "BeforeTraffic", "step": 0, "weightPercent": 0, "taskToken": "token",
		"targets": [
			{"function": "orders", "alias": "live", "stableArn": "`+orderARN+`:1", "candidateArn": "`+orderARN+`:2"},
			{"function": "payments", "alias": "live", "stableArn": "", "candidateArn": "arn:payments:9"}
		]
	}`, string(text))
}

// Whoever has the token can end the state, before the hook has returned.
func TestAHookThatPassesByReturningGetsNoToken(t *testing.T) {
	t.Parallel()
	question, err := opened(t, canary(), shift.Hooks{}).Question(shift.Hook{Mode: shift.Sync}, shift.BeforeTraffic, shift.Progress{}, "secret")
	require.NoError(t, err)
	text, err := json.Marshal(question)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "secret")
	assert.NotContains(t, string(text), "taskToken")
}

func TestAHookAfterTrafficIsToldWhereTheDeploymentStands(t *testing.T) {
	t.Parallel()
	d := opened(t, []shift.Step{{Weight: shift.All}}, shift.Hooks{})
	question, err := d.Question(shift.Hook{Mode: shift.Sync}, shift.AfterTraffic, d.Shifted(d.Start(), nil, 0), "token")
	require.NoError(t, err)
	assert.Equal(t, shift.AfterTraffic, question.Point)
	assert.Equal(t, 1, question.Step)
	assert.Equal(t, shift.All, question.Weight)
}

func TestAHookIsNotAskedAboutATargetOfAnotherKind(t *testing.T) {
	t.Parallel()
	d := shift.Deployment{Changes: []shift.Change{{Target: "route53:zone:name"}}}
	_, err := d.Question(shift.Hook{Mode: shift.Callback}, shift.BeforeTraffic, shift.Progress{}, "token")
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	assert.NotContains(t, err.Error(), "token")
}

func TestHooksBelongToTheirPoint(t *testing.T) {
	t.Parallel()
	before, after := shift.Hook{Function: "a", Timeout: 10}, shift.Hook{Function: "b", Timeout: 20}
	hooks := shift.Hooks{BeforeTraffic: []shift.Hook{before}, AfterTraffic: []shift.Hook{after, after}}
	assert.Equal(t, []shift.Hook{before}, hooks.At(shift.BeforeTraffic))
	assert.Equal(t, []shift.Hook{after, after}, hooks.At(shift.AfterTraffic))
	assert.Equal(t, 3, hooks.Count())
	assert.Equal(t, shift.Seconds(50), hooks.Timeouts())
}
