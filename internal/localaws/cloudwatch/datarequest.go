package cloudwatch

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Limits of GetMetricData (CloudWatch's API reference).
const (
	maxQueries    = 500
	maxDatapoints = 100_800
	maxDimensions = 30
)

// dataRequest is GetMetricData's request.
type dataRequest struct {
	queries    []metricQuery
	start, end time.Time
	ascending  bool
	size       int
	token      string
	problems   []string
}

// metricQuery is one of the metrics in the request.
type metricQuery struct {
	id, label string
	metric    Metric
	statistic Statistic
	period    time.Duration
	unit      string
	silent    bool // ReturnData is false
}

// parseDataRequest parses GetMetricData's request. It returns an error for a member of the
// wrong type or that is not implemented, and notes the other problems in the request.
func parseDataRequest(members cbor.Map) (dataRequest, error) {
	r := dataRequest{size: maxDatapoints}
	var list cbor.List
	var scan string
	err := readMembers("GetMetricData", members, map[string]func(string, cbor.Value) error{
		"MetricDataQueries": readList(&list), "StartTime": readTime(&r.start), "EndTime": readTime(&r.end),
		"ScanBy": readString(&scan), "MaxDatapoints": readInt(&r.size), "NextToken": readString(&r.token),
	})
	if err != nil {
		return r, err
	}
	if scan != "" && scan != "TimestampDescending" && scan != "TimestampAscending" {
		return r, alarmConstraint("Value '%s' at 'scanBy' failed to satisfy constraint: Member must satisfy enum value set: [TimestampDescending, TimestampAscending]", scan)
	}
	r.ascending = scan == "TimestampAscending"
	for i, item := range list {
		q, err := r.parseQuery(fmt.Sprintf("MetricDataQueries.member.%d", i+1), item)
		if err != nil {
			return r, err
		}
		r.queries = append(r.queries, q)
	}
	return r, nil
}

// queryID is the syntax of an Id.
var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// parseQuery parses one of MetricDataQueries, and validates its members.
func (r *dataRequest) parseQuery(path string, item cbor.Value) (metricQuery, error) {
	var q metricQuery
	var stat cbor.Map
	data := true
	err := readStructure(path, item, map[string]func(string, cbor.Value) error{
		"Id": readString(&q.id), "Label": readString(&q.label), "MetricStat": readMap(&stat), "ReturnData": readBool(&data),
	})
	if err != nil {
		return q, err
	}
	q.silent = !data
	switch {
	case q.id == "":
		r.problem("The parameter %s.Id is required.", path)
	case len(q.id) > 255 || !queryID.MatchString(q.id):
		r.problem("The value %s for parameter %s.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", q.id, path)
	}
	if strings.Contains(q.label, "${") {
		return q, protocol.NotImplemented(Name, "GetMetricData with a dynamic Label")
	}
	if stat == nil {
		r.problem("The parameter %s.MetricStat is required.", path) // as long as there are no expressions here
		return q, nil
	}
	return q, r.parseStat(&q, path+".MetricStat", stat)
}

// parseStat parses a MetricStat.
func (r *dataRequest) parseStat(q *metricQuery, path string, stat cbor.Map) error {
	var text string
	var period int
	var metric cbor.Map
	err := readStructure(path, stat, map[string]func(string, cbor.Value) error{
		"Metric": readMap(&metric), "Period": readInt(&period), "Stat": readString(&text), "Unit": readString(&q.unit),
	})
	if err != nil {
		return err
	}
	var known bool
	if q.statistic, known = ParseStatistic(text); !known {
		r.problem("The value %s for parameter %s.Stat is not a valid statistic.", text, path)
	}
	q.period = time.Duration(period) * time.Second
	if !slices.Contains([]int{1, 5, 10, 20, 30}, period) && (period < 60 || period%60 != 0 || period > 86_400) {
		r.problem("The value %d for parameter %s.Period must be 1, 5, 10, 20, 30 or a multiple of 60 up to 86400.", period, path)
	}
	return r.parseMetric(q, path+".Metric", metric)
}

// parseMetric parses a Metric.
func (r *dataRequest) parseMetric(q *metricQuery, path string, metric cbor.Map) error {
	var dimensions cbor.List
	err := readStructure(path, metric, map[string]func(string, cbor.Value) error{
		"Namespace": readString(&q.metric.Namespace), "MetricName": readString(&q.metric.Name), "Dimensions": readList(&dimensions),
	})
	if err != nil {
		return err
	}
	r.require(path+".Namespace", q.metric.Namespace, 255)
	r.require(path+".MetricName", q.metric.Name, 255)
	if len(dimensions) > maxDimensions {
		r.problem("The collection %s.Dimensions must not have a size greater than %d.", path, maxDimensions)
	}
	q.metric.Dimensions = map[string]string{}
	for i, item := range dimensions {
		at := fmt.Sprintf("%s.Dimensions.member.%d", path, i+1)
		var name, value string
		err := readStructure(at, item, map[string]func(string, cbor.Value) error{"Name": readString(&name), "Value": readString(&value)})
		if err != nil {
			return err
		}
		r.require(at+".Name", name, 255)
		r.require(at+".Value", value, 1024)
		q.metric.Dimensions[name] = value
	}
	return nil
}

// require notes a problem if a text is missing or too long.
func (r *dataRequest) require(path, text string, longest int) {
	switch {
	case text == "":
		r.problem("The parameter %s is required.", path)
	case len(text) > longest:
		r.problem("The parameter %s must not be longer than %d characters.", path, longest)
	}
}

func (r *dataRequest) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// validate returns an error that lists all problems of the request, as CloudWatch's does
// (prometheus-community/yet-another-cloudwatch-exporter#1435).
func (r *dataRequest) validate() error {
	if len(r.queries) == 0 {
		r.problem("The parameter MetricDataQueries is required.")
	}
	if len(r.queries) > maxQueries {
		r.problem("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	}
	ids := map[string]bool{}
	for _, q := range r.queries {
		ids[q.id] = true
	}
	if len(ids) < len(r.queries) {
		r.problem("The values for parameter id in MetricDataQueries are not unique.")
	}
	r.validateTimes()
	if r.size < 1 || r.size > maxDatapoints {
		r.problem("The value %d for parameter MaxDatapoints must be between 1 and %d.", r.size, maxDatapoints)
	}
	if len(r.problems) > 0 {
		return protocol.NewError(http.StatusBadRequest, "ValidationError", "%s", strings.Join(r.problems, "\n"))
	}
	return nil
}

func (r *dataRequest) validateTimes() {
	switch {
	case r.start.IsZero():
		r.problem("The parameter StartTime is required.")
	case r.end.IsZero():
		r.problem("The parameter EndTime is required.")
	case !r.start.Before(r.end):
		r.problem("The parameter StartTime must be less than the parameter EndTime.")
	}
}

func errInvalidToken() *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, "InvalidNextToken", "The next token specified is invalid.")
}

// readMembers reads a structure by one function for each member. Members without a function
// are not implemented.
func readMembers(what string, members cbor.Map, read map[string]func(string, cbor.Value) error) error {
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if read[member] == nil {
			return protocol.NotImplemented(Name, what+" with "+member)
		}
		if err := read[member](member, members[member]); err != nil {
			return err
		}
	}
	return nil
}

// readStructure reads a structure inside of GetMetricData's request.
func readStructure(path string, value cbor.Value, read map[string]func(string, cbor.Value) error) error {
	members, ok := value.(cbor.Map)
	if !ok {
		return errWrongType(path, value)
	}
	return readMembers("GetMetricData", members, read)
}

func readString(to *string) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) (err error) {
		*to, err = cborString(member, value)
		return err
	}
}

func readBool(to *bool) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) error {
		read, ok := value.(cbor.Bool)
		if !ok {
			return errWrongType(member, value)
		}
		*to = bool(read)
		return nil
	}
}

func readInt(to *int) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) error {
		read, err := cbor.AsInt32(value)
		if err != nil {
			return errWrongType(member, value)
		}
		*to = int(read)
		return nil
	}
}

func readList(to *cbor.List) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) error {
		read, ok := value.(cbor.List)
		if !ok {
			return errWrongType(member, value)
		}
		*to = read
		return nil
	}
}

func readMap(to *cbor.Map) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) error {
		read, ok := value.(cbor.Map)
		if !ok {
			return errWrongType(member, value)
		}
		*to = read
		return nil
	}
}

// readTime reads a timestamp: seconds since the epoch, in CBOR with tag 1.
func readTime(to *time.Time) func(string, cbor.Value) error {
	return func(member string, value cbor.Value) error {
		if tag, ok := value.(*cbor.Tag); ok && tag.ID == 1 {
			value = tag.Value
		}
		seconds, err := cborSeconds(value)
		if err != nil || math.Abs(seconds) > 1e11 {
			return errWrongType(member, value)
		}
		*to = time.UnixMilli(int64(math.Round(seconds * 1e3))).UTC()
		return nil
	}
}

// cborSeconds reads a number of seconds, with a fraction or without.
func cborSeconds(value cbor.Value) (float64, error) {
	if whole, err := cbor.AsInt64(value); err == nil {
		return float64(whole), nil
	}
	return cbor.AsFloat64(value)
}
