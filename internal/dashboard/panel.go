package dashboard

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Panel is the custom widget of a CloudWatch dashboard: the list of the page, for people who have
// only the console. CloudWatch calls Answer with the credentials of whoever looks, takes scripts
// and frames out of what it returns, and shows the rest (CloudWatch User Guide, Custom widgets).
//
// What was read is kept for the next call. It is only a memory: every call could be the first.
type Panel struct {
	dashboard *Dashboard
	// endpoint is the ARN of the function that the buttons call: the panel's own. If it is empty,
	// there are no buttons.
	endpoint string
}

// NewPanel returns a Panel. Without an endpoint it has no buttons, and refuses what they would
// ask for.
func NewPanel(c Config, endpoint string) *Panel {
	c.ReadOnly = endpoint == ""
	return &Panel{dashboard: New(c, ""), endpoint: endpoint}
}

// panelEvent is what CloudWatch sends. The fields of a widget's parameters, and those of a button,
// stand beside widgetContext (CloudWatch User Guide, Details about custom widgets).
type panelEvent struct {
	Describe bool `json:"describe"`
	// Target is a parameter of the widget: only deployments in which the text occurs are shown.
	Target string `json:"target"`
	// Do and ID are those of a button.
	Do string `json:"do"`
	ID string `json:"id"`
	// Step is the one that a button answers for; 0 for a button that answers nothing.
	Step    int `json:"step"`
	Context struct {
		Theme string `json:"theme"`
		Forms struct {
			All json.RawMessage `json:"all"`
		} `json:"forms"`
	} `json:"widgetContext"`
}

// field returns what a person has typed into a field of the widget; empty if nothing.
func (e panelEvent) field(name string) string {
	var fields map[string]any
	if json.Unmarshal(e.Context.Forms.All, &fields) != nil {
		return ""
	}
	text, _ := fields[name].(string)
	return text
}

// panelButton is an Action that can be asked for.
type panelButton struct {
	// Order is the Action's name.
	Order                  shift.Order
	Endpoint, Confirmation string
	// Call is the JSON that CloudWatch sends.
	Call template.HTML
}

// panelCall is what a button has CloudWatch send.
type panelCall struct {
	Do   shift.Order `json:"do"`
	ID   string      `json:"id"`
	Step int         `json:"step,omitempty"`
}

// panelCard is a deployment with its buttons.
type panelCard struct {
	card
	Buttons []panelButton
	// Field is the name of the field for the reason.
	Field string
}

// look is how the console looks.
type look struct {
	Theme string
	Style template.CSS
}

type panelPage struct {
	look
	Target        string
	Notice, Count template.HTML
	Open, Ended   []panelCard
	MoreOpen      int
}

type panelMessage struct {
	look
	Headline, Text string
}

const (
	// maxPanelOpen and maxPanelEnded are how many deployments are shown. A widget has no pages, and
	// an answer of Lambda is bounded (Lambda Developer Guide, Quotas: 6 MB).
	maxPanelOpen  = 25
	maxPanelEnded = 5
	// maxPanelRounds is how many rounds a call reads what it shows and was never read: after the one
	// that reads the lists, each reads a few histories. No round begins after maxPanelTime.
	maxPanelRounds = 2 + (maxPanelOpen+maxHistories-1)/maxHistories
	maxPanelTime   = 10 * time.Second
)

// panelDescription is what the console shows to who adds the widget to another dashboard.
const panelDescription = `## Sluice's deployments

All deployments that are open, and those that have ended last: weight, step, gates and their reasons. Its buttons, if
this stack has them, ask for a reason and for your confirmation.

| parameter | |
|---|---|
| ` + "`target`" + ` | only deployments in whose targets or name this text occurs, such as ` + "`target: orders`" + ` |
`

// Answer answers an event of CloudWatch: a description, the deployments, or what came of a button.
func (p *Panel) Answer(ctx context.Context, event []byte) ([]byte, error) {
	var e panelEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("read the event of a custom widget: %w", err)
	}
	var answer any
	switch {
	case e.Describe:
		answer = map[string]string{"markdown": panelDescription}
	case e.Do != "":
		m := p.act(ctx, e)
		answer = p.render("panel-message", panelMessage{look: e.look(), Headline: m.Headline, Text: m.Text})
	default:
		answer = p.render("panel", p.list(ctx, e))
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it is HTML
	err := encoder.Encode(answer)
	return text.Bytes(), err
}

func (p *Panel) render(name string, data any) string {
	text, err := render(name, data)
	if err != nil {
		return template.HTMLEscapeString(err.Error())
	}
	return text
}

//go:embed panel.css
var panelStyle string

// look returns how the console looks. The console's page is around the widget, so every rule is
// kept within it.
func (e panelEvent) look() look {
	theme := "light"
	if e.Context.Theme == "dark" {
		theme = "dark"
	}
	return look{Theme: theme, Style: template.CSS(".sluice {\n" + panelStyle + cardStyle + "}\n")}
}

// read reads AWS once, and again for what is shown and was never read.
func (p *Panel) read(ctx context.Context, search string) {
	poller := p.dashboard.poller
	until := poller.Now().Add(maxPanelTime)
	for round := 0; round == 0 || round < maxPanelRounds && poller.Now().Before(until) && p.lookAtUnread(search); round++ {
		poller.mu.Lock()
		poller.looked, poller.wantList = poller.Now(), round == 0
		poller.mu.Unlock()
		poller.poll(ctx)
	}
}

// lookAtUnread reports whether AWS was not asked yet about an open deployment that is shown, and has
// these asked about first.
func (p *Panel) lookAtUnread(search string) (unread bool) {
	p.dashboard.poller.view(func(time.Time) {
		shown := p.dashboard.found(search)
		for _, d := range shown[:min(len(shown), maxPanelOpen)] { // those that are open come first
			if d.isOpen() && (d.recordRead.IsZero() || d.historyRead.IsZero()) {
				d.looked, unread = p.dashboard.poller.Now(), true
			}
		}
	})
	return unread
}

// list shows what is open, and what has ended, the latest first.
func (p *Panel) list(ctx context.Context, e panelEvent) panelPage {
	d := p.dashboard
	page := panelPage{look: e.look(), Target: strings.TrimSpace(shift.BoundText(e.Target, maxSearch))}
	p.read(ctx, page.Target)
	open := 0
	d.poller.view(func(now time.Time) {
		page.Notice = d.composeNotice(nil, now).html
		for _, of := range d.found(page.Target) {
			switch {
			case of.isOpen() && len(page.Open) < maxPanelOpen:
				page.Open = append(page.Open, p.newCard(of, now))
			case !of.isOpen() && len(page.Ended) < maxPanelEnded:
				page.Ended = append(page.Ended, p.newCard(of, now))
			}
			if of.isOpen() {
				open++
			}
		}
	})
	page.MoreOpen = open - len(page.Open)
	page.Count = fragment("", "", "open-count", struct{ Open int }{open}).html
	return page
}

func (p *Panel) newCard(of *deployment, now time.Time) panelCard {
	v := panelCard{card: of.newCard(now, p.dashboard.config)}
	v.Field = "reason-" + v.Key
	moves := of.moves()
	if !v.Open || len(moves) == 0 {
		return v
	}
	for _, a := range v.Actions {
		// Strings can always be encoded, and json.Marshal leaves no character of HTML's in them.
		step := v.stepFor(a)
		call, _ := json.Marshal(panelCall{a.Order, v.ID, step})
		b := panelButton{Order: a.Order, Endpoint: p.endpoint, Confirmation: a.Before(moves[0].Target), Call: template.HTML(call)}
		if step > 0 {
			b.Confirmation += fmt.Sprintf(" It is step %d.", step)
		}
		v.Buttons = append(v.Buttons, b)
	}
	return v
}

// act does what a button asks for, and says what came of it.
func (p *Panel) act(ctx context.Context, e panelEvent) message {
	d := p.dashboard
	if d.config.ReadOnly {
		return message{Headline: "Nothing was done", Text: "This widget only shows. The stack's setting panel=on gives it buttons."}
	}
	p.read(ctx, e.ID)
	q, problem := d.question(url.Values{"do": {e.Do}, "id": {e.ID}, "step": {strconv.Itoa(e.Step)}, "reason": {e.field("reason-" + keyOf(e.ID))}})
	switch {
	case problem != nil:
		return *problem
	case q.Reason == "":
		return message{Headline: "Nothing was done", Text: sayWhy + " Type it into the field above the buttons."}
	}
	told, refusal := d.order(ctx, q)
	slog.InfoContext(ctx, "asked for by the widget", "deployment", q.Card.ID, "target", q.Of, "order", q.Order, "reason", q.Reason, "refused", refusal != nil)
	if refusal != nil {
		return *refusal
	}
	return message{Headline: cmp.Or(strings.Join(q.Card.Titles, ", "), q.Card.Name), Text: told + ". The widget shows what follows when it is refreshed."}
}
