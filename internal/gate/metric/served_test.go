package metric_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestServedCountsFromTheFirstHourWithARequest(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 8, 12, 30, 0, 0, time.UTC)
	m := &metrics{answer: func(int, []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
		hours := []time.Time{now.Add(-150 * time.Minute), now.Add(-30 * time.Minute)}
		result := func(id string, values ...float64) types.MetricDataResult {
			return types.MetricDataResult{Id: aws.String(id), StatusCode: types.StatusCodeComplete, Timestamps: hours, Values: values}
		}
		return &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{result("m0", 100, 50), result("m1", 1, 2), result("m2", 130, 50)}}, nil
	}}
	served, err := metric.New(m).Served(t.Context(), []shift.Target{"lambda:orders:live", "lambda:idle:live"}, 7*24*time.Hour, now)
	require.NoError(t, err)
	assert.Equal(t, map[shift.Target]metric.Served{
		"lambda:orders:live": {Covers: 150 * time.Minute, Requests: 150, Errors: 3, Beside: 30}, "lambda:idle:live": {},
	}, served)
	require.Len(t, m.asked, 1)
	assert.Equal(t, time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC), *m.asked[0].StartTime)
	assert.Equal(t, []string{
		"m0: AWS/Lambda/Invocations Sum every 3600 s of FunctionName=orders Resource=orders:live",
		"m1: AWS/Lambda/Errors Sum every 3600 s of FunctionName=orders Resource=orders:live",
		"m2: AWS/Lambda/Invocations Sum every 3600 s of FunctionName=orders",
	}, m.queried(0)[:3])
}
