package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// How much of a list is shown before it is cut.
const (
	maxTargets     = 3
	maxAlarms      = 4
	maxReasonLines = 3
	maxAlarmName   = 40 // characters
)

// blockLines shows where the deployment stands, the most important first.
func (p page) blockLines(r *picture.Run, l picture.Live) []string {
	lines := append([]string{""}, p.header(r)...)
	lines = append(lines,
		p.justify(p.row("state", p.strong.Render(l.State)), picture.Clock(l.At)),
		p.justify(p.row("weight", p.bar(r.Plan, l.Weight)), l.Weight.String()),
		p.row("step", p.stepText(l)),
	)
	lines = append(lines, p.alarmLines(l.Alarms)...)
	lines = append(lines, p.verdictLines(l)...)
	lines = append(lines, p.comparedLines(l.Compared)...)
	if l.HasTraffic {
		lines = append(lines, p.trafficLines(l)...)
	}
	return lines
}

// header says what is shifted, and by which strategy.
func (p page) header(r *picture.Run) []string {
	return append(p.title(r), margin+p.faint.Render(strings.Repeat("─", p.width-len(margin))))
}

// title lists the Targets with their versions. The strategy stands beside the first
// Target if it fits, or else below.
func (p page) title(r *picture.Run) []string {
	lines := p.changeLines(r)
	for i, name := range lines {
		lines[i] = margin + name
	}
	strategy := p.faint.Render(safeText(r.Strategy, maxStrategy))
	if p.fits(lines[0], strategy) {
		lines[0] = p.justify(lines[0], strategy)
		return lines
	}
	return append(lines, p.cut(margin+strategy))
}

// maxStrategy bounds the strategy's text. Sluice's own descriptions are shorter.
const maxStrategy = 100

func (p page) changeLines(r *picture.Run) []string {
	if len(r.Changes) == 0 {
		return []string{p.strong.Render(cutMiddle(safeText(r.Execution, maxName), p.width-len(margin)))}
	}
	var names []string
	for i, c := range r.Changes {
		if i == maxTargets-1 && len(r.Changes) > maxTargets {
			return append(names, fmt.Sprintf("and %d more targets", len(r.Changes)-i))
		}
		names = append(names, p.changeText(c))
	}
	return names
}

// maxName bounds a name. AWS allows fewer characters for a function with its alias.
const maxName = 256

// changeText formats a Target with its versions. It cuts the middle of a long name.
func (p page) changeText(c shift.Move) string {
	var versions string
	switch {
	case c.Candidate == "":
	case c.Stable == "":
		versions = "→ " + safeText(string(c.Candidate), 20)
	default:
		versions = fmt.Sprintf("%s → %s", safeText(string(c.Stable), 20), safeText(string(c.Candidate), 20))
	}
	switch {
	case versions == "":
	case c.Target.Kind() == shift.KindLambda:
		versions = "  " + versions
	default:
		if noun := flow.VersionNoun(c.Target) + " "; ansi.StringWidth(noun+versions) <= p.width/2 {
			versions = noun + versions
		}
		versions = "  " + versions
	}
	name := cutMiddle(safeText(string(c.Target), maxName), p.width-len(margin)-ansi.StringWidth(versions))
	return p.strong.Render(name) + versions
}

// weightWidth is the width of the weight's number with the space before it.
const weightWidth = len("  33.33%")

// eighths are the partly filled cells of the bar.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar draws the weight, with marks at the weights of the coming steps.
func (p page) bar(plan shift.Plan, w picture.Share) string {
	cells := max(p.rowWidth()-weightWidth, 8)
	filled := cells * int(w.Weight) * len(eighths) / int(shift.All)
	if w.Weight > 0 {
		filled = max(filled, 1)
	}
	full := strings.Repeat("█", filled/len(eighths))
	if part := filled % len(eighths); part > 0 {
		full += string(eighths[part])
	}
	rest := []rune(strings.Repeat("░", cells-countRunes(full)))
	for _, s := range plan.Steps {
		if at := cells*int(s.Weight)/int(shift.All) - countRunes(full); s.Weight < shift.All && s.Weight > w.Weight && at > 0 && at < len(rest) {
			rest[at] = '┊'
		}
	}
	return p.accent.Render(full) + p.faint.Render(string(rest))
}

func (p page) stepText(l picture.Live) string {
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
	case l.WaitState != "":
		text += "   " + p.doubt.Render(l.WaitState)
	case l.Left > 0:
		text += "   " + p.faint.Render(picture.Clock(l.Left)+" to go")
	}
	return text
}

// alarmLines has a line for each alarm. If there are many, those that are not OK come
// first.
func (p page) alarmLines(all []picture.AlarmNow) []string {
	if len(all) == 0 {
		return []string{p.row("alarms", p.faint.Render("none"))}
	}
	if len(all) > maxAlarms {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b picture.AlarmNow) int { return alarmOrder(a) - alarmOrder(b) })
	}
	var lines []string
	name, names := "alarms", 0
	for _, a := range all[:min(len(all), maxAlarms)] {
		names = max(names, ansi.StringWidth(safeText(a.Name, maxAlarmName)))
	}
	for i, a := range all {
		if i == maxAlarms-1 && len(all) > maxAlarms {
			return append(lines, p.row(name, fmt.Sprintf("and %d more", len(all)-i)))
		}
		mark, style := p.alarm(a.State)
		state := string(a.State)
		if state == "" {
			state = "not read yet"
		}
		lines = append(lines, p.row(name, style.Render(mark)+" "+pad(safeText(a.Name, maxAlarmName), names)+"  "+style.Render(state)))
		name = ""
	}
	return lines
}

// alarmOrder sorts the alarms that need attention first.
func alarmOrder(a picture.AlarmNow) int {
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
	lines := []string{p.row("verdict", style.Render(mark+" "+l.Verdict.String())+p.faint.Render("   "+picture.Quantity(l.Checks, "check", "checks")))}
	var reasons []string
	for _, reason := range l.Reasons {
		reasons = append(reasons, breakLines(safeText(reason, 256), p.rowWidth())...)
	}
	if len(reasons) > maxReasonLines {
		reasons = append(reasons[:maxReasonLines-1], reasons[maxReasonLines-1]+" …")
	}
	for _, reason := range reasons {
		lines = append(lines, p.row("", reason))
	}
	return lines
}

// comparedLines says what the comparison of the versions knows of each Target.
func (p page) comparedLines(list []picture.Comparison) []string {
	var lines []string
	name := "compared"
	for i, c := range list {
		if i == maxTargets-1 && len(list) > maxTargets {
			return append(lines, p.row(name, fmt.Sprintf("and %d more targets, with no more evidence", len(list)-i)))
		}
		if c.OneOfSeveral {
			lines = append(lines, p.row(name, p.strong.Render(cutMiddle(safeText(string(c.Target), maxName), p.rowWidth()))))
			name = ""
		}
		for _, sentence := range c.Sentences {
			lines = append(lines, p.wrap(margin, cmp.Or(name, " "), sentence)...)
			name = ""
		}
	}
	return lines
}

// trafficLines has a line for each kind of version; for other versions only if they
// served.
func (p page) trafficLines(l picture.Live) []string {
	lines := []string{p.row("stable", p.servedText(l.Stable)), p.row("candidate", p.servedText(l.Candidate))}
	if l.Other.Requests > 0 {
		lines = append(lines, p.row("other", p.servedText(l.Other)))
	}
	return lines
}

// servedText formats the requests of a version in columns.
func (p page) servedText(s picture.Served) string {
	if p.isNarrow() {
		return fmt.Sprintf("%s of %s failed", picture.GroupDigits(s.Errors), picture.GroupDigits(s.Requests))
	}
	text := fmt.Sprintf("%s requests  %s failed", padLeft(picture.GroupDigits(s.Requests), 9), padLeft(picture.GroupDigits(s.Errors), 7))
	if s.Requests == 0 {
		return p.faint.Render(text)
	}
	return text + padLeft(formatPercent(s.ErrorShare()), 8)
}
