package dashboard

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
	"github.com/sluice-aws/sluice/internal/shift"
)

// card is what a page shows of a deployment.
type card struct {
	Key     string // of its element
	ID      string
	Name    string // of its execution
	Titles  []string
	More    int // targets that are not named
	Badge   string
	Tone    string
	Open    bool
	Weight  picture.Share
	Marks   []shift.Weight // of the steps to come
	Step    string
	Baked   *baking
	Count   *countdown
	Gates   []gate
	Notes   []string
	Command string
	Told    string
	Since   time.Time
	Ended   time.Time
	Trouble []string
	Actions []operator.Action
	// Asks is the step that people are asked about, or 0.
	Asks int
	// Revertable says that it can be reverted, as far as its own record tells.
	Revertable bool
	// Why and Next are the cause of an end, and what a person can do.
	Why, Next string
	Console   string
}

// countdown says when the next thing happens. The page counts it down.
type countdown struct {
	What  string
	Until time.Time // by AWS's clock
	Left  time.Duration
	Late  string // is shown when the time has come
	Then  string // what follows, where What does not say it
}

// baking is how long a step has baked, of what it has to.
type baking struct {
	Baked, Whole time.Duration
	// Since is when it would have begun if nothing had interrupted it, by AWS's clock: the page counts
	// from there. It is zero while something is waited for.
	Since time.Time
}

func (b baking) String() string {
	return fmt.Sprintf("baked %s of %s", picture.Clock(b.Baked), picture.Clock(b.Whole))
}

// gate is what is asked before the next step, with its evidence.
type gate struct {
	Kind, Name  string
	State, Tone string
	Evidence    []string
}

const (
	maxTitles   = 3
	maxTitle    = 120 // characters
	maxGates    = 6
	maxEvidence = 300 // characters
	maxGist     = 2
	maxNotes    = 4
)

// comparison is the Kind of a gate that compares the versions.
const comparison = "comparison"

// keyOf returns the key of a deployment's element.
func keyOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "d-" + hex.EncodeToString(sum[:6])
}

// newCard returns what is shown of a deployment at a time by AWS's clock.
func (d *deployment) newCard(now time.Time, c Config) card {
	live := d.run.At(now.Sub(d.began))
	v := card{
		Key: keyOf(d.id), ID: d.id, Name: operator.Execution(d.id).Name(), Open: d.isOpen(), Weight: d.weight(live),
		Since: d.since, Ended: d.endedAt(), Told: d.told, Console: c.Console(operator.Execution(d.id)),
	}
	v.addTitles(d.moves())
	v.Badge, v.Tone = d.badge(live)
	for _, problem := range []string{d.recordError, d.historyError} {
		if problem != "" {
			v.Trouble = append(v.Trouble, problem)
		}
	}
	if !c.ReadOnly {
		v.Actions = operator.ActionsFor(d.stand())
	}
	v.Asks, v.Revertable = d.record.Question(), c.revertable(d.record, now)
	if !v.Open {
		v.addEnd(d)
		return v
	}
	if len(d.record.Reasons) > 0 { // it is being put back
		v.Notes = shift.Texts(d.record.Reasons)
	}
	v.addSteps(d, live, now)
	v.Gates = d.gates(live)
	if c := d.record.Command; c != nil {
		v.Command = string(c.Order)
		if c.Reason != "" {
			v.Command += ": " + c.Reason
		}
	}
	return v
}

func (v *card) addTitles(moves []shift.Move) {
	for i, m := range moves {
		if i == maxTitles && len(moves) > maxTitles+1 {
			v.More = len(moves) - i
			return
		}
		v.Titles = append(v.Titles, page.ChangeText(m, maxTitle))
	}
	if len(moves) == 0 {
		v.Titles = []string{v.Name}
	}
}

// badge names where a deployment stands, and the tone in which to say it.
func (d *deployment) badge(live picture.Live) (name, tone string) {
	if o := d.outcome(); o != "" && !d.isOpen() {
		return string(o), page.OutcomeClass(o)
	}
	switch {
	case d.record.Status == shift.StatusRestoring:
		return "putting back", "bad"
	case !d.isOpen():
		return strings.ToLower(cmp.Or(d.execution.Status, "ended")), "muted"
	case d.turn() != nil:
		return "queued", "doubt"
	case live.WaitState != "":
		return live.WaitState, "doubt"
	case live.Judged && live.Verdict == shift.Hold:
		return "holding", "doubt"
	case d.record.Status == "":
		return "starting", "muted"
	}
	return "open", "going"
}

func (v *card) addEnd(d *deployment) {
	v.Why, v.Next = d.run.Explanation()
	if d.record.Status == shift.StatusClosed {
		v.Why, v.Next = explain.SplitCause(d.record.Outcome, d.record.Reasons, d.record.Cause)
	}
	v.Why = shift.BoundText(v.Why, maxShown)
}

// addSteps says how far it has come, and when it goes on.
func (v *card) addSteps(d *deployment, live picture.Live, now time.Time) {
	if turn := d.turn(); turn != nil {
		v.Step, v.Count = turn.String(), d.waitEnd(now)
		return
	}
	plan := d.plan()
	for _, s := range plan.Steps {
		if s.Weight > v.Weight.Weight && s.Weight < shift.All {
			v.Marks = append(v.Marks, s.Weight)
		}
	}
	v.Step = d.stepText(live, plan.Len())
	switch {
	case d.record.Status != shift.StatusOpen:
	case live.Step > 0 && live.Bake > 0:
		v.addBake(d, live, now)
	case live.WaitState != "":
		v.Count = d.waitEnd(now)
	}
}

// stepText says at which of its steps it is, and what it does there.
func (d *deployment) stepText(live picture.Live, steps int) string {
	text := fmt.Sprintf("step %d of %d", max(live.Step, d.record.Intent), steps)
	switch {
	case steps == 0:
		text = "not planned yet"
	case live.Step == 0 && d.record.Intent == 0:
		text = fmt.Sprintf("no step of %d taken yet", steps)
	}
	if live.State != "" && live.State != flow.BakeState {
		text += ", " + cmp.Or(stateNames[live.State], live.State)
	}
	return text
}

func (v *card) addBake(d *deployment, live picture.Live, now time.Time) {
	v.Baked = &baking{Baked: min(live.Baked, live.Bake), Whole: live.Bake}
	if live.WaitState != "" {
		v.Count = d.waitEnd(now)
		return
	}
	what := "next step in"
	if live.Step == d.plan().Len() {
		what = "finishes in"
	}
	v.Baked.Since = now.Add(-v.Baked.Baked)
	left := max(live.Bake-live.Baked, 0)
	v.Count = &countdown{What: what, Until: now.Add(left), Left: left, Late: "now due"}
}

// waitEnd counts down to what follows if nobody answers, or else to the next look at what is
// waited for.
func (d *deployment) waitEnd(now time.Time) *countdown {
	if end := d.answerEnd(now); end != nil {
		return end
	}
	if d.due.IsZero() {
		return nil
	}
	return &countdown{What: "looks again in", Until: d.due, Left: max(d.due.Sub(now), 0), Late: "now due"}
}

// answerEnd counts down to what follows if nobody answers. It is nil if nobody is asked, or while
// that time stands still.
func (d *deployment) answerEnd(now time.Time) *countdown {
	step := d.record.Question()
	n := len(d.run.Positions)
	if step == 0 || n == 0 || d.record.Deployment == nil {
		return nil
	}
	at := d.run.Positions[n-1]
	left, runs := d.record.Deployment.AnswerLeft(at.Progress, step)
	if !runs {
		return nil
	}
	until := d.began.Add(at.At + left.Duration())
	return &countdown{
		What: "time for an answer:", Until: until, Left: max(until.Sub(now), 0), Late: "over",
		Then: ", then " + d.plan().Step(step).Approval.Follows(step),
	}
}

// gates are what decides whether it goes on: the last check, and then those first that object.
func (d *deployment) gates(live picture.Live) []gate {
	var list, last []gate
	if live.Judged {
		check := gate{Kind: "last check", State: live.Verdict.String(), Tone: page.VerdictClass(live.Verdict.String())}
		for _, reason := range live.Reasons {
			check.Evidence = append(check.Evidence, shift.BoundText(reason, maxEvidence))
		}
		last = append(last, check)
	}
	for _, name := range d.alarmNames() {
		list = append(list, d.alarmGate(name, live))
	}
	for _, c := range live.Compared {
		of := gate{Kind: comparison, Name: string(c.Target), Tone: "muted"}
		for _, sentence := range c.Sentences {
			of.Evidence = append(of.Evidence, shift.BoundText(sentence, maxEvidence))
		}
		list = append(list, of)
	}
	slices.SortStableFunc(list, func(a, b gate) int { return cmp.Compare(toneOrder[a.Tone], toneOrder[b.Tone]) })
	return append(last, list...)
}

// toneOrder puts first what needs a person.
var toneOrder = map[string]int{"bad": 0, "doubt": 1, "muted": 3, "good": 4}

// alarmGate shows an alarm as it was read now, or else as the last check has read it.
func (d *deployment) alarmGate(name string, live picture.Live) gate {
	g := gate{Kind: "alarm", Name: shift.AlarmTitle(name), State: "not read yet", Tone: "muted"}
	state := shift.AlarmState("")
	for _, a := range live.Alarms {
		if a.Name == g.Name {
			state = a.State
		}
	}
	if a, known := d.alarms[name]; known {
		state = a.State
		if a.Reason != "" {
			g.Evidence = []string{shift.BoundText(a.Reason, maxEvidence)}
		}
	}
	switch state {
	case "":
	case shift.AlarmOK:
		g.State, g.Tone = string(state), "good"
	case shift.AlarmFiring:
		g.State, g.Tone = string(state), "bad"
	default:
		g.State, g.Tone = string(state), "doubt"
	}
	return g
}

// Headline is what a screen reader is told when it changes.
func (v card) Headline() string {
	text := strings.Join(v.Titles, ", ") + ": " + v.Badge
	if v.Open && v.Weight.Known {
		text += ", " + v.Weight.String()
	}
	if v.Open && v.Step != "" {
		text += ", " + v.Step
	}
	return text
}

// Link is the address of the deployment's own page.
func (v card) Link() string { return "/deployment?id=" + url.QueryEscape(v.ID) }

// Ask is the address of the page that says what an Action will do.
func (v card) Ask(a operator.Action) string {
	return "/ask?do=" + url.QueryEscape(string(a.Order)) + "&id=" + url.QueryEscape(v.ID)
}

// stepFor is the step that an Action answers for, or 0.
func (v card) stepFor(a operator.Action) int {
	if a.Answers() {
		return v.Asks
	}
	return 0
}

// AskRevert is the address of the page that says what a revert will do.
func (v card) AskRevert() string { return "/revert?id=" + url.QueryEscape(v.ID) }

// FewGates are the gates that a list shows, each with little of its evidence.
func (v card) FewGates() []gate {
	few := slices.Clone(v.Gates[:min(len(v.Gates), maxGates)])
	for i, g := range few {
		few[i].Evidence = g.gist()
	}
	return few
}

// gist is what a list shows of the evidence. What a comparison says last is how strong it is.
func (g gate) gist() []string {
	switch n := len(g.Evidence); {
	case g.Kind == comparison && n > 0:
		return g.Evidence[n-1:]
	case n > maxGist:
		return append(slices.Clone(g.Evidence[:maxGist]), fmt.Sprintf("and %d more", n-maxGist))
	}
	return g.Evidence
}

// MoreGates is how many gates a list leaves out.
func (v card) MoreGates() int { return max(len(v.Gates)-maxGates, 0) }

// FewNotes are the notes that a list shows.
func (v card) FewNotes() []string { return v.Notes[:min(len(v.Notes), maxNotes)] }

// Took is how long a deployment took that has ended.
func (v card) Took() string {
	if v.Open || v.Since.IsZero() || v.Ended.IsZero() {
		return ""
	}
	return picture.Clock(max(v.Ended.Sub(v.Since), 0))
}

// Filled is the Candidate's share in percent, as a number.
func (v card) Filled() string { return strings.TrimSuffix(v.Weight.String(), "%") }

// report returns what the deployment's own page shows below its head.
func (d *deployment) report() page.Report {
	r := page.Report{Run: d.run, Began: d.began, Missing: missing}
	r.Facts = append(r.Facts, page.Fact{Name: "execution", Value: d.id}, page.Fact{Name: "history events", Value: picture.GroupDigits(int(d.last.ID))})
	if d.input != "" {
		r.Texts = append(r.Texts, page.Text{Name: "Input", Content: indentJSON(d.input)})
	}
	return r
}

// missing says what the page does not show, and where it is.
var missing = []string{
	"How many requests each version served, minute by minute, is in CloudWatch: the metrics Invocations and Errors of AWS/Lambda by FunctionName, Resource and ExecutedVersion.",
}

// indentJSON makes JSON readable for a person.
func indentJSON(text string) string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, []byte(text), "", "  ") != nil {
		return text
	}
	return pretty.String()
}
