package screen

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// story is the part of a Run that has scrolled by.
type story struct {
	printed  int
	last     picture.Moment
	repeated int // repeated polls that are not printed yet
}

// stateWidth is the width of the column of state names. A longer name is not cut.
const stateWidth = len("BeforeTraffic")

// storyLines returns the lines for what has happened since the last call. Repeated
// polls are only counted, because the block shows them.
func (p page) storyLines(s *story, r *picture.Run, until time.Duration) []string {
	var lines []string
	for _, m := range r.Moments[s.printed:] {
		if m.At > until {
			break
		}
		s.printed++
		if m.IsRepeatedPoll(s.last) {
			s.last = m
			s.repeated++
			continue
		}
		lines = append(lines, p.repeatedLines(s, r)...)
		lines = append(lines, p.momentLines(r, m)...)
		s.last = m
	}
	return lines
}

// repeatedLines says how many repeated polls were not printed.
func (p page) repeatedLines(s *story, r *picture.Run) []string {
	if s.repeated == 0 {
		return nil
	}
	m := s.last
	m.Notes = append(slices.Clone(m.Notes), m.RepeatedText(s.repeated))
	s.repeated = 0
	return p.momentLines(r, m)
}

func (p page) momentLines(r *picture.Run, m picture.Moment) []string {
	mark, style := p.momentMark(m)
	notes := slices.Clone(m.Notes)
	if m.Execution != r.Execution {
		notes = append([]string{"in " + safeText(m.Execution, 80)}, notes...)
	}
	text := strings.Join(notes, "; ")
	clock := max(len("59:59"), len(picture.Clock(r.Plan.Duration().Duration())))
	head := margin + p.faint.Render(padLeft(picture.Clock(m.At), clock)) + "  " + style.Render(mark) + " "
	if p.isNarrow() {
		return p.narrowMomentLines(head, m, style, text)
	}
	head += pad(m.State, stateWidth) + padLeft(m.Weight.String(), len(" 33.33%")) + "  "
	indent := len(margin) + clock + len("  x ") + max(len(m.State), stateWidth) + max(len(m.Weight.String()), len(" 33.33%")) + len("  ")
	verdict := ""
	if m.Verdict != "" {
		verdict = m.Verdict + "  "
	}
	lines := breakLines(verdict+text, p.width-indent)
	if rest, found := strings.CutPrefix(lines[0], m.Verdict); found && m.Verdict != "" {
		lines[0] = style.Render(m.Verdict) + rest
	}
	lines[0] = strings.TrimRight(head+lines[0], " ")
	for i := range lines[1:] {
		lines[i+1] = strings.Repeat(" ", indent) + lines[i+1]
	}
	return lines
}

// narrowMomentLines puts the text below the heading instead of beside it.
func (p page) narrowMomentLines(head string, m picture.Moment, style lipgloss.Style, text string) []string {
	first := head + m.State
	if m.Weight.Known {
		first += "  " + m.Weight.String()
	}
	if m.Verdict != "" {
		first += "  " + style.Render(m.Verdict)
	}
	first = p.cut(first)
	if text == "" {
		return []string{first}
	}
	return append([]string{first}, p.wrap(margin+margin, "", text)...)
}

func (p page) momentMark(m picture.Moment) (mark string, style lipgloss.Style) {
	for v := shift.Pass; v <= shift.Fail; v++ {
		if m.Verdict == v.String() {
			return p.verdict(v)
		}
	}
	switch {
	case m.Failed:
		return markBad, p.bad
	case m.State == flow.SetWeight.State:
		return markShift, p.accent
	case m.State == flow.Rollback.State, m.State == picture.SafetyNet:
		return markBack, p.doubt
	case m.State == string(shift.Promoted):
		return markGood, p.good.Bold(true)
	}
	return markDone, p.faint
}
