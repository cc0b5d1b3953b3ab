package lambdaalias_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAHookReceivesTheARNsOfTheVersionsAndNotOfTheAlias(t *testing.T) {
	t.Parallel()
	r, w := newRouter(alias(""))
	for want, c := range map[string]shift.Change{
		`{"kind": "lambda", "target": "lambda:orders:live", "stable": "1", "candidate": "2", "function": "orders", "alias": "live", "stableArn": "` + ordersARN + `:1", "candidateArn": "` + ordersARN + `:2"}`: {Target: orders, Stable: "1", Candidate: "2", Detail: ordersARN},
		`{"kind": "lambda", "target": "lambda:orders:live", "stable": "", "candidate": "9", "function": "orders", "alias": "live", "stableArn": "", "candidateArn": "` + ordersARN + `:9"}`:                     {Target: orders, Candidate: "9", Detail: ordersARN},
	} {
		change, err := r.DescribeChange(c)
		require.NoError(t, err)
		text, err := json.Marshal(change)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
	}
	_, err := r.DescribeChange(shift.Change{Target: "route53:zone:name"})
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	assert.Empty(t, w.requests)
}
