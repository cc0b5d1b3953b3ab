package world

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
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
	w.traffic.reroute(ordersLive, portionsOfAlias(&alias), w.clock.now)
	w.routes.reroute(ordersLive, aliasDivision(&alias), true)
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

func TestMinutesArriveLate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lag            string
		alias, version int // the last minute that can be read after 20 minutes and a second
	}{
		{"0", 20, 20},
		{"1", 18, 18},
		{"5", 14, 14},
		{"14", 5, 5},
		{`{"alias": 5, "version": 14}`, 14, 5},
	} {
		t.Run(tc.lag, func(t *testing.T) {
			t.Parallel()
			last := func(s series) int {
				last := math.MinInt
				for minute := range s {
					last = max(last, minute)
				}
				return last
			}
			w := newMetricWorld(t, fmt.Sprintf(`{"metrics": {"lagMinutes": %s}}`, tc.lag), 0, 0, 20*time.Minute+time.Second)
			alias, version := w.read(t, "Invocations", "", "Sum"), w.read(t, "Invocations", "1", "Sum")
			assert.Equal(t, tc.alias, last(alias))
			assert.Equal(t, tc.version, last(version))
			for minute, n := range version {
				if minute != 20 {
					assert.InDelta(t, 600, n, 0, "a minute comes as a whole")
				} else {
					assert.InDelta(t, 10, n, 0, "but for the one that runs")
				}
			}
			require.NoError(t, w.Advance(time.Minute))
			assert.Len(t, w.read(t, "Invocations", "1", "Sum"), len(version)+1, "a minute later there is one more")

			half := newMetricWorld(t, fmt.Sprintf(`{"metrics": {"lagMinutes": %s, "halfArrived": true}}`, tc.lag), 0, 0, 20*time.Minute+30*time.Second)
			alias, version = half.read(t, "Invocations", "", "Sum"), half.read(t, "Invocations", "1", "Sum")
			for minute := range 20 {
				whole := minute <= tc.version
				assert.Equal(t, whole, version[minute] == 600, "minute %d", minute)
				assert.LessOrEqual(t, version[minute], 600.0)
				assert.Equal(t, minute <= tc.alias, alias[minute] == 600, "minute %d", minute)
			}
		})
	}
}

// A minute that has half arrived has another part of each metric, so that a reader who trusts
// it can find more errors than requests.
func TestHalfArrivedMinutesContradictThemselves(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{"candidate": {"errorRate": 1}, "traffic": {"requestsPerMinute": 6000}, "metrics": {"lagMinutes": 60, "halfArrived": true}}`, 0, 0.5, 50*time.Minute)
	requests, errors := w.read(t, "Invocations", "2", "Sum"), w.read(t, "Errors", "2", "Sum")
	more, fewer := 0, 0
	for minute := range 50 {
		if errors[minute] > requests[minute] {
			more++
		} else {
			fewer++
		}
	}
	assert.Greater(t, more, 10)
	assert.Greater(t, fewer, 10)
	assert.InDelta(t, 50*3000/2, requests.sum(), 50*3000/10, "half on average")
	assert.InDelta(t, 50*3000/2, errors.sum(), 50*3000/10)
	assert.Equal(t, requests, w.read(t, "Invocations", "2", "Sum"), "and the same whenever it is read")

	require.NoError(t, w.Advance(61*time.Minute))
	requests, errors = w.read(t, "Invocations", "2", "Sum"), w.read(t, "Errors", "2", "Sum")
	for minute := range 50 {
		assert.InDelta(t, 3000, requests[minute], 300)
		assert.InDelta(t, requests[minute], errors[minute], 0)
	}
}

func TestWithoutWeightsThereMayBeNoMetricsByVersion(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{"metrics": {"onlyWeighted": true, "lagMinutes": 0}}`, 5*time.Minute+30*time.Second, 0.5, 5*time.Minute)
	stable := w.read(t, "Invocations", "1", "Sum")
	assert.Len(t, stable, 6, "from minute 5 to 10: %v", stable)
	assert.InDelta(t, 150, stable[5], 60, "minute 5 was half without weights")
	assert.Len(t, w.read(t, "Invocations", "", "Sum"), 180+11, "the alias has its history")
}

func TestResultsMayBeIncompleteForAWhile(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{"metrics": {"pageDatapoints": 7, "incomplete": {"status": "InternalError", "version": "candidate", "fromSeconds": 600, "untilSeconds": 720}}}`, 2*time.Minute, 0.5, 7*time.Minute)
	assert.Len(t, w.read(t, "Invocations", "2", "Sum"), 6)
	require.NoError(t, w.Advance(2*time.Minute))
	assert.Empty(t, w.read(t, "Invocations", "2", "Sum"))
	assert.NotEmpty(t, w.read(t, "Invocations", "1", "Sum"), "only of the candidate")
	require.NoError(t, w.Advance(time.Minute))
	assert.Len(t, w.read(t, "Invocations", "2", "Sum"), 9)
}

func TestMetricsAreOfAFunctionAnAliasOrAVersion(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{}`, 0, 0.5, 10*time.Minute)
	for _, tc := range []struct {
		name      string
		namespace string
		dims      map[string]string
		found     bool
	}{
		{"a function", "AWS/Lambda", map[string]string{"FunctionName": "orders"}, true},
		{"an alias", "AWS/Lambda", map[string]string{"FunctionName": "orders", "Resource": "orders:live"}, true},
		{"a version behind an alias", "AWS/Lambda", map[string]string{"FunctionName": "orders", "Resource": "orders:live", "ExecutedVersion": "2"}, true},
		{"a version of no alias", "AWS/Lambda", map[string]string{"FunctionName": "orders", "ExecutedVersion": "2"}, false},
		{"an alias alone", "AWS/Lambda", map[string]string{"Resource": "orders:live"}, false},
		{"an alias by its name", "AWS/Lambda", map[string]string{"FunctionName": "orders", "Resource": "live"}, false},
		{"another function", "AWS/Lambda", map[string]string{"FunctionName": "order"}, false},
		{"another dimension", "AWS/Lambda", map[string]string{"FunctionName": "orders", "Region": ""}, false},
		{"another namespace", "Lambda", map[string]string{"FunctionName": "orders"}, false},
		{"no dimensions", "AWS/Lambda", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := w.traffic.MetricData(localaws.Metric{Namespace: tc.namespace, Name: "Invocations", Dimensions: tc.dims}, w.Began(), w.Now())
			assert.Equal(t, tc.found, len(found.Values) > 0)
		})
	}
}

func TestAlarmsWatchVersionsAndPercentiles(t *testing.T) {
	t.Parallel()
	const scenario = `{"traffic": {"requestsPerMinute": 6000}, "stable": {"durationMs": {"p50": 40, "p99": 200}, "throttleRate": 0.05},
		"candidate": {"errorRate": 0.02, "durationMs": {"p50": 40, "p99": 600}}, "alarms": [%s]}`
	for _, tc := range []struct {
		alarm string
		state string
		stat  string
	}{
		{`"metric": "Duration", "statistic": "p99", "threshold": 400, "version": "candidate"`, "ALARM", "p99"},
		{`"metric": "Duration", "statistic": "p99", "threshold": 400, "version": "stable"`, "OK", "p99"},
		{`"metric": "Duration", "statistic": "p50", "threshold": 60, "version": "2"`, "OK", "p50"},
		{`"metric": "Duration", "statistic": "PR(:300)", "threshold": 99, "comparison": "LessThanThreshold", "version": "candidate"`, "ALARM", "PR(:300)"},
		{`"metric": "Duration", "statistic": "PR(:300)", "threshold": 99, "comparison": "LessThanThreshold", "version": "stable"`, "OK", "PR(:300)"},
		{`"metric": "Duration", "statistic": "TM(95%:)", "threshold": 330, "version": "candidate"`, "ALARM", "TM(95%:)"},
		{`"metric": "Errors", "statistic": "Average", "threshold": 0.01, "version": "candidate"`, "ALARM", ""},
		{`"metric": "Errors", "statistic": "Average", "threshold": 0.01, "version": "stable"`, "OK", ""},
		{`"metric": "Throttles", "threshold": 100, "version": "stable"`, "ALARM", ""},
		{`"metric": "Throttles", "threshold": 100, "version": "candidate", "treatMissingData": "notBreaching"`, "OK", ""},
		{`"metric": "Throttles", "threshold": 100, "version": "candidate"`, "INSUFFICIENT_DATA", ""},
		{`"metric": "Errors", "threshold": 1, "version": "3", "treatMissingData": "notBreaching"`, "OK", ""},
	} {
		t.Run(tc.alarm, func(t *testing.T) {
			t.Parallel()
			w := newMetricWorld(t, fmt.Sprintf(scenario, `{"name": "a", `+tc.alarm+`}`), time.Minute, 0.5, 6*time.Minute)
			found, err := w.client.DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a"}})
			require.NoError(t, err)
			require.Len(t, found.MetricAlarms, 1)
			alarm := found.MetricAlarms[0]
			assert.Equal(t, tc.state, string(alarm.StateValue), *alarm.StateReason)
			assert.Equal(t, tc.stat, aws.ToString(alarm.ExtendedStatistic))
			assert.Equal(t, tc.stat == "", alarm.Statistic != "", "an alarm has one of the two")
			assert.Len(t, alarm.Dimensions, 3)
		})
	}
}

// An alarm sees what CloudWatch has: with a lag of 5 minutes nothing of the first ones.
func TestAlarmsSeeLateMinutesLate(t *testing.T) {
	t.Parallel()
	const scenario = `{"candidate": {"errorRate": 1}, "alarms": [{"name": "a", "metric": "Errors", "threshold": 1}], "metrics": {"lagMinutes": 5}}`
	w := newMetricWorld(t, scenario, 0, 0.5, 5*time.Minute+30*time.Second)
	require.Len(t, w.alarmChanges, 1, "its first state")
	require.NoError(t, w.Advance(time.Minute))
	require.Len(t, w.alarmChanges, 2)
	assert.Equal(t, 6*time.Minute, w.alarmChanges[1].At)
}

func TestMoreRequestsCanBeSent(t *testing.T) {
	t.Parallel()
	w := newMetricWorld(t, `{"traffic": {"requestsPerMinute": 0}, "candidate": {"errorRate": 1}}`, time.Minute, 0.5, 30*time.Second)
	w.Send(ordersLive, 60)
	w.Send("lambda:another:live", 60)
	require.NoError(t, w.Advance(2*time.Minute))
	assert.Equal(t, series{1: 60}, w.read(t, "Invocations", "", "Sum"))
	candidate := w.read(t, "Invocations", "2", "Sum")
	assert.InDelta(t, 30, candidate[1], 15)
	assert.Equal(t, candidate, w.read(t, "Errors", "2", "Sum"))
}

// Whoever reads metrics does not change what happens.
func TestReadingMetricsChangesNoDraw(t *testing.T) {
	t.Parallel()
	const scenario = `{"stable": {"errorRate": 0.3, "durationMs": {"p50": 40, "p99": 200}}, "candidate": {"errorRate": 0.3, "errorClump": 2}}`
	unread := newMetricWorld(t, scenario, 0, 0.5, 10*time.Minute)
	read := newMetricWorld(t, scenario, 0, 0.5, 0)
	for i := range 15 {
		read.At(read.Began().Add(time.Duration(i)*37*time.Second), func() { read.read(t, "Errors", "2", "Sum") })
	}
	require.NoError(t, read.Advance(10*time.Minute))
	assert.Equal(t, unread.requests(), read.requests())
	assert.Equal(t, unread.read(t, "Duration", "1", "p90"), read.read(t, "Duration", "1", "p90"))
}
