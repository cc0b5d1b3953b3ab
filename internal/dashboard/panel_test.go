package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

const panelARN = "arn:aws:lambda:us-east-1:123456789012:function:sluice-panel"

// newPanel returns a widget that reads what the stage's dashboard reads.
func (s *stage) newPanel(endpoint string) *Panel {
	s.rest()
	return NewPanel(s.dash.config, endpoint)
}

// ask sends an event as CloudWatch does, and returns the HTML.
func ask(t *testing.T, p *Panel, event string) (html string) {
	t.Helper()
	answer, err := p.Answer(t.Context(), []byte(event))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(answer, &html), "%s", answer)
	return html
}

const lookEvent = `{"widgetContext": {"dashboardName": "sluice", "widgetId": "widget-1", "theme": "light", "forms": {"all": {}}, "params": {}, "width": 1200, "height": 500}}`

// press is the event of a button, with what stands in the reason's field.
func press(do, id, reason string) string {
	event, _ := json.Marshal(map[string]any{"do": do, "id": id, "widgetContext": map[string]any{"theme": "dark", "forms": map[string]any{"all": map[string]string{"reason-" + keyOf(id): reason}}}})
	return string(event)
}

func TestWidgetShowsWhatThePageShows(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{"candidate": {"errorRate": 0.01}}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	p := s.newPanel(panelARN)
	page := ask(t, p, lookEvent)
	for _, text := range []string{"1 deployment is open.", "lambda:orders:live 1 → 2", "step 1 of 2", "10%", "orders-5xx", `<div class="sluice light">`} {
		assert.Contains(t, page, text)
	}
	actions := regexp.MustCompile(`<a class="btn">(\w+)</a><cwdb-action action="call" display="popup" endpoint="([^"]+)" confirmation="([^"]+)">([^<]+)</cwdb-action>`).FindAllStringSubmatch(page, -1)
	var names []string
	for _, a := range actions {
		names = append(names, a[1])
		assert.Equal(t, panelARN, a[2])
		assert.Contains(t, html.UnescapeString(a[3]), "lambda:orders:live", "it says what will happen")
		assert.JSONEq(t, fmt.Sprintf(`{"do": %q, "id": %q}`, a[1], id), a[4])
	}
	assert.Equal(t, []string{"abort", "promote", "pause"}, names[:3])
	assert.Contains(t, ask(t, p, strings.Replace(lookEvent, `"light"`, `"dark"`, 1)), `<div class="sluice dark">`)

	s.advance(70 * time.Minute)
	page = ask(t, p, lookEvent)
	assert.Contains(t, page, "No deployment is open.")
	assert.Contains(t, page, "Promoted")
	assert.NotContains(t, page, "cwdb-action")
}

// CloudWatch takes all of this out, and shows what is left (CloudWatch User Guide, Security and
// JavaScript).
var takenOut = regexp.MustCompile(`(?i)<(script|iframe|use|link|object|embed|meta)\b|\son\w+=|javascript:|@import|url\(`)

func TestWidgetNeedsNothingThatCloudWatchTakesOut(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	page := ask(t, s.newPanel(panelARN), lookEvent)
	assert.Empty(t, takenOut.FindAllString(page, -1))
	assert.Empty(t, regexp.MustCompile(`href="/`).FindAllString(page, -1), "the page's addresses are not the console's")
}

func TestButtonAsksForAReasonAndSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	p := s.newPanel(panelARN) // its first call is the button's, as in a new sandbox
	assert.Contains(t, ask(t, p, press("pause", id, "  ")), "Say why")
	assert.Contains(t, ask(t, p, press("explode", id, "why not")), "There is no such action.")
	assert.Contains(t, ask(t, p, press("pause", id+"x", "lunch")), "There is no such deployment.")
	assert.Contains(t, ask(t, p, press("resume", id, "lunch")), "makes no sense")
	assert.Contains(t, ask(t, p, press("pause", id, "lunch")), "it stays at its weight from its next poll on")
	s.advance(2 * time.Minute)
	page := ask(t, p, lookEvent)
	assert.Contains(t, page, "pause: lunch")
	assert.Contains(t, page, "(lunch)", "what came of it stays on the card")
}

func TestButtonAnswersForTheStepThatWasShown(t *testing.T) {
	t.Parallel()
	s, id := newAskingStage(t)
	p := s.newPanel(panelARN)
	page := ask(t, p, lookEvent)
	assert.Contains(t, page, `{"do":"approve","id":"`+id+`","step":2}`)
	assert.Contains(t, page, `{"do":"abort","id":"`+id+`"}`)
	s.tell("approve", id, 2)
	s.advance(20 * time.Minute)
	late := strings.Replace(press("approve", id, "I saw step 2"), `"do":`, `"step": 2, "do":`, 1)
	assert.Contains(t, ask(t, p, late), "the answer is about step 2, and step 3 was asked about last")
	now := strings.Replace(press("approve", id, "I saw step 3"), `"do":`, `"step": 3, "do":`, 1)
	assert.Contains(t, ask(t, p, now), "the step is taken at its next poll")
}

func TestWidgetThatOnlyShowsRefusesWhatAButtonWouldAsk(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	p := s.newPanel("")
	page := ask(t, p, lookEvent)
	assert.Contains(t, page, "step 1 of 2")
	assert.NotContains(t, page, "cwdb-action")
	assert.NotContains(t, page, "<textarea")
	assert.Contains(t, ask(t, p, press("abort", id, "customers call")), "This widget only shows.")
	s.advance(2 * time.Minute)
	assert.Contains(t, ask(t, p, lookEvent), "1 deployment is open.")
}

func TestWidgetDescribesItselfAndReadsOddEvents(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	p := s.newPanel("")
	answer, err := p.Answer(t.Context(), []byte(`{"describe": true}`))
	require.NoError(t, err)
	var described map[string]string
	require.NoError(t, json.Unmarshal(answer, &described))
	assert.Contains(t, described["markdown"], "`target`")
	for _, event := range []string{`{}`, `{"widgetContext": {"forms": {"all": []}}}`, `{"widgetContext": {"forms": {"all": {"reason": 7}}}, "more": {}}`} {
		assert.Contains(t, ask(t, p, event), "No deployment is open.")
	}
	_, err = p.Answer(t.Context(), []byte(`[]`))
	require.ErrorContains(t, err, "read the event of a custom widget")
}

func TestTextFromOutsideIsShownInTheWidgetAndDoesNothing(t *testing.T) {
	t.Parallel()
	a := hostileAccount{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newStage(t, `{}`, func(c *Config) { c.Ledger, c.Executions, c.Alarms, c.Control = a, a, a, a }, canary)
	p := s.newPanel(panelARN)
	page := ask(t, p, lookEvent)
	assertHarmless(t, "the widget", page)
	assert.Contains(t, page, "document.title", "it is shown as text")
	assert.Contains(t, page, "cwdb-action")
	event, _ := json.Marshal(map[string]string{"target": hostile})
	assertHarmless(t, "a parameter", ask(t, p, string(event)))
	assertHarmless(t, "what came of a button", ask(t, p, press("abort", hostileID, hostile)))
	assertHarmless(t, "a refusal", ask(t, p, press("abort", hostileID+"2", hostile)))
	assert.NotContains(t, ask(t, p, press(hostile, hostileID, hostile)), evil)
}

// longAccount has many open deployments with the longest texts.
type longAccount struct{ manyAccount }

func (a longAccount) Record(ctx context.Context, id string) (shift.Record, error) {
	r, err := a.manyAccount.Record(ctx, id)
	long := strings.Repeat("<&é", 400)
	for range 50 {
		r.Reasons = append(r.Reasons, shift.Reason{Name: shift.AlarmFired, Text: long})
		r.Deployment.Alarms = append(r.Deployment.Alarms, fmt.Sprint(len(r.Deployment.Alarms), long))
	}
	r.Reasons = shift.BoundReasons(r.Reasons)
	r.Command = &shift.Command{Order: shift.Pause, Reason: long[:maxReason]}
	return r, err
}

func (a longAccount) Alarms(_ context.Context, known []string) ([]shift.Alarm, error) {
	alarms := make([]shift.Alarm, len(known))
	for i, name := range known {
		alarms[i] = shift.Alarm{Name: name, State: shift.AlarmFiring, Reason: strings.Repeat("<", 1023)}
	}
	return alarms, nil
}

// An answer of Lambda has 6 MB at most. A browser should not have to show that.
func TestAnswerOfTheWidgetIsBounded(t *testing.T) {
	t.Parallel()
	a := manyAccount{open: 200, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newStage(t, `{}`, func(c *Config) { c.Ledger, c.Executions = a, a }, canary)
	p := s.newPanel(panelARN)
	page := ask(t, p, lookEvent)
	assert.Less(t, len(page), 100_000)
	assert.Contains(t, page, "200 deployments are open.")
	assert.Contains(t, page, "And 175 more that are open")
	page = ask(t, p, `{"target": "service-123"}`)
	assert.Contains(t, page, "1 deployment is open.")
	assert.Contains(t, page, "lambda:service-123:live")

	l := longAccount{a}
	p.dashboard.config.Ledger, p.dashboard.config.Alarms = l, l
	p = NewPanel(p.dashboard.config, panelARN)
	page = ask(t, p, lookEvent)
	t.Log(len(page), "bytes with the longest texts")
	assert.Less(t, len(page), 2_000_000)
	assert.Contains(t, page, "cwdb-action")
}

// busyAccount has many open deployments, each with a history.
type busyAccount struct{ manyAccount }

func (a busyAccount) Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error) {
	if after > 0 {
		return nil, nil
	}
	record, _ := a.Record(ctx, string(x))
	text, _ := json.Marshal(map[string]any{
		"deployment": record.Deployment, "progress": shift.Progress{Step: 1, Steps: 2, Weight: 1000, Checks: 1, Wait: 60, Baked: 60},
	})
	return []operator.Event{
		{ID: 1, Type: "ExecutionStarted", At: a.at},
		{ID: 2, Type: "TaskStateEntered", State: "CheckAlarms", Data: text, At: a.at},
		{ID: 3, Type: "TaskStateExited", State: "CheckAlarms", Data: text, At: a.at},
		{ID: 4, Type: "WaitStateEntered", State: "Bake", Data: text, At: a.at},
	}, nil
}

// The first call of a new sandbox shows what the page shows, of all that it lists.
func TestFirstCallOfTheWidgetReadsAllThatItShows(t *testing.T) {
	t.Parallel()
	for _, open := range []int{maxPanelOpen, 200} {
		a := busyAccount{manyAccount{open: open, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
		s := newStage(t, `{}`, func(c *Config) { c.Ledger, c.Executions = a, a }, canary)
		page := ask(t, s.newPanel(panelARN), lookEvent)
		assert.Equal(t, maxPanelOpen, strings.Count(page, "next step in"), "of %d", open)
	}
}

func TestWidgetLooksRightWithinAConsole(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	for _, theme := range []string{"light", "dark"} {
		body := ask(t, s.newPanel(panelARN), strings.Replace(lookEvent, "light", theme, 1))
		file := t.TempDir() + "/console.html"
		require.NoError(t, os.WriteFile(file, []byte(`<!doctype html><meta charset="utf-8"><style>cwdb-action { display: none } body { background: `+map[string]string{"light": "#fff", "dark": "#161d26"}[theme]+` }</style><h3 id="outside" class="card muted">The console's own</h3>`+body), 0o600))
		b := s.openTab("/", desktop)
		b.do(chromedp.Navigate("file://" + file))
		assert.Equal(t, "0px none", js[string](b, "(c => c.borderTopWidth + ' ' + c.borderTopStyle)(getComputedStyle(document.getElementById('outside')))"), "its styles stay within it")
		assert.NotEqual(t, "0px", js[string](b, "getComputedStyle(document.querySelector('.sluice .card')).borderTopWidth"))
		want := map[string]string{"light": "rgb(29, 37, 48)", "dark": "rgb(227, 231, 237)"}[theme]
		assert.Equal(t, want, js[string](b, "getComputedStyle(document.querySelector('.sluice')).color"))
		assert.Positive(t, js[int](b, "document.querySelector('.sluice .bar').getBoundingClientRect().height"))
		b.picture("widget-" + theme)
	}
}
