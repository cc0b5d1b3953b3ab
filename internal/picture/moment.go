package picture

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/internal/explain"
	"sluice/internal/flow"
	"sluice/internal/shift"
)

// Moment is a state that was left, or an end that was reached.
type Moment struct {
	At        time.Duration
	Execution string
	State     string
	Weight    Share  // the Candidate's
	Verdict   string // empty where nothing is judged
	Failed    bool   // the state did not do its work, or the end is a bad one
	Notes     []string

	stages, positions int // that were known by then
}

// Share is a Weight that may not be known, as before any was set.
type Share struct {
	shift.Weight
	Known bool
}

func shareOf(w shift.Weight) Share { return Share{w, true} }

// String shows the Weight; nothing that is not known.
func (s Share) String() string {
	if !s.Known {
		return ""
	}
	return s.Weight.String()
}

// maxNote bounds what an outside text can say in a line.
const maxNote = 600

func (m *Moment) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		m.Notes = append(m.Notes, shift.BoundText(text, maxNote))
	}
}

// list notes each text.
func (m *Moment) list(texts []string) {
	for _, text := range texts {
		m.note("%s", text)
	}
}

// Quiet says that the moment is a poll that went as well as the one before it.
func (m Moment) Quiet(before Moment) bool {
	calm := m.Verdict == shift.Pass.String() || m.Verdict == shift.Wait.String()
	return m.State == flow.CheckAlarms.State && calm &&
		m.Execution == before.Execution && m.State == before.State && m.Weight == before.Weight &&
		m.Verdict == before.Verdict && slices.Equal(m.Notes, before.Notes)
}

// document is what flows, with what Rollback adds.
type document struct {
	flow.Document
	Rollback *undoing
}

// undoing is flow.Undoing, as far as a picture shows it.
type undoing struct {
	Outcome shift.Outcome   `json:"outcome"`
	Undone  json.RawMessage `json:"undone"`
	Reasons []shift.Reason  `json:"reasons"`
}

// decode reads what can be read: a raw input may be anything, and what another version of
// Sluice has written may have another form here and there.
func decode(text json.RawMessage) document {
	var is struct {
		Release    json.RawMessage `json:"release"`
		Deployment json.RawMessage `json:"deployment"`
		Progress   json.RawMessage `json:"progress"`
		Failure    json.RawMessage `json:"failure"`
		Hook       json.RawMessage `json:"hook"`
		Rollback   json.RawMessage `json:"rollback"`
	}
	if json.Unmarshal(text, &is) != nil {
		return document{}
	}
	return document{
		Document: flow.Document{
			Release: part[shift.Release](is.Release), Deployment: part[shift.Deployment](is.Deployment),
			Progress: part[shift.Progress](is.Progress), Failure: part[flow.Failure](is.Failure), Hook: part[shift.Hook](is.Hook),
		},
		Rollback: part[undoing](is.Rollback),
	}
}

// part reads one field; nil is one that is not there, or cannot be read.
func part[T any](text json.RawMessage) *T {
	var value *T
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return value
}

// tell says what became of the Targets, and whether there is anything to say of any:
// earlier versions had a sentence for each.
func (u undoing) tell() (sentences []string, some bool) {
	var undone []shift.Undone
	if len(u.Undone) == 0 || json.Unmarshal(u.Undone, &undone) == nil {
		return explain.Undone(undone, maxNote), len(undone) > 0
	}
	if json.Unmarshal(u.Undone, &sentences) != nil {
		sentences = nil
	}
	return sentences, true
}

func hookOf(input json.RawMessage) string {
	if h := decode(input).Hook; h != nil {
		return h.Function
	}
	return ""
}

// told is a failure in a line: its name, and the message that Lambda packs into
// a report.
func told(f flow.Failure) string {
	var report struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(f.Cause), &report) == nil && report.Message != "" {
		f.Cause = report.Message
	}
	if f.Cause == "" {
		return f.Error
	}
	return f.Error + ": " + f.Cause
}

// descriptions say what a state has done, by its name.
var descriptions = map[string]func(document, *Moment){
	flow.Publish.State:          published,
	flow.Open.State:             opened,
	string(shift.BeforeTraffic): func(d document, m *Moment) { asked(d, shift.BeforeTraffic, m) },
	flow.SetWeight.State:        shifted,
	flow.CheckAlarms.State:      judged,
	string(shift.AfterTraffic):  func(d document, m *Moment) { asked(d, shift.AfterTraffic, m) },
	flow.Close.State:            func(_ document, m *Moment) { m.Weight = shareOf(shift.All); m.note("verified and closed") },
	flow.Rollback.State:         restored,
}

// describe is the moment when a state has done its work.
func describe(v *visit, d document) Moment {
	m := Moment{State: v.name, Weight: weight(d)}
	if v.hook != "" {
		m.note("%s agreed", v.hook)
	}
	if say, known := descriptions[v.name]; known {
		say(d, &m)
	}
	return m
}

// weight is the Candidate's share as far as the document knows it.
func weight(d document) Share {
	switch {
	case d.Progress == nil || d.Rollback != nil && d.Rollback.Outcome == shift.Stranded:
		return Share{}
	case d.Rollback != nil && d.Rollback.Outcome == shift.RolledBack:
		return shareOf(shift.None)
	}
	return shareOf(d.Progress.Weight)
}

func published(d document, m *Moment) {
	if d.Release == nil {
		return
	}
	groups := shift.GroupBy(d.Release.Arrivals, func(a shift.Arrival) (shift.Target, shift.Version) { return a.Target, a.Candidate })
	m.list(shift.TellGroups(groups, shift.MaxClauses, func(g shift.Group[shift.Version]) string {
		return fmt.Sprintf("version %s for %s", g.Of, g.Names())
	}, "have theirs"))
}

func opened(d document, m *Moment) {
	if d.Deployment == nil {
		return
	}
	if d.Deployment.Unchanged != nil {
		m.note("nothing to shift")
		return
	}
	type versions struct{ stable, candidate shift.Version }
	groups := shift.GroupBy(d.Deployment.Changes, func(c shift.Change) (shift.Target, versions) { return c.Target, versions{c.Stable, c.Candidate} })
	m.list(shift.TellGroups(groups, shift.MaxClauses, func(g shift.Group[versions]) string {
		if g.Of.stable == "" {
			return fmt.Sprintf("%s created with %s", g.Names(), g.Of.candidate)
		}
		return fmt.Sprintf("%s from %s to %s", g.Names(), g.Of.stable, g.Of.candidate)
	}, "to their candidates"))
	m.note("%s, %s of baking", Counted(d.Deployment.Plan.Len(), "step", "steps"), d.Deployment.Plan.Duration())
	if len(d.Deployment.Alarms) > 0 {
		m.note("watching %s", strings.Join(d.Deployment.Alarms, ", "))
	}
	if len(d.Deployment.FiringAtStart) > 0 {
		m.note("ignoring until OK: %s", strings.Join(d.Deployment.FiringAtStart, ", "))
	}
}

func asked(d document, p shift.Point, m *Moment) {
	if d.Release == nil {
		return
	}
	if hooks := d.Release.Hooks.At(p); len(hooks) > 0 {
		m.note("%s agreed", Counted(len(hooks), "hook", "hooks"))
		return
	}
	m.note("no hooks")
}

func shifted(d document, m *Moment) {
	if d.Progress != nil {
		m.note("step %d of %d", d.Progress.Step, d.Progress.Steps)
	}
}

func judged(d document, m *Moment) {
	if d.Progress == nil {
		return
	}
	m.Verdict = d.Progress.Verdict.String()
	m.list(shift.Texts(d.Progress.Reasons))
}

func restored(d document, m *Moment) {
	if d.Rollback == nil {
		return
	}
	sentences, some := d.Rollback.tell()
	switch {
	case some:
		m.list(sentences)
	case d.Rollback.Outcome == shift.Rejected:
		m.note("nothing to undo")
	case d.Failure != nil && (d.Failure.Error == flow.DeploymentClosed || d.Failure.Error == flow.DeploymentRestoring):
		m.note("the safety net was first")
	default:
		m.note("it had been done before")
	}
}

// ending is the moment when the last state of a road was entered.
func ending(state string, isFail bool, d document) Moment {
	m := Moment{State: state, Weight: weight(d), Failed: isFail}
	if state == string(shift.Promoted) {
		m.Weight = shareOf(shift.All) // Close has verified it, and its output replaced the document
	}
	if d.Deployment != nil && d.Deployment.Unchanged != nil && d.Failure == nil {
		m.note("%s", d.Deployment.Unchanged.Reason)
	}
	return m
}
