package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// getMetricDataOperation returns the GetMetricData operation. IAM knows no resources for
// it (Service Authorization Reference).
func (s *Alarms) getMetricDataOperation(members cbor.Map) protocol.Operation {
	op := protocol.Operation{Action: "GetMetricData", Resource: "*", Limit: s.dataReads}
	request, err := parseDataRequest(members)
	if err == nil {
		err = request.validate()
	}
	if err != nil {
		return op.Refuse(err)
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) { return s.getMetricData(request, now) }
	return op
}

// getMetricData answers GetMetricData.
func (s *Alarms) getMetricData(request dataRequest, now time.Time) (protocol.Reply, error) {
	if !s.datapoints.TakeMany(now, float64(min(request.datapoints(), request.size))) {
		return protocol.Reply{}, Failures.NewThrottled()
	}
	s.mu.Lock()
	answers := s.answers
	s.mu.Unlock()
	var results []*dataResult
	var points []datapoint
	for _, q := range request.queries {
		if q.silent {
			continue
		}
		r := &dataResult{query: q, status: StatusComplete}
		found := s.read(q, request, now)
		if answers.Status != nil {
			r.status, r.message = answers.Status(q.metric)
			found = r.withhold(found)
		}
		for _, p := range found {
			points = append(points, datapoint{r, p.at, p.value})
		}
		results = append(results, r)
	}
	return request.page(results, points, answers.PageDatapoints)
}

// dataResult is the result of a query. page are its data points on the page that is
// returned. unfinished says that a later page has more of them.
type dataResult struct {
	query           metricQuery
	status, message string
	page            []point
	unfinished      bool
}

type point struct {
	at    time.Time
	value float64
}

// datapoint is a data point of a result.
type datapoint struct {
	result *dataResult
	at     time.Time
	value  float64
}

// withhold returns the data points of a result with this status, which are in the order of
// time.
func (r *dataResult) withhold(found []point) []point {
	switch r.status {
	case StatusComplete:
		return found
	case StatusPartialData:
		return found[len(found)/2:]
	}
	return nil
}

// read returns a query's data points in the order of time. A period without data has none:
// CloudWatch fills in nothing.
func (s *Alarms) read(q metricQuery, request dataRequest, now time.Time) []point {
	start, end := request.start, request.end
	if start.Before(now.Add(-retention)) {
		start = now.Add(-retention)
	}
	if end.After(now) {
		end = now
	}
	shortest := resolution(now.Sub(start))
	if q.period%shortest != 0 {
		// Older data have only a longer period. Lambda's metrics have none below a minute.
		return nil
	}
	var found []point
	for from := start.Truncate(shortest); from.Before(end); from = from.Add(q.period) {
		until := from.Add(q.period)
		if end.Before(until) {
			until = end
		}
		data := s.metricData(q.metric, from, until)
		if q.unit != "" && q.unit != data.Unit {
			continue // CloudWatch converts no units
		}
		if value, exists := q.statistic.Of(data.Values); exists {
			found = append(found, point{from, value})
		}
	}
	return found
}

const (
	day = 24 * time.Hour
	// retention is how long CloudWatch keeps data.
	retention = 455 * day
)

// resolution returns the shortest period of data that begin at an age (GetMetricData in
// CloudWatch's API reference).
func resolution(age time.Duration) time.Duration {
	switch {
	case age > 63*day:
		return time.Hour
	case age > 15*day:
		return 5 * time.Minute
	}
	return time.Minute
}

// datapoints returns the number of data points that the request asks for.
func (r dataRequest) datapoints() int {
	n := 0
	for _, q := range r.queries {
		n += int((r.end.Sub(r.start) + q.period - 1) / q.period)
	}
	return n
}

// page returns a page of the results. Pages are cut by time, so that a query's data points
// may be spread over several pages; a result is PartialData as long as there are more. The
// first page mentions every query, the next ones only those with data points. AWS does not
// document the latter.
func (r dataRequest) page(results []*dataResult, points []datapoint, limit int) (protocol.Reply, error) {
	slices.SortStableFunc(points, func(a, b datapoint) int {
		if r.ascending {
			return a.at.Compare(b.at)
		}
		return b.at.Compare(a.at)
	})
	size := r.size
	if limit > 0 {
		size = min(size, limit)
	}
	page, next, ok := paging.Cut(points, r.token, size, datapoint.key)
	if !ok {
		return protocol.Reply{}, errInvalidToken()
	}
	for _, d := range page {
		d.result.page = append(d.result.page, point{d.at, d.value})
	}
	body := cbor.Map{"Messages": cbor.List{}}
	if next != "" {
		body["NextToken"] = cbor.String(next)
		last := page[len(page)-1].key()
		rest := slices.IndexFunc(points, func(d datapoint) bool { return d.key() == last }) + 1
		for _, d := range points[rest:] {
			d.result.unfinished = true
		}
	}
	list := cbor.List{}
	for _, result := range results {
		if r.token == "" || len(result.page) > 0 {
			list = append(list, result.onWire())
		}
	}
	body["MetricDataResults"] = list
	return protocol.Reply{Body: body}, nil
}

// key identifies a data point in the token of a page.
func (d datapoint) key() string { return fmt.Sprintf("%d %s", d.at.Unix(), d.result.query.id) }

// onWire returns the result as GetMetricData does.
func (r *dataResult) onWire() cbor.Map {
	times, values := cbor.List{}, cbor.List{}
	for _, p := range r.page {
		times = append(times, cborTime(p.at))
		values = append(values, cbor.Float64(p.value))
	}
	status := r.status
	if r.unfinished {
		status = StatusPartialData
	}
	members := cbor.Map{
		"Id": cbor.String(r.query.id), "Label": cbor.String(cmp.Or(r.query.label, r.query.metric.Name)),
		"StatusCode": cbor.String(status), "Timestamps": times, "Values": values,
	}
	if r.message != "" {
		members["Messages"] = cbor.List{cbor.Map{"Code": cbor.String(r.status), "Value": cbor.String(r.message)}}
	}
	return members
}
