package world

import (
	"math"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Behaviour is how a version serves its requests.
type Behaviour struct {
	// ErrorRate is the share of requests that fail.
	ErrorRate float64
	// ErrorClump is the mean number of requests that fail together. 0 and 1 mean that each
	// fails for itself.
	ErrorClump float64
	// Drift changes the ErrorRate with time.
	Drift    Drift
	Duration Latency
	// ColdStart is how much longer the first request of a new sandbox takes. Lambda's metric
	// Duration leaves out the initialization before the handler; this is what the handler itself
	// does for the first time.
	ColdStart Latency
	Deaths    SandboxDeaths
	// ThrottleRate is the share of requests that Lambda throttles. MaxConcurrency is how many
	// requests the version serves at once; Lambda throttles those above. 0 means no bound.
	ThrottleRate   float64
	MaxConcurrency int64
	// Pending is how long a newly published version cannot be invoked.
	Pending time.Duration
	// Fails means that the version never becomes active.
	Fails bool
}

// Versions are how the two versions of a Target behave. nil means as those of all other Targets.
type Versions struct{ Stable, Candidate *Behaviour }

func decodeTargets(o strictjson.Object) map[shift.Target]Versions {
	targets := map[shift.Target]Versions{}
	for _, name := range o.Names() {
		if err := flow.CheckTarget(shift.Target(name)); err != nil {
			o.Field(name).Problem("%v", err)
		}
		var v Versions
		of := o.Field(name).Object("stable", "candidate")
		for _, version := range []struct {
			name string
			into **Behaviour
		}{{"stable", &v.Stable}, {"candidate", &v.Candidate}} {
			if given := of.Field(version.name); given.Present() {
				b := decodeBehaviour(given.Object(behaviourFields...))
				*version.into = &b
			}
		}
		targets[shift.Target(name)] = v
	}
	return targets
}

// of returns how a version of a Target behaves, as the Candidate or as Stable.
func (s Scenario) of(t shift.Target, isCandidate bool) Behaviour {
	own := s.Targets[t]
	switch {
	case isCandidate && own.Candidate != nil:
		return *own.Candidate
	case isCandidate:
		return s.Candidate
	case own.Stable != nil:
		return *own.Stable
	}
	return s.Stable
}

// Drift moves an error rate in a line, from the version's own rate at From to ErrorRate at
// Until, where it stays. An Until of 0 means no drift. The times are since the start.
type Drift struct {
	ErrorRate   float64
	From, Until time.Duration
}

// SandboxDeaths says how often a sandbox breaks, and fails all of its requests, until Lambda
// replaces it.
type SandboxDeaths struct {
	PerHour float64 // for each sandbox
	Dead    time.Duration
}

// behaviourFields are the fields that both versions have.
var behaviourFields = []string{"errorRate", "errorClump", "drift", "durationMs", "coldStartMs", "sandboxDeaths", "throttleRate", "maxConcurrency"}

const (
	// maxClump bounds errorClump, and maxDeaths the deaths of a sandbox in an hour.
	maxClump, maxDeaths = 1000, 3600
	// minSlowdown and maxSlowdown bound durationTimes.
	minSlowdown, maxSlowdown = 0.01, 1000
)

func decodeBehaviour(o strictjson.Object) Behaviour {
	always := defaultMillis * time.Millisecond
	b := Behaviour{
		ErrorRate:      o.Field("errorRate").Float(0, 1),
		Drift:          decodeDrift(o.Field("drift")),
		Duration:       Latency{always, always},
		ColdStart:      decodeLatency(o.Field("coldStartMs")),
		Deaths:         decodeDeaths(o.Field("sandboxDeaths")),
		ThrottleRate:   o.Field("throttleRate").Float(0, 1),
		MaxConcurrency: o.Field("maxConcurrency").Int(0, maxRate),
		Pending:        seconds(o.Field("pendingSeconds")),
		Fails:          o.Field("fails").Bool(),
	}
	if clump := o.Field("errorClump"); clump.Present() {
		b.ErrorClump = clump.Float(1, maxClump)
	}
	if d := o.Field("durationMs"); d.Present() {
		b.Duration = decodeLatency(d)
	}
	return b
}

func decodeDrift(v strictjson.Value) Drift {
	if !v.Present() {
		return Drift{}
	}
	o := v.Object("toErrorRate", "fromSeconds", "untilSeconds")
	d := Drift{ErrorRate: o.Require("toErrorRate").Float(0, 1), From: seconds(o.Field("fromSeconds")), Until: seconds(o.Require("untilSeconds"))}
	if d.Until <= d.From && !v.HasProblem() {
		o.Field("untilSeconds").Problem("must be above fromSeconds")
	}
	return d
}

func decodeDeaths(v strictjson.Value) SandboxDeaths {
	if !v.Present() {
		return SandboxDeaths{}
	}
	o := v.Object("perHour", "deadSeconds")
	return SandboxDeaths{PerHour: o.Require("perHour").Float(0, maxDeaths), Dead: seconds(o.Require("deadSeconds"))}
}

// errorRate returns the share of requests that fail at a time since the start.
func (b Behaviour) errorRate(at time.Duration) float64 {
	if b.Drift.Until == 0 || at <= b.Drift.From {
		return b.ErrorRate
	}
	way := min(float64(at-b.Drift.From)/float64(b.Drift.Until-b.Drift.From), 1)
	return b.ErrorRate + way*(b.Drift.ErrorRate-b.ErrorRate)
}

// Incident is a time in which all versions fare worse, such as an outage of what they depend
// on. The times are since the start; those before it are in the history.
type Incident struct {
	From, Until time.Duration
	// ErrorRate and ThrottleRate are of the requests that would do well otherwise.
	ErrorRate, ThrottleRate float64
	// DurationTimes multiplies every duration.
	DurationTimes float64
}

func decodeIncidents(v strictjson.Value) []Incident {
	var incidents []Incident
	for _, item := range v.Array() {
		o := item.Object("fromSeconds", "untilSeconds", "errorRate", "throttleRate", "durationTimes")
		i := Incident{
			From:      signedSeconds(o.Require("fromSeconds")),
			Until:     signedSeconds(o.Require("untilSeconds")),
			ErrorRate: o.Field("errorRate").Float(0, 1), ThrottleRate: o.Field("throttleRate").Float(0, 1),
			DurationTimes: 1,
		}
		if factor := o.Field("durationTimes"); factor.Present() {
			i.DurationTimes = factor.Float(minSlowdown, maxSlowdown)
		}
		if i.Until <= i.From && !item.HasProblem() {
			o.Field("untilSeconds").Problem("must be above fromSeconds")
		}
		incidents = append(incidents, i)
	}
	return incidents
}

// signedSeconds reads a time that may be before the start.
func signedSeconds(v strictjson.Value) time.Duration {
	return time.Duration(v.Float(-maxSeconds, maxSeconds) * float64(time.Second))
}

// during returns what incidents do to all versions in a part of a minute, each by the share of
// the part that it covers.
func during(incidents []Incident, from, until time.Duration) Incident {
	all := Incident{DurationTimes: 1}
	for _, i := range incidents {
		overlap := min(i.Until, until) - max(i.From, from)
		if overlap <= 0 {
			continue
		}
		covered := float64(overlap) / float64(until-from)
		all.ErrorRate = either(all.ErrorRate, covered*i.ErrorRate)
		all.ThrottleRate = either(all.ThrottleRate, covered*i.ThrottleRate)
		all.DurationTimes *= math.Pow(i.DurationTimes, covered)
	}
	return all
}

// either returns the probability that at least one of two independent things happens.
func either(a, b float64) float64 { return a + b - a*b }
