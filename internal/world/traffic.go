package world

import (
	"math/rand/v2"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// traffic sends requests to the Targets' aliases, at random by their weights, and counts the
// results minute by minute.
type traffic struct {
	began    time.Time
	epoch    time.Time // the whole minute before began; CloudWatch's minutes are whole
	now      func() time.Time
	rate     int64 // requests a minute for each Target
	retries  int64 // how often a request that failed is sent again
	seed     uint64
	server   server
	profile  Metrics
	streams  []*stream
	byTarget map[shift.Target]*stream
	kept     map[period]localaws.Distribution
	behave   func(target shift.Target, version string) Behaviour
}

// Requests counts the requests of a Target that a version served.
type Requests struct {
	Target shift.Target `json:"target"`
	// Kind is "site", "name" or "switch"; empty for a function.
	Kind     string `json:"kind,omitempty"`
	Version  string `json:"version"`
	Role     Role   `json:"role"`
	Requests int64  `json:"requests"`
	Errors   int64  `json:"errors"`
	// Throttles are not among the Requests.
	Throttles int64 `json:"throttles,omitempty"`
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
	target shift.Target
	// portions say who serves. There are none while the alias does not exist.
	portions []portion
	until    time.Time // requests are counted up to this time
	versions map[string]*record
	// resent are the requests that are sent again, by the minute and how often they were sent
	// before.
	resent map[int64]map[int64]int64
	first  string   // the version that served when the world began
	past   []served // what it served before, up to the epoch; nil until somebody asks
}

// portion is the share of a Target's requests that a version serves.
type portion struct {
	version string
	share   float64
}

// portionsOfAlias returns the portions of an alias, that of its own version last. There are none
// without an alias.
func portionsOfAlias(a *localaws.Alias) (portions []portion) {
	if a == nil {
		return nil
	}
	rest := 1.0
	for version, weight := range a.Weights {
		portions = append(portions, portion{version, weight})
		rest -= weight
	}
	return append(portions, portion{a.FunctionVersion, rest})
}

// record is what a version served, by minutes since the epoch.
type record struct {
	pool     pool
	minutes  []served
	weighted []served // while the alias had weights; only for a profile that shows no more
}

func newTraffic(began time.Time, s Scenario, now func() time.Time) *traffic {
	roll := func(n uint64, exact bool) dice { return dice{rand.New(rand.NewPCG(s.Seed, n)), exact} }
	return &traffic{
		began: began, epoch: began.Truncate(time.Minute), now: now,
		rate: s.RequestsPerMinute, retries: s.Retries, seed: s.Seed, profile: s.Metrics,
		server:   server{main: roll(2, s.isDetailed()), extra: roll(4, true), incidents: s.Incidents},
		byTarget: map[shift.Target]*stream{}, kept: map[period]localaws.Distribution{},
	}
}

// isDetailed says that the scenario asks for more than an error rate and a duration that is
// always the same.
func (s Scenario) isDetailed() bool {
	plain := func(b Behaviour) bool {
		return b == Behaviour{ErrorRate: b.ErrorRate, Duration: b.Duration, Pending: b.Pending, Fails: b.Fails} && b.Duration.constant()
	}
	for t := range s.Targets {
		if !plain(s.of(t, false)) || !plain(s.of(t, true)) {
			return true
		}
	}
	return !plain(s.Stable) || !plain(s.Candidate) || len(s.Incidents) > 0 || s.Retries > 0
}

// add starts the traffic of a Target. first is the version that serves it, or empty.
func (t *traffic) add(target shift.Target, first string, portions []portion) *stream {
	s := &stream{
		target: target, portions: portions, until: t.began, first: first,
		versions: map[string]*record{}, resent: map[int64]map[int64]int64{},
	}
	if first != "" {
		s.version(first).pool.warm = t.profile.History > 0
	}
	t.streams = append(t.streams, s)
	t.byTarget[target] = s
	return s
}

// version returns the record of a version.
func (s *stream) version(version string) *record {
	if s.versions[version] == nil {
		s.versions[version] = &record{}
	}
	return s.versions[version]
}

// reroute changes who serves a Target from now on.
func (t *traffic) reroute(target shift.Target, portions []portion, now time.Time) {
	if s, known := t.byTarget[target]; known {
		t.count(s, now)
		s.portions = portions
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
		minute := t.minute(s.until)
		end := t.epoch.Add(time.Duration(minute+1) * time.Minute)
		if now.Before(end) {
			end = now
		}
		at := part{minute, s.until.Sub(t.began), end.Sub(t.began)}
		if n := t.requestsBefore(end) - t.requestsBefore(s.until); len(s.portions) > 0 {
			t.send(s, at, n)
		}
		s.until = end
	}
}

// minute returns the minute of a time, from the epoch on.
func (t *traffic) minute(at time.Time) int64 { return int64(at.Sub(t.epoch) / time.Minute) }

func (t *traffic) requestsBefore(at time.Time) int64 {
	since := at.Sub(t.began)
	whole, rest := int64(since/time.Minute), since%time.Minute
	return whole*t.rate + int64(rest)*t.rate/int64(time.Minute)
}

// send sends new requests, and those that are due again.
func (t *traffic) send(s *stream, at part, n int64) {
	t.resend(s, at, 0, t.serve(s, at, n))
	due := s.resent[at.minute]
	delete(s.resent, at.minute)
	for sent := int64(1); sent <= t.retries; sent++ {
		t.resend(s, at, sent, t.serve(s, at, due[sent]))
	}
}

// resend arranges that requests are sent again which have failed, and which were sent again so
// many times before. They are routed anew. Lambda waits a minute before the first retry of an
// asynchronous invocation, and two before the second.
func (t *traffic) resend(s *stream, at part, before, failed int64) {
	if failed == 0 || before >= t.retries {
		return
	}
	minute := at.minute + min(before+1, 2)
	if s.resent[minute] == nil {
		s.resent[minute] = map[int64]int64{}
	}
	s.resent[minute][before+1] += failed
}

// sendMore sends requests in addition to those of the scenario, at once.
func (t *traffic) sendMore(s *stream, now time.Time, n int64) {
	t.count(s, now)
	if len(s.portions) == 0 {
		return
	}
	at := now.Sub(t.began)
	t.send(s, part{t.minute(now), at, at + time.Second}, n)
}

// serve routes requests at random by the portions. It returns how many were not served well.
func (t *traffic) serve(s *stream, at part, n int64) (failed int64) {
	rest, last := 1.0, len(s.portions)-1
	for _, p := range s.portions[:last] {
		some := t.server.main.binomial(n, p.share/rest)
		failed += t.serveVersion(s, at, p.version, some)
		n, rest = n-some, rest-p.share
	}
	return failed + t.serveVersion(s, at, s.portions[last].version, n)
}

func (t *traffic) serveVersion(s *stream, at part, version string, n int64) (failed int64) {
	if n == 0 {
		return 0
	}
	r := s.version(version)
	more := t.server.serve(t.behave(s.target, version), &r.pool, at, n)
	r.minutes = addTo(r.minutes, at.minute, more)
	if t.profile.OnlyWeighted && len(s.portions) > 1 {
		r.weighted = addTo(r.weighted, at.minute, more)
	}
	return more.errors + more.throttles
}

// addTo adds what was served in a minute.
func addTo(minutes []served, minute int64, more served) []served {
	for int64(len(minutes)) <= minute {
		minutes = append(minutes, served{})
	}
	minutes[minute].add(more)
	return minutes
}

// history returns what a Target's first version served in the minutes before the world began,
// the last one last. Nobody but GetMetricData sees it, and no draw of the traffic depends on
// it.
func (t *traffic) history(s *stream) []served {
	minutes := int64(t.profile.History / time.Minute)
	if s.past != nil || s.first == "" {
		return s.past
	}
	rolls := dice{rand.New(rand.NewPCG(t.seed, hashOf(string(s.target)))), true}
	before := server{main: rolls, extra: rolls, incidents: t.server.incidents}
	sandboxes := pool{warm: true}
	b := t.behave(s.target, s.first)
	s.past = make([]served, minutes)
	for i := range minutes {
		until := t.epoch.Sub(t.began) - time.Duration(minutes-1-i)*time.Minute
		s.past[i] = before.serve(b, &sandboxes, part{i - minutes, until - time.Minute, until}, t.rate)
	}
	return s.past
}
