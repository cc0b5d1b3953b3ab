package main

import (
	"bytes"
	gocontext "context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/announce/emf"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// metricOf identifies a metric by its namespace, name and dimension. The dimension's value of a
// Weight is a target, which the stack does not know.
type metricOf struct{ Namespace, Name, Dimension, Value string }

// deaf accepts and ignores every announcement.
type deaf struct{}

func (deaf) Announce(gocontext.Context, shift.Announcement) error { return nil }

// writtenMetrics returns the metrics that a stack's functions write with their environment.
func writtenMetrics(t *testing.T, template map[string]any) []metricOf {
	t.Helper()
	found := map[metricOf]bool{}
	functions := resources(template, "AWS::Lambda::Function")
	require.Len(t, functions, len(functionNames(settings{})))
	for id, f := range functions {
		namespace, _ := f["Environment"].(map[string]any)["Variables"].(map[string]any)[flow.MetricsVariable].(string)
		require.NotEmpty(t, namespace, id)
		var lines bytes.Buffer
		announcer := emf.New(deaf{}, namespace, &lines, time.Now)
		for _, state := range announced {
			require.NoError(t, announcer.Announce(t.Context(), shift.Announcement{State: shift.Announced(state), Changes: []shift.Move{{Target: "lambda:orders:live"}}}))
		}
		for line := range bytes.Lines(lines.Bytes()) {
			found[decodeMetric(t, line)] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

// decodeMetric decodes a line of the Embedded Metric Format.
func decodeMetric(t *testing.T, line []byte) metricOf {
	t.Helper()
	var format struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	values := map[string]any{}
	require.NoError(t, json.Unmarshal(line, &format))
	require.NoError(t, json.Unmarshal(line, &values))
	m := format.AWS.CloudWatchMetrics[0]
	one := metricOf{Namespace: m.Namespace, Name: m.Metrics[0].Name, Dimension: m.Dimensions[0][0]}
	if one.Dimension != flow.TargetDimension {
		one.Value = values[one.Dimension].(string)
	}
	return one
}

var targetSearch = regexp.MustCompile(`\{"([^"]+)",(\w+)\} MetricName="(\w+)"`)

// shownMetrics returns the metrics on a stack's dashboard that are not AWS's own.
func shownMetrics(t *testing.T, template map[string]any) []metricOf {
	t.Helper()
	var board struct {
		Widgets []struct{ Properties struct{ Metrics [][]any } }
	}
	body := filled(t, only(t, template, "AWS::CloudWatch::Dashboard")["DashboardBody"]).(string)
	require.NoError(t, json.Unmarshal([]byte(body), &board))
	var all []metricOf
	for _, widget := range board.Widgets {
		for _, m := range widget.Properties.Metrics {
			if options, ok := m[0].(map[string]any); ok {
				if parts := targetSearch.FindStringSubmatch(options["expression"].(string)); parts != nil {
					all = append(all, metricOf{Namespace: parts[1], Dimension: parts[2], Name: parts[3]})
				}
			} else if namespace := m[0].(string); !strings.HasPrefix(namespace, "AWS/") {
				all = append(all, metricOf{namespace, m[1].(string), m[2].(string), m[3].(string)})
			}
		}
	}
	return all
}

func TestDashboardShowsWhatTheFunctionsWrite(t *testing.T) {
	for _, template := range []map[string]any{goldenTemplate(t), otherTemplate(t)} {
		assert.ElementsMatch(t, writtenMetrics(t, template), shownMetrics(t, template))
	}
}

// CloudFront's metrics are in us-east-1, wherever the stack is.
func TestDashboardShowsDistributionsWhereTheirTrafficIsShifted(t *testing.T) {
	const region = `"region":"us-east-1"`
	body := func(template map[string]any) string {
		return filled(t, only(t, template, "AWS::CloudWatch::Dashboard")["DashboardBody"]).(string)
	}
	shown := body(templateIn(t, frontEnd))
	for _, metric := range []string{"Requests", "5xxErrorRate"} {
		assert.Regexp(t, `\{AWS/CloudFront,DistributionId,Region\} MetricName=\\"`+metric+`\\"[^{}]*`+region, shown)
	}
	assert.NotContains(t, body(goldenTemplate(t)), "AWS/CloudFront")
}

func TestAlarmsWatchMetricsThatAreWritten(t *testing.T) {
	for _, template := range []map[string]any{goldenTemplate(t), otherTemplate(t)} {
		filter := only(t, template, "AWS::Logs::MetricFilter")["MetricTransformations"].([]any)[0].(map[string]any)
		written := append(writtenMetrics(t, template), metricOf{Namespace: filter["MetricNamespace"].(string), Name: filter["MetricName"].(string)})
		watched := 0
		for id, alarm := range resources(template, "AWS::CloudWatch::Alarm") {
			// A metric that has a label stands in a list.
			if metrics, ok := alarm["Metrics"].([]any); ok {
				alarm = metrics[0].(map[string]any)["MetricStat"].(map[string]any)["Metric"].(map[string]any)
			}
			m := metricOf{Namespace: alarm["Namespace"].(string), Name: alarm["MetricName"].(string)}
			if strings.HasPrefix(m.Namespace, "AWS/") {
				continue
			}
			if dimensions, ok := alarm["Dimensions"].([]any); ok {
				m.Dimension, m.Value = dimensions[0].(map[string]any)["Name"].(string), dimensions[0].(map[string]any)["Value"].(string)
			}
			assert.Contains(t, written, m, id)
			watched++
		}
		assert.Equal(t, 2, watched, "Stranded, and RollbackIncomplete")
	}
}

// With two Sluices in one account, neither triggers the other's alarms or appears on its
// dashboard.
func TestNoTwoSluicesShareAMetric(t *testing.T) {
	own := writtenMetrics(t, goldenTemplate(t))
	for _, m := range writtenMetrics(t, otherTemplate(t)) {
		assert.NotContains(t, own, m)
	}
}

func TestMetricFilterMatchesAStateThatExists(t *testing.T) {
	template := goldenTemplate(t)
	pattern := only(t, template, "AWS::Logs::MetricFilter")["FilterPattern"]
	assert.Equal(t, `{ $.details.name = "`+flow.RollbackIncomplete+`" }`, pattern)
	definition := fmt.Sprint(only(t, template, "AWS::StepFunctions::StateMachine"))
	assert.Regexp(t, regexp.MustCompile(`"`+flow.RollbackIncomplete+`":{"Type":"Fail"`), definition)
}
