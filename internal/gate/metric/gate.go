package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// API lists the CloudWatch calls that the Gate makes.
type API interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// Gate reads metrics.
type Gate struct{ api API }

// New returns the Gate of the client's account and region.
func New(api API) *Gate { return &Gate{api: api} }

const minute = time.Minute

const day = 24 * time.Hour

// periods are how long the period of a point is, by the time since the first Step. They
// bound the points of one series to about a thousand: CloudWatch limits the points that an
// account may read in a second (CloudWatch quotas, GetMetricData). CloudWatch keeps points of
// a period for some time only (CloudWatch User Guide, Metrics retention).
var periods = []resolution{{6 * time.Hour, minute, 15 * day}, {3 * day, 5 * time.Minute, 63 * day}}

// coarsest is the resolution of longer spans.
var coarsest = resolution{period: time.Hour, kept: 455 * day}

type resolution struct{ until, period, kept time.Duration }

func resolutionOf(span time.Duration) resolution {
	for _, r := range periods {
		if span <= r.until {
			return r
		}
	}
	return coarsest
}

func periodSince(begin, now time.Time) time.Duration { return resolutionOf(now.Sub(begin)).period }

// Kept is for how long CloudWatch keeps the points by which such a span is compared.
func Kept(span time.Duration) time.Duration { return resolutionOf(span).kept }

// Observe compares both versions of every judged Target at a poll, from the minutes since
// the first Step. Metrics that cannot be read are a Hold, and not an error: the alarms of
// this poll still count. Throttling never puts traffic back by itself.
func (g *Gate) Observe(ctx context.Context, s shift.Subject) ([]shift.Observation, error) {
	changes := s.JudgedChanges()
	if len(changes) == 0 {
		return nil, nil
	}
	period := periodSince(s.Progress.FirstShiftAt, s.Now)
	start := s.Progress.FirstShiftAt.Truncate(period)
	readings := make([]reading, len(changes))
	var all []*series
	for i, c := range changes {
		readings[i] = newReading(c, s.Deployment, period)
		all = append(all, readings[i].series()...)
	}
	switch err := g.read(ctx, all, start, s.Now.Add(minute)); {
	case errors.Is(err, shift.ErrThrottled):
		return []shift.Observation{s.MetricsThrottled(err)}, nil
	case err != nil:
		return []shift.Observation{s.MetricsUnreadable(err)}, nil
	}
	var observations []shift.Observation
	for _, r := range readings {
		observations = append(observations, s.ObserveMinutes(r.change, r.minutes()))
	}
	return observations, nil
}

// reading is what is read of one Target.
type reading struct {
	change            shift.Change
	stable, candidate version
}

// version is what is read of one version. A series that is not needed is nil.
type version struct {
	requests, failures, throttles, fast, notVerySlow *series
}

func newReading(c shift.Change, d shift.Deployment, period time.Duration) reading {
	return reading{
		change:    c,
		stable:    newVersion(source{target: c.Target, version: c.Stable}, d.Judging, d.Baselines[c.Target].Latency, period),
		candidate: newVersion(source{target: c.Target, version: c.Candidate}, d.Judging, d.Baselines[c.Target].Latency, period),
	}
}

func newVersion(of source, judging shift.Judging, limits judge.LatencyLimits, period time.Duration) version {
	v := version{
		requests: &series{of: of, metric: invocations, statistic: sum, period: period},
		failures: &series{of: of, metric: failures, statistic: sum, period: period},
	}
	if judging.Throttles != judge.Off {
		v.throttles = &series{of: of, metric: throttles, statistic: sum, period: period}
	}
	if judging.Slow != judge.Off && limits != (judge.LatencyLimits{}) {
		v.fast = &series{of: of, metric: duration, statistic: rankUpTo(limits.Slow), period: period}
		v.notVerySlow = &series{of: of, metric: duration, statistic: rankUpTo(limits.VerySlow), period: period}
	}
	return v
}

// rankUpTo is the statistic for the percentage of values up to a limit, which it includes
// (CloudWatch User Guide, Statistics definitions: percentile rank).
func rankUpTo(limit judge.Milliseconds) string {
	return "PR(:" + strconv.FormatInt(int64(limit), 10) + ")"
}

func (r reading) series() []*series { return slices.Concat(r.stable.series(), r.candidate.series()) }

// series are those of a version that are read.
func (v version) series() []*series {
	all := []*series{v.requests, v.failures, v.throttles, v.fast, v.notVerySlow}
	return slices.DeleteFunc(all, func(s *series) bool { return s == nil })
}

// minutes joins what was read of both versions, by the minute, in no order.
func (r reading) minutes() []judge.Minute {
	times := map[time.Time]bool{}
	for _, s := range r.series() {
		for at := range s.points {
			times[at] = true
		}
	}
	minutes := make([]judge.Minute, 0, len(times))
	for at := range times {
		minutes = append(minutes, judge.Minute{At: at, Stable: r.stable.at(at), Candidate: r.candidate.at(at)})
	}
	return minutes
}

// at is what a version served in a minute. CloudWatch ranks in percent.
func (v version) at(at time.Time) judge.Measured {
	return judge.Measured{
		Requests: v.requests.number(at, unchanged), Errors: v.failures.number(at, unchanged), Throttles: v.throttles.number(at, unchanged),
		Slow: v.fast.number(at, above), VerySlow: v.notVerySlow.number(at, above),
	}
}

func unchanged(value float64) float64 { return value }

// above is the share above a limit, of the percentage up to it.
func above(percent float64) float64 { return min(max(1-percent/100, 0), 1) }

// number is the value of a minute, or nothing if CloudWatch has reported none.
func (s *series) number(at time.Time, convert func(float64) float64) judge.Number {
	if s == nil {
		return judge.Number{}
	}
	value, reported := s.points[at]
	if !reported {
		return judge.Number{}
	}
	return judge.Reported(convert(value))
}

// HistoryLength is how far back a Baseline reaches, and historyPeriod the period of its
// percentiles.
const (
	HistoryLength = 3 * time.Hour
	historyPeriod = time.Hour
)

// Baselines reads what each judged Target served before its deployment, all versions
// together. A Target without a history has a Baseline that knows nothing. It takes two
// calls: which requests are slow is known only after the first.
func (g *Gate) Baselines(ctx context.Context, d shift.Judging, changes []shift.Change, now time.Time) (map[shift.Target]judge.Baseline, error) {
	end := now.Truncate(minute)
	start := end.Add(-HistoryLength)
	limits, err := g.limits(ctx, changes, start, end)
	if err != nil {
		return nil, err
	}
	versions := make([]version, len(changes))
	var all []*series
	for i, c := range changes {
		versions[i] = newVersion(source{target: c.Target}, d, limits[i], minute)
		all = append(all, versions[i].series()...)
	}
	if err := g.read(ctx, all, start, end); err != nil {
		return nil, fmt.Errorf("read what the targets served in the last 3 hours: %w", err)
	}
	baselines := make(map[shift.Target]judge.Baseline, len(changes))
	for i, c := range changes {
		baselines[c.Target] = judge.NewBaseline(reading{stable: versions[i]}.minutes(), limits[i])
	}
	return baselines, nil
}

// limits reads from which duration on the requests of each Target are slow.
func (g *Gate) limits(ctx context.Context, changes []shift.Change, start, end time.Time) ([]judge.LatencyLimits, error) {
	p90, p99 := make([]*series, len(changes)), make([]*series, len(changes))
	for i, c := range changes {
		p90[i] = &series{of: source{target: c.Target}, metric: duration, statistic: "p90", period: historyPeriod}
		p99[i] = &series{of: source{target: c.Target}, metric: duration, statistic: "p99", period: historyPeriod}
	}
	if err := g.read(ctx, slices.Concat(p90, p99), start, end); err != nil {
		return nil, fmt.Errorf("read how long the requests of the last 3 hours took: %w", err)
	}
	limits := make([]judge.LatencyLimits, len(changes))
	for i := range changes {
		limits[i] = judge.NewLatencyLimits(p90[i].highest(), p99[i].highest())
	}
	return limits, nil
}

// highest is the highest of a series' points, as a time. Percentiles of several hours cannot
// be combined; with the highest the fewest requests are slow.
func (s *series) highest() time.Duration {
	highest := 0.0
	for _, value := range s.points {
		highest = max(highest, value)
	}
	return time.Duration(highest * float64(time.Millisecond))
}
