package page_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
	"github.com/sluice-aws/sluice/internal/shift"
)

// rolledBack is a run with everything that a page can show.
func rolledBack() *picture.Run {
	return &picture.Run{
		Execution: "one", Strategy: "mine", Alarms: []string{"orders-5xx"},
		Changes: []shift.Move{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}},
		Plan:    shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 300, Poll: 60}, {Weight: shift.All}}},
		Moments: []picture.Moment{
			{Execution: "one", State: "SetWeight", Weight: picture.Share{Weight: 1000, Known: true}},
			{Execution: "one", State: "CheckAlarms", At: time.Minute, Verdict: "Pass"},
			{Execution: "one", State: "CheckAlarms", At: 2 * time.Minute, Verdict: "Hold", Notes: []string{"AlarmUnreadable: orders-5xx: because"}},
			{Execution: "one", State: "CheckAlarms", At: 3 * time.Minute, Verdict: "Fail", Notes: []string{"AlarmFired: orders-5xx is in ALARM"}},
			{Execution: "one", State: "RolledBack", At: 3 * time.Minute, Failed: true, Weight: picture.Share{Known: true}},
		},
		Stages:    []picture.Stage{{State: "Publish"}, {State: "SetWeight", Step: 1}, {State: "Bake", Step: 1}, {State: "Rollback", At: 3 * time.Minute}},
		Positions: []picture.Position{{Progress: shift.Progress{Step: 1}}, {At: 3 * time.Minute, Progress: shift.Progress{Step: 1, Baked: 180, Checks: 3, Verdict: shift.Fail}}},
		End:       &picture.End{At: 3 * time.Minute, Outcome: shift.RolledBack, Status: "FAILED", Cause: explain.Cause(shift.RolledBack, []shift.Reason{shift.ParseReason("AlarmFired: orders-5xx")}, nil)},
		Observed: &picture.Observed{
			Until:   3 * time.Minute,
			Alarms:  []picture.AlarmChange{{Name: "orders-5xx", State: shift.AlarmOK}, {At: 150 * time.Second, Name: "orders-5xx", State: shift.AlarmFiring}},
			Weights: []picture.WeightChange{{Target: "lambda:orders:live", Weight: 1000}, {At: 3 * time.Minute, Target: "lambda:orders:live"}},
			Traffic: []picture.Minute{
				{Requests: 540}, {Requests: 60, Errors: 9, Candidate: true}, {Begins: time.Minute, Requests: 541}, {Begins: time.Minute, Requests: 59, Errors: 12, Candidate: true},
				{Begins: 2 * time.Minute, Requests: 540}, {Begins: 2 * time.Minute, Requests: 60, Errors: 11, Candidate: true},
			},
		},
	}
}

func pageText(t *testing.T, r page.Report) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, page.Write(&text, r))
	return text.String()
}

// countMarks counts the marks of each plot of an SVG. It fails if the SVG is not
// well-formed.
func countMarks(t *testing.T, svg string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	decoder, plot := xml.NewDecoder(strings.NewReader(svg)), ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		require.NoError(t, err)
		start, isStart := token.(xml.StartElement)
		for _, a := range start.Attr {
			switch {
			case isStart && a.Name.Local == "data-plot":
				plot = a.Value
				counts[plot] += 0
			case isStart && a.Name.Local == "class" && slices.Contains(strings.Fields(a.Value), "mark"):
				counts[plot]++
			}
		}
	}
}

func TestEveryPlotHasItsMarks(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"time":   2, // a step's beginning, and the end
		"weight": 1, "requests": 2, "errors": 2,
		"alarms": 2, // OK, then ALARM
		"states": 4, // step 1, and three checks
	}
	assert.Equal(t, want, countMarks(t, page.Figure(rolledBack())))
	text := pageText(t, page.Report{Run: rolledBack()})
	assert.Equal(t, want, countMarks(t, svgOf.FindString(text)))
}

var svgOf = regexp.MustCompile(`(?s)<svg.*</svg>`)

func TestPlotsWithoutDataAreLeftOutAndMentioned(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Observed = nil
	text := pageText(t, page.Report{Run: run, Missing: []string{"Ask CloudWatch for the requests."}})
	counts := countMarks(t, svgOf.FindString(text))
	assert.NotContains(t, counts, "requests")
	assert.NotContains(t, counts, "errors")
	assert.Positive(t, counts["weight"])
	assert.Positive(t, counts["alarms"])
	assert.Contains(t, text, "Ask CloudWatch for the requests.")
}

func TestAllPlotsShareOneTimeAxis(t *testing.T) {
	t.Parallel()
	svg := page.Figure(rolledBack())
	ends := regexp.MustCompile(`class="end mark bad"`).FindStringIndex(svg)
	require.NotNil(t, ends)
	x := regexp.MustCompile(`x1="([0-9.]+)"[^>]*class="end mark bad"`).FindStringSubmatch(svg)[1]
	assert.Regexp(t, `<path d="M140 [0-9.]+H140V[0-9.]+H`+regexp.QuoteMeta(x)+`V`, svg, "the weight falls at the end")
	assert.Regexp(t, `<path d="M140 [^"]*H`+regexp.QuoteMeta(x)+`" class="line mark candidate dashed"`, svg, "requests are known until the end")
}

func TestAlarmThatFiredIsDrawnFirstWithItsWholeName(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Alarms, run.Observed.Alarms = nil, nil
	for i := range 25 {
		name := fmt.Sprintf("orders-service-production-eu-west-1-%02d", i)
		run.Alarms = append(run.Alarms, name)
		run.Observed.Alarms = append(run.Observed.Alarms, picture.AlarmChange{Name: name, State: shift.AlarmOK})
	}
	run.Observed.Alarms = append(run.Observed.Alarms,
		picture.AlarmChange{At: time.Minute, Name: run.Alarms[7], State: shift.AlarmInsufficient},
		picture.AlarmChange{At: 150 * time.Second, Name: run.Alarms[21], State: shift.AlarmFiring})
	svg := page.Figure(run)
	assert.Equal(t, run.Alarms[21], regexp.MustCompile(`>(orders-service[^<]*)<`).FindStringSubmatch(svg)[1], "the worst comes first, and is not cut")
	assert.Contains(t, svg, "<title>"+run.Alarms[21]+": ALARM</title>")
	assert.Less(t, strings.Index(svg, run.Alarms[7]), strings.Index(svg, run.Alarms[0]))
	assert.Contains(t, svg, "and 9 more alarms, never seen in a state other than OK")

	run.Alarms = []string{strings.Repeat("a", 200) + "-5xx", strings.Repeat("a", 200) + "-latency"}
	svg = page.Figure(run)
	assert.Contains(t, svg, "a-5xx</text>", "a name that is too long is cut in the middle")
	assert.Contains(t, svg, "a-latency</text>")
}

func TestAlarmThatFiredAtTheVeryEndIsVisible(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Observed.Alarms[1].At = run.End.At
	firing := stateWidths(t, page.Figure(run), "firing")
	require.Len(t, firing, 1)
	assert.GreaterOrEqual(t, firing[0], 3.0)
	assert.Contains(t, page.Figure(run), `class="outcome bad" text-anchor="start">ALARM</text>`, "and its state is written beside it")
}

func TestAlarmThatFiredForASecondInAYearIsVisible(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.End.At = 365 * 24 * time.Hour
	run.Observed.Until = run.End.At
	fired := run.End.At / 3
	run.Observed.Alarms = []picture.AlarmChange{
		{Name: "orders-5xx", State: shift.AlarmOK}, {At: fired, Name: "orders-5xx", State: shift.AlarmFiring}, {At: fired + time.Second, Name: "orders-5xx", State: shift.AlarmOK},
	}
	assert.Equal(t, []float64{3}, stateWidths(t, page.Figure(run), "firing"))
	assert.Len(t, stateWidths(t, page.Figure(run), "ok"), 2, "before it and after it")
}

// stateWidths returns the widths of the stretches in which a state is drawn.
func stateWidths(t *testing.T, svg, class string) []float64 {
	t.Helper()
	var all []float64
	for _, mark := range regexp.MustCompile(`<path d="([^"]+)" class="state mark `+class+`">`).FindAllStringSubmatch(svg, -1) {
		for _, found := range regexp.MustCompile(`h([0-9.]+)v12`).FindAllStringSubmatch(mark[1], -1) {
			width, err := strconv.ParseFloat(found[1], 64)
			require.NoError(t, err)
			all = append(all, width)
		}
	}
	return all
}

func TestManyTargetsAreDrawnAndTheRestCounted(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Changes, run.Observed.Weights = nil, nil
	for i := range 32 {
		target := shift.Target(fmt.Sprintf("lambda:orders-%02d:live", i))
		run.Changes = append(run.Changes, shift.Move{Target: target, Stable: "1", Candidate: "2"})
		run.Observed.Weights = append(run.Observed.Weights, picture.WeightChange{Target: target, Weight: 1000})
		if i != 20 {
			run.Observed.Weights = append(run.Observed.Weights, picture.WeightChange{At: 3 * time.Minute, Target: target})
		}
	}
	text := pageText(t, page.Report{Run: run})
	assert.Equal(t, 8, countMarks(t, svgOf.FindString(text))["weight"])
	assert.Contains(t, text, ">and 24 more targets, in lockstep with these</text>")
	assert.Contains(t, text, "<title>the candidate&#39;s share of lambda:orders-20:live</title>", "the one that did not come back is among them")
	assert.Less(t, strings.Index(text, ">orders-20:live</text>"), strings.Index(text, ">orders-00:live</text>"), "and the first")
	assert.Contains(t, text, "<details><summary>32 targets</summary>lambda:orders-00:live 1 → 2<br>")
	assert.Less(t, strings.Index(text, "</svg>"), strings.Index(text, "<details>"), "the plots come first")
	assert.Contains(t, text, "lambda:orders-00:live 1 → 2 and 31 more</h1>")
}

func TestEachOfSeveralTargetsHasAPlot(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Changes = append(run.Changes, shift.Move{Target: "lambda:billing:live", Stable: "4", Candidate: "5"})
	run.Observed.Weights = append(run.Observed.Weights, picture.WeightChange{At: time.Minute, Target: "lambda:billing:live", Weight: 2500})
	svg := page.Figure(run)
	assert.Equal(t, 2, strings.Count(svg, `data-plot="weight"`))
	plots := strings.Split(svg, `data-plot="weight"`)
	for i, name := range []string{">orders:live</text>", ">billing:live</text>"} {
		assert.Contains(t, plots[i+1], name)
	}
}

// Viewers of a site follow its Route after a while. A function has no such Lag, so its
// requests are no second line.
func TestTheShareOfASitesViewersIsDrawnBesideItsWeight(t *testing.T) {
	t.Parallel()
	const site = "cloudfront:E1ABCDEF234567"
	const title = "<title>the candidate&#39;s share of the requests of " + site + ", minute by minute</title>"
	run := rolledBack()
	run.Changes = append(run.Changes, shift.Move{Target: site, Stable: "r1", Candidate: "r2"})
	run.Observed.Weights = append(run.Observed.Weights, picture.WeightChange{Target: site, Weight: 1000})
	for i := range run.Observed.Traffic {
		run.Observed.Traffic[i].Target = "lambda:orders:live"
	}
	assert.NotContains(t, page.Figure(run), "its viewers")

	run.Observed.Traffic = append(run.Observed.Traffic,
		picture.Minute{Target: site, Requests: 100}, picture.Minute{Begins: time.Minute, Target: site, Requests: 90}, picture.Minute{Begins: time.Minute, Target: site, Requests: 30, Candidate: true})
	svg := page.Figure(run)
	assert.Equal(t, 1, strings.Count(svg, ">its viewers</text>"))
	line := regexp.MustCompile(`<path d="M\S+ (\S+)H\S+M\S+ (\S+)H\S+" class="line other dotted mark">` + regexp.QuoteMeta(title)).FindStringSubmatch(svg)
	require.NotNil(t, line, "a stretch for each minute")
	nobody, quarter := parseFloat(t, line[1]), parseFloat(t, line[2])
	assert.InDelta(t, 46.0/4, nobody-quarter, 0.2, "a quarter of the plot is a quarter of the requests")
}

func TestPauseIsDrawn(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	paused := shift.Progress{Step: 1, Baked: 60, Checks: 1, Waiting: true, Waits: []shift.Waited{{Name: shift.Paused}}}
	run.Positions = []picture.Position{
		{Progress: shift.Progress{Step: 1}}, {At: 60 * time.Second, Progress: paused}, {At: 90 * time.Second, Progress: paused},
		{At: 2 * time.Minute, Progress: shift.Progress{Step: 1, Baked: 60, Checks: 3}},
	}
	svg := page.Figure(run)
	assert.Equal(t, 1, strings.Count(svg, `class="pause mark"`), "one pause, however often it is polled")
	assert.Contains(t, svg, "<title>paused from 1:00 to 2:00</title>")
	assert.Contains(t, svg, ">paused</text>")
	assert.NotContains(t, page.Figure(rolledBack()), `class="pause`)
}

func TestHeadingCutsTheNameAndNotTheVersions(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Changes[0].Target = flow.LambdaTarget(strings.Repeat("f", 64), strings.Repeat("a", 127)+"z")
	run.Strategy = "1% for 48h, then 100%"
	svg := page.Figure(run)
	assert.Regexp(t, `class="heading" text-anchor="start">lambda:f+:?a*…a+z 1 → 2</text>`, svg)
	assert.Contains(t, svg, `text-anchor="start">1% for 48h, then 100%</text>`)
	assert.Contains(t, pageText(t, page.Report{Run: run}), "1% for 48h, then 100%<br>")
}

func TestWeightsAreWrittenNextToTheLine(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Observed.Weights[0].Weight = 100
	assert.Regexp(t, `class="tick" text-anchor="start">1%</text>`, page.Figure(run))
}

func TestRunWithoutTrafficHasNoPlots(t *testing.T) {
	t.Parallel()
	run := &picture.Run{Execution: "one", End: &picture.End{At: time.Second, Outcome: shift.Rejected, Status: "FAILED", Cause: "AlarmNotFound: nope"}, Observed: &picture.Observed{}}
	text := pageText(t, page.Report{Run: run, Missing: []string{"Requests are not known."}})
	assert.NotContains(t, text, "<svg")
	assert.Contains(t, text, "It ended before any traffic was moved")
	assert.NotContains(t, text, "Requests are not known")
	run.End.At = time.Hour // for example, a hook failed
	assert.Contains(t, pageText(t, page.Report{Run: run}), "<svg")
}

func TestRestoredDeploymentHasItsOutcomeBeforeTheExecutionEnds(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Observed, run.End = nil, nil
	run.Moments, run.Stages, run.Positions = run.Moments[:2], run.Stages[:3], run.Positions[:1]
	run.Close(picture.Closing{At: 90 * time.Second, Outcome: shift.RolledBack, Reasons: []shift.Reason{shift.ParseReason("AlarmFired: orders-5xx is in ALARM: because")}, Cause: explain.Cause(shift.RolledBack, []shift.Reason{shift.ParseReason("AlarmFired: orders-5xx")}, nil)})
	text := pageText(t, page.Report{Run: run})
	for _, want := range []string{
		`<span class="badge bad">RolledBack</span>`, "It has not ended yet, the traffic was back at 1:30", "<p>AlarmFired: orders-5xx</p>", "<b>Next:</b> Look at the candidate",
		"<title>orders-5xx: ALARM</title>",
	} {
		assert.Contains(t, text, want)
	}
	run.End = &picture.End{At: 3 * time.Minute, Outcome: shift.RolledBack, Status: "FAILED"}
	text = pageText(t, page.Report{Run: run})
	assert.Contains(t, text, "3:00 from start to end, the traffic was back at 1:30")
	assert.Contains(t, text, ">traffic back 1:30</text>")
}

func TestVersionsAreDistinguishedWithoutColour(t *testing.T) {
	t.Parallel()
	svg := page.Figure(rolledBack())
	assert.Equal(t, 2, strings.Count(svg, "line mark candidate dashed"))
	assert.Equal(t, 2, strings.Count(svg, "line mark stable whole"))
	assert.Contains(t, svg, ".dashed")
}

func TestVerdictsHaveTheColourOfTheirMeaning(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	text := pageText(t, page.Report{Run: run})
	for _, cell := range []string{`<td>Pass</td>`, `<td class="doubt">Hold</td>`, `<td class="bad">Fail</td>`} {
		assert.Contains(t, text, cell, "in the story")
	}
	for verdict, class := range map[shift.Verdict]string{shift.Pass: "good", shift.Wait: "muted", shift.Hold: "doubt", shift.Fail: "bad"} {
		run.Positions[1].Verdict = verdict
		assert.Contains(t, pageText(t, page.Report{Run: run}), fmt.Sprintf(`<span class="%s">%s</span>`, class, verdict), "of the step")
	}
	for _, class := range []string{".good", ".doubt", ".bad"} {
		assert.Contains(t, text, "\n"+class+" {", "a colour of its own")
	}
}

func TestStepWithoutChecksShowsZero(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Positions = run.Positions[:1]
	assert.Contains(t, pageText(t, page.Report{Run: run}), `<td class="n">0</td><td></td>`)
}

func TestTextFromOutsideIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `</title></style></pre><script>alert(1)</script><img src=x onerror="alert(2)">'"&{{.}}`
	run := rolledBack()
	run.Execution, run.Strategy, run.Alarms, run.Warnings = evil, evil, []string{evil}, []string{evil}
	run.Changes = []shift.Move{{Target: evil, Stable: evil, Candidate: evil}, {Target: evil}}
	run.End.Cause, run.End.Outcome, run.End.Status = evil, "", evil
	run.Closed = &picture.Closing{Outcome: evil, Reasons: []shift.Reason{shift.ParseReason(evil)}, Cause: evil}
	run.Observed.Alarms = []picture.AlarmChange{{Name: evil, State: evil, Reason: evil}}
	for i := range run.Moments {
		run.Moments[i].Execution, run.Moments[i].State, run.Moments[i].Notes = evil, evil, []string{evil}
	}
	for i := range run.Stages {
		run.Stages[i].State = evil
	}
	text := pageText(t, page.Report{
		Run: run, Facts: []page.Fact{{Name: evil, Value: evil}}, Texts: []page.Text{{Name: evil, Content: evil}}, Missing: []string{evil},
	})
	for _, bad := range []string{"<script", "<img", "</pre><", `onerror="`} {
		assert.False(t, strings.Contains(text, bad), bad)
	}
	assert.Equal(t, 1, strings.Count(text, "</style>"))
	assert.Equal(t, 1, strings.Count(text, "</body>"))
	assert.NotEmpty(t, countMarks(t, svgOf.FindString(text)), "the SVG is still well-formed")
	assert.NotContains(t, page.Figure(run), "<script")
}

func TestPageLoadsNothingElse(t *testing.T) {
	t.Parallel()
	text := pageText(t, page.Report{Run: rolledBack(), Texts: []page.Text{{Name: "Input", Content: "{}"}}})
	for _, outside := range []string{"src=", "@import", "url(", "//", "<script"} {
		assert.False(t, strings.Contains(text, outside), outside)
	}
	assert.Equal(t, []string{`href="data:,"`}, regexp.MustCompile(`href="[^"]*"`).FindAllString(text, -1))
	assert.Contains(t, text, "default-src 'none'", "and the browser would block it")
	assert.NotContains(t, strings.ReplaceAll(page.Figure(rolledBack()), "http://www.w3.org/2000/svg", ""), "//")
}

func TestPageStaysSmall(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Moments, run.Positions, run.Plan.Steps = nil, nil, nil
	for i := range 800 {
		at := time.Duration(i) * 10 * time.Hour
		run.Plan.Steps = append(run.Plan.Steps, shift.Step{Weight: shift.Weight(i + 1), Bake: 36_000, Poll: 300})
		run.Positions = append(run.Positions, picture.Position{At: at, Progress: shift.Progress{Step: i + 1}})
		run.Moments = append(run.Moments, picture.Moment{
			Execution: "one", State: "CheckAlarms", Verdict: "Pass", At: at,
			Notes: []string{fmt.Sprint(i, strings.Repeat(`"<`, 250)), strings.Repeat(`"<`, 250)},
		})
		run.Observed.Weights = append(run.Observed.Weights, picture.WeightChange{At: at, Target: "lambda:orders:live", Weight: shift.Weight(i + 1)})
		for range 12 {
			at += time.Minute
			run.Observed.Alarms = append(run.Observed.Alarms, picture.AlarmChange{At: at, Name: "orders-5xx", State: shift.AlarmFiring}, picture.AlarmChange{At: at + time.Second, Name: "orders-5xx", State: shift.AlarmOK})
			run.Observed.Traffic = append(run.Observed.Traffic, picture.Minute{Begins: at.Truncate(time.Minute), Requests: 1, Errors: 1})
		}
	}
	for i := range 98 {
		run.Alarms = append(run.Alarms, fmt.Sprint("alarm-", i))
	}
	text := pageText(t, page.Report{Run: run, Texts: []page.Text{{Name: "Input", Content: strings.Repeat(`"`, 256<<10)}, {Name: "Scenario", Content: strings.Repeat("é", 100<<10)}}})
	assert.LessOrEqual(t, len(text), page.MaxBytes)
	assert.Contains(t, text, " characters more)", "the page says what is left out")
	assert.Contains(t, text, "and 83 more alarms")
	assert.NotEmpty(t, stateWidths(t, svgOf.FindString(text), "firing"), "the firing alarm is visible")
}

// enlarge makes a run's page large, each function in its own way. They repeat something
// the given number of times, with the longest texts that an input, a scenario and
// Sluice's own limits allow.
var enlarge = map[string]func(r *picture.Run, times int){
	"alarms with long names that come and go": func(r *picture.Run, times int) {
		r.Alarms, r.Observed.Alarms = nil, nil
		for i := range 34 {
			name := longText(255, i)
			r.Alarms = append(r.Alarms, name)
			for n := range times {
				state := []shift.AlarmState{shift.AlarmOK, shift.AlarmFiring}[n%2]
				r.Observed.Alarms = append(r.Observed.Alarms, picture.AlarmChange{At: timeOf(r, n, times), Name: name, State: state})
			}
		}
	},
	"targets with long names that are moved one by one": func(r *picture.Run, times int) {
		r.Changes, r.Observed.Weights = nil, nil
		for i := range 32 {
			target := flow.LambdaTarget(fmt.Sprintf("%064d", i), strings.Repeat("a", 128))
			r.Changes = append(r.Changes, shift.Move{Target: target, Stable: "999999999999999999", Candidate: "999999999999999999"})
			for n := range times {
				weight := shift.Weight((n + i) * 7919 % 10_000)
				r.Observed.Weights = append(r.Observed.Weights, picture.WeightChange{At: timeOf(r, n, times), Target: target, Weight: weight})
			}
		}
	},
	"sites with viewers": func(r *picture.Run, times int) {
		for i := range 32 {
			target := shift.Target(fmt.Sprintf("cloudfront:E%013d", i))
			r.Changes = append(r.Changes, shift.Move{Target: target, Stable: "r1", Candidate: "r2"})
			r.Observed.Weights = append(r.Observed.Weights, picture.WeightChange{Target: target, Weight: 1000})
			for n := range times {
				at := timeOf(r, n, times).Truncate(time.Minute)
				r.Observed.Traffic = append(r.Observed.Traffic,
					picture.Minute{Begins: at, Target: target, Requests: 1000}, picture.Minute{Begins: at, Target: target, Requests: int64(n * 7919 % 1000), Candidate: true})
			}
		}
	},
	"many steps": func(r *picture.Run, times int) {
		r.Plan.Steps, r.Stages, r.Positions = nil, nil, nil
		for n := range times {
			r.Plan.Steps = append(r.Plan.Steps, shift.Step{Weight: shift.Weight(n + 1), Bake: 36_000, Poll: 300})
			r.Stages = append(r.Stages, picture.Stage{At: timeOf(r, n, times), State: "SetWeight", Step: n + 1})
			r.Positions = append(r.Positions, picture.Position{At: timeOf(r, n, times), Progress: shift.Progress{Step: n + 1, Checks: n, Verdict: shift.Hold}})
		}
	},
	"moments with long notes": func(r *picture.Run, times int) {
		r.Moments = nil
		for n := range times {
			m := picture.Moment{
				Execution: longText(80, n), State: "CheckAlarms", At: timeOf(r, n, times),
				Verdict: []shift.Verdict{shift.Pass, shift.Hold, shift.Fail}[n%3].String(), Weight: picture.Share{Weight: 1234, Known: true},
			}
			for i := range 10 {
				m.Notes = append(m.Notes, longText(600, i))
			}
			r.Moments = append(r.Moments, m)
		}
	},
	"a long cause, and a strategy of many steps": func(r *picture.Run, times int) {
		r.Execution, r.Strategy = longText(80, 0), longText(times*20, 0)
		r.End.Cause = longText(32<<10, 0)
	},
}

func parseFloat(t *testing.T, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return value
}

// longText returns a text of the character that takes the most bytes on a page.
func longText(characters, number int) string {
	return fmt.Sprintf("%06d", number) + strings.Repeat(`"`, characters-6)
}

// timeOf returns the time of the nth event if the events are spread evenly over a run.
func timeOf(r *picture.Run, n, of int) time.Duration {
	return r.End.At / time.Duration(of) * time.Duration(n)
}

func TestPageIsNeverLargerThanMaxBytes(t *testing.T) {
	t.Parallel()
	for name, make := range enlarge {
		t.Run(name, func(t *testing.T) { assertBounded(t, make) })
	}
	t.Run("all of it", func(t *testing.T) {
		assertBounded(t, func(r *picture.Run, times int) {
			for _, name := range slices.Sorted(maps.Keys(enlarge)) {
				enlarge[name](r, times)
			}
		})
	})
}

// assertBounded checks that a page is not too large, and that every plot still has
// marks. A few events take much space in the figure; many events fill a table.
func assertBounded(t *testing.T, make func(r *picture.Run, times int)) {
	t.Helper()
	t.Parallel()
	texts := []page.Text{{Name: "Input", Content: longText(256<<10, 0)}, {Name: "Scenario", Content: strings.Repeat("é", 1<<20)}}
	for _, times := range []int{50, 200, 800, 3000} {
		run := rolledBack()
		run.End.At, run.Observed.Until = 365*24*time.Hour, 365*24*time.Hour
		make(run, times)
		text := pageText(t, page.Report{Run: run, Texts: texts})
		assert.LessOrEqual(t, len(text), page.MaxBytes, "%d times", times)
		counts := countMarks(t, svgOf.FindString(text))
		for _, plot := range []string{"time", "weight", "requests", "errors", "alarms", "states"} {
			assert.Positive(t, counts[plot], "marks of the plot of %s, %d times", plot, times)
		}
	}
}

func TestStepsAreMergedIfThereIsNoRoom(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.End.At = 365 * 24 * time.Hour
	enlarge["many steps"](run, 700)
	for _, name := range []string{"step 1, from 0:00 to ", "step 700, from "} {
		assert.Contains(t, page.Figure(run), "<title>"+name, "by itself")
	}
	enlarge["alarms with long names that come and go"](run, 200)
	assert.Regexp(t, `<title>step 1 to step \d+, from 0:00 to `, pageText(t, page.Report{Run: run}))
}

func TestEmptyRunHasAPage(t *testing.T) {
	t.Parallel()
	run := picture.NewRun()
	run.Execution = "one"
	text := pageText(t, page.Report{Run: run})
	assert.Contains(t, text, "It has not ended yet")
	assert.NotEmpty(t, countMarks(t, svgOf.FindString(text)))
	run.End = &picture.End{Outcome: shift.Unchanged, Status: "SUCCEEDED", Cause: "it serves 3 already"}
	assert.Contains(t, pageText(t, page.Report{Run: run}), "it serves 3 already")
}

func TestWarningsOfAlarmsStandAboveThePlots(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	assert.NotContains(t, pageText(t, page.Report{Run: run}), "Warning:")
	run.Warnings = []string{"alarm a can never fire", "alarm b is too slow"}
	text := pageText(t, page.Report{Run: run})
	assert.Contains(t, text, "<p><b>Warning:</b> alarm a can never fire</p><p><b>Warning:</b> alarm b is too slow</p>")
	assert.Less(t, strings.Index(text, "alarm b is too slow"), strings.Index(text, `class="plots"`))
}
