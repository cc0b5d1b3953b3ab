package picture

import (
	"slices"
	"sort"
	"time"

	"sluice/internal/shift"
)

// Live is where a deployment stands at some time.
type Live struct {
	At      time.Duration
	State   string
	Weight  Share
	Step    int // 0 before the first
	Steps   int // 0 before they are known
	Bake    time.Duration
	Baked   time.Duration
	Left    time.Duration // of all bakes
	Waits   string        // what it does instead of baking: "paused" or "waiting"; empty while it bakes
	Checks  int
	Judged  bool
	Verdict shift.Verdict
	Reasons []string
	Alarms  []AlarmNow
	Stable  Served
	// Candidate and Stable count only when Counted is set.
	Candidate Served
	Counted   bool
}

// AlarmNow is an alarm and the State that it is in, as far as it is known.
type AlarmNow struct {
	Name  string
	State shift.AlarmState // empty when it is not known
}

// Served is how many requests a version has had.
type Served struct{ Requests, Errors int64 }

// Share is the part of the requests that failed.
func (s Served) Share() float64 {
	if s.Requests == 0 {
		return 0
	}
	return float64(s.Errors) / float64(s.Requests)
}

// At is where the deployment stands at a time, by what happened until then.
func (r *Run) At(t time.Duration) Live {
	l := Live{At: t, Steps: r.Plan.Len()}
	stage, staged := last(r.Stages, t, func(s Stage) time.Duration { return s.At })
	if staged {
		l.State = stage.State
	}
	for _, m := range r.upTo(t) {
		if m.Execution == r.Execution && m.Weight.Known {
			l.Weight = m.Weight
		}
	}
	position, begun := last(r.Positions, t, func(p Position) time.Duration { return p.At })
	if begun {
		l.stand(r, position, stage)
	}
	l.Alarms = r.alarmsAt(t, position, begun)
	if c := r.Closed; c != nil && c.undoes() && c.At <= t {
		l.close(r, *c)
	}
	if r.Observed != nil {
		l.observe(*r.Observed, begun)
	}
	return l
}

// close fills in what the Ledger tells, which the execution may not have learnt yet.
func (l *Live) close(r *Run, c Closing) {
	if c.weight().Known {
		l.Weight = c.weight()
	}
	l.Left = 0
	l.Judged, l.Verdict, l.Reasons = true, shift.Fail, shift.Texts(c.Reasons)
	if r.closesItself(l.At) || r.wasEnded(l.At) || r.End != nil {
		return
	}
	if c.Outcome == shift.RolledBack {
		l.State = "traffic back since " + Clock(c.At)
	}
	l.Reasons = append([]string{r.closed(c)}, l.Reasons...)
}

// stand fills in what the last Progress tells, and what has baked since.
func (l *Live) stand(r *Run, p Position, stage Stage) {
	l.Step, l.Steps, l.Checks = p.Step, max(p.Steps, l.Steps), p.Checks
	l.Judged, l.Verdict, l.Reasons = p.Checks > 0, p.Verdict, shift.Texts(p.Reasons)
	l.Baked, l.Waits = p.Baked.Duration(), waits(p.Progress)
	if stage.State == bakeState && stage.At >= p.At {
		l.Baked += r.bakes(p, stage, l.At)
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

// waits says what a deployment does that does not bake.
func waits(p shift.Progress) string {
	switch {
	case !p.Waiting:
		return ""
	case slices.ContainsFunc(p.Waits, func(w shift.Waited) bool { return w.Name == shift.Paused && !w.Over }):
		return "paused"
	}
	return "waiting"
}

// bakeState is the name of the state that waits.
const bakeState = "Bake"

// observe fills in what was seen from outside; the weights once they are the
// deployment's.
func (l *Live) observe(o Observed, begun bool) {
	for _, w := range o.Weights {
		if begun && w.At <= l.At {
			l.Weight = shareOf(w.Weight)
		}
	}
	l.Counted = true
	for _, m := range o.Traffic {
		part := float64(min(max(l.At-m.Begins, 0), time.Minute)) / float64(time.Minute)
		of := &l.Stable
		if m.Candidate {
			of = &l.Candidate
		}
		of.Requests += int64(part * float64(m.Requests))
		of.Errors += int64(part * float64(m.Errors))
	}
}

// alarmsAt are the alarms' states: those that were observed, or else those that the
// last judgement speaks of, and what the deployment was closed for.
func (r *Run) alarmsAt(t time.Duration, p Position, begun bool) []AlarmNow {
	list := make([]AlarmNow, len(r.Alarms))
	for i, name := range r.Alarms {
		list[i].Name = name
		switch {
		case r.Observed != nil:
			for _, c := range r.Observed.Alarms {
				if c.Name == name && c.At <= t {
					list[i].State = c.State
				}
			}
		case r.Closed != nil && r.Closed.At <= t && r.Closed.fired(name):
			list[i].State = shift.AlarmFiring
		case begun && p.Checks > 0:
			list[i].State = alarmIn(p.Reasons, name)
		}
	}
	return list
}

// upTo are the moments until a time.
func (r *Run) upTo(t time.Duration) []Moment {
	return r.Moments[:sort.Search(len(r.Moments), func(i int) bool { return r.Moments[i].At > t })]
}

// last is the latest of a list that is in order of time.
func last[T any](list []T, t time.Duration, at func(T) time.Duration) (found T, ok bool) {
	n := sort.Search(len(list), func(i int) bool { return at(list[i]) > t })
	if n == 0 {
		return found, false
	}
	return list[n-1], true
}
