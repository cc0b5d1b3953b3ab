package localaws

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go/encoding/cbor"
)

const cloudwatchService = "cloudwatch"

// What DescribeAlarms takes at most (CloudWatch's API model). How many alarms
// it returns when MaxRecords is left out is not documented: half of that, so
// that 100 names are two pages.
const (
	mostAlarmNames   = 100
	mostAlarmRecords = 100
	alarmPageSize    = 50
)

// understandCloudWatch finds the operation in the path of RPC v2:
// /service/GraniteServiceVersion20100801/operation/DescribeAlarms.
func (c *Cloud) understandCloudWatch(asked request) operation {
	segments := strings.Split(strings.Trim(asked.path, "/"), "/")
	name := segments[len(segments)-1]
	if asked.header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		return operation{action: name, resource: "*"}.refused(notImplemented(cloudwatchService, name))
	}
	members, err := cborMembers(asked.body)
	op := c.cloudwatch(name, members)
	if err != nil {
		return op.refused(err)
	}
	return op
}

// cloudwatch is an operation on its members, in whatever protocol they came.
func (c *Cloud) cloudwatch(name string, members cbor.Map) operation {
	switch name {
	case "DescribeAlarms":
		return c.describeAlarmsOperation(members)
	case "SetAlarmState":
		return c.setAlarmStateOperation(members)
	}
	return operation{action: name, resource: "*"}.refused(notImplemented(cloudwatchService, name))
}

func (c *Cloud) describeAlarmsOperation(members cbor.Map) operation {
	// Composite alarms are only returned to a caller that may describe "*"
	// (DescribeAlarms in CloudWatch's API reference).
	op := operation{action: "DescribeAlarms", resource: "*", limit: c.alarmRead}
	query, err := parseAlarmQuery(members)
	if err != nil {
		return op.refused(err)
	}
	if !slices.Contains(query.kinds, compositeAlarm) {
		op.resource = c.alarmARN("*")
	}
	op.run = func(context.Context, time.Time) (reply, error) { return c.describeAlarms(query) }
	return op
}

// setAlarmStateOperation sets an alarm's state for a while: until the next
// evaluation of its metric, if that says something else (SetAlarmState in
// CloudWatch's API reference).
func (c *Cloud) setAlarmStateOperation(members cbor.Map) operation {
	op := operation{action: "SetAlarmState", resource: "*"}
	given := map[string]string{}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains([]string{"AlarmName", "StateValue", "StateReason", "StateReasonData"}, member) {
			return op.refused(notImplemented(cloudwatchService, "SetAlarmState with "+member))
		}
		text, err := cborString(member, members[member])
		if err != nil {
			return op.refused(err)
		}
		given[member] = text
	}
	name, state, reason := given["AlarmName"], given["StateValue"], given["StateReason"]
	op.resource = c.alarmARN(name)
	switch {
	case name == "" || utf8.RuneCountInString(name) > 255:
		return op.refused(alarmConstraint("Value at 'alarmName' failed to satisfy constraint: Member must have length between 1 and 255"))
	case !slices.Contains(alarmStates, state):
		return op.refused(alarmConstraint("Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: %v", state, alarmStates))
	case len(reason) > 1023:
		return op.refused(alarmConstraint("Value at 'stateReason' failed to satisfy constraint: Member must have length less than or equal to 1023"))
	}
	op.run = func(context.Context, time.Time) (reply, error) {
		if c.SetAlarmState(name, state, reason) != nil {
			// The code and its status are in the API model; the text is not known.
			return reply{}, failure(http.StatusNotFound, "ResourceNotFound", "The alarm %s does not exist", name)
		}
		return reply{body: cbor.Map{}}, nil
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
	query := alarmQuery{size: alarmPageSize}
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
		return notImplemented(cloudwatchService, "DescribeAlarms with "+member)
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
	if q.size < 1 || q.size > mostAlarmRecords {
		return alarmConstraint("Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and %d", q.size, mostAlarmRecords)
	}
	return nil
}

// validateNames holds the names against CloudWatch's API model and reference.
func (q *alarmQuery) validateNames() error {
	if len(q.names) > mostAlarmNames {
		return alarmConstraint("Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", mostAlarmNames)
	}
	for _, name := range q.names {
		if name == "" || utf8.RuneCountInString(name) > 255 {
			return alarmConstraint("Value at 'alarmNames' failed to satisfy constraint: Member must have length between 1 and 255")
		}
	}
	if q.names != nil && q.prefix != "" {
		return failure(http.StatusBadRequest, "InvalidParameterCombination", "AlarmNamePrefix and AlarmNames cannot be used together")
	}
	return nil
}

// alarmConstraint is a broken constraint under the code that CloudWatch has
// for it since it was a Query service.
func alarmConstraint(format string, args ...any) *APIError {
	return failure(http.StatusBadRequest, "ValidationError", "1 validation error detected: "+format, args...)
}

// describeAlarms answers DescribeAlarms. Names that no alarm has are simply
// absent.
func (c *Cloud) describeAlarms(query alarmQuery) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var matching []*alarm
	for _, name := range slices.Sorted(maps.Keys(c.alarms)) {
		if a := c.alarms[name]; query.matches(a) {
			matching = append(matching, a)
		}
	}
	after, ok := keyOf(query.token)
	page, last, found := pageAfter(matching, after, query.size, func(a *alarm) string { return a.name })
	if !ok || !found {
		return reply{}, failure(http.StatusBadRequest, "InvalidNextToken", "The next token specified is invalid.")
	}
	metric, composite := cbor.List{}, cbor.List{}
	for _, a := range page {
		if a.kind == compositeAlarm {
			composite = append(composite, c.alarmOnWire(a))
		} else {
			metric = append(metric, c.alarmOnWire(a))
		}
	}
	body := cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite, "LogAlarms": cbor.List{}}
	if last != "" {
		body["NextToken"] = cbor.String(tokenOf(last))
	}
	return reply{body: body}, nil
}

// matches tells whether an alarm is asked for.
func (q alarmQuery) matches(a *alarm) bool {
	return slices.Contains(q.kinds, a.kind) &&
		(q.names == nil || slices.Contains(q.names, a.name)) &&
		strings.HasPrefix(a.name, q.prefix) &&
		(q.state == "" || q.state == a.state)
}
