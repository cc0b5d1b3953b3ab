package dashboard

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

//go:embed pages.html
var layouts string

//go:embed style.css
var ownStyle string

// cardStyle is for what is shown of a deployment, on the page and in the widget.
//
//go:embed cards.css
var cardStyle string

//go:embed script.js
var script string

// styleSheet is that of the report and the dashboard's own. It stands in the page, because a
// browser paints nothing before it has it. styleSource is the one style that the page may have.
var (
	styleSheet  = page.Style() + ownStyle + cardStyle
	styleSource = func() string {
		sum := sha256.Sum256([]byte(styleSheet))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// scriptVersion is of what a browser may keep.
func scriptVersion() string {
	sum := sha256.Sum256([]byte(script))
	return hex.EncodeToString(sum[:6])
}

func serveScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = io.WriteString(w, script) // an error means that the browser has gone
}

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"clock": picture.Clock, "millis": time.Time.UnixMilli, "version": scriptVersion,
	"style": func() template.CSS { return template.CSS(styleSheet) },
	"utc":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"basis": func(w shift.Weight) int { return int(w) },
}).Parse(layouts))

// base is what every page has.
type base struct {
	Title    string
	Place    string
	ReadOnly bool
	Instance string
	// Events is the address of the page's events; empty if it has none.
	Events string
	// Refresh says that the page loads itself again where there is no script.
	Refresh bool
	Target  string // what is searched
	Now     time.Time
	Speed   float64
	Notice  template.HTML
	Guide   template.HTML
}

func (d *Dashboard) base(title string) base {
	b := base{Title: title, Place: d.config.Place, ReadOnly: d.config.ReadOnly, Instance: d.instance}
	b.Now, b.Speed = d.poller.now()
	b.Guide = d.guideHTML()
	return b
}

// message is a page that says one thing.
type message struct {
	base
	Status         int
	Headline, Text string
	Back           string
}

func (d *Dashboard) showMessage(w http.ResponseWriter, status int, m message) {
	m.base = d.base(m.Headline)
	m.Back = cmp.Or(m.Back, "/")
	d.write(w, status, "message", m)
}

// write renders a page, in one piece.
func (d *Dashboard) write(w http.ResponseWriter, status int, name string, data any) {
	text, err := render(name, data)
	if err != nil {
		http.Error(w, "The page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // an error means that the browser has gone
}

func render(name string, data any) (string, error) {
	var text bytes.Buffer
	err := pages.ExecuteTemplate(&text, name, data)
	return text.String(), err
}

// block is a part of a page that is updated in place.
type block struct {
	key string
	// version tells whether it has changed.
	version string
	html    template.HTML
	// headline is read out when it changes; it may be empty.
	headline string
}

// composed is what changes of a page.
type composed struct {
	lists  map[string][]string // the keys of their blocks, in order
	blocks []block
}

func (c composed) html(key string) template.HTML {
	for _, b := range c.blocks {
		if b.key == key {
			return b.html
		}
	}
	return ""
}

// list returns the blocks of a list, in order.
func (c composed) list(name string) (all []template.HTML) {
	for _, key := range c.lists[name] {
		all = append(all, c.html(key))
	}
	return all
}

// fragment renders a block. Its template has no error but a broken one.
func fragment(key, version, name string, data any) block {
	text, err := render(name, data)
	if err != nil {
		text = template.HTMLEscapeString(err.Error())
	}
	return block{key: key, version: version, html: template.HTML(text)} // the template escapes all text
}

// compose makes what changes of the page that a query names.
func (d *Dashboard) compose(query url.Values) (c composed) {
	guide, guided := d.composeGuide()
	d.poller.view(func(now time.Time) {
		switch query.Get("page") {
		case "deployment":
			c = d.composeWhole(query.Get("id"), now)
		case "ask":
			c = d.composeStand(query.Get("id"), now)
		default:
			c = d.composeList(query.Get("target"), now)
		}
		c.blocks = append(c.blocks, d.composeNotice(query, now))
		if guided {
			c.blocks = append(c.blocks, guide)
		}
	})
	return c
}

// Notice is what everybody should know: whether deployments are frozen, and what cannot be read.
type notice struct {
	Freeze   string
	Problems []string
}

func (d *Dashboard) composeNotice(query url.Values, now time.Time) block {
	var n notice
	if f := d.poller.freeze; f.Holds(now) {
		n.Freeze = "Deployments are " + f.String() + ". Traffic can be put back all the same."
	}
	for what, p := range d.poller.problems {
		n.Problems = append(n.Problems, fmt.Sprintf("Since %s, %s cannot be read, so this page may be out of date: %s", p.since.UTC().Format("15:04:05 UTC"), what, p.text))
	}
	if s, found := d.searched[target(query.Get("target"))]; found && s.text != "" {
		n.Problems = append(n.Problems, s.text)
	}
	slices.Sort(n.Problems)
	b := fragment("notice", strings.Join(append(n.Problems, n.Freeze), "\n"), "notice", n)
	b.headline = strings.TrimSpace(strings.Join(append(n.Problems, n.Freeze), " "))
	return b
}

// composeList lists what is open, and what has ended, the latest first.
func (d *Dashboard) composeList(search string, now time.Time) composed {
	c := composed{lists: map[string][]string{"open": {}, "ended": {}}}
	left := d.unread(search)
	for _, of := range d.found(search) {
		name, shape := "ended", "row"
		if of.isOpen() {
			name, shape = "open", "card"
		}
		if name == "ended" && len(c.lists[name]) == maxRecent {
			left++
			continue
		}
		v := of.newCard(now, d.config)
		b := fragment(v.Key, fmt.Sprintf("%s %d", name, of.version), shape, v)
		b.headline = v.Headline()
		c.lists[name] = append(c.lists[name], v.Key)
		c.blocks = append(c.blocks, b)
	}
	if search == "" {
		left = 0 // the list is of the latest ones only
	}
	counts := struct {
		Open, Ended, Left int
		Target            shift.Target
	}{len(c.lists["open"]), len(c.lists["ended"]), left, target(search)}
	version := fmt.Sprint(counts)
	c.blocks = append(c.blocks, fragment("open-count", version, "open-count", counts), fragment("ended-count", version, "ended-count", counts))
	return c
}

// found returns the deployments that a search finds: those that are open, the latest first, and
// then those that have ended, the one that has ended last first.
func (d *Dashboard) found(text string) []*deployment {
	var list []*deployment
	before := map[string]bool{}
	for _, id := range d.searched[target(text)].ids {
		before[id] = true
	}
	for _, of := range d.poller.deployments {
		if of.isListed() && (text == "" || of.matches(text)) || before[of.id] {
			list = append(list, of)
		}
	}
	slices.SortFunc(list, func(a, b *deployment) int {
		if x, y := a.isOpen(), b.isOpen(); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(b.at().Compare(a.at()), cmp.Compare(a.id, b.id))
	})
	return list
}

// unread is how many deployments the Ledger has named for a search that are not read.
func (d *Dashboard) unread(text string) (n int) {
	for _, id := range d.searched[target(text)].ids {
		if d.poller.deployments[id] == nil {
			n++
		}
	}
	return n
}

// at is the time by which it stands on the list: when it ended, or else when it began.
func (d *deployment) at() time.Time {
	if ended := d.endedAt(); !d.isOpen() && !ended.IsZero() {
		return ended
	}
	return d.since
}

// isListed reports whether it belongs on the list: what was only looked at does not.
func (d *deployment) isListed() bool { return d.isOpen() || d.execution.Status != "" || d.listed }

// matches reports whether a text occurs in what the deployment shifts, or in its name.
func (d *deployment) matches(text string) bool {
	text = strings.ToLower(text)
	for _, m := range d.moves() {
		if strings.Contains(strings.ToLower(string(m.Target)), text) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(d.id), text)
}

// target reads a search as a Target; empty if it is none.
func target(text string) shift.Target {
	if text == "" {
		return ""
	}
	t, err := request.ParseTarget(text)
	if err != nil {
		return ""
	}
	return t
}

// whole is a deployment's own page.
type whole struct {
	Card card
	Body template.HTML
}

func (d *Dashboard) composeWhole(id string, now time.Time) (c composed) {
	of, known := d.poller.deployments[id]
	if !known {
		return c
	}
	w := whole{Card: of.newCard(now, d.config)}
	if len(of.run.Stages) > 0 {
		body, err := page.Body(of.report())
		if err != nil {
			body = template.HTML(template.HTMLEscapeString(err.Error()))
		}
		w.Body = body
	}
	b := fragment("whole", fmt.Sprint(of.version), "whole", w)
	b.headline = w.Card.Headline()
	c.blocks = append(c.blocks, b)
	return c
}

func (d *Dashboard) composeStand(id string, now time.Time) (c composed) {
	if of, known := d.poller.deployments[id]; known {
		v := of.newCard(now, d.config)
		b := fragment("stand", fmt.Sprint(of.version), "stand", v)
		b.headline = v.Headline()
		c.blocks = append(c.blocks, b)
	}
	return c
}

// listPage is the page with all deployments.
type listPage struct {
	base
	OpenCount, EndedCount template.HTML
	Open, Ended           []template.HTML
}

func (d *Dashboard) showList(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimSpace(shift.BoundText(r.URL.Query().Get("target"), maxSearch))
	d.poller.look(r.Context())
	d.search(r, text)
	query := url.Values{"page": {"list"}, "target": {text}}
	c := d.compose(query)
	p := listPage{base: d.base("Deployments"), OpenCount: c.html("open-count"), EndedCount: c.html("ended-count"), Open: c.list("open"), Ended: c.list("ended")}
	p.Target, p.Events, p.Refresh, p.Notice = text, "/events?"+query.Encode(), true, c.html("notice")
	d.write(w, http.StatusOK, "list", p)
}

// maxSearch is how long a search may be: longer than any target.
const maxSearch = 300

// searchKept is how long the answer to a search is used again.
const searchKept = 30 * time.Second

// maxSearches is how many answers are kept. What they have found is less than maxKept.
const maxSearches = 20

// search asks the Ledger for the history of a Target, if the text is one.
func (d *Dashboard) search(r *http.Request, text string) {
	t := target(text)
	if t == "" {
		return
	}
	var before search
	d.poller.view(func(time.Time) { before = d.searched[t] })
	if d.config.Now().Sub(before.at) < searchKept {
		return
	}
	ids, err := d.poller.history(r.Context(), t)
	now := search{ids: ids, at: d.config.Now()}
	if err != nil {
		now.text = shift.BoundText(err.Error(), maxShown)
	}
	d.poller.view(func(time.Time) { d.keepSearch(t, now) })
	d.poller.settle(r.Context(), ids[:min(len(ids), maxRecent)])
}

// keepSearch keeps the answer to a search, and drops the oldest one if there are too many. Its caller
// holds the poller's lock.
func (d *Dashboard) keepSearch(t shift.Target, s search) {
	d.searched[t] = s
	if len(d.searched) <= maxSearches {
		return
	}
	oldest := t
	for other, o := range d.searched {
		if o.at.Before(d.searched[oldest].at) {
			oldest = other
		}
	}
	delete(d.searched, oldest)
}

// deploymentPage is the page of one deployment.
type deploymentPage struct {
	base
	Whole template.HTML
}

func (d *Dashboard) showDeployment(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	if !d.knows(r, id) {
		d.showMessage(w, http.StatusNotFound, message{Headline: "There is no such deployment", Text: "It was never started, or it ended more than 90 days ago."})
		return
	}
	query := url.Values{"page": {"deployment"}, "id": {id}}
	c := d.compose(query)
	p := deploymentPage{base: d.base("Deployment"), Whole: c.html("whole")}
	p.Title, p.Events, p.Refresh, p.Notice = d.titleOf(id), "/events?"+query.Encode(), true, c.html("notice")
	d.write(w, http.StatusOK, "deployment", p)
}

func (d *Dashboard) titleOf(id string) (title string) {
	d.poller.view(func(now time.Time) {
		if of, known := d.poller.deployments[id]; known {
			title = of.newCard(now, d.config).Titles[0]
		}
	})
	return title
}

// questionPage asks a person before anything is done.
type questionPage struct {
	base
	question
	Heading, Before string
	Stand           template.HTML
}

func (d *Dashboard) showQuestion(w http.ResponseWriter, r *http.Request) {
	if d.config.ReadOnly {
		d.showMessage(w, http.StatusForbidden, readOnlyMessage)
		return
	}
	d.knows(r, r.URL.Query().Get("id"))
	query := r.URL.Query()
	query.Del("step") // it is the one that is shown now
	q, problem := d.question(query)
	if problem != nil {
		d.showMessage(w, problem.Status, *problem)
		return
	}
	q.Reason = ""
	d.showForm(w, http.StatusOK, q)
}

func (d *Dashboard) showForm(w http.ResponseWriter, status int, q question) {
	query := url.Values{"page": {"ask"}, "id": {q.Card.ID}}
	c := d.compose(query)
	heading := strings.ToUpper(string(q.Order[:1])) + string(q.Order[1:]) + " " + string(q.Of) + "?"
	if q.Step > 0 {
		heading = strings.Replace(heading, " ", fmt.Sprintf(" step %d of ", q.Step), 1)
	}
	p := questionPage{base: d.base(heading), question: q, Heading: heading, Before: q.Action.Before(q.Of), Stand: c.html("stand")}
	p.Events, p.Notice = "/events?"+query.Encode(), c.html("notice")
	d.write(w, status, "ask", p)
}
