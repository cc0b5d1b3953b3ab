package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

// How much of a list is shown before it is cut.
const (
	shownTargets = 3
	shownAlarms  = 4
	shownReasons = 3
	shownName    = 40 // characters of an alarm's
)

// block is where the deployment stands, the most important first.
func (p page) block(r *picture.Run, l picture.Live) []string {
	lines := append([]string{""}, p.header(r)...)
	lines = append(lines,
		p.between(p.row("state", p.strong.Render(l.State)), picture.Clock(l.At)),
		p.between(p.row("weight", p.bar(r.Plan, l.Weight)), l.Weight.String()),
		p.row("step", p.step(l)),
	)
	lines = append(lines, p.alarms(l.Alarms)...)
	lines = append(lines, p.verdictLines(l)...)
	if l.Counted {
		lines = append(lines, p.row("stable", p.served(l.Stable)), p.row("candidate", p.served(l.Candidate)))
	}
	return lines
}

// header says what is shifted, and how.
func (p page) header(r *picture.Run) []string {
	return append(p.title(r), margin+p.faint.Render(strings.Repeat("─", p.width-len(margin))))
}

// title is the Targets with their versions, and the strategy beside the first where
// there is room, or else below.
func (p page) title(r *picture.Run) []string {
	lines := p.changes(r)
	for i, name := range lines {
		lines[i] = margin + name
	}
	strategy := p.faint.Render(plain(r.Strategy, maxStrategy))
	if p.fits(lines[0], strategy) {
		lines[0] = p.between(lines[0], strategy)
		return lines
	}
	return append(lines, p.cut(margin+strategy))
}

// maxStrategy is longer than Sluice describes one.
const maxStrategy = 100

func (p page) changes(r *picture.Run) []string {
	if len(r.Changes) == 0 {
		return []string{p.strong.Render(middle(plain(r.Execution, maxName), p.width-len(margin)))}
	}
	var names []string
	for i, c := range r.Changes {
		if i == shownTargets-1 && len(r.Changes) > shownTargets {
			return append(names, fmt.Sprintf("and %d more targets", len(r.Changes)-i))
		}
		names = append(names, p.change(c))
	}
	return names
}

// maxName is longer than AWS has names of functions with their aliases.
const maxName = 256

// change is a Target with its versions. Of a long name the middle is left out.
func (p page) change(c shift.Move) string {
	var versions string
	switch {
	case c.Candidate == "":
	case c.Stable == "":
		versions = "  → " + plain(string(c.Candidate), 20)
	default:
		versions = fmt.Sprintf("  %s → %s", plain(string(c.Stable), 20), plain(string(c.Candidate), 20))
	}
	name := middle(plain(string(c.Target), maxName), p.width-len(margin)-ansi.StringWidth(versions))
	return p.strong.Render(name) + versions
}

// shares is how wide the weight's number is, with the space before it.
const shares = len("  33.33%")

// eighths are the parts of a cell of the bar, from the left.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar is the weight, with marks where the steps to come will take it.
func (p page) bar(plan shift.Plan, w picture.Share) string {
	cells := max(p.room()-shares, 8)
	filled := cells * int(w.Weight) * len(eighths) / int(shift.All)
	if w.Weight > 0 {
		filled = max(filled, 1)
	}
	full := strings.Repeat("█", filled/len(eighths))
	if part := filled % len(eighths); part > 0 {
		full += string(eighths[part])
	}
	rest := []rune(strings.Repeat("░", cells-runes(full)))
	for _, s := range plan.Steps {
		if at := cells*int(s.Weight)/int(shift.All) - runes(full); s.Weight < shift.All && s.Weight > w.Weight && at > 0 && at < len(rest) {
			rest[at] = '┊'
		}
	}
	return p.accent.Render(full) + p.faint.Render(string(rest))
}

func (p page) step(l picture.Live) string {
	switch {
	case l.Steps == 0:
		return p.faint.Render("not planned yet")
	case l.Step == 0:
		return fmt.Sprintf("0 of %d", l.Steps)
	}
	text := fmt.Sprintf("%d of %d", l.Step, l.Steps)
	if l.Bake > 0 {
		bake := picture.Clock(l.Bake)
		baked := fmt.Sprintf("%s of %s", padLeft(picture.Clock(l.Baked), len(bake)), bake)
		if p.isNarrow() {
			return text + "  " + baked
		}
		text += "   baked " + baked
	}
	switch {
	case l.Waits != "":
		text += "   " + p.doubt.Render(l.Waits)
	case l.Left > 0:
		text += "   " + p.faint.Render(picture.Clock(l.Left)+" to go")
	}
	return text
}

// alarms has a line for each, those that are not OK first when there are many.
func (p page) alarms(all []picture.AlarmNow) []string {
	if len(all) == 0 {
		return []string{p.row("alarms", p.faint.Render("none"))}
	}
	if len(all) > shownAlarms {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b picture.AlarmNow) int { return calm(a) - calm(b) })
	}
	var lines []string
	name, names := "alarms", 0
	for _, a := range all[:min(len(all), shownAlarms)] {
		names = max(names, ansi.StringWidth(plain(a.Name, shownName)))
	}
	for i, a := range all {
		if i == shownAlarms-1 && len(all) > shownAlarms {
			return append(lines, p.row(name, fmt.Sprintf("and %d more", len(all)-i)))
		}
		mark, style := p.alarm(a.State)
		state := string(a.State)
		if state == "" {
			state = "not read yet"
		}
		lines = append(lines, p.row(name, style.Render(mark)+" "+pad(plain(a.Name, shownName), names)+"  "+style.Render(state)))
		name = ""
	}
	return lines
}

// calm orders alarms: what asks for attention is less.
func calm(a picture.AlarmNow) int {
	if a.State == shift.AlarmOK || a.State == "" {
		return 1
	}
	return 0
}

func (p page) verdictLines(l picture.Live) []string {
	if !l.Judged {
		return []string{p.row("verdict", p.faint.Render("not judged yet"))}
	}
	mark, style := p.verdict(l.Verdict)
	lines := []string{p.row("verdict", style.Render(mark+" "+l.Verdict.String())+p.faint.Render("   "+picture.Counted(l.Checks, "check", "checks")))}
	var reasons []string
	for _, reason := range l.Reasons {
		reasons = append(reasons, breakUp(plain(reason, 256), p.room())...)
	}
	if len(reasons) > shownReasons {
		reasons = append(reasons[:shownReasons-1], reasons[shownReasons-1]+" …")
	}
	for _, reason := range reasons {
		lines = append(lines, p.row("", reason))
	}
	return lines
}

// served says how many requests a version had, in columns.
func (p page) served(s picture.Served) string {
	if p.isNarrow() {
		return fmt.Sprintf("%s of %s failed", picture.Grouped(s.Errors), picture.Grouped(s.Requests))
	}
	text := fmt.Sprintf("%s requests  %s failed", padLeft(picture.Grouped(s.Requests), 9), padLeft(picture.Grouped(s.Errors), 7))
	if s.Requests == 0 {
		return p.faint.Render(text)
	}
	return text + padLeft(percent(s.Share()), 8)
}
