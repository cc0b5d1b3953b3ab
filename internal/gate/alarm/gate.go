package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the CloudWatch calls that the Gate makes.
type API interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Gate reads alarms. Several goroutines may call its methods at once.
type Gate struct {
	home      string
	newClient func(region string) API

	mu      sync.Mutex
	clients map[string]API // by region
}

// New returns a Gate. home is the region of the alarms that are known by their names. The Gate
// makes one client for each region from which it reads.
func New(home string, newClient func(region string) API) *Gate {
	return &Gate{home: home, newClient: newClient, clients: map[string]API{}}
}

func (g *Gate) client(region string) API {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clients[region] == nil {
		g.clients[region] = g.newClient(region)
	}
	return g.clients[region]
}

// locate returns the region and the name of an alarm.
func (g *Gate) locate(alarm string) (region, name string) {
	if a, is := shift.ParseAlarmARN(alarm); is {
		return a.Region, a.Name
	}
	return g.home, alarm
}

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

// answerWithin bounds how long the other regions may take to answer, so that one that does not
// answer keeps nobody from judging the alarms of this one.
const answerWithin = 10 * time.Second

// Alarms reads alarms, each by its name, or by its ARN if it is of another region. It returns
// one for each, in the same order. An alarm that does not exist is shift.AlarmMissing. If a call
// fails, its alarms are shift.AlarmUnreadable, with the error as their reason, so that the alarms
// that could be read still count. Only throttling is an error, shift.ErrThrottled, because a
// retry helps.
func (g *Gate) Alarms(ctx context.Context, known []string) ([]shift.Alarm, error) {
	alarms := make([]shift.Alarm, len(known))
	abroad, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for _, there := range g.byRegion(known) {
		within := abroad
		if there.region == g.home {
			within = ctx
		}
		for chunk := range slices.Chunk(there.places, maxNames) {
			if err := g.readChunk(within, there.region, known, chunk, alarms); err != nil {
				return nil, err
			}
		}
	}
	return alarms, nil
}

// regional are the alarms of one region, by their places in the list.
type regional struct {
	region string
	places []int
}

// byRegion sorts alarms by their regions. The Gate's own region comes first, then the others in
// the order in which they are named.
func (g *Gate) byRegion(known []string) []regional {
	list := []regional{{region: g.home}}
	for place, alarm := range known {
		region, _ := g.locate(alarm)
		i := slices.IndexFunc(list, func(r regional) bool { return r.region == region })
		if i < 0 {
			i, list = len(list), append(list, regional{region: region})
		}
		list[i].places = append(list[i].places, place)
	}
	return list
}

// readChunk reads the alarms at some places, all of one region, with one call. It returns only
// shift.ErrThrottled.
func (g *Gate) readChunk(ctx context.Context, region string, known []string, places []int, alarms []shift.Alarm) error {
	names := make([]string, len(places))
	for i, place := range places {
		_, names[i] = g.locate(known[place])
	}
	found := map[string]shift.Alarm{}
	notFound := shift.Alarm{State: shift.AlarmMissing, Reason: fmt.Sprintf("there is no metric, composite or log alarm of that name in the region %s of this account", region)}
	if err := read(ctx, g.client(region), names, found); err != nil {
		err = fmt.Errorf("describe %d alarms in %s: %w", len(names), region, awserror.Meaning(err))
		if errors.Is(err, shift.ErrThrottled) {
			return err
		}
		notFound = shift.Alarm{State: shift.AlarmUnreadable, Reason: boundReason(err.Error())}
	}
	for i, place := range places {
		alarm, ok := found[names[i]]
		if !ok {
			alarm = notFound
		}
		alarm.Name = known[place]
		alarms[place] = alarm
	}
	return nil
}

// read adds the alarms of all pages to found. It keeps those of earlier pages when a later
// page fails. It asks for all types, because CloudWatch leaves out what is not asked for
// (DescribeAlarms, AlarmTypes).
func read(ctx context.Context, api API, names []string, found map[string]shift.Alarm) error {
	pages := cloudwatch.NewDescribeAlarmsPaginator(api, &cloudwatch.DescribeAlarmsInput{
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
			read := evaluated(a.StateValue, a.StateReason, a.EvaluationState, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
			read.Definition = metricDefinition(a)
			found[aws.ToString(a.AlarmName)] = read
		}
		for _, a := range page.LogAlarms {
			found[aws.ToString(a.AlarmName)] = evaluated(a.StateValue, a.StateReason, a.EvaluationState, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
		}
		for _, a := range page.CompositeAlarms {
			read := evaluated(a.StateValue, a.StateReason, "", a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
			read.Definition = compositeDefinition(a)
			found[aws.ToString(a.AlarmName)] = read
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
