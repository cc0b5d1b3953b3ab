package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// print prints the simulation as plain text.
func (s simulation) print(to io.Writer) {
	storyTable(s.run.Moments).write(to)
	fmt.Fprintln(to)
	s.summary().write(to)
}

// storyTable has a row for each moment, except the middle of a long series of equal
// polls. It names the execution only if there are several.
func storyTable(moments []picture.Moment) *table {
	several := slices.ContainsFunc(moments, func(m picture.Moment) bool { return m.Execution != moments[0].Execution })
	t := &table{indent: gutter, right: map[int]bool{0: true, 2: true}}
	add := func(time, execution string, cells ...string) {
		row := []string{time}
		if several {
			row = append(row, execution)
		}
		t.add(append(row, cells...)...)
	}
	if several {
		t.right = map[int]bool{0: true, 3: true}
	}
	add("TIME", "EXECUTION", "STATE", "WEIGHT", "VERDICT", "")
	for len(moments) > 0 {
		m := moments[0]
		add(picture.Clock(m.At), m.Execution, m.State, m.Weight.String(), m.Verdict, joinNotes(m))
		skip := 1
		if n := countRepeated(moments); n > maxRepeatedLines {
			skip = n - 1
			add("…", m.Execution, m.State, m.Weight.String(), m.Verdict, m.RepeatedText(n-2))
		}
		moments = moments[skip:]
	}
	return t
}

func joinNotes(m picture.Moment) string { return strings.Join(m.Notes, "; ") }

// maxRepeatedLines is how many equal polls in a row are all shown.
const maxRepeatedLines = 5

// countRepeated counts the equal moments at the beginning of a list.
func countRepeated(moments []picture.Moment) int {
	n := 1
	for n < len(moments) && moments[n].IsRepeatedPoll(moments[n-1]) {
		n++
	}
	return n
}

// summary lists the outcome of the simulation, and its counts.
func (s simulation) summary() *table {
	r := s.result
	t := &table{indent: gutter}
	t.add("outcome", outcomeText(r.Outcome, r.Status, r.Error))
	t.addCause(s.run.Explanation())
	t.addCompared(s.run.Compared())
	t.add("virtual time", picture.Clock(fromSeconds(r.VirtualSeconds)))
	t.add("transitions", picture.GroupDigits(r.Transitions))
	t.add("history events", picture.GroupDigits(r.HistoryEvents))
	t.add("invocations", countsText(r.Invocations))
	t.addCalls(r.Calls)
	t.add("requests")
	t.addRequests(r.Requests)
	t.addAll("routes", routeLines(r.Routes))
	t.add("announcements", announcementsText(r.Announcements))
	return t
}

// maxCause is how many characters of a cause are shown. The causes here are shorter.
const maxCause = 4000

// addCause adds why a deployment ended as it did, and what a person can do next.
func (t *table) addCause(why, next string) {
	if why != "" {
		t.add("cause", shift.BoundText(why, maxCause))
	}
	if next != "" {
		t.add("next", next)
	}
}

// maxCompared is of how many targets the comparison is told.
const maxCompared = 5

// addCompared adds what the comparison of the versions knows of each Target.
func (t *table) addCompared(list []picture.Comparison) {
	name := "compared"
	for i, c := range list {
		if i == maxCompared-1 && len(list) > maxCompared {
			t.add(name, fmt.Sprintf("and %d more targets, with no more evidence", len(list)-i))
			return
		}
		if c.OneOfSeveral {
			t.add(name, string(c.Target))
			name = ""
		}
		for _, sentence := range c.Sentences {
			t.add(name, sentence)
			name = ""
		}
	}
}

// addAll adds a row for each text. Only the first row has the name.
func (t *table) addAll(name string, texts []string) {
	if len(texts) == 0 {
		t.add(name, emptyCell)
	}
	for _, text := range texts {
		t.add(name, text)
		name = ""
	}
}

// outcomeText names the Outcome. An execution may end without one.
func outcomeText(outcome, status, failure string) string {
	switch {
	case outcome == "" && failure != "":
		return fmt.Sprintf("none: the execution is %s with %s", status, failure)
	case outcome == "":
		return fmt.Sprintf("none: the execution is %s, and the deployment is not closed", status)
	case status == "FAILED" || status == "SUCCEEDED":
		return outcome
	}
	return fmt.Sprintf("%s; the execution is %s", outcome, status)
}

// countsText lists names with their counts.
func countsText(counts map[string]int) string {
	if len(counts) == 0 {
		return emptyCell
	}
	list := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, name+noBreakSpace+picture.GroupDigits(counts[name]))
	}
	return strings.Join(list, ", ")
}

// addCalls adds the AWS calls, one row for each service.
func (t *table) addCalls(calls map[string]int) {
	byService, total := map[string]map[string]int{}, 0
	for call, n := range calls {
		service, operation, _ := strings.Cut(call, ":")
		if byService[service] == nil {
			byService[service] = map[string]int{}
		}
		byService[service][operation] = n
		total += n
	}
	t.add("AWS calls", picture.GroupDigits(total))
	for _, service := range slices.Sorted(maps.Keys(byService)) {
		t.add("  "+service, countsText(byService[service]))
	}
}

// addRequests adds the requests of each version, over all targets.
func (t *table) addRequests(counts []world.Requests) {
	type version struct {
		name, kind, noun string
		role             world.Role
	}
	total, targets := map[version]world.Requests{}, map[version]int{}
	var versions []version
	for _, r := range counts {
		v := version{r.Version, r.Kind, flow.VersionNoun(r.Target), r.Role}
		if targets[v] == 0 {
			versions = append(versions, v)
		}
		targets[v]++
		total[v] = world.Requests{Requests: total[v].Requests + r.Requests, Errors: total[v].Errors + r.Errors}
	}
	slices.SortStableFunc(versions, func(a, b version) int { return slices.Index(roles, a.role) - slices.Index(roles, b.role) })
	for _, v := range versions {
		text := requestsText(total[v].Requests, total[v].Errors)
		if targets[v] > 1 {
			text += fmt.Sprintf(", at %d targets", targets[v])
		}
		label := v.name
		if v.kind != "" { // a release or an endpoint may be too long for a label
			label, text = v.kind, fmt.Sprintf("%s %s: %s", v.noun, v.name, text)
		}
		t.add(fmt.Sprintf("  %s, %s", label, v.role), text)
	}
	if len(counts) == 0 {
		t.add("  none", emptyCell)
	}
}

// roles are the roles in the order in which they are shown.
var roles = []world.Role{world.RoleStable, world.RoleCandidate, world.RoleOther}

func requestsText(requests, failed int64) string {
	if failed == 0 {
		return picture.GroupDigits(requests)
	}
	return fmt.Sprintf("%s, of which %s failed (%.1f%%)", picture.GroupDigits(requests), picture.GroupDigits(failed), 100*float64(failed)/float64(requests))
}

// maxRoutesAtEachEnd is how many changes of routes are shown at the beginning and at
// the end of a long list.
const maxRoutesAtEachEnd = 6

func routeLines(changes []world.Routed) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = fmt.Sprintf("%s %s: %s", picture.Clock(fromSeconds(c.Seconds)), c.Target, routeText(c))
	}
	if left := len(lines) - 2*maxRoutesAtEachEnd; left > 1 {
		lines = slices.Concat(lines[:maxRoutesAtEachEnd], []string{fmt.Sprintf("… %d more", left)}, lines[maxRoutesAtEachEnd+left:])
	}
	return lines
}

func routeText(c world.Routed) string {
	r := shift.Route{Serving: shift.Version(c.Stable), Additional: shift.Version(c.Candidate), Weight: c.Percent}
	switch c.Percent {
	case shift.None:
		r.Additional = ""
	case shift.All:
		r.Serving, r.Additional = r.Additional, ""
	}
	return r.String()
}

// announcementsText lists the announcements in their order. Equal ones in a row are
// counted.
func announcementsText(states []string) string {
	if len(states) == 0 {
		return emptyCell
	}
	var list []string
	for i := 0; i < len(states); {
		n := 1
		for i+n < len(states) && states[i+n] == states[i] {
			n++
		}
		text := states[i]
		if n > 1 {
			text += fmt.Sprintf(" ×%d", n)
		}
		list = append(list, text)
		i += n
	}
	return strings.Join(list, ", ")
}
