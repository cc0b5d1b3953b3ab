package cloudwatch

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// putMetricAlarmOperation returns the PutMetricAlarm operation: an alarm on one statistic of one
// metric without dimensions. The alarm is not evaluated.
func (s *Alarms) putMetricAlarmOperation(members cbor.Map) protocol.Operation {
	op := protocol.Operation{Action: "PutMetricAlarm", Resource: "*"}
	m, err := parseMetricAlarm(members)
	op.Resource = s.alarmARN(m.Name)
	if err == nil {
		err = m.validate()
	}
	if err != nil {
		return op.Refuse(err)
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		s.PutMetricAlarm(m)
		return protocol.Reply{Body: cbor.Map{}}, nil
	}
	return op
}

func parseMetricAlarm(members cbor.Map) (m MetricAlarm, err error) {
	texts := map[string]*string{
		"AlarmName": &m.Name, "AlarmDescription": &m.Description, "Namespace": &m.Namespace, "MetricName": &m.Metric, "Statistic": &m.Statistic,
		"ComparisonOperator": &m.Comparison, "TreatMissingData": &m.TreatMissingData,
	}
	for member, value := range members {
		var number int32
		switch member {
		case "Period":
			number, err = cbor.AsInt32(value)
			m.Period = time.Duration(number) * time.Second
		case "EvaluationPeriods":
			number, err = cbor.AsInt32(value)
			m.Evaluations = int(number)
		case "DatapointsToAlarm":
			number, err = cbor.AsInt32(value)
			m.ToAlarm = int(number)
		case "Threshold":
			m.Threshold, err = cbor.AsFloat64(value)
		default:
			if texts[member] == nil {
				return m, protocol.NotImplemented(Name, "PutMetricAlarm with "+member)
			}
			*texts[member], err = cborString(member, value)
		}
		if err != nil {
			return m, errWrongType(member, value)
		}
	}
	return m, nil
}

// statistics and the others are the values in CloudWatch's API model.
var (
	statistics  = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
	comparisons = []string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"}
	// missingData is not an enumeration in the model; the values are in its text.
	missingData = []string{"", "breaching", "notBreaching", "ignore", "missing"}
)

// validate checks the alarm against CloudWatch's API model and reference.
func (m MetricAlarm) validate() error {
	switch {
	case m.Name == "" || len(m.Name) > 255:
		return alarmConstraint("Value at 'alarmName' failed to satisfy constraint: Member must have length between 1 and 255")
	case m.Namespace == "" || m.Metric == "":
		return alarmConstraint("Value null at 'metricName' failed to satisfy constraint: Member must not be null")
	case !slices.Contains(statistics, m.Statistic):
		return alarmConstraint("Value '%s' at 'statistic' failed to satisfy constraint: Member must satisfy enum value set: %v", m.Statistic, statistics)
	case !slices.Contains(comparisons, m.Comparison):
		return alarmConstraint("Value '%s' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: %v", m.Comparison, comparisons)
	case m.Evaluations < 1:
		return alarmConstraint("Value '%d' at 'evaluationPeriods' failed to satisfy constraint: Member must have value greater than or equal to 1", m.Evaluations)
	case m.Period < time.Minute || m.Period%time.Minute != 0:
		return protocol.NewError(http.StatusBadRequest, "ValidationError", "The period must be a multiple of 60 seconds here.")
	case !slices.Contains(missingData, m.TreatMissingData):
		return protocol.NewError(http.StatusBadRequest, "ValidationError", "Value %s for TreatMissingData is not valid.", m.TreatMissingData)
	}
	return nil
}

// deleteAlarmsOperation returns the DeleteAlarms operation. With a wrong name among them, the
// other alarms are still deleted (DeleteAlarms in CloudWatch's API reference).
func (s *Alarms) deleteAlarmsOperation(members cbor.Map) protocol.Operation {
	op := protocol.Operation{Action: "DeleteAlarms", Resource: s.alarmARN("*")}
	var names []string
	for member, value := range members {
		if member != "AlarmNames" {
			return op.Refuse(protocol.NotImplemented(Name, "DeleteAlarms with "+member))
		}
		var err error
		if names, err = cborStrings(member, value); err != nil {
			return op.Refuse(err)
		}
	}
	if len(names) > maxNames {
		return op.Refuse(alarmConstraint("Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", maxNames))
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		var missing error
		for _, name := range names {
			if s.DeleteAlarm(name) != nil {
				missing = protocol.NewError(http.StatusNotFound, "ResourceNotFound", "The alarm %s does not exist", name)
			}
		}
		return protocol.Reply{Body: cbor.Map{}}, missing
	}
	return op
}
