package world

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/localaws"
)

const ordersLive = "lambda:orders:live"

// metricWorld is a world in which orders:live has served version 1 for some minutes, and then
// sends a share of its requests to version 2, which Sluice introduces, for some more.
type metricWorld struct {
	*World
	client *cloudwatch.Client
}

func newMetricWorld(t *testing.T, scenario string, before time.Duration, share float64, after time.Duration) metricWorld {
	t.Helper()
	s, err := DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := New(s, json.RawMessage(`{"function": "orders", "alias": "live"}`))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	require.NoError(t, w.Advance(before))
	if share > 0 {
		w.shift(t, share)
	}
	require.NoError(t, w.Advance(after))
	return metricWorld{w, cloudwatch.NewFromConfig(localaws.ClientConfig("somebody", w.Cloud()))}
}

// shift gives version 2 a share of the requests, as Sluice would.
func (w *World) shift(t *testing.T, share float64) {
	t.Helper()
	alias := localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": share}}
	w.traffic.reroute(ordersLive, &alias, w.clock.now)
	w.routes.reroute(ordersLive, &alias, true)
}

// series are a metric's values by minute since the start, which may be negative.
type series map[int]float64

func (s series) sum() float64 {
	sum := 0.0
	for _, v := range s {
		sum += v
	}
	return sum
}

// read reads a metric of the last three hours by minute, through the real client.
func (w metricWorld) read(t *testing.T, metric, version, stat string) series {
	t.Helper()
	dims := []types.Dimension{{Name: aws.String("FunctionName"), Value: aws.String("orders")}, {Name: aws.String("Resource"), Value: aws.String("orders:live")}}
	if version != "" {
		dims = append(dims, types.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String(version)})
	}
	pages := cloudwatch.NewGetMetricDataPaginator(w.client, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(w.Began().Add(-3 * time.Hour)), EndTime: aws.Time(w.Now().Add(time.Minute)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("m"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String(metric), Dimensions: dims}, Period: aws.Int32(60), Stat: aws.String(stat),
		}}},
	})
	read := series{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		require.NoError(t, err)
		for _, r := range page.MetricDataResults {
			for i, at := range r.Timestamps {
				read[int(math.Round(at.Sub(w.Began()).Minutes()))] = r.Values[i]
			}
		}
	}
	return read
}

func TestCloudWatchShowsTheTrafficByVersion(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{"candidate": {"errorRate": 0.5}, "stable": {"durationMs": 80}, "metrics": {"historyMinutes": 30}}`, 10*time.Minute, 0.25, 5*time.Minute+time.Second)

	all, stable, candidate := w.read(t, "Invocations", "", "Sum"), w.read(t, "Invocations", "1", "Sum"), w.read(t, "Invocations", "2", "Sum")
	assert.Len(t, all, 30+14, "the history, and minutes that ended a minute ago")
	assert.NotContains(t, all, -31)
	for minute, n := range all {
		assert.InDelta(t, 600, n, 0, "minute %d", minute)
		assert.InDelta(t, n, stable[minute]+candidate[minute], 0, "minute %d", minute)
	}
	assert.Len(t, candidate, 4, "without requests there are no data")
	assert.InDelta(t, 4*150, candidate.sum(), 70)
	assert.InDelta(t, candidate.sum()/2, w.read(t, "Errors", "2", "Sum").sum(), 70)

	errors := w.read(t, "Errors", "1", "Sum")
	assert.Len(t, errors, 30+14, "a version with requests reports that none of them failed")
	assert.Zero(t, errors.sum())
	assert.InDelta(t, 80, w.read(t, "Duration", "1", "p99")[12], 0)
	assert.InDelta(t, 100, w.read(t, "Duration", "1", "PR(:80)")[12], 0, "the upper bound is within")
	assert.Empty(t, w.read(t, "Throttles", "1", "Sum"))
	assert.Empty(t, w.read(t, "Errors", "3", "Sum"))
	assert.Empty(t, w.read(t, "ConcurrentExecutions", "1", "Sum"))
}
