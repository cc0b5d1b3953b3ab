package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

func TestATargetNamesAFunctionAndAnAlias(t *testing.T) {
	t.Parallel()
	function, alias, err := flow.SplitLambdaTarget(flow.LambdaTarget("orders", "live"))
	require.NoError(t, err)
	assert.Equal(t, shift.Target("lambda:orders:live"), flow.LambdaTarget("orders", "live"))
	assert.Equal(t, "orders", function)
	assert.Equal(t, "live", alias)
}

func TestATargetOfAnotherKindIsUnknown(t *testing.T) {
	t.Parallel()
	for _, target := range []shift.Target{"", "lambda", "lambda:orders", "lambda::live", "lambda:orders:", "route53:zone:name", "lambda:a:b:c"} {
		_, _, err := flow.SplitLambdaTarget(target)
		require.ErrorIs(t, err, shift.ErrUnknownTarget, string(target))
		assert.ErrorContains(t, err, "lambda:FUNCTION:ALIAS")
	}
}
