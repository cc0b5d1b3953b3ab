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

	"sluice/internal/localaws/paging"
	"sluice/internal/localaws/protocol"
)

// Name is CloudWatch's prefix in IAM. SigningName is the name that its requests
// are signed with.
const (
	Name        = "cloudwatch"
	SigningName = "monitoring"
)

// Failures are CloudWatch's.
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalServiceFault",
}

// What DescribeAlarms takes at most (CloudWatch's API model). How many alarms
// it returns when MaxRecords is left out is not documented: half of that, so
// that 100 names are two pages.
const (
	maxNames       = 100
	maxRecords     = 100
	defaultRecords = 50
)

// Protocol is RPC v2 with CBOR, which the Go SDK speaks, or AWS-JSON, which the
// aws command speaks (aws-cli 1.45.11).
func (s *Alarms) Protocol(asked protocol.Request) protocol.Protocol {
	if isRPC(asked) {
		return cborProtocol{}
	}
	return queryCompatibleJSON{}
}

// isRPC tells RPC v2 from AWS-JSON.
func isRPC(asked protocol.Request) bool { return asked.Header.Get("Smithy-Protocol") != "" }

// Operation finds the operation in the path of RPC v2,
// /service/GraniteServiceVersion20100801/operation/DescribeAlarms, or in
// X-Amz-Target. CloudWatch also speaks Query, which no client here does.
func (s *Alarms) Operation(asked protocol.Request) protocol.Operation {
	name, read := asked.Target("GraniteServiceVersion20100801"), jsonMembers
	if isRPC(asked) {
		name, read = path.Base(asked.Path), cborMembers
	}
	if name == "" {
		return protocol.Operation{Action: "Query", Resource: "*"}.Refuse(protocol.NotImplemented(Name, "the Query protocol"))
	}
	if isRPC(asked) && asked.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
	}
	members, err := read(asked.Body)
	op := s.operation(name, members)
	if err != nil {
		return op.Refuse(err)
	}
	return op
}

// operation makes an operation of its members, whatever their protocol was.
func (s *Alarms) operation(name string, members cbor.Map) protocol.Operation {
	switch name {
	case "DescribeAlarms":
		return s.describeAlarmsOperation(members)
	case "SetAlarmState":
		return s.setAlarmStateOperation(members)
	}
	return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
}

func (s *Alarms) describeAlarmsOperation(members cbor.Map) protocol.Operation {
	// Composite alarms are only returned to a caller that may describe "*"
	// (DescribeAlarms in CloudWatch's API reference).
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

// setAlarmStateOperation sets an alarm's state for a while: until the next
// evaluation of its metric, if that says something else (SetAlarmState in
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
	case len(reason) > 1023:
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
	names  []string // nil is all
	prefix string
	kinds  []string
	state  string
	size   int
	token  string
}

// parseAlarmQuery reads DescribeAlarms's request.
func parseAlarmQuery(members cbor.Map) (alarmQuery, error) {
	query := alarmQuery{size: defaultRecords}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if err := query.read(member, members[member]); err != nil {
			return alarmQuery{}, err
		}
	}
	// To leave AlarmTypes out is to ask for metric alarms only.
	if len(query.kinds) == 0 {
		query.kinds = []string{metricAlarm}
	}
	return query, query.validate()
}

// read takes one member of the request.
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
			return wrongKind(member, value)
		}
		q.size = int(size)
	default:
		return protocol.NotImplemented(Name, "DescribeAlarms with "+member)
	}
	return err
}

// alarmKinds are the values of AlarmTypes. There are no log alarms here.
var alarmKinds = []string{compositeAlarm, logAlarm, metricAlarm}

// validate holds the request against CloudWatch's API model.
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

// validateNames holds the names against CloudWatch's API model and reference.
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

// alarmConstraint is a broken constraint under the code that CloudWatch has
// for it since it was a Query service.
func alarmConstraint(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, "ValidationError", "1 validation error detected: "+format, args...)
}

// describeAlarms answers DescribeAlarms. Names that no alarm has are simply
// absent.
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
		return protocol.Reply{}, protocol.NewError(http.StatusBadRequest, "InvalidNextToken", "The next token specified is invalid.")
	}
	metric, composite := cbor.List{}, cbor.List{}
	for _, a := range page {
		if a.kind == compositeAlarm {
			composite = append(composite, s.alarmOnWire(a))
		} else {
			metric = append(metric, s.alarmOnWire(a))
		}
	}
	body := cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite, "LogAlarms": cbor.List{}}
	if next != "" {
		body["NextToken"] = cbor.String(next)
	}
	return protocol.Reply{Body: body}, nil
}

// matches tells whether an alarm is asked for.
func (q alarmQuery) matches(a *alarm) bool {
	return slices.Contains(q.kinds, a.kind) &&
		(q.names == nil || slices.Contains(q.names, a.name)) &&
		strings.HasPrefix(a.name, q.prefix) &&
		(q.state == "" || q.state == a.state)
}
