package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// API is what the Gate calls of CloudWatch.
type API interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Gate reads alarms.
type Gate struct{ api API }

// New is the Gate of an account and region.
func New(api API) *Gate { return &Gate{api: api} }

// Observe judges the alarms of a Deployment at a poll. It returns shift.ErrThrottled when
// CloudWatch asks to slow down.
func (g *Gate) Observe(ctx context.Context, s shift.Subject) ([]shift.Observation, error) {
	if len(s.Deployment.Alarms) == 0 {
		return nil, nil
	}
	alarms, err := g.Alarms(ctx, s.Deployment.Alarms)
	if err != nil {
		return nil, fmt.Errorf("read the alarms: %w", err)
	}
	return shift.AlarmRules{IgnoreUnreadable: s.Deployment.IgnoreUnreadableAlarms, UntilOK: s.UntilOK}.Observe(alarms), nil
}

// maxNames is how many names one call takes, and how many alarms one page has at
// most (DescribeAlarms, AlarmNames and MaxRecords).
const maxNames = 100

// Alarms reads alarms by their names: one for each, in the same order. An alarm
// that does not exist is shift.AlarmMissing. One whose call fails is
// shift.AlarmUnreadable, with the error as its reason, so that what could be read
// still counts. Only throttling is an error, shift.ErrThrottled: coming again helps.
func (g *Gate) Alarms(ctx context.Context, names []string) ([]shift.Alarm, error) {
	alarms := make([]shift.Alarm, 0, len(names))
	for some := range slices.Chunk(names, maxNames) {
		found := map[string]shift.Alarm{}
		otherwise := shift.Alarm{State: shift.AlarmMissing, Reason: "there is no metric or composite alarm of that name in this account and region"}
		if err := g.read(ctx, some, found); err != nil {
			err = fmt.Errorf("describe %d alarms: %w", len(some), awserror.Meaning(err))
			if errors.Is(err, shift.ErrThrottled) {
				return nil, err
			}
			otherwise = shift.Alarm{State: shift.AlarmUnreadable, Reason: bounded(err.Error())}
		}
		for _, name := range some {
			alarm, ok := found[name]
			if !ok {
				alarm = otherwise
			}
			alarm.Name = name
			alarms = append(alarms, alarm)
		}
	}
	return alarms, nil
}

// read follows the pages of one call, and keeps what it finds even when a later
// page fails. Both types are asked for: without them, CloudWatch leaves composite
// alarms out (DescribeAlarms, AlarmTypes).
func (g *Gate) read(ctx context.Context, names []string, found map[string]shift.Alarm) error {
	pages := cloudwatch.NewDescribeAlarmsPaginator(g.api, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		MaxRecords: aws.Int32(maxNames),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.MetricAlarms {
			found[aws.ToString(a.AlarmName)] = metric(a)
		}
		for _, a := range page.CompositeAlarms {
			found[aws.ToString(a.AlarmName)] = shift.Alarm{
				State: state(a.StateValue), Reason: bounded(aws.ToString(a.StateReason)), Since: since(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp),
			}
		}
	}
	return nil
}

// metric reads a metric alarm, and whether its evaluation lacks data or fails
// (DescribeAlarms, EvaluationState).
func metric(a types.MetricAlarm) shift.Alarm {
	alarm := shift.Alarm{
		State: state(a.StateValue), Reason: bounded(aws.ToString(a.StateReason)), Since: since(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp),
	}
	if a.EvaluationState != "" {
		alarm.Doubt = fmt.Sprintf("its evaluation state is %s", a.EvaluationState)
	}
	return alarm
}

// since is when an alarm came into its state. Alarms that have not changed for long
// may lack the time of their transition.
func since(transitioned, updated *time.Time) time.Time {
	if transitioned == nil {
		transitioned = updated
	}
	return aws.ToTime(transitioned)
}

// state is CloudWatch's; one that is not known is not to be trusted.
func state(s types.StateValue) shift.AlarmState {
	switch s {
	case types.StateValueOk:
		return shift.AlarmOK
	case types.StateValueAlarm:
		return shift.AlarmFiring
	case types.StateValueInsufficientData:
		return shift.AlarmInsufficient
	}
	return shift.AlarmUnreadable
}

// maxReason bounds what CloudWatch says, which may have 1,023 characters
// (MetricAlarm, StateReason).
const maxReason = 200

func bounded(reason string) string { return shift.BoundText(reason, maxReason) }
