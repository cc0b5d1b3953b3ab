package world

import (
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Metrics says what CloudWatch shows of the traffic, and when.
type Metrics struct {
	// AliasLag and VersionLag are how long after the end of a minute its metrics can be read,
	// for a whole alias and by ExecutedVersion. AWS does not document it.
	AliasLag, VersionLag time.Duration
	// HalfArrived shows a part of a minute, half on average and of each metric another one,
	// until the lag is over. Otherwise there is nothing of it.
	HalfArrived bool
	// OnlyWeighted leaves out metrics by ExecutedVersion while the alias has no weights. AWS
	// does not document whether there are any.
	OnlyWeighted bool
	// History is for how long the alias has served before the start.
	History time.Duration
	// PageDatapoints is how many data points GetMetricData returns at once. 0 means as many
	// as are asked for.
	PageDatapoints int
	Incomplete     Incomplete
}

// Incomplete makes results of GetMetricData incomplete for a while.
type Incomplete struct {
	Status string // one of CloudWatch's, empty for none
	// Version is "stable", "candidate" or a number; empty for all results.
	Version     string
	From, Until time.Duration // an Until of 0 means for ever
}

// The defaults of Metrics. Lambda emits metrics each minute; that they take up to another
// minute is an assumption.
const (
	defaultLag     = time.Minute
	defaultHistory = 3 * time.Hour
	maxLagMinutes  = 24 * 60
	maxHistory     = 15 * 24 * 60 // minutes
	maxDatapoints  = 100_800
)

// incompleteStatuses are the values of Incomplete.Status.
var incompleteStatuses = []string{localaws.StatusPartialData, localaws.StatusInternalError, localaws.StatusForbidden}

func decodeMetrics(v strictjson.Value) Metrics {
	o := v.Object("lagMinutes", "halfArrived", "onlyWeighted", "historyMinutes", "pageDatapoints", "incomplete")
	m := Metrics{
		AliasLag: defaultLag, VersionLag: defaultLag, History: defaultHistory,
		HalfArrived: o.Field("halfArrived").Bool(), OnlyWeighted: o.Field("onlyWeighted").Bool(),
		PageDatapoints: int(o.Field("pageDatapoints").Int(0, maxDatapoints)),
	}
	switch lag := o.Field("lagMinutes"); {
	case lag.IsObject():
		by := lag.Object("alias", "version")
		m.AliasLag, m.VersionLag = minutes(by.Require("alias"), maxLagMinutes), minutes(by.Require("version"), maxLagMinutes)
	case lag.Present():
		m.AliasLag = minutes(lag, maxLagMinutes)
		m.VersionLag = m.AliasLag
	}
	if history := o.Field("historyMinutes"); history.Present() {
		m.History = minutes(history, maxHistory)
	}
	if incomplete := o.Field("incomplete"); incomplete.Present() {
		m.Incomplete = decodeIncomplete(incomplete)
	}
	return m
}

func decodeIncomplete(v strictjson.Value) Incomplete {
	o := v.Object("status", "version", "fromSeconds", "untilSeconds")
	return Incomplete{
		Status:  o.Require("status").OneOf(incompleteStatuses...),
		Version: decodeVersion(o.Field("version")),
		From:    seconds(o.Field("fromSeconds")), Until: seconds(o.Field("untilSeconds")),
	}
}

func minutes(v strictjson.Value, most int64) time.Duration {
	return time.Duration(v.Int(0, most)) * time.Minute
}

// lag returns when a metric of a version, or of the whole alias, can be read.
func (m Metrics) lag(version string) time.Duration {
	if version == "" {
		return m.AliasLag
	}
	return m.VersionLag
}

// MetricData implements localaws.MetricProvider: the metrics that Lambda emits for requests to
// an alias.
func (t *traffic) MetricData(m localaws.Metric, from, until time.Time) localaws.MetricData {
	// Counting up to a whole minute changes no later draw, as every count ends there anyway.
	now := t.now()
	counted := now.Truncate(time.Minute)
	if t.profile.HalfArrived || t.profile.AliasLag == 0 || t.profile.VersionLag == 0 {
		counted = now // the minute that runs can be seen
	}
	t.advance(counted)
	d := localaws.MetricData{Unit: Metric(m.Name).unit()}
	first, last := t.minuteFrom(from), t.minuteFrom(until)
	var all []localaws.Distribution
	for _, of := range t.subjectsOf(m) {
		all = append(all, t.period(period{of.stream, of.version, Metric(m.Name), first, last}, now))
	}
	d.Values = localaws.MergeDistributions(all)
	return d
}

// period is some minutes of a metric.
type period struct {
	stream      *stream
	version     string
	metric      Metric
	first, last int64
}

// period returns the values of a period that can be read now. What can be read whole does not
// change any more, so it is kept: each poll of a deployment reads all periods anew.
func (t *traffic) period(p period, now time.Time) localaws.Distribution {
	if values, kept := t.kept[p]; kept {
		return values
	}
	values := t.values(p.stream, p.version, p.metric, p.first, p.last, now)
	if end := t.epoch.Add(time.Duration(p.last) * time.Minute); !now.Before(end.Add(t.profile.lag(p.version))) {
		t.kept[p] = values
	}
	return values
}

// minuteFrom returns the first minute that begins at a time or later. It may be negative.
func (t *traffic) minuteFrom(at time.Time) int64 {
	since := at.Sub(t.epoch)
	minute := int64(since / time.Minute)
	if since%time.Minute > 0 {
		minute++
	}
	return minute
}

// subject is what a metric is about. An empty version means all of them.
type subject struct {
	stream  *stream
	version string
}

// subjectsOf returns what a metric is about. Lambda emits metrics for a function, for each alias,
// and for each version behind an alias. CloudFront emits them for a distribution.
func (t *traffic) subjectsOf(m localaws.Metric) []subject {
	var of []subject
	for _, s := range t.streams {
		if version, matches := s.matches(m); matches && Metric(m.Name).isOf(s.target) {
			of = append(of, subject{s, version})
		}
	}
	return of
}

// matches says whether a metric is about the stream, and about which version.
func (s *stream) matches(m localaws.Metric) (version string, matches bool) {
	if s.target.Kind() == shift.KindLambda {
		return m.Dimensions["ExecutedVersion"], m.Namespace == lambdaNamespace && isOfAlias(m.Dimensions, dimensions(s.target, ""))
	}
	distribution := m.Dimensions["DistributionId"]
	if m.Namespace != cloudFrontNamespace || !maps.Equal(m.Dimensions, distributionDimensions(distribution)) {
		return "", false
	}
	if s.target.Kind() == shift.KindSwitch {
		return distribution, s.versions[distribution] != nil
	}
	return "", s.target == flow.CloudFrontTarget(distribution)
}

// isOfAlias says whether a metric with these dimensions is about the function of an alias, the
// alias, or a version behind it.
func isOfAlias(dimensions, alias map[string]string) bool {
	_, ofVersion := dimensions["ExecutedVersion"]
	resource, ofAlias := dimensions["Resource"]
	known := 1
	if ofAlias {
		known++
	}
	if ofVersion {
		known++
	}
	if len(dimensions) != known || dimensions["FunctionName"] != alias["FunctionName"] || ofVersion && !ofAlias {
		return false
	}
	return !ofAlias || resource == alias["Resource"]
}

// values returns the values of a metric that can be read now, from the first minute up to, but
// not including, the last. An empty version means the whole alias.
func (t *traffic) values(s *stream, version string, metric Metric, first, last int64, now time.Time) localaws.Distribution {
	first = max(first, -int64(t.profile.History/time.Minute))
	last = min(last, t.minute(now)+1)
	var all []localaws.Distribution
	for minute := first; minute < last; minute++ {
		share := t.arrived(s, version, metric, minute, now)
		if share == 0 {
			continue
		}
		var of localaws.Distribution
		for _, served := range t.servedBy(s, version, minute) {
			of = of.Merge(served.values(metric))
		}
		all = append(all, thin(of, share))
	}
	return localaws.MergeDistributions(all)
}

// arrived returns the share of a minute's values that can be read.
func (t *traffic) arrived(s *stream, version string, metric Metric, minute int64, now time.Time) float64 {
	end := t.epoch.Add(time.Duration(minute+1) * time.Minute)
	switch lag := t.profile.lag(version); {
	case lag == 0, !now.Before(end.Add(lag)):
		return 1
	case !t.profile.HalfArrived:
		return 0
	}
	of := hashOf(string(s.target), version, string(metric), strconv.FormatInt(minute, 10))
	return rand.New(rand.NewPCG(t.seed, of)).Float64()
}

func hashOf(texts ...string) uint64 {
	hash := fnv.New64a()
	for _, text := range texts {
		_, _ = io.WriteString(hash, text+"\x00") // it never fails
	}
	return hash.Sum64()
}

// thin returns about a share of the values, spread over all of them.
func thin(d localaws.Distribution, share float64) localaws.Distribution {
	if share == 1 {
		return d
	}
	var thinned localaws.Distribution
	var seen, kept int64
	for _, s := range d {
		seen += s.Count
		if more := int64(share*float64(seen)) - kept; more > 0 {
			thinned = append(thinned, localaws.Sample{Value: s.Value, Count: more})
			kept += more
		}
	}
	return thinned
}

// servedBy returns what was served in a minute, for metrics of a version or of the whole alias.
func (t *traffic) servedBy(s *stream, version string, minute int64) []served {
	switch {
	case minute < 0:
		return t.servedBefore(s, version, minute)
	case version != "":
		return s.versions[version].at(minute, t.profile.OnlyWeighted)
	}
	var found []served
	for _, name := range sortedKeys(s.versions) {
		found = append(found, s.versions[name].at(minute, false)...)
	}
	return found
}

// servedBefore returns what was served in a minute of the history.
func (t *traffic) servedBefore(s *stream, version string, minute int64) []served {
	if version != "" && (version != s.first || t.profile.OnlyWeighted) {
		return nil
	}
	past := t.history(s)
	if back := int64(len(past)) + minute; back >= 0 {
		return past[back : back+1]
	}
	return nil
}

// at returns what a version served in a minute, if anything.
func (r *record) at(minute int64, onlyWeighted bool) []served {
	if r == nil {
		return nil
	}
	minutes := r.minutes
	if onlyWeighted {
		minutes = r.weighted
	}
	if minute >= int64(len(minutes)) {
		return nil
	}
	return minutes[minute : minute+1]
}

// values returns the values that Lambda emits for a metric. For each request it emits an
// Errors value of 0 or 1 and an Invocations value of 1. What it emits for Throttles by
// ExecutedVersion is not documented; here a minute without throttled requests has no data.
func (s served) values(m Metric) localaws.Distribution {
	var all localaws.Distribution
	switch m {
	case Invocations:
		all = localaws.Distribution{{Value: 1, Count: s.invocations}}
	case Errors:
		all = localaws.Distribution{{Value: 0, Count: s.invocations - s.errors}, {Value: 1, Count: s.errors}}
	case Throttles:
		all = localaws.Distribution{{Value: 1, Count: s.throttles}}
	case Duration:
		return s.durations
	case Requests5xx:
		all = localaws.Distribution{{Value: 0, Count: s.invocations - s.errors}, {Value: 100, Count: s.errors}}
	case ViewerRequests:
		all = localaws.Distribution{{Value: 1, Count: s.invocations}}
	}
	return slices.DeleteFunc(all, func(sample localaws.Sample) bool { return sample.Count == 0 })
}

// points returns the values of an alarm's last periods that can be read now, the newest first.
// A value is nil if nothing was served. complete says whether the world is old enough to have
// all of the periods.
func (t *traffic) points(a Alarm, s *stream, version string, now time.Time) (values []*float64, complete bool) {
	perPeriod := int64(a.Period / time.Minute)
	from := now.Add(-t.profile.lag(version))
	if t.profile.HalfArrived {
		from = now
	}
	readable := t.minute(from) // minutes that ended
	if from.Before(t.epoch) {
		readable = 0
	}
	last := readable / perPeriod // periods that ended
	complete = last >= int64(a.Periods)
	statistic, _ := localaws.ParseStatistic(string(a.Statistic)) // decoding has checked it
	for period := last - 1; period >= max(0, last-int64(a.Periods)); period-- {
		of := t.values(s, version, a.Metric, period*perPeriod, (period+1)*perPeriod, now)
		if value, exists := statistic.Of(of); exists {
			values = append(values, &value)
		} else {
			values = append(values, nil)
		}
	}
	return values, complete
}

// isIncomplete says whether a result of GetMetricData is incomplete now.
func (w *World) isIncomplete(m localaws.Metric) bool {
	i := w.scenario.Metrics.Incomplete
	elapsed := w.Elapsed()
	if i.Status == "" || elapsed < i.From || i.Until > 0 && elapsed >= i.Until {
		return false
	}
	return i.Version == "" || slices.ContainsFunc(w.traffic.subjectsOf(m), func(of subject) bool {
		return w.versionOf(of.stream.target, i.Version) == of.version
	})
}

// serveMetrics lets CloudWatch show the traffic.
func (w *World) serveMetrics() {
	w.cloud.SetMetricProvider(w.traffic)
	w.cloud.SetMetricAnswers(localaws.MetricAnswers{
		PageDatapoints: w.scenario.Metrics.PageDatapoints,
		Status: func(m localaws.Metric) (status, message string) {
			if w.isIncomplete(m) {
				return w.scenario.Metrics.Incomplete.Status, "the scenario keeps these data back"
			}
			return localaws.StatusComplete, ""
		},
	})
}
