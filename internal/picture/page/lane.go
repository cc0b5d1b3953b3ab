package page

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	// maxLanes is how many alarms have their own lane.
	maxLanes = 16
	// maxNameBeside is how many characters of an alarm's name fit beside its lane.
	maxNameBeside = 22
	// laneThickness is the height of the coloured part of a lane.
	laneThickness = lane - 6
	// minStateWidth is the width of the shortest state.
	minStateWidth = 3
)

// drawAlarms draws a lane for each alarm, those with the worst states first.
func (f *figure) drawAlarms() {
	tracks := f.run.AlarmTracks()
	slices.SortStableFunc(tracks, func(a, b picture.AlarmTrack) int { return worstSeverity(b) - worstSeverity(a) })
	f.open("g", "data-plot", "alarms")
	f.text(0, f.y+4, "name", "start", "alarms")
	if len(tracks) == 0 {
		f.text(left, f.y+4, "legend mark", "start", "none")
		f.y += lane + gap/2
		f.close("g")
		return
	}
	shown := tracks[:min(len(tracks), maxLanes)]
	f.drawAlarmLegend(shown)
	above := slices.ContainsFunc(shown, func(t picture.AlarmTrack) bool { return utf8.RuneCountInString(t.Name) > maxNameBeside })
	for _, track := range shown {
		if above {
			f.text(left, f.y+8, "legend", "start", cutMiddle(track.Name, maxSmallText-maxNameBeside))
			f.y += lane - 5
		} else {
			f.text(0, f.y+9, "legend", "start", track.Name)
		}
		f.drawLane(track)
	}
	if rest := tracks[len(shown):]; len(rest) > 0 {
		text := "and " + picture.Quantity(len(rest), "more alarm", "more alarms")
		if worstSeverity(rest[0]) <= severity(shift.AlarmOK) {
			text += ", never seen in a state other than OK"
		}
		f.text(left, f.y+8, "legend", "start", text)
		f.y += lane
	}
	f.y += gap / 2
	f.close("g")
}

// drawAlarmLegend explains the colours in use.
func (f *figure) drawAlarmLegend(tracks []picture.AlarmTrack) {
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
	}{{shift.AlarmOK, "OK"}, {shift.AlarmFiring, "ALARM"}, {shift.AlarmInsufficient, "no data, or unreadable"}, {"", "not read"}} {
		if seen[severity(s.state)] {
			f.rect(x, f.y-4, 12, 9, "state "+stateClass(s.state), "")
			f.text(x+17, f.y+4, "legend", "start", s.name)
			x += textWidth(s.name) + 28
		}
	}
	f.y += lane
}

// worstSeverity returns the severity of the worst state that an alarm was in.
func worstSeverity(t picture.AlarmTrack) int {
	most := 0
	for _, c := range t.Changes {
		most = max(most, severity(c.State))
	}
	return most
}

// drawLane draws an alarm's states until the end, with one SVG path for each state. If
// several states fall on the same point of the axis, it draws the worst.
func (f *figure) drawLane(t picture.AlarmTrack) {
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
		stretches[s] += fmt.Sprintf("M%s %sh%dv%sh%dz", number(left+float64(begin)), number(f.y), end-begin, number(laneThickness), begin-end)
		f.labelState(&written, s, float64(begin), float64(end), end == len(columns))
		begin = end
	}
	for _, s := range states {
		f.path(stretches[s], "state mark "+stateClass(s), cutMiddle(t.Name, maxSmallText)+": "+stateName(s))
	}
	f.WriteString(written.String())
	f.y += lane
}

// columns returns the state at each point of the axis. A short state is widened to
// minStateWidth at the cost of less severe ones.
func (f *figure) columns(changes []picture.AlarmChange) []shift.AlarmState {
	columns := make([]shift.AlarmState, f.axis.column(f.ends)+minStateWidth)
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
		for x := max(begins-1, 0); x < min(begins+minStateWidth-1, len(columns)); x++ {
			if severity(c.State) > severity(columns[x]) {
				columns[x] = c.State
			}
		}
	}
	return columns
}

// labelState writes a state's name into its stretch of a lane if there is room. The
// last state's name may stand beside it.
func (f *figure) labelState(to *canvas, s shift.AlarmState, begin, end float64, last bool) {
	name := stateName(s)
	switch {
	case s == shift.AlarmOK:
	case end-begin > 7*float64(len(name)):
		to.text(left+begin+4, f.y+9.5, "inside "+stateClass(s), "start", name)
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

func stateClass(s shift.AlarmState) string {
	return []string{"unread", "ok", "doubtful", "firing"}[severity(s)]
}
