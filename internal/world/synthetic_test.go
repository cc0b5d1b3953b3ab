package world

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// The world's function for synthetic requests sends them through the alias, so that both versions
// get their part, and spreads them over the time.
func TestSyntheticRequestsAreSpreadOverTheirTime(t *testing.T) {
	t.Parallel()
	s, err := DecodeScenario([]byte(`{"traffic": {"requestsPerMinute": 0}}`))
	require.NoError(t, err)
	w, err := New(s, json.RawMessage(`{"function": "orders", "alias": "live", "judge": {"synthetic": {"function": "orders-load"}}}`))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	w.shift(t, 0.5)
	_, err = lambda.NewFromConfig(localaws.ClientConfig("somebody", w.Cloud())).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("orders-load"), InvocationType: types.InvocationTypeEvent,
		Payload: []byte(`{"seconds": 240, "targets": [{"function": "orders", "alias": "live", "requests": 403}, {"function": "elsewhere", "alias": "live", "requests": 7}]}`),
	})
	require.NoError(t, err)
	m := metricWorld{w, cloudwatch.NewFromConfig(localaws.ClientConfig("somebody", w.Cloud()))}
	require.NoError(t, w.Advance(10*time.Minute))
	whole := m.read(t, "Invocations", "", "Sum")
	assert.EqualValues(t, 403, whole.sum())
	for minute := range 4 {
		assert.InDelta(t, 403.0/4, whole[minute], 5, minute)
	}
	assert.InDelta(t, 200, m.read(t, "Invocations", "2", "Sum").sum(), 50)
}

func TestAScenarioOfAFunctionThatNobodyAsksIsRefused(t *testing.T) {
	t.Parallel()
	s, err := DecodeScenario([]byte(`{"synthetic": {"load": {}, "orders-load": {}}, "functions": {"load": {}, "orders-load": {}}}`))
	require.NoError(t, err)
	_, err = New(s, json.RawMessage(`{"function": "orders", "judge": {"synthetic": {"function": "orders-load:live"}}}`))
	require.ErrorContains(t, err, "synthetic.load: no deployment asks this function for requests")
	assert.ErrorContains(t, err, "functions.load: no deployment names this function; they name orders, orders-load")
	_, err = New(s, json.RawMessage(`{"function": "orders"}`))
	require.ErrorContains(t, err, "synthetic.orders-load: no deployment asks this function for requests")
	assert.ErrorContains(t, err, "they name orders")
}
