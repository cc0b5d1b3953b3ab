package world

import (
	"math"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// served summarizes the requests that a version served in a minute, or in a part of one.
type served struct {
	invocations, errors int64
	// throttles are requests that Lambda turned away. They count neither as invocations nor as
	// errors (Lambda's metrics).
	throttles int64
	durations localaws.Distribution // in milliseconds
}

func (s *served) add(more served) {
	s.invocations += more.invocations
	s.errors += more.errors
	s.throttles += more.throttles
	s.durations = s.durations.Merge(more.durations)
}

// part is a minute or a part of one, in time since the start.
type part struct {
	minute      int64
	from, until time.Duration
}

func (p part) length() time.Duration { return p.until - p.from }

// server serves requests as versions behave. Errors without any trait are drawn with main, as
// they always were; everything else with extra, so that it changes no draw of main.
type server struct {
	main, extra dice
	incidents   []Incident
}

// serve serves n requests to a version.
func (v *server) serve(b Behaviour, p *pool, at part, n int64) served {
	incident := during(v.incidents, at.from, at.until)
	busy := min(b.Duration.mean()*incident.DurationTimes, longest) // of each request, in milliseconds
	s := served{throttles: v.throttled(b, incident, at, busy, n)}
	s.invocations = n - s.throttles
	// In a part shorter than a request, all requests are served at once.
	concurrency := float64(s.invocations) * busy / max(inMillis(at.length()), busy, 1)
	cold, broken := p.serve(b.Deaths, v.extra, at, concurrency)
	s.errors = v.failed(b, incident, at, s.invocations)
	s.errors += v.extra.binomial(s.invocations-s.errors, broken)
	if b.ColdStart.P50 == 0 {
		cold = 0
	}
	cold = min(cold, s.invocations)
	s.durations = b.Duration.draw(s.invocations-cold, incident.DurationTimes, v.extra)
	s.durations = s.durations.Merge(v.coldStarts(b, incident, cold))
	return s
}

// coldStarts returns the durations of the first requests of new sandboxes.
func (v *server) coldStarts(b Behaviour, i Incident, n int64) localaws.Distribution {
	samples := make([]localaws.Sample, n)
	for k := range samples {
		took := b.Duration.one(i.DurationTimes, v.extra) + b.ColdStart.one(i.DurationTimes, v.extra)
		samples[k] = localaws.Sample{Value: min(took, longest), Count: 1}
	}
	return localaws.NewDistribution(samples...)
}

// throttled returns how many of n requests Lambda throttles.
func (v *server) throttled(b Behaviour, i Incident, at part, busy float64, n int64) int64 {
	throttled := v.extra.binomial(n, either(b.ThrottleRate, i.ThrottleRate))
	if b.MaxConcurrency == 0 {
		return throttled
	}
	concurrency := float64(n-throttled) * busy / max(inMillis(at.length()), 1000)
	return throttled + v.extra.binomial(n-throttled, 1-float64(b.MaxConcurrency)/concurrency)
}

// failed returns how many of n requests fail, without those of broken sandboxes.
func (v *server) failed(b Behaviour, i Incident, at part, n int64) int64 {
	rate := either(b.errorRate((at.from+at.until)/2), i.ErrorRate)
	if b.ErrorClump > 1 {
		return v.extra.clumps(n, rate, b.ErrorClump)
	}
	return v.main.binomial(n, rate)
}

// pool is the sandboxes of a version. Lambda has as many as there were requests at once in the
// last minutes.
type pool struct {
	warm   bool // all sandboxes that the first requests need are there already
	recent []need
	broken []breakdown
}

// need is how many sandboxes a part of a minute needed.
type need struct {
	until     time.Duration
	sandboxes int64
}

// breakdown is the time in which a sandbox is broken.
type breakdown struct{ from, until time.Duration }

// sandboxLife is for how long an idle sandbox stays. Lambda does not document it.
const sandboxLife = 10 * time.Minute

// size returns the number of sandboxes at a time.
func (p *pool) size(at time.Duration) int64 {
	for len(p.recent) > 0 && p.recent[0].until+sandboxLife < at {
		p.recent = p.recent[1:]
	}
	var size int64
	for _, n := range p.recent {
		size = max(size, n.sandboxes)
	}
	return size
}

// serve returns how many sandboxes are new in a part of a minute with this concurrency, and
// the share of requests that arrive at broken ones.
func (p *pool) serve(deaths SandboxDeaths, d dice, at part, concurrency float64) (cold int64, broken float64) {
	if concurrency == 0 {
		return 0, 0
	}
	// Requests come at random: at times there are more at once than on average.
	needed := int64(math.Ceil(concurrency + 2*math.Sqrt(concurrency)))
	had := p.size(at.from)
	if p.warm {
		had, p.warm = max(had, needed), false
	}
	p.recent = append(p.recent, need{at.until, needed})
	size := max(needed, had)
	replaced, broken := p.breakDown(deaths, d, at, size)
	return size - had + replaced, broken
}

// breakDown lets sandboxes break in a part of a minute. It returns how many broken ones were
// replaced, and the mean share of broken ones.
func (p *pool) breakDown(deaths SandboxDeaths, d dice, at part, size int64) (replaced int64, broken float64) {
	if deaths.PerHour == 0 {
		return 0, 0
	}
	before := int64(len(p.broken))
	p.broken = slices.DeleteFunc(p.broken, func(b breakdown) bool { return b.until <= at.from })
	replaced = before - int64(len(p.broken))
	hits := d.binomial(size-int64(len(p.broken)), 1-math.Exp(-deaths.PerHour*at.length().Hours()))
	for range hits {
		from := at.from + time.Duration(d.random.Float64()*float64(at.length()))
		p.broken = append(p.broken, breakdown{from, from + deaths.Dead})
	}
	for _, b := range p.broken {
		broken += float64(min(b.until, at.until)-max(b.from, at.from)) / float64(at.length())
	}
	return replaced, min(broken/float64(size), 1)
}
