package picture

import (
	"slices"
	"sort"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Live is where a deployment stands at a given time.
type Live struct {
	At        time.Duration
	State     string
	Weight    Share
	Step      int // 0 before the first
	Steps     int // 0 before they are known
	Bake      time.Duration
	Baked     time.Duration
	Left      time.Duration // remaining in all bakes
	WaitState string        // "paused" or "waiting"; empty while it bakes
	Checks    int
	Judged    bool
	Verdict   shift.Verdict
	Reasons   []string
	Alarms    []AlarmNow
	Stable    Served
	Candidate Served
	Other     Served // of versions that are neither
	// Compared is what the comparison of the versions said at the last check.
	Compared   []Comparison
	HasTraffic bool // whether Stable, Candidate and Other are set
}

// AlarmNow is an alarm and its current State, if known.
type AlarmNow struct {
	Name  string
	State shift.AlarmState // empty if unknown
}

// Served counts the requests that a version has served.
type Served struct{ Requests, Errors int64 }

// ErrorShare is the share of the requests that failed.
func (s Served) ErrorShare() float64 {
	if s.Requests == 0 {
		return 0
	}
	return float64(s.Errors) / float64(s.Requests)
}

// At returns where the deployment stood at a time.
func (r *Run) At(t time.Duration) Live {
	l := Live{At: t, Steps: r.Plan.Len()}
	stage, staged := lastBefore(r.Stages, t, func(s Stage) time.Duration { return s.At })
	if staged {
		l.State = stage.State
	}
	for _, m := range r.momentsUntil(t) {
		if m.Execution == r.Execution && m.Weight.Known {
			l.Weight = m.Weight
		}
	}
	position, begun := lastBefore(r.Positions, t, func(p Position) time.Duration { return p.At })
	if begun {
		l.addPosition(r, position, stage)
	}
	l.Alarms = r.alarmsAt(t, position, begun)
	if c := r.Closed; c != nil && c.isFailure() && c.At <= t {
		l.addClosing(r, *c)
	}
	if r.Observed != nil {
		l.addObserved(*r.Observed, begun)
	}
	return l
}

// addClosing fills in what the Ledger says about the end, which the execution may not
// know yet.
func (l *Live) addClosing(r *Run, c Closing) {
	if c.weight().Known {
		l.Weight = c.weight()
	}
	l.Left = 0
	l.Judged, l.Verdict, l.Reasons = true, shift.Fail, shift.Texts(c.Reasons)
	if r.closedByExecution(l.At) || r.executionLeftItOpen(l.At) || r.End != nil {
		return
	}
	if c.Outcome == shift.RolledBack {
		l.State = "traffic back since " + Clock(c.At)
	}
	l.Reasons = append([]string{r.closingText(c)}, l.Reasons...)
}

// addPosition fills in the last Progress, and the time baked since.
func (l *Live) addPosition(r *Run, p Position, stage Stage) {
	l.Step, l.Steps, l.Checks = p.Step, max(p.Steps, l.Steps), p.Checks
	l.Judged, l.Verdict, l.Reasons = p.Checks > 0, p.Verdict, shift.Texts(p.Reasons)
	l.Compared = r.comparisons(p.Progress.Judged)
	l.Baked, l.WaitState = p.Baked.Duration(), waitState(p.Progress)
	if stage.State == flow.BakeState && stage.At >= p.At {
		l.Baked += r.bakedIn(p, stage, l.At)
	}
	if p.Step < 1 || p.Step > r.Plan.Len() {
		return
	}
	l.Bake = r.Plan.Step(p.Step).Bake.Duration()
	l.Left = max(l.Bake-l.Baked, 0)
	for _, s := range r.Plan.Steps[p.Step:] {
		l.Left += s.Bake.Duration()
	}
}

// waitState says why a deployment does not bake: it is paused by an operator, or waits
// for something else.
func waitState(p shift.Progress) string {
	switch {
	case !p.Waiting:
		return ""
	case slices.ContainsFunc(p.Waits, func(w shift.Waited) bool { return w.Name == shift.Paused && !w.Over }):
		return "paused"
	}
	return "waiting"
}

// addObserved fills in what a simulation saw. Its weights count only once the
// deployment has begun.
func (l *Live) addObserved(o Observed, begun bool) {
	for _, w := range o.Weights {
		if begun && w.At <= l.At {
			l.Weight = shareOf(w.Weight)
		}
	}
	l.HasTraffic = true
	for _, m := range o.Traffic {
		part := float64(min(max(l.At-m.Begins, 0), time.Minute)) / float64(time.Minute)
		of := &l.Stable
		switch {
		case m.Candidate:
			of = &l.Candidate
		case m.Other:
			of = &l.Other
		}
		of.Requests += int64(part * float64(m.Requests))
		of.Errors += int64(part * float64(m.Errors))
	}
}

// alarmsAt returns the alarms' states at a time: the observed ones, or else those in
// the Reasons of the closing or of the last check.
func (r *Run) alarmsAt(t time.Duration, p Position, begun bool) []AlarmNow {
	list := make([]AlarmNow, len(r.Alarms))
	for i, name := range r.Alarms {
		list[i].Name = shift.AlarmTitle(name)
		switch {
		case r.Observed != nil:
			for _, c := range r.Observed.Alarms {
				if c.Name == name && c.At <= t {
					list[i].State = c.State
				}
			}
		case r.Closed != nil && r.Closed.At <= t && r.Closed.names(name):
			list[i].State = shift.AlarmFiring
		case begun && p.Checks > 0:
			list[i].State = alarmStateIn(p.Reasons, name)
		}
	}
	return list
}

// momentsUntil returns the moments up to and including a time.
func (r *Run) momentsUntil(t time.Duration) []Moment {
	return r.Moments[:sort.Search(len(r.Moments), func(i int) bool { return r.Moments[i].At > t })]
}

// lastBefore returns the last element at or before a time. The list is in order of
// time.
func lastBefore[T any](list []T, t time.Duration, at func(T) time.Duration) (found T, ok bool) {
	n := sort.Search(len(list), func(i int) bool { return at(list[i]) > t })
	if n == 0 {
		return found, false
	}
	return list[n-1], true
}
