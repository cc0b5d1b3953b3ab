package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/sluice-aws/sluice/internal/flow"
)

// mutedAlarm lets the queue receive the alarm's events, sees one arrive, mutes the alarm, and
// looks for another one.
func mutedAlarm(ctx context.Context, d *demo) (finding, error) {
	box, err := d.open(ctx)
	if err != nil {
		return finding{}, err
	}
	pattern := fmt.Sprintf(`{"source": [%q], "detail-type": [%q], "detail": {"alarmName": [%q]}}`, flow.AlarmSource, flow.AlarmDetailType, d.own)
	if err := d.subscribe(ctx, box, d.own+alarmsSuffix, pattern); err != nil {
		return finding{}, err
	}
	if err := d.makeAlarm(ctx); err != nil {
		return finding{}, err
	}
	before, err := d.ring(ctx, box, maxRuleDelay)
	if err != nil {
		return finding{}, err
	}
	if !before {
		return found(differs, "not even an alarm that is not muted has an event")
	}
	if err := d.mute(ctx); err != nil {
		return finding{}, err
	}
	after, err := d.ring(ctx, box, 30*time.Second)
	switch {
	case err != nil:
		return finding{}, err
	case !after:
		return found(differs, "there was no event while the alarm was muted")
	}
	return found(held, "the event came")
}

// ring sets the alarm off, again and again, until its event arrives.
func (d *demo) ring(ctx context.Context, box *inbox, limit time.Duration) (arrived bool, err error) {
	box.got = nil
	for began := time.Now(); d.since(began) < limit && !arrived && err == nil; {
		for _, state := range []types.StateValue{types.StateValueOk, types.StateValueAlarm} {
			if err := d.setAlarm(ctx, state); err != nil {
				return false, err
			}
		}
		_, arrived, err = d.await(ctx, box, 10*time.Second, func(e event) bool { return e.rings(d.own) })
	}
	return arrived, err
}

// rings reports whether the event says that an alarm went to ALARM.
func (e event) rings(alarm string) bool {
	var detail struct {
		AlarmName string
		State     struct{ Value string }
	}
	return e.DetailType == flow.AlarmDetailType && json.Unmarshal(e.Detail, &detail) == nil &&
		detail.AlarmName == alarm && detail.State.Value == string(types.StateValueAlarm)
}

// mute mutes the alarm from the next minute on, and waits for that.
func (d *demo) mute(ctx context.Context) error {
	d.made.mutes = []string{d.own}
	_, err := d.alarms.PutAlarmMuteRule(ctx, &cloudwatch.PutAlarmMuteRuleInput{
		Name: &d.own, MuteTargets: &types.MuteTargets{AlarmNames: []string{d.own}},
		Rule: &types.Rule{Schedule: &types.Schedule{
			Duration: aws.String("PT10M"), Expression: aws.String("at(" + time.Now().UTC().Add(time.Minute).Format("2006-01-02T15:04") + ")"),
		}},
	})
	if err != nil {
		return err
	}
	_, ok, err := d.until(ctx, 3*time.Minute, 5*time.Second, func() (bool, error) {
		out, err := d.alarms.GetAlarmMuteRule(ctx, &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: &d.own})
		if err != nil {
			return false, err
		}
		return out.Status == types.AlarmMuteRuleStatusActive, nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("the mute rule %s is not active after three minutes", d.own)
	}
	return err
}

// Of metrics: how many invocations, how soon the pages take them to be readable after their
// minute, and how long they are waited for.
const (
	invocations   = 5
	metricsLag    = time.Minute
	maxMetricsLag = 6 * time.Minute
)

// metrics invokes the alias probe, and measures when CloudWatch knows all invocations.
func metrics(ctx context.Context, d *demo) (finding, error) {
	if _, err := d.probes(ctx); err != nil {
		return finding{}, err
	}
	began := time.Now().UTC().Truncate(time.Minute)
	for range invocations {
		if _, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &d.probe, Qualifier: aws.String(probeAlias)}); err != nil {
			return finding{}, err
		}
	}
	over := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	lag := map[string]time.Duration{}
	_, _, err := d.until(ctx, maxMetricsLag+time.Minute, 5*time.Second, func() (bool, error) {
		known, err := d.counted(ctx, began, over)
		for id, count := range known {
			if _, seen := lag[id]; !seen && count == invocations {
				lag[id] = max(time.Since(over), 0)
			}
		}
		return len(lag) == len(known), err
	})
	switch {
	case err != nil:
		return finding{}, err
	case len(lag) < 2:
		return found(differs, "not all of the %d invocations are known after %s: by alias %s, by version %s", invocations, maxMetricsLag, lagText(lag, byAlias), lagText(lag, byVersion))
	}
	verdict := held
	if max(lag[byAlias], lag[byVersion]) > metricsLag {
		verdict = differs
	}
	return found(verdict, "complete after the end of their minute: by alias %s, by version %s", lagText(lag, byAlias), lagText(lag, byVersion))
}

func lagText(lag map[string]time.Duration, id string) string {
	if took, known := lag[id]; known {
		return "after " + short(took)
	}
	return "not yet"
}

// The ids of the queries.
const (
	byAlias   = "alias"
	byVersion = "version"
)

// counted returns how many invocations of the alias CloudWatch knows, by its dimensions.
func (d *demo) counted(ctx context.Context, from, to time.Time) (map[string]int, error) {
	dimensions := []types.Dimension{
		{Name: aws.String("FunctionName"), Value: &d.probe}, {Name: aws.String("Resource"), Value: aws.String(d.probe + ":" + probeAlias)},
	}
	query := func(id string, of []types.Dimension) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("Invocations"), Dimensions: of},
			Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}
	}
	out, err := d.alarms.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, MetricDataQueries: []types.MetricDataQuery{
		query(byAlias, dimensions), query(byVersion, append(dimensions, types.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String("1")})),
	}})
	if err != nil {
		return nil, err
	}
	count := map[string]int{byAlias: 0, byVersion: 0}
	for _, result := range out.MetricDataResults {
		for _, value := range result.Values {
			count[aws.ToString(result.Id)] += int(value)
		}
	}
	return count, nil
}
