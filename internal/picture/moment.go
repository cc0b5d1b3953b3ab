package picture

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Moment is something that a person wants to see in the story of a deployment: a state
// that was left, or an end that was reached.
type Moment struct {
	At        time.Duration
	Execution string
	State     string
	Weight    Share  // the Candidate's
	Verdict   string // empty if the state does not judge
	Failed    bool   // the state failed, or the execution ended badly
	Notes     []string

	stages, positions int // how many stages and positions were known at that time
	// reasons are those of a check. The Notes begin with their texts.
	reasons []shift.Reason
}

// Share is a Weight that may be unknown, as it is before the first one is set.
type Share struct {
	shift.Weight
	Known bool
}

func shareOf(w shift.Weight) Share { return Share{w, true} }

// String formats the Weight. An unknown Share is the empty string.
func (s Share) String() string {
	if !s.Known {
		return ""
	}
	return s.Weight.String()
}

// maxNote bounds the length of a text from outside in one line.
const maxNote = 600

func (m *Moment) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		m.Notes = append(m.Notes, shift.BoundText(text, maxNote))
	}
}

// noteAll adds each text as a note.
func (m *Moment) noteAll(texts []string) {
	for _, text := range texts {
		m.note("%s", text)
	}
}

// IsRepeatedPoll reports whether the moment is a passing or waiting poll with the same
// result as the moment before. Two comparisons of the versions have the same result though
// their numbers differ.
func (m Moment) IsRepeatedPoll(before Moment) bool {
	calm := m.Verdict == shift.Pass.String() || m.Verdict == shift.Wait.String()
	return m.State == flow.CheckAlarms.State && calm &&
		m.Execution == before.Execution && m.State == before.State && m.Weight == before.Weight &&
		m.Verdict == before.Verdict && slices.Equal(m.result(), before.result())
}

// comparing names the Reasons whose texts have other numbers at each poll.
var comparing = []string{shift.NothingFound, shift.CannotTell, shift.SyntheticAsked, shift.CandidateWorseObserved, shift.CandidateWorseAlone}

// result is what a poll has found, without the numbers of comparisons.
func (m Moment) result() []string {
	result := slices.Clone(m.Notes)
	for i, r := range m.reasons {
		if i < len(result) && slices.Contains(comparing, r.Name) {
			result[i] = r.Name + " " + r.Subject
		}
	}
	return result
}

// RepeatedText counts the polls that repeat this one and are not shown.
func (m Moment) RepeatedText(n int) string {
	count := Quantity(n, "more check", "more checks")
	if m.Verdict == shift.Pass.String() {
		return count + " passed"
	}
	return count + " with the same result"
}

// document is the state machine's document, with what Rollback adds.
type document struct {
	flow.Document
	Rollback *rollback
}

// rollback is the part of flow.Undoing that a picture shows.
type rollback struct {
	Outcome shift.Outcome   `json:"outcome"`
	Undone  json.RawMessage `json:"undone"`
	Reasons []shift.Reason  `json:"reasons"`
}

// decode reads the parts of a document that it can. A raw input may be anything, and
// another version of Sluice may have written some parts in another form.
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
			Release: decodePart[shift.Release](is.Release), Deployment: decodePart[shift.Deployment](is.Deployment),
			Progress: decodePart[shift.Progress](is.Progress), Failure: decodePart[flow.Failure](is.Failure), Hook: decodePart[shift.Hook](is.Hook),
		},
		Rollback: decodePart[rollback](is.Rollback),
	}
}

// decodePart reads one field. It returns nil if the field is missing or unreadable.
func decodePart[T any](text json.RawMessage) *T {
	var value *T
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return value
}

// sentences says what became of the Targets. some is false if no Target was touched.
// Earlier versions of Sluice stored one sentence for each Target.
func (u rollback) sentences() (sentences []string, some bool) {
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

// failureText formats a failure in one line: its name, and the message from the error
// report that Lambda returns.
func failureText(f flow.Failure) string {
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

// descriptions fill in the Moment of a state that has succeeded, by the state's name.
var descriptions = map[string]func(document, *Moment){
	flow.Publish.State:          describePublish,
	flow.Open.State:             describeOpen,
	string(shift.BeforeTraffic): func(d document, m *Moment) { describeHooks(d, shift.BeforeTraffic, m) },
	flow.SetWeight.State:        describeSetWeight,
	flow.CheckAlarms.State:      describeCheck,
	string(shift.AfterTraffic):  func(d document, m *Moment) { describeHooks(d, shift.AfterTraffic, m) },
	flow.Close.State:            func(_ document, m *Moment) { m.Weight = shareOf(shift.All); m.note("verified and closed") },
	flow.Rollback.State:         describeRollback,
}

// describe returns the Moment of a state that has succeeded.
func describe(v *visit, d document) Moment {
	m := Moment{State: v.name, Weight: weightIn(d)}
	if v.hook != "" {
		m.note("%s agreed", v.hook)
	}
	if say, known := descriptions[v.name]; known {
		say(d, &m)
	}
	return m
}

// weightIn returns the Candidate's share as far as the document knows it.
func weightIn(d document) Share {
	switch {
	case d.Progress == nil || d.Rollback != nil && d.Rollback.Outcome == shift.Stranded:
		return Share{}
	case d.Rollback != nil && d.Rollback.Outcome == shift.RolledBack:
		return shareOf(shift.None)
	}
	return shareOf(d.Progress.Weight)
}

func describePublish(d document, m *Moment) {
	if d.Release == nil {
		return
	}
	type version struct {
		noun    string
		version shift.Version
	}
	groups := shift.GroupBy(d.Release.Arrivals, func(a shift.Arrival) (shift.Target, version) {
		return a.Target, version{flow.VersionNoun(a.Target), a.Candidate}
	})
	m.noteAll(shift.TellGroups(groups, shift.MaxClauses, func(g shift.Group[version]) string {
		return fmt.Sprintf("%s %s for %s", g.Of.noun, g.Of.version, g.Names())
	}, "have theirs"))
}

func describeOpen(d document, m *Moment) {
	if d.Deployment == nil {
		return
	}
	if d.Deployment.Unchanged != nil {
		m.note("nothing to shift")
		return
	}
	if d.Deployment.Turn != nil {
		m.note("%s", d.Deployment.Turn)
		return
	}
	type versions struct{ stable, candidate shift.Version }
	groups := shift.GroupBy(d.Deployment.Changes, func(c shift.Change) (shift.Target, versions) { return c.Target, versions{c.Stable, c.Candidate} })
	m.noteAll(shift.TellGroups(groups, shift.MaxClauses, func(g shift.Group[versions]) string {
		if g.Of.stable == "" {
			return fmt.Sprintf("%s created with %s", g.Names(), g.Of.candidate)
		}
		return fmt.Sprintf("%s from %s to %s", g.Names(), g.Of.stable, g.Of.candidate)
	}, "to their candidates"))
	m.note("%s, %s of baking", Quantity(d.Deployment.Plan.Len(), "step", "steps"), d.Deployment.Plan.Duration())
	if len(d.Deployment.Alarms) > 0 {
		m.note("watching %s", strings.Join(shift.AlarmTitles(d.Deployment.Alarms), ", "))
	}
	if len(d.Deployment.FiringAtStart) > 0 {
		m.note("ignoring until OK: %s", strings.Join(d.Deployment.FiringAtStart, ", "))
	}
	for _, w := range d.Deployment.Warnings {
		m.note("warning: %s", w.Text)
	}
}

func describeHooks(d document, p shift.Point, m *Moment) {
	if d.Release == nil {
		return
	}
	if hooks := d.Release.Hooks.At(p); len(hooks) > 0 {
		m.note("%s agreed", Quantity(len(hooks), "hook", "hooks"))
		return
	}
	m.note("no hooks")
}

func describeSetWeight(d document, m *Moment) {
	if d.Progress != nil {
		m.note("step %d of %d", d.Progress.Step, d.Progress.Steps)
	}
}

func describeCheck(d document, m *Moment) {
	if d.Progress == nil {
		return
	}
	m.Verdict = d.Progress.Verdict.String()
	m.reasons = d.Progress.Reasons
	m.noteAll(shift.Texts(m.reasons))
}

func describeRollback(d document, m *Moment) {
	if d.Rollback == nil {
		return
	}
	sentences, some := d.Rollback.sentences()
	switch {
	case some:
		m.noteAll(sentences)
	case d.Rollback.Outcome == shift.Rejected:
		m.note("nothing to undo")
	case d.Failure != nil && (d.Failure.Error == flow.DeploymentClosed || d.Failure.Error == flow.DeploymentRestoring):
		m.note("the safety net did it first")
	default:
		m.note("it was already done")
	}
}

// finalMoment returns the Moment of entering a Succeed or Fail state.
func finalMoment(state string, isFail bool, d document) Moment {
	m := Moment{State: state, Weight: weightIn(d), Failed: isFail}
	if state == string(shift.Promoted) {
		m.Weight = shareOf(shift.All) // Close has verified it; its output has no progress
	}
	if d.Deployment != nil && d.Deployment.Unchanged != nil && d.Failure == nil {
		m.note("%s", d.Deployment.Unchanged.Reason)
	}
	return m
}
