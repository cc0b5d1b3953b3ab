package judge

import (
	"math"
	"time"
)

// Judge compares a Target's Candidate with its Stable, from all minutes since the first
// Shift. It keeps nothing between two calls: a figure that CloudWatch reports late changes
// the judgement as if it had been there from the start. The settings must be valid. The
// deployment shifts so many functions, which share the false alarms that it may have.
func Judge(settings Settings, baseline Baseline, traffic Traffic, functions int, now time.Time) Finding {
	w := newWindow(traffic, now)
	f := Finding{Arrival: w.arrival(), Readings: []Reading{}}
	for _, signal := range signals {
		mode := settings.mode(signal)
		if mode != Enforce && mode != Observe {
			continue
		}
		tallies := w.tallies(signal)
		r := read(signal, settings, baseline, tallies, max(functions, 1))
		r.Mode = mode
		if signal == Errors && f.Arrival.isShort() && (r.Conclusion == NothingFound || r.Conclusion == CannotTell) {
			r.Conclusion = RequestsMissing
		}
		f.Readings = append(f.Readings, r)
		f.Newest = latest(f.Newest, newest(tallies))
	}
	f.Enforced, f.Observed = gravest(f.Readings, Enforce), gravest(f.Readings, Observe)
	return f
}

// newest is the last minute in which requests of the Candidate were counted.
func newest(tallies []tally) time.Time {
	var at time.Time
	for _, t := range tallies {
		if t.candidate.Requests > 0 {
			at = t.at
		}
	}
	return at
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// read is what one Signal says.
func read(signal Signal, settings Settings, baseline Baseline, tallies []tally, functions int) Reading {
	if signal.isLatency() && baseline.Latency == (LatencyLimits{}) {
		return Reading{Signal: signal, Conclusion: CannotTell, Missing: LatencyHistory, Hidden: 1, All: Comparison{Odds: 1}}
	}
	rules := settings.rules(signal)
	e := newEvidence(rules, baseline.record(signal))
	for _, t := range tallies {
		e.add(t)
	}
	r := e.reading(float64(functions) / rules.falseAlarms)
	r.Signal = signal
	switch {
	case r.Conclusion == Worse:
	case signal == Errors && e.isBothSick():
		r.Conclusion = BothSick
	case !e.sample().excludes(settings.ExcludesPercent / 100):
		r.Conclusion, r.Missing = CannotTell, e.missing()
	}
	return r
}

// reading is the evidence in numbers. Its Conclusion is Worse or NothingFound.
func (e *evidence) reading(threshold float64) Reading {
	r := Reading{
		Conclusion: NothingFound,
		All:        e.all().comparison(),
		E:          expBounded(e.logBeside()),
		EAlone:     expBounded(e.logAlone()),
		Threshold:  threshold,
		WorseAlone: e.speaks(math.Log(threshold)),
		Hidden:     e.sample().hidden(),
	}
	decisive := r.E
	switch {
	case e.fails(math.Log(threshold)):
		r.Conclusion = Worse
		since, effect := e.since(sideBySide, recordBeside)
		r.Since, r.SinceThen = since, effect.comparison()
	case r.WorseAlone:
		decisive = r.EAlone
		since, effect := e.since(recordAlone)
		r.Since, r.SinceThen = since, effect.comparison()
	}
	r.OncePer = OncePer(decisive, threshold)
	return r
}

// mostDeployments bounds what is said of how rare evidence is.
const mostDeployments = 1e9

// OncePer is in how many deployments chance alone makes such evidence once, at most. The
// threshold is that of the evidence.
func OncePer(e, threshold float64) int64 {
	const rounding = 1e-9 // a whole number must not become the one below it
	return int64(math.Min(e/threshold/allFalseAlarms*(1+rounding), mostDeployments))
}

// missing says why a regression is not excluded.
func (e *evidence) missing() Missing {
	all := e.all()
	switch {
	case all.candidate.Requests+all.alone.Requests == 0:
		return CandidateFigures
	case all.stable.Requests == 0 && all.alone.Requests == 0:
		return StableFigures
	case all.weight == 0:
		return SharedMinutes
	}
	return MoreRequests
}

const (
	sickShare   = 0.05 // share of bad requests from which on a version is sick
	sickTimes   = 3    // times Stable's history from which on it is
	sickAtLeast = 2    // bad requests that it needs
)

// isBothSick says whether both versions fail now: in the last minutes that both served.
func (e *evidence) isBothSick() bool {
	var stable, candidate Count
	for _, m := range e.lately() {
		if m.alone {
			return false
		}
		stable, candidate = stable.plus(m.stable), candidate.plus(m.candidate)
	}
	share := max(sickShare, sickTimes*e.record.Rate())
	isSick := func(c Count) bool { return c.Bad >= sickAtLeast && c.Rate() >= share }
	return isSick(stable) && isSick(candidate)
}
