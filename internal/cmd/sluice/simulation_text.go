package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sluice/internal/picture"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// text prints the simulation as plain text.
func (s simulation) text(to io.Writer) {
	story(s.run.Moments).write(to)
	fmt.Fprintln(to)
	s.summary().write(to)
}

// story has a line for each moment, but for the middle of a long quiet time. An
// execution is named only when there are several.
func story(moments []picture.Moment) *table {
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
		add(picture.Clock(m.At), m.Execution, m.State, m.Weight.String(), m.Verdict, strings.Join(m.Notes, "; "))
		skip := 1
		if n := quietRun(moments); n > longestQuiet {
			skip = n - 1
			add("…", m.Execution, m.State, m.Weight.String(), m.Verdict, fmt.Sprintf("%s checks passed", picture.GroupDigits(n-2)))
		}
		moments = moments[skip:]
	}
	return t
}

// longestQuiet is how many polls in a row that say the same are all shown.
const longestQuiet = 5

// quietRun is how many moments from the first on say the same.
func quietRun(moments []picture.Moment) int {
	n := 1
	for n < len(moments) && moments[n].IsRepeatedPoll(moments[n-1]) {
		n++
	}
	return n
}

// summary is what came of the simulation.
func (s simulation) summary() *table {
	r := s.result
	t := &table{indent: gutter}
	t.add("outcome", outcomeOf(r.Outcome, r.Status, r.Error))
	t.addCause(s.run.Explanation())
	t.add("virtual time", picture.Clock(seconds(r.VirtualSeconds)))
	t.add("transitions", picture.GroupDigits(r.Transitions))
	t.add("history events", picture.GroupDigits(r.HistoryEvents))
	t.add("invocations", tallies(r.Invocations))
	t.addCalls(r.Calls)
	t.add("requests")
	t.add("  stable", served(r.Requests.Stable, r.Requests.StableErrors))
	t.add("  candidate", served(r.Requests.Candidate, r.Requests.CandidateErrors))
	t.addAll("routes", routes(r.Routes))
	t.add("announcements", announcements(r.Announcements))
	return t
}

// maxCause is more than Step Functions' causes have here.
const maxCause = 4000

// addCause says why a deployment has ended so, and what a person can do.
func (t *table) addCause(why, next string) {
	if why != "" {
		t.add("cause", shift.BoundText(why, maxCause))
	}
	if next != "" {
		t.add("next", next)
	}
}

// addAll adds a row for each text, named once.
func (t *table) addAll(name string, texts []string) {
	if len(texts) == 0 {
		t.add(name, nothing)
	}
	for _, text := range texts {
		t.add(name, text)
		name = ""
	}
}

// outcomeOf names the Outcome; an execution may end without any.
func outcomeOf(outcome, status, failure string) string {
	switch {
	case outcome == "" && failure != "":
		return fmt.Sprintf("none: the execution is %s with %s", status, failure)
	case outcome == "":
		return fmt.Sprintf("none: the execution is %s, and nothing has closed the deployment", status)
	case status == "FAILED" || status == "SUCCEEDED":
		return outcome
	}
	return fmt.Sprintf("%s; the execution is %s", outcome, status)
}

// tallies lists names with their counts.
func tallies(counts map[string]int) string {
	if len(counts) == 0 {
		return nothing
	}
	list := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, name+glue+picture.GroupDigits(counts[name]))
	}
	return strings.Join(list, ", ")
}

// addCalls adds the AWS calls, a row for each service.
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
		t.add("  "+service, tallies(byService[service]))
	}
}

func served(requests, failed int64) string {
	if failed == 0 {
		return picture.GroupDigits(requests)
	}
	return fmt.Sprintf("%s, of which %s failed (%.1f%%)", picture.GroupDigits(requests), picture.GroupDigits(failed), 100*float64(failed)/float64(requests))
}

// shownRoutes is how many changes of routes are shown at the beginning and at
// the end of many.
const shownRoutes = 6

func routes(changes []world.Routed) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = fmt.Sprintf("%s %s: %s", picture.Clock(seconds(c.Seconds)), c.Target, route(c))
	}
	if left := len(lines) - 2*shownRoutes; left > 1 {
		lines = slices.Concat(lines[:shownRoutes], []string{fmt.Sprintf("… %d more", left)}, lines[shownRoutes+left:])
	}
	return lines
}

func route(c world.Routed) string {
	r := shift.Route{Serving: shift.Version(c.Stable), Additional: shift.Version(c.Candidate), Weight: c.Percent}
	switch c.Percent {
	case shift.None:
		r.Additional = ""
	case shift.All:
		r.Serving, r.Additional = r.Additional, ""
	}
	return r.String()
}

// announcements lists them in their order, those that repeat with their number.
func announcements(states []string) string {
	if len(states) == 0 {
		return nothing
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
