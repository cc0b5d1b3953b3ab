package cloudwatch

import (
	"context"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is CloudWatch's prefix in IAM. SigningName is its signing name.
const (
	Name        = "cloudwatch"
	SigningName = "monitoring"
)

// Failures are the errors that any CloudWatch call may return.
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalServiceFault",
}

// Limits of DescribeAlarms (CloudWatch's API model). The default of MaxRecords is not
// documented. Here it is half the maximum, so that 100 names need two pages.
const (
	maxNames       = 100
	maxRecords     = 100
	defaultRecords = 50
)

// Protocol returns RPC v2 with CBOR, which the Go SDK speaks, or AWS-JSON, which the
// aws command speaks (aws-cli 1.45.11).
func (s *Alarms) Protocol(request protocol.Request) protocol.Protocol {
	if isRPC(request) {
		return cborProtocol{}
	}
	return queryCompatibleJSON{}
}

// isRPC reports whether the request is in RPC v2 and not in AWS-JSON.
func isRPC(request protocol.Request) bool { return request.Header.Get("Smithy-Protocol") != "" }

// Operation finds the operation in the path of RPC v2,
// /service/GraniteServiceVersion20100801/operation/DescribeAlarms, or in X-Amz-Target.
// The real CloudWatch also accepts the Query protocol, which no client here uses.
func (s *Alarms) Operation(request protocol.Request) protocol.Operation {
	name, read := request.Target("GraniteServiceVersion20100801"), jsonMembers
	if isRPC(request) {
		name, read = path.Base(request.Path), cborMembers
	}
	if name == "" {
		return protocol.Operation{Action: "Query", Resource: "*"}.Refuse(protocol.NotImplemented(Name, "the Query protocol"))
	}
	if isRPC(request) && request.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
	}
	members, err := read(request.Body)
	op := s.operation(name, members)
	if err != nil {
		return op.Refuse(err)
	}
	return op
}

// operation returns the operation for a request's members, which do not depend on the
// protocol.
func (s *Alarms) operation(name string, members cbor.Map) protocol.Operation {
	switch name {
	case "DescribeAlarms":
		return s.describeAlarmsOperation(members)
	case "SetAlarmState":
		return s.setAlarmStateOperation(members)
	case "PutMetricAlarm":
		return s.putMetricAlarmOperation(members)
	case "DeleteAlarms":
		return s.deleteAlarmsOperation(members)
	case "GetMetricData":
		return s.getMetricDataOperation(members)
	}
	return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
}

func (s *Alarms) describeAlarmsOperation(members cbor.Map) protocol.Operation {
	// Only a caller that may describe "*" receives composite alarms (DescribeAlarms in
	// CloudWatch's API reference).
	op := protocol.Operation{Action: "DescribeAlarms", Resource: "*", Limit: s.reads}
	query, err := parseAlarmQuery(members)
	if err != nil {
		return op.Refuse(err)
	}
	if !slices.Contains(query.kinds, compositeAlarm) {
		op.Resource = s.alarmARN("*")
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) { return s.describeAlarms(query) }
	return op
}

// setAlarmStateOperation returns the SetAlarmState operation. In AWS the state lasts
// until the next evaluation of the metric yields another one (SetAlarmState in
// CloudWatch's API reference).
func (s *Alarms) setAlarmStateOperation(members cbor.Map) protocol.Operation {
	op := protocol.Operation{Action: "SetAlarmState", Resource: "*"}
	given := map[string]string{}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains([]string{"AlarmName", "StateValue", "StateReason", "StateReasonData"}, member) {
			return op.Refuse(protocol.NotImplemented(Name, "SetAlarmState with "+member))
		}
		text, err := cborString(member, members[member])
		if err != nil {
			return op.Refuse(err)
		}
		given[member] = text
	}
	name, state, reason := given["AlarmName"], given["StateValue"], given["StateReason"]
	op.Resource = s.alarmARN(name)
	switch {
	case name == "" || utf8.RuneCountInString(name) > 255:
		return op.Refuse(alarmConstraint("Value at 'alarmName' failed to satisfy constraint: Member must have length between 1 and 255"))
	case !slices.Contains(alarmStates, state):
		return op.Refuse(alarmConstraint("Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: %v", state, alarmStates))
	case utf8.RuneCountInString(reason) > 1023:
		return op.Refuse(alarmConstraint("Value at 'stateReason' failed to satisfy constraint: Member must have length less than or equal to 1023"))
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		if s.SetAlarmState(name, state, reason) != nil {
			// The code and its status are in the API model; the text is not known.
			return protocol.Reply{}, protocol.NewError(http.StatusNotFound, "ResourceNotFound", "The alarm %s does not exist", name)
		}
		return protocol.Reply{Body: cbor.Map{}}, nil
	}
	return op
}

// The values of AlarmTypes.
const (
	metricAlarm    = "MetricAlarm"
	compositeAlarm = "CompositeAlarm"
	logAlarm       = "LogAlarm"
)

// alarmQuery is DescribeAlarms's request.
type alarmQuery struct {
	names  []string // nil means all
	prefix string
	kinds  []string
	state  string
	size   int
	token  string
}

// parseAlarmQuery parses DescribeAlarms's request.
func parseAlarmQuery(members cbor.Map) (alarmQuery, error) {
	query := alarmQuery{size: defaultRecords}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if err := query.read(member, members[member]); err != nil {
			return alarmQuery{}, err
		}
	}
	// Without AlarmTypes, DescribeAlarms returns only metric alarms.
	if len(query.kinds) == 0 {
		query.kinds = []string{metricAlarm}
	}
	return query, query.validate()
}

// read parses one member of the request.
func (q *alarmQuery) read(member string, value cbor.Value) (err error) {
	switch member {
	case "AlarmNames":
		q.names, err = cborStrings(member, value)
	case "AlarmNamePrefix":
		q.prefix, err = cborString(member, value)
	case "AlarmTypes":
		q.kinds, err = cborStrings(member, value)
	case "StateValue":
		q.state, err = cborString(member, value)
	case "NextToken":
		q.token, err = cborString(member, value)
	case "MaxRecords":
		var size int32
		if size, err = cbor.AsInt32(value); err != nil {
			return errWrongType(member, value)
		}
		q.size = int(size)
	default:
		return protocol.NotImplemented(Name, "DescribeAlarms with "+member)
	}
	return err
}

// alarmKinds are the values of AlarmTypes.
var alarmKinds = []string{compositeAlarm, logAlarm, metricAlarm}

// validate checks the request against CloudWatch's API model.
func (q *alarmQuery) validate() error {
	if err := q.validateNames(); err != nil {
		return err
	}
	for _, kind := range q.kinds {
		if !slices.Contains(alarmKinds, kind) {
			return alarmConstraint("Value '%s' at 'alarmTypes' failed to satisfy constraint: Member must satisfy enum value set: %v", kind, alarmKinds)
		}
	}
	if q.state != "" && !slices.Contains(alarmStates, q.state) {
		return alarmConstraint("Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: %v", q.state, alarmStates)
	}
	if q.size < 1 || q.size > maxRecords {
		return alarmConstraint("Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and %d", q.size, maxRecords)
	}
	return nil
}

// validateNames checks the names against CloudWatch's API model and reference.
func (q *alarmQuery) validateNames() error {
	if len(q.names) > maxNames {
		return alarmConstraint("Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", maxNames)
	}
	for _, name := range q.names {
		if name == "" || utf8.RuneCountInString(name) > 255 {
			return alarmConstraint("Value at 'alarmNames' failed to satisfy constraint: Member must have length between 1 and 255")
		}
	}
	if q.names != nil && q.prefix != "" {
		return protocol.NewError(http.StatusBadRequest, "InvalidParameterCombination", "AlarmNamePrefix and AlarmNames cannot be used together")
	}
	return nil
}

// alarmConstraint returns the error for a violated constraint. CloudWatch still uses
// the code from the Query protocol for it.
func alarmConstraint(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, "ValidationError", "1 validation error detected: "+format, args...)
}

// describeAlarms answers DescribeAlarms. It leaves out names without an alarm.
func (s *Alarms) describeAlarms(query alarmQuery) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var matching []*alarm
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		if a := s.alarms[name]; query.matches(a) {
			matching = append(matching, a)
		}
	}
	page, next, ok := paging.Cut(matching, query.token, query.size, func(a *alarm) string { return a.name })
	if !ok {
		return protocol.Reply{}, errInvalidToken()
	}
	lists := map[string]cbor.List{metricAlarm: {}, compositeAlarm: {}, logAlarm: {}}
	for _, a := range page {
		lists[a.kind] = append(lists[a.kind], s.alarmOnWire(a))
	}
	body := cbor.Map{"MetricAlarms": lists[metricAlarm], "CompositeAlarms": lists[compositeAlarm], "LogAlarms": lists[logAlarm]}
	if next != "" {
		body["NextToken"] = cbor.String(next)
	}
	return protocol.Reply{Body: body}, nil
}

// matches reports whether the query selects an alarm.
func (q alarmQuery) matches(a *alarm) bool {
	return slices.Contains(q.kinds, a.kind) &&
		(q.names == nil || slices.Contains(q.names, a.name)) &&
		strings.HasPrefix(a.name, q.prefix) &&
		(q.state == "" || q.state == a.state)
}
