package alarmlist_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator/alarmlist"
)

func TestAlarmsOnAFunctionAndOnOneAliasAreFound(t *testing.T) {
	t.Parallel()
	cloud := localaws.New(localaws.Config{Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, ControlPlaneRate: -1})
	put := func(name string, dimensions map[string]string) {
		cloud.PutMetricAlarm(localaws.MetricAlarm{Name: name, Namespace: "AWS/Lambda", Metric: "Errors", Dimensions: dimensions})
	}
	put("function", map[string]string{"FunctionName": "orders"})
	put("alias", map[string]string{"FunctionName": "orders", "Resource": "orders:live"})
	put("version", map[string]string{"FunctionName": "orders", "Resource": "orders:live", "ExecutedVersion": "2"})
	put("another alias", map[string]string{"FunctionName": "orders", "Resource": "orders:beta"})
	put("another function", map[string]string{"FunctionName": "orders-2"})
	put("no function", nil)
	a := alarmlist.FromConfig(localaws.ClientConfig("somebody", cloud))
	found, err := a.Watching(t.Context(), "orders", "live")
	require.NoError(t, err)
	assert.Equal(t, []string{"alias", "function", "version"}, found)

	for i := range 250 { // more than one page
		put(fmt.Sprintf("billing-%03d", i), map[string]string{"FunctionName": "billing"})
	}
	found, err = a.Watching(t.Context(), "billing", "live")
	require.NoError(t, err)
	assert.Len(t, found, 250)
}
