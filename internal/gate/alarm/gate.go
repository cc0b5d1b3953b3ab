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

// API lists the CloudWatch calls that the Gate makes.
type API interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Gate reads alarms.
type Gate struct{ api API }

// New returns the Gate of the client's account and region.
func New(api API) *Gate { return &Gate{api: api} }

// Observe judges the alarms of a Deployment at a poll. It returns shift.ErrThrottled when
// CloudWatch throttles the call.
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

// maxNames bounds the names in one call, and the alarms on one page (DescribeAlarms,
// AlarmNames and MaxRecords).
const maxNames = 100

// Alarms reads alarms by their names. It returns one for each name, in the same order. An
// alarm that does not exist is shift.AlarmMissing. If a call fails, its alarms are
// shift.AlarmUnreadable, with the error as their reason, so that the alarms that could be
// read still count. Only throttling is an error, shift.ErrThrottled, because a retry helps.
func (g *Gate) Alarms(ctx context.Context, names []string) ([]shift.Alarm, error) {
	alarms := make([]shift.Alarm, 0, len(names))
	for chunk := range slices.Chunk(names, maxNames) {
		found := map[string]shift.Alarm{}
		notFound := shift.Alarm{State: shift.AlarmMissing, Reason: "there is no metric, composite or log alarm of that name in this account and region"}
		if err := g.read(ctx, chunk, found); err != nil {
			err = fmt.Errorf("describe %d alarms: %w", len(chunk), awserror.Meaning(err))
			if errors.Is(err, shift.ErrThrottled) {
				return nil, err
			}
			notFound = shift.Alarm{State: shift.AlarmUnreadable, Reason: boundReason(err.Error())}
		}
		for _, name := range chunk {
			alarm, ok := found[name]
			if !ok {
				alarm = notFound
			}
			alarm.Name = name
			alarms = append(alarms, alarm)
		}
	}
	return alarms, nil
}

// read adds the alarms of all pages to found. It keeps those of earlier pages when a later
// page fails. It asks for all types, because CloudWatch leaves out what is not asked for
// (DescribeAlarms, AlarmTypes).
func (g *Gate) read(ctx context.Context, names []string, found map[string]shift.Alarm) error {
	pages := cloudwatch.NewDescribeAlarmsPaginator(g.api, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm},
		MaxRecords: aws.Int32(maxNames),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.MetricAlarms {
			found[aws.ToString(a.AlarmName)] = evaluated(a.StateValue, a.StateReason, a.EvaluationState, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
		}
		for _, a := range page.LogAlarms {
			found[aws.ToString(a.AlarmName)] = evaluated(a.StateValue, a.StateReason, a.EvaluationState, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
		}
		for _, a := range page.CompositeAlarms {
			found[aws.ToString(a.AlarmName)] = evaluated(a.StateValue, a.StateReason, "", a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
		}
	}
	return nil
}

// evaluated returns an alarm as it was evaluated last. It notes an evaluation that lacks data or
// fails (DescribeAlarms, EvaluationState); a composite alarm has no such state.
func evaluated(value types.StateValue, reason *string, evaluation types.EvaluationState, transitioned, updated *time.Time) shift.Alarm {
	alarm := shift.Alarm{State: state(value), Reason: boundReason(aws.ToString(reason)), Since: since(transitioned, updated)}
	if evaluation != "" {
		alarm.Doubt = fmt.Sprintf("its evaluation state is %s", evaluation)
	}
	return alarm
}

// since returns when an alarm entered its state. An alarm that has not changed for a long
// time may have no transition time.
func since(transitioned, updated *time.Time) time.Time {
	if transitioned == nil {
		transitioned = updated
	}
	return aws.ToTime(transitioned)
}

// state converts a state of CloudWatch. An unknown state counts as unreadable.
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

// maxReason bounds the reason of an alarm, in characters. CloudWatch's may have 1,023
// (MetricAlarm, StateReason).
const maxReason = 200

func boundReason(reason string) string { return shift.BoundText(reason, maxReason) }
