package screen

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"sluice/internal/flow"
	"sluice/internal/picture"
	"sluice/internal/shift"
)

// story is how much of a Run has scrolled by.
type story struct {
	told  int
	last  picture.Moment
	quiet int // polls that went as well as the last, of which nothing was said yet
}

// states is how wide the names of states mostly are.
const states = len("BeforeTraffic")

// story are the lines of what has happened since it was told last. Polls that say
// nothing new are only counted: the block shows them.
func (p page) story(s *story, r *picture.Run, until time.Duration) []string {
	var lines []string
	for _, m := range r.Moments[s.told:] {
		if m.At > until {
			break
		}
		s.told++
		if m.Quiet(s.last) {
			s.last = m
			s.quiet++
			continue
		}
		lines = append(lines, p.quiet(s, r)...)
		lines = append(lines, p.moment(r, m)...)
		s.last = m
	}
	return lines
}

// quiet says how many polls were passed over.
func (p page) quiet(s *story, r *picture.Run) []string {
	if s.quiet == 0 {
		return nil
	}
	m := s.last
	m.Notes = append(slices.Clone(m.Notes), picture.Counted(s.quiet, "more check", "more checks")+" passed")
	s.quiet = 0
	return p.moment(r, m)
}

func (p page) moment(r *picture.Run, m picture.Moment) []string {
	mark, style := p.momentMark(m)
	notes := slices.Clone(m.Notes)
	if m.Execution != r.Execution {
		notes = append([]string{"in " + plain(m.Execution, 80)}, notes...)
	}
	text := strings.Join(notes, "; ")
	clock := max(len("59:59"), len(picture.Clock(r.Plan.Duration().Duration())))
	head := margin + p.faint.Render(padLeft(picture.Clock(m.At), clock)) + "  " + style.Render(mark) + " "
	if p.isNarrow() {
		return p.narrowMoment(head, m, style, text)
	}
	head += pad(m.State, states) + padLeft(m.Weight.String(), len(" 33.33%")) + "  "
	indent := len(margin) + clock + len("  x ") + max(len(m.State), states) + max(len(m.Weight.String()), len(" 33.33%")) + len("  ")
	verdict := ""
	if m.Verdict != "" {
		verdict = m.Verdict + "  "
	}
	lines := breakUp(verdict+text, p.width-indent)
	if rest, found := strings.CutPrefix(lines[0], m.Verdict); found && m.Verdict != "" {
		lines[0] = style.Render(m.Verdict) + rest
	}
	lines[0] = strings.TrimRight(head+lines[0], " ")
	for i := range lines[1:] {
		lines[i+1] = strings.Repeat(" ", indent) + lines[i+1]
	}
	return lines
}

// narrowMoment has what there is to say below, not beside.
func (p page) narrowMoment(head string, m picture.Moment, style lipgloss.Style, text string) []string {
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
	return append([]string{first}, p.wrapped(margin+margin, "", text)...)
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
