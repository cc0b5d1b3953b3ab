// Package alarmlist finds the CloudWatch alarms that watch a function. It only reads. Start at
// FromConfig.
package alarmlist

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/sluice-aws/sluice/internal/awserror"
)

// API lists the calls of CloudWatch that Alarms makes.
type API interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Alarms reads the alarms of an account and region.
type Alarms struct{ api API }

// New returns Alarms.
func New(api API) *Alarms { return &Alarms{api} }

// FromConfig returns Alarms with a client of its own.
func FromConfig(cfg aws.Config) *Alarms { return New(cloudwatch.NewFromConfig(cfg)) }

// Watching lists the names of the metric alarms on a function, on all of it or on one alias. Those
// on another alias are left out, and so are composite alarms, which do not name what they watch.
func (a *Alarms) Watching(ctx context.Context, function, alias string) ([]string, error) {
	var names []string
	pages := cloudwatch.NewDescribeAlarmsPaginator(a.api, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the alarms: %w", awserror.Plain(err))
		}
		for _, found := range page.MetricAlarms {
			if watches(found, function, alias) {
				names = append(names, aws.ToString(found.AlarmName))
			}
		}
	}
	return names, nil
}

// watches says whether a metric of an alarm is of a function, and not of another alias alone.
func watches(a types.MetricAlarm, function, alias string) bool {
	dimensions := [][]types.Dimension{a.Dimensions}
	for _, query := range a.Metrics {
		if query.MetricStat != nil && query.MetricStat.Metric != nil {
			dimensions = append(dimensions, query.MetricStat.Metric.Dimensions)
		}
	}
	return slices.ContainsFunc(dimensions, func(of []types.Dimension) bool {
		value := map[string]string{}
		for _, d := range of {
			value[aws.ToString(d.Name)] = aws.ToString(d.Value)
		}
		_, qualifier, qualified := strings.Cut(value["Resource"], ":")
		return value["FunctionName"] == function && (!qualified || qualifier == alias)
	})
}
