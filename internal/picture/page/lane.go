package page

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

const (
	// maxLanes is how many alarms have a lane of their own.
	maxLanes = 16
	// besides is how many characters of an alarm's name go beside its lane.
	besides = 22
	// thick is how much of a lane is drawn.
	thick = lane - 6
	// glimpse is how wide the shortest state is drawn.
	glimpse = 3
)

// alarms has a lane for each, those that were worst first.
func (f *figure) alarms() {
	tracks := f.run.AlarmTracks()
	slices.SortStableFunc(tracks, func(a, b picture.AlarmTrack) int { return worst(b) - worst(a) })
	f.open("g", "data-plot", "alarms")
	f.text(0, f.y+4, "name", "start", "alarms")
	if len(tracks) == 0 {
		f.text(left, f.y+4, "legend mark", "start", "none is named")
		f.y += lane + gap/2
		f.close("g")
		return
	}
	shown := tracks[:min(len(tracks), maxLanes)]
	f.alarmLegend(shown)
	above := slices.ContainsFunc(shown, func(t picture.AlarmTrack) bool { return utf8.RuneCountInString(t.Name) > besides })
	for _, track := range shown {
		if above {
			f.text(left, f.y+8, "legend", "start", middleOut(track.Name, names-besides))
			f.y += lane - 5
		} else {
			f.text(0, f.y+9, "legend", "start", track.Name)
		}
		f.lane(track)
	}
	if rest := tracks[len(shown):]; len(rest) > 0 {
		text := "and " + picture.Counted(len(rest), "more alarm", "more alarms")
		if worst(rest[0]) <= severity(shift.AlarmOK) {
			text += ", of which nothing is known but OK"
		}
		f.text(left, f.y+8, "legend", "start", text)
		f.y += lane
	}
	f.y += gap / 2
	f.close("g")
}

// alarmLegend says what the colours mean that there are.
func (f *figure) alarmLegend(tracks []picture.AlarmTrack) {
	seen := map[int]bool{}
	for _, t := range tracks {
		seen[severity("")] = seen[severity("")] || len(t.Changes) == 0 || f.axis.column(t.Changes[0].At) > 0
		for _, c := range t.Changes {
			seen[severity(c.State)] = true
		}
	}
	x := left
	for _, s := range []struct {
		state shift.AlarmState
		name  string
	}{{shift.AlarmOK, "OK"}, {shift.AlarmFiring, "ALARM"}, {shift.AlarmInsufficient, "no data, or not to be read"}, {"", "nobody has read it"}} {
		if seen[severity(s.state)] {
			f.rect(x, f.y-4, 12, 9, "state "+classOf(s.state), "")
			f.text(x+17, f.y+4, "legend", "start", s.name)
			x += room(s.name) + 28
		}
	}
	f.y += lane
}

// worst is the worst state that an alarm was in.
func worst(t picture.AlarmTrack) int {
	most := 0
	for _, c := range t.Changes {
		most = max(most, severity(c.State))
	}
	return most
}

// lane is an alarm's states until the end, one mark for all stretches of a state. Where
// several fall together in a point of the axis, the worst is drawn.
func (f *figure) lane(t picture.AlarmTrack) {
	columns := f.columns(t.Changes)
	var states []shift.AlarmState
	var written canvas
	stretches := map[shift.AlarmState]string{}
	for begin := 0; begin < len(columns); {
		end := begin
		for end < len(columns) && columns[end] == columns[begin] {
			end++
		}
		s := columns[begin]
		if stretches[s] == "" {
			states = append(states, s)
		}
		stretches[s] += fmt.Sprintf("M%s %sh%dv%sh%dz", number(left+float64(begin)), number(f.y), end-begin, number(thick), begin-end)
		f.nameIn(&written, s, float64(begin), float64(end), end == len(columns))
		begin = end
	}
	for _, s := range states {
		f.path(stretches[s], "state mark "+classOf(s), middleOut(t.Name, names)+": "+stateName(s))
	}
	f.WriteString(written.String())
	f.y += lane
}

// columns are the states by the points of the axis. What lasted for less than a
// glimpse takes that from what is less bad.
func (f *figure) columns(changes []picture.AlarmChange) []shift.AlarmState {
	columns := make([]shift.AlarmState, f.axis.column(f.ends)+glimpse)
	for i, c := range changes {
		ends := len(columns)
		if i+1 < len(changes) {
			ends = f.axis.column(changes[i+1].At)
		}
		for x := f.axis.column(c.At); x < min(ends, len(columns)); x++ {
			columns[x] = c.State
		}
	}
	for _, c := range changes {
		begins := f.axis.column(c.At)
		for x := max(begins-1, 0); x < min(begins+glimpse-1, len(columns)); x++ {
			if severity(c.State) > severity(columns[x]) {
				columns[x] = c.State
			}
		}
	}
	return columns
}

// nameIn names a state in its stretch of a lane, if there is room. The name of one at
// the end may stand beside it.
func (f *figure) nameIn(to *canvas, s shift.AlarmState, begin, end float64, last bool) {
	name := stateName(s)
	switch {
	case s == shift.AlarmOK:
	case end-begin > 7*float64(len(name)):
		to.text(left+begin+4, f.y+9.5, "inside "+classOf(s), "start", name)
	case last && s == shift.AlarmFiring:
		to.text(left+end+4, f.y+9.5, "outcome bad", "start", name)
	}
}

func stateName(s shift.AlarmState) string {
	if s == "" {
		return "not read"
	}
	return string(s)
}

func severity(s shift.AlarmState) int {
	switch s {
	case "":
		return 0
	case shift.AlarmOK:
		return 1
	case shift.AlarmFiring:
		return 3
	}
	return 2
}

func classOf(s shift.AlarmState) string {
	return []string{"unread", "ok", "doubtful", "firing"}[severity(s)]
}
