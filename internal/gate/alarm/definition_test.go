package alarm_test

import (
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func dimensions(pairs ...string) cbor.List {
	list := cbor.List{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, cbor.Map{"Name": cbor.String(pairs[i]), "Value": cbor.String(pairs[i+1])})
	}
	return list
}

// merge returns a map of CBOR with further members.
func merge(v cbor.Value, more cbor.Map) cbor.Value {
	m := v.(cbor.Map)
	for name, value := range more {
		m[name] = value
	}
	return m
}

func onLambda(name string, of cbor.List) cbor.Map {
	return cbor.Map{"Namespace": cbor.String("AWS/Lambda"), "MetricName": cbor.String(name), "Dimensions": of}
}

func TestWhatAnAlarmWatchesIsReadWithItsState(t *testing.T) {
	t.Parallel()
	ofAlias := dimensions("FunctionName", "orders", "Resource", "orders:live", "ExecutedVersion", "2")
	gate, w := newGate(func(int) (int, cbor.Map, error) {
		alarms := []cbor.Value{
			merge(merge(stored("a", "OK", "", ""), onLambda("Errors", ofAlias)), cbor.Map{
				"Statistic": cbor.String("Sum"), "Period": cbor.Uint(60), "EvaluationPeriods": cbor.Uint(3), "DatapointsToAlarm": cbor.Uint(2),
				"Threshold": cbor.Float64(5), "ComparisonOperator": cbor.String("GreaterThanThreshold"), "TreatMissingData": cbor.String("breaching"),
			}),
			merge(merge(stored("b", "OK", "", ""), onLambda("Duration", dimensions("FunctionName", "orders"))), cbor.Map{
				"ExtendedStatistic": cbor.String("p99"), "EvaluateLowSampleCountPercentile": cbor.String("ignore"), "ComparisonOperator": cbor.String("LessThanOrEqualToThreshold"),
			}),
			merge(stored("c", "OK", "", ""), cbor.Map{"EvaluationPeriods": cbor.Uint(1), "ComparisonOperator": cbor.String("GreaterThanOrEqualToThreshold"), "Metrics": cbor.List{
				cbor.Map{"Id": cbor.String("rate"), "Expression": cbor.String("100 * fill(e, 0) / i")},
				cbor.Map{"Id": cbor.String("e"), "MetricStat": cbor.Map{"Stat": cbor.String("Sum"), "Period": cbor.Uint(300), "Metric": onLambda("Throttles", dimensions("FunctionName", "orders", "Resource", "orders"))}},
				cbor.Map{"Id": cbor.String("i"), "MetricStat": cbor.Map{"Stat": cbor.String("Sum"), "Period": cbor.Uint(60), "Metric": onLambda("Invocations", dimensions())}},
			}}),
			merge(stored("d", "OK", "", ""), cbor.Map{"Namespace": cbor.String("AWS/SQS"), "MetricName": cbor.String("Errors"), "ThresholdMetricId": cbor.String("x")}),
			merge(stored("e", "OK", "", ""), cbor.Map{"EvaluationPeriods": cbor.Uint(9), "Metrics": cbor.List{cbor.Map{"Expression": cbor.String("SELECT 1")}}}),
		}
		joined := merge(stored("f", "OK", "", ""), cbor.Map{"AlarmRule": cbor.String(`ALARM(a) AND NOT (OK("b b") OR INSUFFICIENT_DATA ( 'c' ))`)})
		return 200, page(alarms, []cbor.Value{joined}, ""), nil
	})
	got, err := gate.Alarms(t.Context(), []string{"a", "b", "c", "d", "e", "f"})
	require.NoError(t, err)
	assert.Len(t, w.requests, 1, "no call beside the one that reads the states")
	for i, want := range []shift.AlarmDefinition{
		{
			Metrics:   []shift.AlarmMetric{{Name: "Errors", Statistic: "Sum", Period: 60, Of: "lambda:orders:live", Version: "2", PerRequest: true, Sparse: true}},
			Threshold: 5, Crossing: shift.Above, Periods: 3, ToFire: 2, Missing: shift.MissingIsBreaching,
		},
		{Metrics: []shift.AlarmMetric{{Name: "Duration", Statistic: "p99", Of: "lambda:orders", Sparse: true}}, Crossing: shift.AtMost, IgnoresFewSamples: true},
		{
			Metrics: []shift.AlarmMetric{
				{Name: "Throttles", Statistic: "Sum", Period: 300, Of: "lambda:orders", PerRequest: true, Sparse: true},
				{Name: "Invocations", Statistic: "Sum", Period: 60, Of: "lambda", Sparse: true},
			},
			Calculated: true, FillsGaps: true, Crossing: shift.AtLeast, Periods: 1,
		},
		{Metrics: []shift.AlarmMetric{{Name: "Errors"}}, Calculated: true},
		{},
		{Rule: `ALARM(a) AND NOT (OK("b b") OR INSUFFICIENT_DATA ( 'c' ))`, Children: []string{"a", "b b", "c"}},
	} {
		assert.Equal(t, want, got[i].Definition, got[i].Name)
	}
}
