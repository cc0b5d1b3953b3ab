package cloudwatch

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// The states of an alarm (StateValue in CloudWatch's API model).
const (
	OK               = "OK"
	Alarm            = "ALARM"
	InsufficientData = "INSUFFICIENT_DATA"
)

var alarmStates = []string{OK, Alarm, InsufficientData}

// MetricAlarm is an alarm on one metric. The local CloudWatch does not evaluate alarms:
// SetAlarmState sets their states.
type MetricAlarm struct {
	Name             string
	Description      string
	Namespace        string
	Metric           string
	Dimensions       map[string]string
	Statistic        string // "Sum", "Average", …; empty if ExtendedStatistic is set
	Extended         string // "p99", …
	Period           time.Duration
	Evaluations      int
	ToAlarm          int // how many of them must breach; all if it is 0
	Threshold        float64
	Comparison       string // "GreaterThanOrEqualToThreshold", …
	TreatMissingData string
	ActionsDisabled  bool
}

// CompositeAlarm is an alarm on other alarms' states.
type CompositeAlarm struct {
	Name            string
	Description     string
	Rule            string // "ALARM(a) OR ALARM(b)"; not evaluated
	ActionsDisabled bool
}

// LogAlarm is an alarm on the results of a scheduled query of logs.
type LogAlarm struct {
	Name            string
	Description     string
	Threshold       float64
	ActionsDisabled bool
}

// alarm is an alarm of any kind.
type alarm struct {
	name         string
	kind         string
	members      cbor.Map // the configuration, as DescribeAlarms returns it
	state        string
	reason       string
	evaluation   string
	configured   time.Time
	updated      time.Time
	transitioned time.Time
}

// PutMetricAlarm creates an alarm in the state INSUFFICIENT_DATA, or changes an
// existing alarm and keeps its state (PutMetricAlarm in CloudWatch's API reference).
func (s *Alarms) PutMetricAlarm(m MetricAlarm) {
	members := alarmMembers(m.Name, m.Description, m.ActionsDisabled)
	dimensions := cbor.List{}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		dimensions = append(dimensions, cbor.Map{"Name": cbor.String(name), "Value": cbor.String(m.Dimensions[name])})
	}
	members["Dimensions"] = dimensions
	members["Threshold"] = cbor.Float64(m.Threshold)
	members["Period"] = cbor.Uint(max(m.Period/time.Second, 0))
	members["EvaluationPeriods"] = cbor.Uint(max(m.Evaluations, 0))
	if m.ToAlarm > 0 {
		members["DatapointsToAlarm"] = cbor.Uint(m.ToAlarm)
	}
	for member, text := range map[string]string{
		"Namespace": m.Namespace, "MetricName": m.Metric, "Statistic": m.Statistic, "ExtendedStatistic": m.Extended,
		"ComparisonOperator": m.Comparison, "TreatMissingData": m.TreatMissingData,
	} {
		if text != "" {
			members[member] = cbor.String(text)
		}
	}
	s.putAlarm(m.Name, metricAlarm, members)
}

// PutCompositeAlarm creates or changes a composite alarm as PutMetricAlarm
// does a metric alarm.
func (s *Alarms) PutCompositeAlarm(a CompositeAlarm) {
	members := alarmMembers(a.Name, a.Description, a.ActionsDisabled)
	members["AlarmRule"] = cbor.String(a.Rule)
	s.putAlarm(a.Name, compositeAlarm, members)
}

// PutLogAlarm creates or changes a log alarm as PutMetricAlarm does a metric alarm.
func (s *Alarms) PutLogAlarm(a LogAlarm) {
	members := alarmMembers(a.Name, a.Description, a.ActionsDisabled)
	members["Threshold"] = cbor.Float64(a.Threshold)
	s.putAlarm(a.Name, logAlarm, members)
}

// alarmMembers returns the members that all kinds of alarm have.
func alarmMembers(name, description string, actionsDisabled bool) cbor.Map {
	members := cbor.Map{
		"AlarmName":      cbor.String(name),
		"ActionsEnabled": cbor.Bool(!actionsDisabled),
		"AlarmActions":   cbor.List{}, "OKActions": cbor.List{}, "InsufficientDataActions": cbor.List{},
	}
	if description != "" {
		members["AlarmDescription"] = cbor.String(description)
	}
	return members
}

// putAlarm creates or changes an alarm. All kinds of alarm share one namespace.
func (s *Alarms) putAlarm(name, kind string, members cbor.Map) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.alarms[name]
	if a == nil || a.kind != kind {
		a = &alarm{name: name, kind: kind, state: InsufficientData, reason: "Unchecked: Initial alarm creation", updated: now, transitioned: now}
		s.alarms[name] = a
	}
	a.members, a.configured = members, now
}

// AlarmChange is a write of an alarm's state. State may equal Before.
type AlarmChange struct {
	Region, Name, Before, State, Reason string
}

// OnAlarmState adds a listener that is called whenever the state of an alarm is set, in
// whatever region.
func (s *Alarms) OnAlarmState(listener func(AlarmChange)) { s.onState.Add(listener) }

// SetAlarmState sets an alarm's state. It fails if the alarm or the state does not
// exist.
func (s *Alarms) SetAlarmState(name, state, reason string) error {
	now := s.account.Now()
	if !slices.Contains(alarmStates, state) {
		return fmt.Errorf("set state of alarm %s: there is no state %q", name, state)
	}
	change := AlarmChange{Region: s.account.Region, Name: name, State: state, Reason: reason}
	err := s.changeAlarm(name, func(a *alarm) {
		if a.state != state {
			a.transitioned = now
		}
		change.Before = a.state
		a.state, a.reason, a.updated = state, reason, now
	})
	if err != nil {
		return err
	}
	s.onState.Tell(change)
	return nil
}

// SetEvaluationState sets the EvaluationState of a metric or log alarm to PARTIAL_DATA,
// EVALUATION_FAILURE or EVALUATION_ERROR. Empty means that the evaluation works.
func (s *Alarms) SetEvaluationState(name, state string) error {
	return s.changeAlarm(name, func(a *alarm) { a.evaluation = state })
}

// DeleteAlarm deletes an alarm; DescribeAlarms then leaves it out.
func (s *Alarms) DeleteAlarm(name string) error {
	return s.changeAlarm(name, func(*alarm) { delete(s.alarms, name) })
}

func (s *Alarms) changeAlarm(name string, change func(*alarm)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.alarms[name]
	if a == nil {
		return fmt.Errorf("change alarm %s: it does not exist", name)
	}
	change(a)
	return nil
}

func (s *Alarms) alarmARN(name string) string {
	return s.account.ARN(Name, "alarm:"+name)
}

// alarmOnWire returns an alarm as DescribeAlarms does.
func (s *Alarms) alarmOnWire(a *alarm) cbor.Map {
	members := maps.Clone(a.members)
	members["AlarmArn"] = cbor.String(s.alarmARN(a.name))
	members["StateValue"] = cbor.String(a.state)
	members["StateReason"] = cbor.String(a.reason)
	members["AlarmConfigurationUpdatedTimestamp"] = cborTime(a.configured)
	members["StateUpdatedTimestamp"] = cborTime(a.updated)
	members["StateTransitionedTimestamp"] = cborTime(a.transitioned)
	if a.evaluation != "" {
		members["EvaluationState"] = cbor.String(a.evaluation)
	}
	return members
}
