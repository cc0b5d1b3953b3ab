package localaws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// recorded is a MetricProvider with one distribution a minute for each metric's name.
type recorded map[string]map[time.Time]localaws.Distribution

func (r recorded) MetricData(m localaws.Metric, from, until time.Time) localaws.MetricData {
	var all localaws.Distribution
	if m.Namespace != "AWS/Lambda" || m.Dimensions["ExecutedVersion"] == "" {
		return localaws.MetricData{}
	}
	for _, at := range slices.SortedFunc(maps.Keys(r[m.Name]), time.Time.Compare) {
		if !at.Before(from) && at.Before(until) {
			all = all.Merge(r[m.Name][at])
		}
	}
	return localaws.MetricData{Unit: "Milliseconds", Values: all}
}

// withMetrics is an account with ten minutes of Duration up to its time. Minute i has i+1
// values of 100 ms and one of 1,000 ms; minute 4 has none.
func withMetrics(t *testing.T, config localaws.Config) (a account, began time.Time) {
	t.Helper()
	a = newAccount(t, config)
	began = a.clock.Now().Truncate(time.Minute)
	duration := map[time.Time]localaws.Distribution{}
	for i := range 10 {
		if i != 4 {
			duration[began.Add(time.Duration(i)*time.Minute)] = localaws.Distribution{{Value: 100, Count: int64(i + 1)}, {Value: 1000, Count: 1}}
		}
	}
	duration[began.Add(15*time.Minute)] = localaws.Distribution{{Value: 1, Count: 1}} // in the future
	a.SetMetricProvider(recorded{"Duration": duration})
	a.clock.advance(began.Add(10 * time.Minute).Sub(a.clock.Now()))
	return a, began
}

func durationOf(version, stat string, period int32) *types.MetricStat {
	return &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("Duration"), Dimensions: []types.Dimension{
			{Name: aws.String("FunctionName"), Value: aws.String("orders")}, {Name: aws.String("ExecutedVersion"), Value: aws.String(version)},
		}},
		Period: aws.Int32(period), Stat: aws.String(stat),
	}
}

func metricQuery(id, stat string, period int32) types.MetricDataQuery {
	return types.MetricDataQuery{Id: aws.String(id), MetricStat: durationOf("2", stat, period)}
}

func dataInput(from, until time.Time, queries ...types.MetricDataQuery) *cloudwatch.GetMetricDataInput {
	return &cloudwatch.GetMetricDataInput{StartTime: aws.Time(from), EndTime: aws.Time(until), MetricDataQueries: queries, ScanBy: types.ScanByTimestampAscending}
}

// minutesOf returns the timestamps of a result in minutes since a time.
func minutesOf(r types.MetricDataResult, since time.Time) []int {
	var minutes []int
	for _, at := range r.Timestamps {
		minutes = append(minutes, int(at.Sub(since)/time.Minute))
	}
	return minutes
}

func TestMetricDataComeAsStatisticsByPeriod(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		query   types.MetricDataQuery
		minutes []int
		values  []float64
	}{
		{"by minute, without the one that has no data", metricQuery("a", "SampleCount", 60), []int{0, 1, 2, 3, 5, 6, 7, 8, 9}, []float64{2, 3, 4, 5, 7, 8, 9, 10, 11}},
		{"by five minutes", metricQuery("a", "Sum", 300), []int{0, 5}, []float64{1000 + 4000, 4000 + 5000}},
		{"the share up to and with a bound", metricQuery("a", "PR(:100)", 300), []int{0, 5}, []float64{100 * 10.0 / 14, 100 * 40.0 / 45}},
		{"the share above and without a bound", metricQuery("a", "PR(100:)", 300), []int{0, 5}, []float64{100 * 4.0 / 14, 100 * 5.0 / 45}},
		{"a percentile", metricQuery("a", "p50", 300), []int{0, 5}, []float64{100, 100}},
		{"a high percentile", metricQuery("a", "p99.9", 300), []int{0, 5}, []float64{1000, 1000}},
		{"a period that high resolution alone has", metricQuery("a", "Sum", 30), nil, nil},
		{"a metric that nobody knows", types.MetricDataQuery{Id: aws.String("a"), MetricStat: func() *types.MetricStat {
			s := durationOf("2", "Sum", 60)
			s.Metric.MetricName = aws.String("Duratoin")
			return s
		}()}, nil, nil},
		{"its unit", types.MetricDataQuery{Id: aws.String("a"), MetricStat: func() *types.MetricStat {
			s := durationOf("2", "Maximum", 300)
			s.Unit = types.StandardUnitMilliseconds
			return s
		}()}, []int{0, 5}, []float64{1000, 1000}},
		{"another unit", types.MetricDataQuery{Id: aws.String("a"), MetricStat: func() *types.MetricStat {
			s := durationOf("2", "Maximum", 300)
			s.Unit = types.StandardUnitSeconds
			return s
		}()}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, began := withMetrics(t, unlimited())
			server := httptest.NewServer(a.Cloud) // over a real connection
			t.Cleanup(server.Close)
			client := cloudwatch.NewFromConfig(a.config, func(o *cloudwatch.Options) { o.BaseEndpoint, o.HTTPClient = aws.String(server.URL), server.Client() })
			found, err := client.GetMetricData(context.Background(), dataInput(began.Add(30*time.Second), began.Add(10*time.Minute), test.query))
			require.NoError(t, err)
			require.Len(t, found.MetricDataResults, 1)
			result := found.MetricDataResults[0]
			assert.Equal(t, "a", *result.Id)
			assert.Equal(t, *test.query.MetricStat.Metric.MetricName, *result.Label)
			assert.Equal(t, types.StatusCodeComplete, result.StatusCode)
			assert.Equal(t, test.minutes, minutesOf(result, began), "the start is rounded down to the minute")
			assert.InDeltaSlice(t, test.values, result.Values, 1e-9)
			assert.Nil(t, found.NextToken)
		})
	}
}

func TestMetricDataAreOfTheTimeThatIsAskedFor(t *testing.T) {
	t.Parallel()
	a, began := withMetrics(t, unlimited())
	read := func(input *cloudwatch.GetMetricDataInput) []int {
		found, err := a.cloudwatch().GetMetricData(context.Background(), input)
		require.NoError(t, err)
		return minutesOf(found.MetricDataResults[0], began)
	}
	query := metricQuery("a", "Sum", 60)
	assert.Equal(t, []int{2, 3, 5}, read(dataInput(began.Add(2*time.Minute), began.Add(6*time.Minute), query)), "the end is exclusive")
	assert.Equal(t, []int{8, 9}, read(dataInput(began.Add(8*time.Minute), began.Add(24*time.Hour), query)), "there are no data of the future")

	descending := dataInput(began, began.Add(4*time.Minute), query)
	descending.ScanBy = ""
	assert.Equal(t, []int{3, 2, 1, 0}, read(descending), "the newest come first unless asked for otherwise")

	a.clock.advance(16 * 24 * time.Hour)
	assert.Empty(t, read(dataInput(began, began.Add(10*time.Minute), query)), "minutes are kept for 15 days")
	assert.Equal(t, []int{0, 5}, read(dataInput(began.Truncate(5*time.Minute), began.Add(10*time.Minute), metricQuery("a", "Sum", 300))))
	a.clock.advance(60 * 24 * time.Hour)
	assert.Empty(t, read(dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 300))), "and five minutes for 63")
	assert.Len(t, read(dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 3600))), 1)
}

func TestMetricDataOfManyQueries(t *testing.T) {
	t.Parallel()
	a, began := withMetrics(t, unlimited())
	silent := metricQuery("unseen", "Sum", 60)
	silent.ReturnData = aws.Bool(false)
	labelled := metricQuery("b", "Average", 300)
	labelled.Label = aws.String("how long")
	found, err := a.cloudwatch().GetMetricData(context.Background(), dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 300), silent, labelled))
	require.NoError(t, err)
	require.Len(t, found.MetricDataResults, 2)
	assert.Equal(t, "a", *found.MetricDataResults[0].Id)
	assert.Equal(t, "how long", *found.MetricDataResults[1].Label)
}

func TestMetricDataComeInPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		wanted  *int32
		answers localaws.MetricAnswers
		sizes   []int
	}{
		{"in one", nil, localaws.MetricAnswers{}, []int{18}},
		{"as many as the caller wants", aws.Int32(7), localaws.MetricAnswers{}, []int{7, 7, 4}},
		{"as few as CloudWatch gives", aws.Int32(17), localaws.MetricAnswers{PageDatapoints: 5}, []int{5, 5, 5, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, began := withMetrics(t, unlimited())
			a.SetMetricAnswers(test.answers)
			input := dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 60), metricQuery("b", "SampleCount", 60))
			input.MaxDatapoints = test.wanted
			pages := cloudwatch.NewGetMetricDataPaginator(a.cloudwatch(), input)
			var sizes []int
			values, status := map[string][]float64{}, map[string]types.StatusCode{}
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				require.NoError(t, err)
				size := 0
				for _, r := range page.MetricDataResults {
					size += len(r.Values)
					values[*r.Id] = append(values[*r.Id], r.Values...)
					status[*r.Id] = r.StatusCode
				}
				if pages.HasMorePages() {
					assert.Contains(t, slices.Collect(maps.Values(status)), types.StatusCodePartialData)
				}
				sizes = append(sizes, size)
			}
			assert.Equal(t, test.sizes, sizes)
			assert.Equal(t, map[string]types.StatusCode{"a": types.StatusCodeComplete, "b": types.StatusCodeComplete}, status, "with the last page")
			assert.Equal(t, []float64{2, 3, 4, 5, 7, 8, 9, 10, 11}, values["b"], "each data point once, in order")
			assert.Len(t, values["a"], 9)
		})
	}
}

func TestMetricDataMayBeIncomplete(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status  types.StatusCode
		minutes []int
	}{
		{types.StatusCodeComplete, []int{0, 1, 2, 3, 5, 6, 7, 8, 9}},
		{types.StatusCodePartialData, []int{5, 6, 7, 8, 9}},
		{types.StatusCodeInternalError, nil},
		{types.StatusCodeForbidden, nil},
	} {
		t.Run(string(test.status), func(t *testing.T) {
			t.Parallel()
			a, began := withMetrics(t, unlimited())
			a.SetMetricAnswers(localaws.MetricAnswers{Status: func(m localaws.Metric) (status, message string) {
				if m.Dimensions["ExecutedVersion"] != "2" || test.status == types.StatusCodeComplete {
					return localaws.StatusComplete, ""
				}
				return string(test.status), "not all of it"
			}})
			other := types.MetricDataQuery{Id: aws.String("b"), MetricStat: durationOf("1", "Sum", 60)}
			found, err := a.cloudwatch().GetMetricData(context.Background(), dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 60), other))
			require.NoError(t, err)
			result := found.MetricDataResults[0]
			assert.Equal(t, test.status, result.StatusCode)
			assert.Equal(t, test.minutes, minutesOf(result, began))
			if test.status != types.StatusCodeComplete {
				require.Len(t, result.Messages, 1)
				assert.Equal(t, "not all of it", *result.Messages[0].Value)
			}
			assert.Equal(t, types.StatusCodeComplete, found.MetricDataResults[1].StatusCode, "the other one is not affected")
			assert.Len(t, found.MetricDataResults[1].Values, 9)
		})
	}
}

func TestGetMetricDataRefuses(t *testing.T) {
	t.Parallel()
	changed := func(change func(*types.MetricDataQuery)) func(*cloudwatch.GetMetricDataInput) {
		return func(in *cloudwatch.GetMetricDataInput) { change(&in.MetricDataQueries[0]) }
	}
	stat := func(change func(*types.MetricStat)) func(*cloudwatch.GetMetricDataInput) {
		return changed(func(q *types.MetricDataQuery) { change(q.MetricStat) })
	}
	many := make([]types.MetricDataQuery, 501)
	for i := range many {
		many[i] = metricQuery(fmt.Sprintf("q%d", i), "Sum", 60)
	}
	for _, test := range []struct {
		name   string
		change func(*cloudwatch.GetMetricDataInput)
		status int
		code   string
		text   string
	}{
		{"501 queries", func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries = many }, 400, "ValidationError", "The collection MetricDataQueries must not have a size greater than 500."},
		{"no queries", func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries = []types.MetricDataQuery{} }, 400, "ValidationError", "MetricDataQueries is required"},
		{"one id twice", func(in *cloudwatch.GetMetricDataInput) {
			in.MetricDataQueries = append(in.MetricDataQueries, in.MetricDataQueries[0])
		}, 400, "ValidationError", "The values for parameter id in MetricDataQueries are not unique."},
		{"an id with a capital", changed(func(q *types.MetricDataQuery) { q.Id = aws.String("Errors") }), 400, "ValidationError", "The value Errors for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."},
		{"an id with a dash", changed(func(q *types.MetricDataQuery) { q.Id = aws.String("a-b") }), 400, "ValidationError", "is not matching the expected pattern"},
		{"an id with a newline", changed(func(q *types.MetricDataQuery) { q.Id = aws.String("a\n") }), 400, "ValidationError", "is not matching the expected pattern"},
		{"a start that is the end", func(in *cloudwatch.GetMetricDataInput) { in.StartTime = in.EndTime }, 400, "ValidationError", "The parameter StartTime must be less than the parameter EndTime."},
		{"more data points than there may be", func(in *cloudwatch.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(100_801) }, 400, "ValidationError", "MaxDatapoints"},
		{"no data points", func(in *cloudwatch.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(0) }, 400, "ValidationError", "MaxDatapoints"},
		{"an order that is none", func(in *cloudwatch.GetMetricDataInput) { in.ScanBy = "Newest" }, 400, "ValidationError", "scanBy"},
		{"a token that it did not give", func(in *cloudwatch.GetMetricDataInput) { in.NextToken = aws.String("made up") }, 400, "InvalidNextToken", "The next token specified is invalid."},
		{"a statistic that is none", stat(func(s *types.MetricStat) { s.Stat = aws.String("Median") }), 400, "ValidationError", "The value Median for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic."},
		{"a period of 45 s", stat(func(s *types.MetricStat) { s.Period = aws.Int32(45) }), 400, "ValidationError", "MetricStat.Period"},
		{"a period of 90 s", stat(func(s *types.MetricStat) { s.Period = aws.Int32(90) }), 400, "ValidationError", "MetricStat.Period"},
		{"a period of two days", stat(func(s *types.MetricStat) { s.Period = aws.Int32(172_800) }), 400, "ValidationError", "MetricStat.Period"},
		{"no namespace", stat(func(s *types.MetricStat) { s.Metric.Namespace = nil }), 400, "ValidationError", "The parameter MetricDataQueries.member.1.MetricStat.Metric.Namespace is required."},
		{"no name", stat(func(s *types.MetricStat) { s.Metric.MetricName = nil }), 400, "ValidationError", "MetricName is required"},
		{"31 dimensions", stat(func(s *types.MetricStat) {
			s.Metric.Dimensions = slices.Repeat(s.Metric.Dimensions[:1], 31)
		}), 400, "ValidationError", "Dimensions must not have a size greater than 30."},
		{"an empty dimension", stat(func(s *types.MetricStat) { s.Metric.Dimensions[0].Value = aws.String("") }), 400, "ValidationError", "Dimensions.member.1.Value is required"},
		{"an expression", changed(func(q *types.MetricDataQuery) { q.MetricStat, q.Expression = nil, aws.String("a/b") }), 501, "NotImplemented", "GetMetricData with Expression"},
		{"neither metric nor expression", changed(func(q *types.MetricDataQuery) { q.MetricStat = nil }), 400, "ValidationError", "MetricStat is required"},
		{"another account", changed(func(q *types.MetricDataQuery) { q.AccountId = aws.String("1") }), 501, "NotImplemented", "GetMetricData with AccountId"},
		{"a dynamic label", changed(func(q *types.MetricDataQuery) { q.Label = aws.String("${MAX}") }), 501, "NotImplemented", "dynamic Label"},
		{"a time zone", func(in *cloudwatch.GetMetricDataInput) { in.LabelOptions = &types.LabelOptions{} }, 501, "NotImplemented", "GetMetricData with LabelOptions"},
		{"two problems", func(in *cloudwatch.GetMetricDataInput) {
			in.MetricDataQueries[0].MetricStat.Stat = aws.String("P99")
			in.StartTime = in.EndTime
		}, 400, "ValidationError", "MetricStat.Stat is not a valid statistic.\nThe parameter StartTime must be less"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, began := withMetrics(t, unlimited())
			input := dataInput(began, began.Add(10*time.Minute), metricQuery("a", "Sum", 60))
			test.change(input)
			_, err := a.cloudwatch().GetMetricData(context.Background(), input)
			requireRefused(t, err, test.status, test.code, test.text)
		})
	}
}

func TestGetMetricDataIsRateLimited(t *testing.T) {
	t.Parallel()
	a, began := withMetrics(t, localaws.Config{})
	read := func(until time.Time, queries int) error {
		input := dataInput(began, until)
		for i := range queries {
			input.MetricDataQueries = append(input.MetricDataQueries, metricQuery(fmt.Sprintf("q%d", i), "Sum", 60))
		}
		_, err := a.cloudwatch().GetMetricData(context.Background(), input)
		return err
	}
	for range 50 {
		require.NoError(t, read(began.Add(time.Minute), 1))
	}
	requireRefused(t, read(began.Add(time.Minute), 1), 400, "Throttling", "Rate exceeded")

	a.clock.advance(time.Second)
	require.NoError(t, read(began.Add(180*time.Minute), 500), "90,000 data points")
	require.NoError(t, read(began.Add(180*time.Minute), 500))
	requireRefused(t, read(began.Add(time.Minute), 1), 400, "Throttling", "Rate exceeded")
	a.clock.advance(time.Second)
	require.NoError(t, read(began.Add(24*time.Hour), 200), "no more count than a page may have: 100,800 of 288,000")
	require.NoError(t, read(began.Add(time.Minute), 1))
}

func TestGetMetricDataNeedsAPermissionForEverything(t *testing.T) {
	t.Parallel()
	a, began := withMetrics(t, unlimited())
	var calls []localaws.Call
	a.OnCall(func(c localaws.Call) { calls = append(calls, c) })
	a.Fault(func(c localaws.Call) error { return localaws.AccessDenied(c) })
	_, err := a.cloudwatch().GetMetricData(context.Background(), dataInput(began, began.Add(time.Minute), metricQuery("a", "Sum", 60)))
	requireRefused(t, err, 403, "AccessDenied", "cloudwatch:GetMetricData")
	require.Len(t, calls, 1)
	assert.Equal(t, []localaws.Permission{{Action: "cloudwatch:GetMetricData", Resource: "*"}}, calls[0].Permissions())
}

func TestWithoutAProviderThereAreNoMetrics(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	now := a.clock.Now()
	found, err := a.cloudwatch().GetMetricData(context.Background(), dataInput(now.Add(-time.Hour), now, metricQuery("a", "Sum", 60)))
	require.NoError(t, err)
	require.Len(t, found.MetricDataResults, 1)
	assert.Empty(t, found.MetricDataResults[0].Values)
}

func TestMetricDataAreReadInJSON(t *testing.T) {
	t.Parallel()
	a, began := withMetrics(t, unlimited())
	body := fmt.Sprintf(`{"StartTime": %d, "EndTime": %d.5, "ScanBy": "TimestampAscending", "MetricDataQueries": [{"Id": "a", "ReturnData": true,
		"MetricStat": {"Period": 300, "Stat": "PR(:100)", "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Duration",
		"Dimensions": [{"Name": "ExecutedVersion", "Value": "2"}]}}}]}`, began.Unix(), began.Unix()+599)
	answer, text := awsJSONRequest("GetMetricData", body).send(t, a)
	require.Equal(t, 200, answer.StatusCode, text)
	var found struct {
		MetricDataResults []struct {
			Id, Label, StatusCode string
			Timestamps, Values    []float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &found))
	require.Len(t, found.MetricDataResults, 1)
	assert.Equal(t, []float64{float64(began.Unix()), float64(began.Unix() + 300)}, found.MetricDataResults[0].Timestamps)
	assert.InDeltaSlice(t, []float64{100 * 10.0 / 14, 100 * 40.0 / 45}, found.MetricDataResults[0].Values, 1e-9)

	_, text = awsJSONRequest("GetMetricData", `{"StartTime": "today"}`).send(t, a)
	assert.Contains(t, text, "SerializationException")
}

// The aws command reads metrics as a person would.
func TestTheAWSCommandReadsMetrics(t *testing.T) {
	t.Parallel()
	command, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("NOT CHECKED: the aws command is not installed, so nobody has seen that it can read metrics here")
	}
	a, began := withMetrics(t, unlimited())
	server := httptest.NewServer(a.Cloud)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, command, "cloudwatch", "get-metric-data", "--endpoint-url", server.URL, "--region", "us-east-1", "--output", "json",
		"--start-time", began.Format(time.RFC3339), "--end-time", began.Add(10*time.Minute).Format(time.RFC3339), "--scan-by", "TimestampAscending",
		"--max-datapoints", "1",
		"--metric-data-queries", `[{"Id": "slow", "MetricStat": {"Period": 300, "Stat": "PR(:100)", "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": [{"Name": "ExecutedVersion", "Value": "2"}]}}}]`)
	run.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=person", "AWS_SECRET_ACCESS_KEY=local", "AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	output, err := run.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatal(string(failed.Stderr))
	}
	require.NoError(t, err)
	var found struct {
		MetricDataResults []struct {
			Id     string
			Values []float64
		}
	}
	require.NoError(t, json.Unmarshal(output, &found), string(output))
	var values []float64
	for _, r := range found.MetricDataResults {
		assert.Equal(t, "slow", r.Id)
		values = append(values, r.Values...)
	}
	assert.InDeltaSlice(t, []float64{100 * 10.0 / 14, 100 * 40.0 / 45}, values, 1e-9, "from two pages")
	assert.NotContains(t, strings.ToLower(string(output)), "error")
}
