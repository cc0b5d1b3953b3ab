package world

import (
	"math"
	"math/rand/v2"
	"time"

	"sluice/internal/localaws"
	"sluice/internal/shift"
)

// traffic sends requests to the Targets' aliases, at random by their weights, and counts the
// results minute by minute.
type traffic struct {
	began    time.Time
	rate     int64 // requests a minute for each Target
	random   *rand.Rand
	streams  []*stream
	byTarget map[shift.Target]*stream
	behave   func(target shift.Target, version string) Behaviour
}

// Requests counts the requests of a Target that a version served.
type Requests struct {
	Target   shift.Target `json:"target"`
	Version  string       `json:"version"`
	Role     Role         `json:"role"`
	Requests int64        `json:"requests"`
	Errors   int64        `json:"errors"`
}

// Role is what a version is at a Target.
type Role string

const (
	RoleStable    Role = "stable"    // it served when the world began
	RoleCandidate Role = "candidate" // Sluice has introduced it
	RoleOther     Role = "other"     // somebody else has moved the alias to it
)

// stream is one Target's share of the traffic.
type stream struct {
	target  shift.Target
	alias   localaws.Alias
	exists  bool
	until   time.Time // requests are counted up to this time
	minutes map[series]map[int64]*point
}

// series are a metric's dimensions: a whole Target (FunctionName and Resource), or one version
// of it (with ExecutedVersion in addition). Lambda emits both.
type series struct{ version string }

// point summarizes the requests of one minute.
type point struct {
	invocations, errors int64
	duration            float64 // total, in milliseconds
	slowest, fastest    float64
}

func newTraffic(began time.Time, rate int64, random *rand.Rand) *traffic {
	return &traffic{began: began, rate: rate, random: random, byTarget: map[shift.Target]*stream{}}
}

// add starts the traffic of a Target.
func (t *traffic) add(target shift.Target, alias localaws.Alias, exists bool) {
	s := &stream{target: target, alias: alias, exists: exists, until: t.began, minutes: map[series]map[int64]*point{}}
	t.streams = append(t.streams, s)
	t.byTarget[target] = s
}

// reroute changes what an alias serves from now on.
func (t *traffic) reroute(target shift.Target, alias *localaws.Alias, now time.Time) {
	s, known := t.byTarget[target]
	if !known {
		return
	}
	t.count(s, now)
	s.exists = alias != nil
	if alias != nil {
		s.alias = *alias
	}
}

// advance counts the requests up to now.
func (t *traffic) advance(now time.Time) {
	for _, s := range t.streams {
		t.count(s, now)
	}
}

// count counts a Target's requests since the last count, minute by minute. The requests are
// evenly spaced, so that the counts of consecutive intervals add up.
func (t *traffic) count(s *stream, now time.Time) {
	for s.until.Before(now) {
		minute := int64(s.until.Sub(t.began) / time.Minute)
		end := t.began.Add(time.Duration(minute+1) * time.Minute)
		if now.Before(end) {
			end = now
		}
		if n := t.requestsBefore(end) - t.requestsBefore(s.until); n > 0 && s.exists {
			t.serve(s, minute, n)
		}
		s.until = end
	}
}

func (t *traffic) requestsBefore(at time.Time) int64 {
	since := at.Sub(t.began)
	whole, rest := int64(since/time.Minute), since%time.Minute
	return whole*t.rate + int64(rest)*t.rate/int64(time.Minute)
}

func (t *traffic) serve(s *stream, minute, n int64) {
	for version, weight := range s.alias.Weights {
		additional := t.binomial(n, weight)
		t.serveVersion(s, minute, version, additional)
		n -= additional
	}
	t.serveVersion(s, minute, s.alias.FunctionVersion, n)
}

func (t *traffic) serveVersion(s *stream, minute int64, version string, n int64) {
	if n == 0 {
		return
	}
	behaviour := t.behave(s.target, version)
	failed := t.binomial(n, behaviour.ErrorRate)
	took := float64(behaviour.Duration) / float64(time.Millisecond)
	s.record(series{}, minute, n, failed, took)
	s.record(series{version}, minute, n, failed, took)
}

func (s *stream) record(of series, minute, n, failed int64, took float64) {
	if s.minutes[of] == nil {
		s.minutes[of] = map[int64]*point{}
	}
	p := s.minutes[of][minute]
	if p == nil {
		p = &point{fastest: took}
		s.minutes[of][minute] = p
	}
	p.invocations += n
	p.errors += failed
	p.duration += float64(n) * took
	p.slowest, p.fastest = max(p.slowest, took), min(p.fastest, took)
}

// maxSingleDraws bounds the number of requests that are drawn one by one.
const maxSingleDraws = 4096

// binomial draws from the binomial distribution of n trials with probability p. For large n it
// uses the normal approximation.
func (t *traffic) binomial(n int64, p float64) int64 {
	switch {
	case p <= 0 || n == 0:
		return 0
	case p >= 1:
		return n
	case n > maxSingleDraws:
		mean, deviation := float64(n)*p, math.Sqrt(float64(n)*p*(1-p))
		drawn := int64(math.Round(mean + deviation*t.random.NormFloat64()))
		return min(max(drawn, 0), n)
	}
	var hits int64
	for range n {
		if t.random.Float64() < p {
			hits++
		}
	}
	return hits
}
