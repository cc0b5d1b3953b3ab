package judge

import "math"

// Signal is one kind of bad request.
type Signal string

const (
	Errors    Signal = "errors"    // requests that failed
	Slow      Signal = "slow"      // requests above LatencyLimits.Slow
	VerySlow  Signal = "verySlow"  // requests above LatencyLimits.VerySlow
	Throttles Signal = "throttles" // requests that were refused
)

// signals lists every Signal in the order in which people are told of it.
var signals = [...]Signal{Errors, Slow, VerySlow, Throttles}

func (s Signal) isLatency() bool { return s == Slow || s == VerySlow }

// count returns how many requests a version served and how many were bad. It returns false
// when that was not reported, or cannot be true.
func (s Signal) count(m Measured) (Count, bool) {
	switch s {
	case Errors:
		return countOf(m.Requests, m.Errors)
	case Slow:
		return countOfShare(m.Requests, m.Slow)
	case VerySlow:
		return countOfShare(m.Requests, m.VerySlow)
	default:
		return countThrottles(m)
	}
}

func countOf(requests, bad Number) (Count, bool) {
	n, known := requests.count()
	b, knownBad := bad.count()
	return Count{Requests: n, Bad: b}, known && knownBad && b <= n
}

func countOfShare(requests, bad Number) (Count, bool) {
	n, known := requests.count()
	share, knownShare := bad.share()
	return Count{Requests: n, Bad: int64(math.Round(share * float64(n)))}, known && knownShare
}

// countThrottles counts throttled requests beside the served ones. A version whose requests
// are all throttled reports no invocations.
func countThrottles(m Measured) (Count, bool) {
	throttled, known := m.Throttles.count()
	served, _ := m.Requests.count()
	return Count{Requests: served + throttled, Bad: throttled}, known
}

// rules are when a Signal makes a Candidate worse.
type rules struct {
	// falseAlarms is the Signal's part of the false alarms that a deployment may have.
	falseAlarms float64
	// odds is how many times higher the Candidate's odds of a bad request must look.
	odds float64
	// difference is by how much its share of bad requests must look higher.
	difference float64
	// bad is the number of bad requests of the Candidate that a Fail needs.
	bad int64
	// clump is the least number of bad requests that count as one.
	clump float64
	// clumping is how careful one is with the clumps of history.
	clumping clumping
	// record says whether the Signal is held against Stable's record, too.
	record bool
}

// allFalseAlarms is the bound on the false alarms of a whole deployment. The parts of all
// Signals that decide make it up: latency is two of them.
const (
	allFalseAlarms      = 0.01
	latencyFalseAlarms  = 0.0015
	throttleFalseAlarms = 0.001
)

// rules returns a Signal's rules. Slow requests come together and vary more than failed ones,
// so they need more. Latency and throttles have no bet against the record: both depend on how
// much traffic there is, and that the record does not know.
func (s Settings) rules(signal Signal) rules {
	r := rules{odds: s.Tolerates.Times, difference: s.Tolerates.Percent / 100, bad: 2, clump: 1, clumping: carefully}
	switch signal {
	case Errors:
		r.falseAlarms, r.record = s.errorFalseAlarms(), true
	case Slow, VerySlow:
		r.falseAlarms, r.bad, r.clump = latencyFalseAlarms, 5, 3
		r.odds, r.difference = max(r.odds, 3), max(r.difference, 0.005)
	default:
		r.falseAlarms = throttleFalseAlarms
	}
	return r
}

// errorFalseAlarms is the part of errors. What only observes has no false alarms, so errors
// have its part, too.
func (s Settings) errorFalseAlarms() float64 {
	rest := allFalseAlarms
	if s.Slow == Enforce {
		rest -= 2 * latencyFalseAlarms
	}
	if s.Throttles == Enforce {
		rest -= throttleFalseAlarms
	}
	return rest
}
