package metric_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// metrics is a CloudWatch that answers as it is told to, and keeps what it was asked.
type metrics struct {
	asked  []*cloudwatch.GetMetricDataInput
	answer func(call int, queries []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error)
}

func (m *metrics) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	m.asked = append(m.asked, in)
	if m.answer == nil {
		return &cloudwatch.GetMetricDataOutput{}, nil
	}
	return m.answer(len(m.asked), in.MetricDataQueries)
}

// queried are the metrics of a call, each with its statistic, its period and its version.
func (m *metrics) queried(call int) (list []string) {
	for _, q := range m.asked[call].MetricDataQueries {
		text := fmt.Sprintf("%s: %s/%s %s every %d s of", *q.Id, *q.MetricStat.Metric.Namespace, *q.MetricStat.Metric.MetricName, *q.MetricStat.Stat, *q.MetricStat.Period)
		for _, d := range q.MetricStat.Metric.Dimensions {
			text += fmt.Sprintf(" %s=%s", *d.Name, *d.Value)
		}
		list = append(list, text)
	}
	return list
}

func TestOnlyWhatIsJudgedIsAskedFor(t *testing.T) {
	t.Parallel()
	const of = "FunctionName=orders Resource=orders:live ExecutedVersion="
	both := func(texts ...string) (list []string) {
		for _, version := range []string{"1", "2"} {
			for _, text := range texts {
				list = append(list, fmt.Sprintf("m%d: AWS/Lambda/%s every 60 s of %s%s", len(list), text, of, version))
			}
		}
		return list
	}
	for name, test := range map[string]struct {
		change func(*shift.Subject)
		want   []string
	}{
		"all":               {func(*shift.Subject) {}, both("Invocations Sum", "Errors Sum", "Throttles Sum", "Duration PR(:150)", "Duration PR(:400)")},
		"not throttles":     {func(s *shift.Subject) { s.Deployment.Judging.Throttles = judge.Off }, both("Invocations Sum", "Errors Sum", "Duration PR(:150)", "Duration PR(:400)")},
		"not latency":       {func(s *shift.Subject) { s.Deployment.Judging.Slow = judge.Off }, both("Invocations Sum", "Errors Sum", "Throttles Sum")},
		"without a history": {func(s *shift.Subject) { s.Deployment.Baselines = nil }, both("Invocations Sum", "Errors Sum", "Throttles Sum")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := subject(t, shift.DefaultJudging(), orders)
			s.Progress.FirstShiftAt = noon.Add(30 * time.Second)
			test.change(&s)
			api := &metrics{}
			_, err := metric.New(api).Observe(t.Context(), s)
			require.NoError(t, err)
			require.Len(t, api.asked, 1)
			assert.Equal(t, test.want, api.queried(0))
			in := api.asked[0]
			assert.Equal(t, noon, *in.StartTime)
			assert.Equal(t, noon.Add(11*time.Minute), *in.EndTime)
			assert.Equal(t, types.ScanByTimestampAscending, in.ScanBy)
			assert.EqualValues(t, 100_800, *in.MaxDatapoints)
		})
	}
}

func TestLongSpansAreReadInCoarserPeriods(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for span, want := range map[time.Duration]struct {
		period int32
		kept   time.Duration
	}{
		6 * time.Hour: {60, 15 * day}, 6*time.Hour + time.Minute: {300, 63 * day}, 3 * day: {300, 63 * day}, 3*day + time.Minute: {3600, 455 * day}, 30 * day: {3600, 455 * day},
	} {
		s := subject(t, shift.DefaultJudging(), orders)
		s.Now = noon.Add(span)
		api := &metrics{}
		_, err := metric.New(api).Observe(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, want.period, *api.asked[0].MetricDataQueries[0].MetricStat.Period, span)
		assert.Equal(t, want.kept, metric.Kept(span), span)
	}
}

func TestMoreMetricsThanACallTakesAreReadInSeveral(t *testing.T) {
	t.Parallel()
	var targets []shift.Target
	for i := range 51 {
		targets = append(targets, shift.Target(fmt.Sprintf("lambda:f%d:live", i)))
	}
	api := &metrics{}
	gate := metric.New(api)
	_, err := gate.Observe(t.Context(), subject(t, shift.DefaultJudging(), targets[:50]...))
	require.NoError(t, err)
	assert.Len(t, api.asked, 1, "500 metrics")
	_, err = gate.Observe(t.Context(), subject(t, shift.DefaultJudging(), targets...))
	require.NoError(t, err)
	require.Len(t, api.asked, 3)
	assert.Len(t, api.asked[2].MetricDataQueries, 10)
}

func TestAnAnswerIsReadAsFarAsItMakesSense(t *testing.T) {
	t.Parallel()
	at := []time.Time{noon.In(time.FixedZone("CET", 3600)), noon.Add(time.Minute)}
	api := &metrics{answer: func(_ int, queries []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
		out := &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{
			{Id: aws.String("unknown"), StatusCode: types.StatusCodeForbidden, Timestamps: at, Values: []float64{7}},
		}}
		for _, q := range queries {
			values := map[string][]float64{"Invocations": {1000}, "Errors": {0, 0}, "Throttles": {0, 0}, "Duration": {130, 0}}[*q.MetricStat.Metric.MetricName]
			out.MetricDataResults = append(out.MetricDataResults, types.MetricDataResult{Id: q.Id, StatusCode: types.StatusCodeComplete, Timestamps: at, Values: values})
		}
		return out, nil
	}}
	observations, err := metric.New(api).Observe(t.Context(), subject(t, shift.DefaultJudging(), orders))
	require.NoError(t, err)
	require.Len(t, observations, 1)
	require.NotNil(t, observations[0].Judged)
	assert.Equal(t, judge.Count{Requests: 1000}, observations[0].Judged.Signals[0].Candidate, "the second minute has no value")
}

func TestWhyAResultCannotBeReadIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(int, []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error)
		change func(*shift.Subject)
		want   string
	}{
		"a result": {func(_ int, queries []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
			return &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{{
				Id: queries[1].Id, StatusCode: types.StatusCodeInternalError, Messages: []types.MessageData{{Code: aws.String("A"), Value: aws.String("one")}, {Code: aws.String("B"), Value: aws.String("two")}},
			}}}, nil
		}, nil, "the versions cannot be compared: read 10 metrics: Errors of lambda:orders:live: InternalError; A: one; B: two"},
		"the call": {func(int, []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
			return nil, errors.New("connection reset")
		}, nil, "the versions cannot be compared: read 10 metrics: connection reset"},
		"a later page": {func(call int, _ []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
			if call == 1 {
				return &cloudwatch.GetMetricDataOutput{NextToken: aws.String("more")}, nil
			}
			return nil, errors.New("connection reset")
		}, nil, "the versions cannot be compared: read 10 metrics: connection reset"},
		"a target of another kind": {nil, func(s *shift.Subject) { s.Deployment.Changes[0].Target = "shop:berlin" }, "lambda:FUNCTION:ALIAS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := subject(t, shift.DefaultJudging(), orders)
			if test.change != nil {
				test.change(&s)
			}
			observations, err := metric.New(&metrics{answer: test.answer}).Observe(t.Context(), s)
			require.NoError(t, err)
			require.Len(t, observations, 1)
			assert.Equal(t, shift.Hold, observations[0].Verdict)
			assert.Contains(t, observations[0].Reason.Text, test.want)
		})
	}
}

// With the highest percentile of several hours the fewest requests are slow.
func TestABaselineAsksForTheLastThreeHours(t *testing.T) {
	t.Parallel()
	api := &metrics{answer: func(_ int, queries []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
		out := &cloudwatch.GetMetricDataOutput{}
		for _, q := range queries {
			values := map[string][]float64{"p90": {100, 300, 200}, "p99": {500, 900, 700}}[*q.MetricStat.Stat]
			at := []time.Time{noon, noon.Add(time.Hour), noon.Add(2 * time.Hour)}
			out.MetricDataResults = append(out.MetricDataResults, types.MetricDataResult{Id: q.Id, Timestamps: at[:len(values)], Values: values})
		}
		return out, nil
	}}
	baselines, err := metric.New(api).Baselines(t.Context(), shift.DefaultJudging(), []shift.Change{{Target: orders}}, noon.Add(90*time.Second))
	require.NoError(t, err)
	assert.Equal(t, judge.LatencyLimits{Slow: 450, VerySlow: 1800}, baselines[orders].Latency)
	require.Len(t, api.asked, 2)
	const of = "FunctionName=orders Resource=orders:live"
	assert.Equal(t, []string{"m0: AWS/Lambda/Duration p90 every 3600 s of " + of, "m1: AWS/Lambda/Duration p99 every 3600 s of " + of}, api.queried(0))
	assert.Equal(t, []string{
		"m0: AWS/Lambda/Invocations Sum every 60 s of " + of, "m1: AWS/Lambda/Errors Sum every 60 s of " + of, "m2: AWS/Lambda/Throttles Sum every 60 s of " + of,
		"m3: AWS/Lambda/Duration PR(:450) every 60 s of " + of, "m4: AWS/Lambda/Duration PR(:1800) every 60 s of " + of,
	}, api.queried(1))
	for _, in := range api.asked {
		assert.Equal(t, noon.Add(time.Minute), *in.EndTime)
		assert.Equal(t, noon.Add(time.Minute-3*time.Hour), *in.StartTime)
	}
}

// A minute that is not reported is not one in which nothing was served.
func TestAMinuteThatIsNotReportedIsNotOneWithoutRequests(t *testing.T) {
	t.Parallel()
	for _, requests := range []int{0, 1000} {
		api := &metrics{answer: func(_ int, queries []types.MetricDataQuery) (*cloudwatch.GetMetricDataOutput, error) {
			out := &cloudwatch.GetMetricDataOutput{}
			for _, q := range queries {
				if *q.MetricStat.Metric.MetricName == "Invocations" {
					out.MetricDataResults = append(out.MetricDataResults, types.MetricDataResult{Id: q.Id, Timestamps: []time.Time{noon}, Values: []float64{float64(requests)}})
				}
			}
			return out, nil
		}}
		observations, err := metric.New(api).Observe(t.Context(), subject(t, shift.DefaultJudging(), orders))
		require.NoError(t, err)
		assert.Equal(t, judge.Count{}, observations[0].Judged.Signals[0].Stable, "its errors are not known")
	}
}
