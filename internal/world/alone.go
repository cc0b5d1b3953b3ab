package world

import (
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Traffic is the traffic of a Scenario to one alias, without Sluice, its deployments and the
// rest of a World. Whoever measures a judgement over thousands of deployments plays it
// directly. It is a localaws.MetricProvider with the same metrics that CloudWatch shows in a
// World.
//
// At first the alias serves TrafficStable alone, and has done so for the scenario's history.
type Traffic struct {
	traffic *traffic
	stream  *stream
	now     time.Time
}

// The alias and the versions of a Traffic.
const (
	TrafficFunction  = "orders"
	TrafficAlias     = "live"
	TrafficStable    = "1"
	TrafficCandidate = "2"
)

// NewTraffic returns the traffic of a scenario, at Epoch.
func NewTraffic(s Scenario) *Traffic {
	t := &Traffic{now: Epoch}
	t.traffic = newTraffic(Epoch, s, t.Now)
	t.traffic.behave = func(_ shift.Target, version string) Behaviour {
		if version == TrafficCandidate {
			return s.Candidate
		}
		return s.Stable
	}
	target := flow.LambdaTarget(TrafficFunction, TrafficAlias)
	t.stream = t.traffic.add(target, TrafficStable, []portion{{TrafficStable, 1}})
	return t
}

// Now returns the time.
func (t *Traffic) Now() time.Time { return t.now }

// Advance lets time pass.
func (t *Traffic) Advance(d time.Duration) {
	t.now = t.now.Add(d)
	t.traffic.advance(t.now)
}

// Shift gives the Candidate a share of the requests from now on.
func (t *Traffic) Shift(w shift.Weight) {
	alias := localaws.Alias{Function: TrafficFunction, Name: TrafficAlias, FunctionVersion: TrafficStable}
	switch w {
	case shift.None:
	case shift.All:
		alias.FunctionVersion = TrafficCandidate
	default:
		alias.Weights = map[string]float64{TrafficCandidate: float64(w) / float64(shift.All)}
	}
	t.traffic.reroute(t.stream.target, portionsOfAlias(&alias), t.now)
}

// MetricData implements localaws.MetricProvider.
func (t *Traffic) MetricData(m localaws.Metric, from, until time.Time) localaws.MetricData {
	return t.traffic.MetricData(m, from, until)
}

// Values returns the values of a metric that CloudWatch shows now, of the minutes that begin
// from from up to, but not including, until. An empty version means the whole alias.
func (t *Traffic) Values(version string, m Metric, from, until time.Time) localaws.Distribution {
	return t.traffic.values(t.stream, version, m, t.traffic.minuteFrom(from), t.traffic.minuteFrom(until), t.now)
}

// Served counts what a version has served so far, whatever CloudWatch shows of it.
func (t *Traffic) Served(version string) (requests, errors int64) {
	for _, s := range t.stream.version(version).minutes {
		requests += s.invocations
		errors += s.errors
	}
	return requests, errors
}
