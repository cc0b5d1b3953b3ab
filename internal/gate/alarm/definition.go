package alarm

import (
	"cmp"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// crossings are CloudWatch's comparison operators with one threshold.
var crossings = map[types.ComparisonOperator]shift.Crossing{
	types.ComparisonOperatorGreaterThanThreshold:          shift.Above,
	types.ComparisonOperatorGreaterThanOrEqualToThreshold: shift.AtLeast,
	types.ComparisonOperatorLessThanThreshold:             shift.Below,
	types.ComparisonOperatorLessThanOrEqualToThreshold:    shift.AtMost,
}

// metricDefinition returns what a metric alarm watches. An alarm of a query, which has no period
// of its own, has none.
func metricDefinition(a types.MetricAlarm) shift.AlarmDefinition {
	d := shift.AlarmDefinition{
		Threshold: aws.ToFloat64(a.Threshold), Crossing: crossings[a.ComparisonOperator], Calculated: a.ThresholdMetricId != nil,
		Periods: int(aws.ToInt32(a.EvaluationPeriods)), ToFire: int(aws.ToInt32(a.DatapointsToAlarm)),
		Missing: shift.MissingData(aws.ToString(a.TreatMissingData)), IgnoresFewSamples: aws.ToString(a.EvaluateLowSampleCountPercentile) == "ignore",
	}
	if a.MetricName != nil {
		statistic := cmp.Or(string(a.Statistic), aws.ToString(a.ExtendedStatistic))
		d.Metrics = append(d.Metrics, metric(aws.ToString(a.Namespace), *a.MetricName, statistic, aws.ToInt32(a.Period), a.Dimensions))
		return d
	}
	for _, q := range a.Metrics {
		if s := q.MetricStat; s != nil && s.Metric != nil {
			d.Metrics = append(d.Metrics, metric(aws.ToString(s.Metric.Namespace), aws.ToString(s.Metric.MetricName), aws.ToString(s.Stat), aws.ToInt32(s.Period), s.Metric.Dimensions))
			continue
		}
		d.Calculated = true
		if strings.Contains(strings.ToUpper(aws.ToString(q.Expression)), "FILL(") {
			d.FillsGaps = true
		}
	}
	if len(d.Metrics) == 0 {
		return shift.AlarmDefinition{}
	}
	return d
}

// Lambda's metrics (Lambda developer guide, metrics for functions): these two count 0 or 1 for
// each request, and there is no data without requests.
const (
	lambdaMetrics = "AWS/Lambda"
	errorsMetric  = "Errors"
	throttles     = "Throttles"
)

func metric(namespace, name, statistic string, period int32, dimensions []types.Dimension) shift.AlarmMetric {
	m := shift.AlarmMetric{Name: name, Statistic: statistic, Period: shift.Seconds(period)}
	if namespace != lambdaMetrics {
		return m
	}
	m.PerRequest, m.Sparse = name == errorsMetric || name == throttles, true
	of := map[string]string{}
	for _, d := range dimensions {
		of[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	m.Of, m.Version = watched(of), shift.Version(of["ExecutedVersion"])
	return m
}

// watched returns the Target that a metric of Lambda's is of, by its dimensions: the alias, or all
// of a function, or all functions.
func watched(dimensions map[string]string) shift.Target {
	function := dimensions["FunctionName"]
	if function == "" {
		return shift.KindLambda
	}
	if name, alias, qualified := strings.Cut(dimensions["Resource"], ":"); qualified && name == function {
		return flow.LambdaTarget(function, alias)
	}
	return shift.Target(shift.KindLambda + ":" + function)
}

// child matches an alarm that the rule of a composite alarm names (PutCompositeAlarm, AlarmRule).
var child = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^\s"'()]+))\s*\)`)
})

func compositeDefinition(a types.CompositeAlarm) shift.AlarmDefinition {
	d := shift.AlarmDefinition{Rule: aws.ToString(a.AlarmRule)}
	for _, found := range child().FindAllStringSubmatch(d.Rule, -1) {
		d.Children = append(d.Children, cmp.Or(found[1], found[2], found[3]))
	}
	return d
}
