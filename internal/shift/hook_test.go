package shift_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAHookIsAskedInTheWordsOfEachKindOfTarget(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	question := d.Question(shift.Hook{Mode: shift.Callback}, shift.BeforeTraffic, d.Start(), "token", []any{map[string]string{"function": "orders"}})
	text, err := json.Marshal(question)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"deploymentId": "execution", "point": "BeforeTraffic", "step": 0, "weightPercent": 0, "taskToken": "token",
		"targets": [{"function": "orders"}]
	}`, string(text))
}

// Whoever has the token can end the state, before the hook has returned.
func TestAHookThatPassesByReturningGetsNoToken(t *testing.T) {
	t.Parallel()
	question := opened(t, canary(), shift.Hooks{}).Question(shift.Hook{Mode: shift.Sync}, shift.BeforeTraffic, shift.Progress{}, "secret", nil)
	text, err := json.Marshal(question)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "secret")
	assert.NotContains(t, string(text), "taskToken")
}

func TestAHookAfterTrafficIsToldWhereTheDeploymentStands(t *testing.T) {
	t.Parallel()
	d := opened(t, []shift.Step{{Weight: shift.All}}, shift.Hooks{})
	question := d.Question(shift.Hook{Mode: shift.Sync}, shift.AfterTraffic, d.AfterShift(d.Start(), nil, 0), "token", nil)
	assert.Equal(t, shift.AfterTraffic, question.Point)
	assert.Equal(t, 1, question.Step)
	assert.Equal(t, shift.All, question.Weight)
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

func TestAFunctionOfSeveralHooksIsListedOnce(t *testing.T) {
	t.Parallel()
	hooks := shift.Hooks{BeforeTraffic: []shift.Hook{{Function: "a"}, {Function: "b"}}, AfterTraffic: []shift.Hook{{Function: "a"}, {Function: "c"}}}
	assert.Equal(t, []string{"a", "b", "c"}, hooks.Functions())
	assert.Empty(t, shift.Hooks{}.Functions())
}
