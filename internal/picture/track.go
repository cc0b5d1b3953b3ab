package picture

import (
	"slices"
	"time"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// WeightTrack is the Candidate's share of a Target's traffic over time. The Target is
// empty where what is known is known of all together.
type WeightTrack struct {
	Target  shift.Target
	Changes []WeightChange
}

// AlarmTrack is an alarm's State over time.
type AlarmTrack struct {
	Name    string
	Changes []AlarmChange
}

// Phase is what a deployment was busy with for some time: a Step, or what comes
// before and after.
type Phase struct {
	Name         string
	Begins, Ends time.Duration
}

// Ends is when the last thing happened that is known.
func (r *Run) Ends() time.Duration {
	ends := time.Duration(0)
	if r.End != nil {
		ends = r.End.At
	}
	if r.Closed != nil {
		ends = max(ends, r.Closed.At)
	}
	for _, m := range r.Moments {
		ends = max(ends, m.At)
	}
	if r.Observed != nil {
		for _, w := range r.Observed.Weights {
			ends = max(ends, w.At)
		}
	}
	return ends
}

// WeightTracks are what was observed of each Target, or else what the execution tells.
func (r *Run) WeightTracks() []WeightTrack {
	if r.Observed != nil {
		tracks := make([]WeightTrack, len(r.Changes))
		for i, c := range r.Changes {
			tracks[i].Target = c.Target
			for _, w := range r.Observed.Weights {
				if w.Target == c.Target {
					tracks[i].Changes = append(tracks[i].Changes, w)
				}
			}
		}
		return tracks
	}
	return []WeightTrack{r.told()}
}

// told is the weight as the execution tells it, until the Ledger tells that the traffic
// is back: the execution may learn of that much later.
func (r *Run) told() WeightTrack {
	told := WeightTrack{}
	for _, m := range r.Moments {
		if m.Execution == r.Execution && m.Weight.Known && (r.Closed == nil || m.At <= r.Closed.At || !r.Closed.weight().Known) {
			told.add(WeightChange{At: m.At, Weight: m.Weight.Weight})
		}
	}
	switch {
	case r.Closed != nil && r.Closed.weight().Known:
		told.add(WeightChange{At: r.Closed.At, Weight: r.Closed.weight().Weight})
	case r.End != nil && r.End.Outcome == shift.RolledBack: // and the Ledger could not be asked
		told.add(WeightChange{At: r.Ends(), Weight: shift.None})
	}
	return told
}

// add adds a change, if it is one.
func (t *WeightTrack) add(c WeightChange) {
	if n := len(t.Changes); n == 0 || t.Changes[n-1].Weight != c.Weight {
		t.Changes = append(t.Changes, c)
	}
}

// AlarmTracks are what was observed of each alarm, or else what was read of it.
func (r *Run) AlarmTracks() []AlarmTrack {
	tracks := make([]AlarmTrack, len(r.Alarms))
	for i, name := range r.Alarms {
		if tracks[i] = r.read(name); r.Observed != nil {
			tracks[i].Changes = slices.DeleteFunc(slices.Clone(r.Observed.Alarms), func(c AlarmChange) bool { return c.Name != name })
		}
	}
	return tracks
}

// read is what Open and every check have read of an alarm: what it was after the last of
// them is not known, unless it is why the deployment was closed.
func (r *Run) read(name string) AlarmTrack {
	t, last := AlarmTrack{Name: name}, time.Duration(0)
	for _, p := range r.Positions {
		if p.Checks == 0 {
			continue
		}
		state := alarmIn(p.Reasons, name)
		if len(t.Changes) == 0 {
			t.add(AlarmChange{At: r.opened, Name: name, State: r.atStart(name, state)})
		}
		last = p.At
		t.add(AlarmChange{At: last, Name: name, State: state})
	}
	if len(t.Changes) > 0 {
		t.add(AlarmChange{At: last, Name: name})
	}
	if r.Closed != nil && r.Closed.fired(name) {
		t.add(AlarmChange{At: max(r.Closed.At, last), Name: name, State: shift.AlarmFiring})
	}
	return t
}

// alarmIn is the state of an alarm that the Reasons of a judgement tell of, for who has
// nothing else: OK for one that they do not name. It is empty where the Reason that would
// tell may have been left out.
func alarmIn(reasons []shift.Reason, alarm string) shift.AlarmState {
	state := shift.AlarmOK
	for _, r := range reasons {
		switch {
		case r.Subject == alarm && alarmStates[r.Name] != "":
			return alarmStates[r.Name]
		case r.Name == shift.MoreReasons:
			state = ""
		}
	}
	return state
}

var alarmStates = map[string]shift.AlarmState{
	shift.AlarmFired:             shift.AlarmFiring,
	shift.AlarmIgnoredUntilOK:    shift.AlarmFiring,
	shift.AlarmWithoutData:       shift.AlarmInsufficient,
	shift.AlarmNotRead:           shift.AlarmUnreadable,
	shift.AlarmUnreadableIgnored: shift.AlarmUnreadable,
}

// atStart is what Open has read, which says only what fired: a deployment does not
// start with much else than what is OK, and what it was is what the first check tells.
func (r *Run) atStart(name string, first shift.AlarmState) shift.AlarmState {
	switch {
	case slices.Contains(r.firing, name):
		return shift.AlarmFiring
	case first == shift.AlarmFiring:
		return shift.AlarmOK
	}
	return first
}

// add adds a change, if it is one.
func (t *AlarmTrack) add(c AlarmChange) {
	if n := len(t.Changes); n == 0 || t.Changes[n-1].State != c.State {
		t.Changes = append(t.Changes, c)
	}
}

// Phases are one after the other, from the beginning to the end.
func (r *Run) Phases() []Phase {
	var phases []Phase
	for _, s := range r.Stages {
		name := r.phase(s)
		if n := len(phases); n > 0 {
			phases[n-1].Ends = s.At
			if phases[n-1].Name == name {
				continue
			}
		}
		phases = append(phases, Phase{Name: name, Begins: s.At})
	}
	if n := len(phases); n > 0 {
		phases[n-1].Ends = r.Ends()
	}
	return phases
}

// phase names what a state belongs to.
func (r *Run) phase(s Stage) string {
	switch s.State {
	case flow.SetWeight.State, bakeState, flow.CheckAlarms.State:
		return "step " + Grouped(s.Step)
	}
	return s.State
}

// Story is what happened, without the polls that say nothing new: they are counted.
func (r *Run) Story() []Moment {
	var told []Moment
	var last Moment
	quiet := 0
	flush := func() {
		if quiet > 0 {
			last.Notes = append(slices.Clone(last.Notes), Counted(quiet, "more check", "more checks")+" passed")
			told, quiet = append(told, last), 0
		}
	}
	for _, m := range r.Moments {
		if m.Quiet(last) {
			last = m
			quiet++
			continue
		}
		flush()
		told, last = append(told, m), m
	}
	flush()
	return told
}
