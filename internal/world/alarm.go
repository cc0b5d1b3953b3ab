package world

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Alarm is a CloudWatch alarm of the scenario. An alarm without a Metric is OK at first, and
// changes only by events of the scenario.
type Alarm struct {
	// Name is what the alarm is known by: its name, or its ARN if it is of another region.
	Name      string
	Metric    Metric
	Statistic Statistic
	Threshold float64
	Period    time.Duration
	Periods   int
	// ToAlarm is how many of the Periods must breach.
	ToAlarm     int
	Comparison  string
	MissingData string
	// Target is the Target whose metric the alarm watches. If it is empty, that is the first
	// Target. Version limits the metric to one version: "stable", "candidate" or a number.
	Target  shift.Target
	Version string
	// Type is AlarmOnMetric, or that of an alarm that watches something else and has no metric.
	Type AlarmType
}

// AlarmType says what an alarm watches.
type AlarmType string

const (
	AlarmOnMetric AlarmType = "metric"
	AlarmOnAlarms AlarmType = "composite"
	AlarmOnLogs   AlarmType = "log"
)

// Metric is one of Lambda's metrics, or one of CloudFront's.
type Metric string

const (
	Errors      Metric = "Errors"
	Invocations Metric = "Invocations"
	Throttles   Metric = "Throttles"
	Duration    Metric = "Duration" // in milliseconds

	// ViewerRequests and Requests5xx are those of a distribution. The second one is the
	// percentage of the requests that have failed.
	ViewerRequests Metric = "Requests"
	Requests5xx    Metric = "5xxErrorRate"
)

// isOf says whether Targets of a kind have the metric. Names in Route 53 have none.
func (m Metric) isOf(t shift.Target) bool {
	ofDistribution := m == ViewerRequests || m == Requests5xx
	switch t.Kind() {
	case shift.KindLambda:
		return !ofDistribution
	case shift.KindCloudFront, shift.KindSwitch:
		return ofDistribution
	}
	return false
}

// unit returns the metric's unit in CloudWatch.
func (m Metric) unit() string {
	switch m {
	case Duration:
		return "Milliseconds"
	case Requests5xx:
		return "Percent"
	case ViewerRequests:
		return "None"
	}
	return "Count"
}

// Statistic says how the requests of a period are combined into one number: one of those below,
// or any other one of CloudWatch, such as "p99" or "PR(:300)".
type Statistic string

const (
	Sum         Statistic = "Sum"
	Average     Statistic = "Average"
	Minimum     Statistic = "Minimum"
	Maximum     Statistic = "Maximum"
	SampleCount Statistic = "SampleCount"
)

// comparisons are the comparison operators of CloudWatch, with its words for them.
var comparisons = map[string]struct {
	breaches func(value, threshold float64) bool
	words    string
}{
	"GreaterThanOrEqualToThreshold": {func(v, t float64) bool { return v >= t }, "greater than or equal to"},
	"GreaterThanThreshold":          {func(v, t float64) bool { return v > t }, "greater than"},
	"LessThanThreshold":             {func(v, t float64) bool { return v < t }, "less than"},
	"LessThanOrEqualToThreshold":    {func(v, t float64) bool { return v <= t }, "less than or equal to"},
}

// How an alarm treats a period without data.
const (
	missingIsMissing      = "missing"
	missingIsNotBreaching = "notBreaching"
	missingIsBreaching    = "breaching"
	missingIsIgnored      = "ignore"
)

const (
	// maxPeriods bounds the number of periods that an alarm evaluates.
	maxPeriods = 100
	// minPeriod and maxPeriod bound the length of one, in seconds.
	minPeriod, maxPeriod = 60, 86_400
	// maxThreshold bounds thresholds, on both sides of 0.
	maxThreshold = 1e12
)

// The words of fields that take one of several. The first one is the default, except of metrics,
// which have none.
var (
	comparisonNames = []string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"}
	missingData     = []string{missingIsMissing, missingIsNotBreaching, missingIsBreaching, missingIsIgnored}
	alarmTypes      = []string{string(AlarmOnMetric), string(AlarmOnAlarms), string(AlarmOnLogs)}
	metricNames     = []string{string(Errors), string(Invocations), string(Duration), string(Throttles), string(ViewerRequests), string(Requests5xx)}
)

func decodeAlarms(v strictjson.Value) []Alarm {
	if !v.Present() {
		return nil
	}
	alarms := []Alarm{}
	for _, item := range v.Array() {
		alarms = append(alarms, decodeAlarm(item.Object("name", "metric", "statistic", "threshold", "periodSeconds",
			"evaluationPeriods", "datapointsToAlarm", "comparison", "treatMissingData", "target", "version", "type")))
	}
	return alarms
}

func decodeAlarm(o strictjson.Object) Alarm {
	a := Alarm{
		Name:        o.Require("name").Text(),
		Statistic:   decodeStatistic(o.Field("statistic")),
		Threshold:   o.Field("threshold").Float(-maxThreshold, maxThreshold),
		Period:      time.Minute,
		Periods:     1,
		Comparison:  o.Field("comparison").OneOf(comparisonNames...),
		MissingData: o.Field("treatMissingData").OneOf(missingData...),
		Target:      shift.Target(o.Field("target").Text()),
		Version:     decodeVersion(o.Field("version")),
		Type:        AlarmType(o.Field("type").OneOf(alarmTypes...)),
	}
	if m := o.Field("metric"); m.Present() {
		a.Metric = Metric(m.OneOf(metricNames...))
		o.Require("threshold")
		if a.Type != AlarmOnMetric {
			m.Problem("is not allowed in a %s alarm: only an alarm of type metric watches a metric", a.Type)
		}
	}
	if p := o.Field("periodSeconds"); p.Present() {
		a.Period = time.Duration(p.Int(minPeriod, maxPeriod)) * time.Second
		if a.Period%time.Minute != 0 {
			p.Problem("must be a whole number of minutes: the metrics have one data point a minute")
		}
	}
	if n := o.Field("evaluationPeriods"); n.Present() {
		a.Periods = int(n.Int(1, maxPeriods))
	}
	a.ToAlarm = a.Periods
	if n := o.Field("datapointsToAlarm"); n.Present() {
		a.ToAlarm = int(n.Int(1, int64(a.Periods)))
	}
	return a
}

// decodeStatistic reads a statistic of CloudWatch. The default is Sum.
func decodeStatistic(v strictjson.Value) Statistic {
	if !v.Present() {
		return Sum
	}
	text := v.Text()
	if _, known := localaws.ParseStatistic(text); !known && !v.HasProblem() {
		v.Problem("is no statistic of CloudWatch: %.40q; write Sum, Average, Minimum, Maximum, SampleCount, a percentile such as p99, "+
			"the percentage of values in a range such as PR(:300), or a trimmed one such as tm99 or TM(10%%:90%%)", text)
	}
	return Statistic(text)
}

// extended says that the alarm's statistic is an ExtendedStatistic in CloudWatch's API.
func (s Statistic) extended() bool {
	return !slices.Contains([]Statistic{Sum, Average, Minimum, Maximum, SampleCount}, s)
}

// decodeVersion reads the version that metrics are about.
func decodeVersion(v strictjson.Value) string {
	text := v.Text()
	if number, err := strconv.Atoi(text); text != "" && text != "stable" && text != "candidate" && (err != nil || number < 1) {
		v.Problem("must be stable, candidate or the number of a version, not %.40q", text)
	}
	return text
}

// evaluation is the result of evaluating an alarm: a state and its reason. Both are empty if
// the alarm keeps its state.
type evaluation struct{ state, reason string }

// count counts the points that breach and those that are missing. worst is the oldest point
// that breaches.
func (a Alarm) count(points []*float64) (breaching, missing int, worst float64) {
	for _, p := range points {
		switch {
		case p != nil && comparisons[a.Comparison].breaches(*p, a.Threshold):
			breaching++
			worst = *p
		case p == nil:
			missing++
		}
	}
	return breaching, missing, worst
}

// evaluate evaluates the last periods that ended, the newest first. A point is nil where there
// is no data. complete is false while the world is younger than the periods. Until then, the
// state changes only if enough points breach.
func (a Alarm) evaluate(points []*float64, complete bool) evaluation {
	breaching, missing, worst := a.count(points)
	if a.MissingData == missingIsBreaching && complete {
		breaching += missing
	}
	switch {
	case breaching >= a.ToAlarm:
		return evaluation{"ALARM", fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints [%.4g] was %s the threshold (%.4g)",
			breaching, a.Periods, worst, comparisons[a.Comparison].words, a.Threshold)}
	case !complete:
		return evaluation{}
	case missing == len(points) && a.MissingData == missingIsMissing:
		return evaluation{"INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received"}
	case missing == len(points) && a.MissingData == missingIsIgnored:
		return evaluation{}
	}
	return evaluation{"OK", fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints were not breaching", a.Periods-breaching, a.Periods)}
}
