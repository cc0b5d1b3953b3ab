package picture

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// WeightTrack is the Candidate's share of a Target's traffic over time. An empty Target
// stands for all Targets together.
type WeightTrack struct {
	Target  shift.Target
	Changes []WeightChange
}

// AlarmTrack is an alarm's State over time.
type AlarmTrack struct {
	Name    string
	Changes []AlarmChange
}

// Phase is a named stretch of a deployment: a Step, or a state before or after the
// Steps.
type Phase struct {
	Name         string
	Begins, Ends time.Duration
}

// Ends returns the time of the last known event.
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

// WeightTracks returns the observed weights of each Target if there are any, or else
// the weights that the execution reported.
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
	return []WeightTrack{r.reportedWeights()}
}

// reportedWeights returns the weight that the execution reported. Once the Ledger says
// that the traffic is back, the Ledger counts: the execution may learn of that much
// later.
func (r *Run) reportedWeights() WeightTrack {
	track := WeightTrack{}
	for _, m := range r.Moments {
		if m.Execution == r.Execution && m.Weight.Known && (r.Closed == nil || m.At <= r.Closed.At || !r.Closed.weight().Known) {
			track.add(WeightChange{At: m.At, Weight: m.Weight.Weight})
		}
	}
	switch {
	case r.Closed != nil && r.Closed.weight().Known:
		track.add(WeightChange{At: r.Closed.At, Weight: r.Closed.weight().Weight})
	case r.End != nil && r.End.Outcome == shift.RolledBack: // and the Ledger could not be asked
		track.add(WeightChange{At: r.Ends(), Weight: shift.None})
	}
	return track
}

// add appends a change if the weight differs from the last one.
func (t *WeightTrack) add(c WeightChange) {
	if n := len(t.Changes); n == 0 || t.Changes[n-1].Weight != c.Weight {
		t.Changes = append(t.Changes, c)
	}
}

// AlarmTracks returns the observed states of each alarm if there are any, or else the
// states that the execution read.
func (r *Run) AlarmTracks() []AlarmTrack {
	tracks := make([]AlarmTrack, len(r.Alarms))
	for i, name := range r.Alarms {
		if tracks[i] = r.reportedStates(name); r.Observed != nil {
			tracks[i].Changes = slices.DeleteFunc(slices.Clone(r.Observed.Alarms), func(c AlarmChange) bool { return c.Name != name })
		}
		tracks[i].Name = shift.AlarmTitle(name)
	}
	return tracks
}

// reportedStates returns the states of an alarm that Open and the checks read. After
// the last check the state is unknown, unless the alarm is why the deployment was
// closed.
func (r *Run) reportedStates(name string) AlarmTrack {
	t, last := AlarmTrack{Name: name}, time.Duration(0)
	for _, p := range r.Positions {
		if p.Checks == 0 {
			continue
		}
		state := alarmStateIn(p.Reasons, name)
		if len(t.Changes) == 0 {
			t.add(AlarmChange{At: r.opened, Name: name, State: r.stateAtStart(name, state)})
		}
		last = p.At
		t.add(AlarmChange{At: last, Name: name, State: state})
	}
	if len(t.Changes) > 0 {
		t.add(AlarmChange{At: last, Name: name})
	}
	if r.Closed != nil && r.Closed.names(name) {
		t.add(AlarmChange{At: max(r.Closed.At, last), Name: name, State: shift.AlarmFiring})
	}
	return t
}

// alarmStateIn derives an alarm's state from the Reasons of a verdict. An alarm that
// they do not name is OK. The state is empty if its Reason may have been left out of a
// shortened list.
func alarmStateIn(reasons []shift.Reason, alarm string) shift.AlarmState {
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

// stateAtStart returns the state that Open read of an alarm. Open records only the
// alarms in ALARM; for the others, the state at the first check is used.
func (r *Run) stateAtStart(name string, first shift.AlarmState) shift.AlarmState {
	switch {
	case slices.Contains(r.firing, name):
		return shift.AlarmFiring
	case first == shift.AlarmFiring:
		return shift.AlarmOK
	}
	return first
}

// add appends a change if the state differs from the last one.
func (t *AlarmTrack) add(c AlarmChange) {
	if n := len(t.Changes); n == 0 || t.Changes[n-1].State != c.State {
		t.Changes = append(t.Changes, c)
	}
}

// Phases returns the phases in order of time, without gaps.
func (r *Run) Phases() []Phase {
	var phases []Phase
	for _, s := range r.Stages {
		name := r.phaseName(s)
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

// Pauses returns when the deployment was paused by a person, or waited for something else.
func (r *Run) Pauses() []Phase {
	var pauses []Phase
	for i, p := range r.Positions {
		name, ends := waitState(p.Progress), r.Ends()
		if r.Closed != nil {
			ends = min(ends, r.Closed.At)
		}
		if i+1 < len(r.Positions) {
			ends = r.Positions[i+1].At
		}
		switch n := len(pauses); {
		case name == "" || ends <= p.At:
		case n > 0 && pauses[n-1].Name == name && pauses[n-1].Ends == p.At:
			pauses[n-1].Ends = ends
		default:
			pauses = append(pauses, Phase{Name: name, Begins: p.At, Ends: ends})
		}
	}
	return pauses
}

// phaseName returns the name of the phase that a stage belongs to.
func (r *Run) phaseName(s Stage) string {
	switch s.State {
	case flow.SetWeight.State, flow.BakeState, flow.CheckAlarms.State:
		return "step " + GroupDigits(s.Step)
	}
	return s.State
}

// Story returns the Moments, but replaces repeated polls by their number.
func (r *Run) Story() []Moment {
	var story []Moment
	var last Moment
	repeated := 0
	flush := func() {
		if repeated > 0 {
			last.Notes = append(slices.Clone(last.Notes), last.RepeatedText(repeated))
			story, repeated = append(story, last), 0
		}
	}
	for _, m := range r.Moments {
		if m.IsRepeatedPoll(last) {
			last = m
			repeated++
			continue
		}
		flush()
		story, last = append(story, m), m
	}
	flush()
	return story
}
