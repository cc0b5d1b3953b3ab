package dashboard

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Dashboard is the page's server.
type Dashboard struct {
	config Config
	poller *poller
	mux    *http.ServeMux
	hosts  []string // without the port 80
	// token must come with whatever a person asks for. Only this server's own pages have it.
	token string
	// instance tells this process from the next one on the same port.
	instance string

	mu       sync.Mutex
	searched map[shift.Target]search
	streams  int
}

// search is what the Ledger has said of a Target.
type search struct {
	ids  []string // of its deployments, the latest first; the first maxRecent are read
	text string   // why it could not be asked
	at   time.Time
}

// New returns the Dashboard that is served on an address of this machine, such as
// 127.0.0.1:4572. Poll must run meanwhile.
func New(c Config, address string) *Dashboard {
	if c.Console == nil {
		c.Console = func(operator.Execution) string { return "" }
	}
	d := &Dashboard{
		config: c, poller: newPoller(c), mux: http.NewServeMux(), token: rand.Text(), instance: rand.Text(),
		hosts: []string{withoutPort80(address)}, searched: map[shift.Target]search{},
	}
	if host, port, err := net.SplitHostPort(address); err == nil && host == "127.0.0.1" {
		d.hosts = append(d.hosts, withoutPort80("localhost:"+port))
	}
	d.mux.HandleFunc("GET /{$}", d.showList)
	d.mux.HandleFunc("GET /deployment", d.showDeployment)
	d.mux.HandleFunc("GET /ask", d.showQuestion)
	d.mux.HandleFunc("GET /revert", d.showRevert)
	d.mux.HandleFunc("POST /act", d.act)
	d.mux.HandleFunc("POST /guide", d.goOn)
	d.mux.HandleFunc("GET /events", d.stream)
	d.mux.HandleFunc("GET /script.js", serveScript)
	return d
}

// Poll reads AWS until the context ends, while somebody looks at the page.
func (d *Dashboard) Poll(ctx context.Context) { d.poller.run(ctx) }

// Serve serves the page and polls AWS until the context ends.
func Serve(ctx context.Context, c Config, on net.Listener) error {
	d := New(c, on.Addr().String())
	server := &http.Server{
		Handler: d, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	defer server.Close()
	served := make(chan error, 1)
	go func() { served <- server.Serve(on) }()
	var polls sync.WaitGroup
	defer polls.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	polls.Go(func() { d.Poll(ctx) })
	polls.Go(func() { d.followGuide(ctx) })
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return fmt.Errorf("serve the dashboard on %s: %w", on.Addr(), err)
	}
}

// ServeHTTP implements http.Handler.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	if why := d.refuse(r); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// maxForm bounds what a person sends, in bytes.
const maxForm = 64 << 10

// act does what a person asks for.
func (d *Dashboard) act(w http.ResponseWriter, r *http.Request) {
	if !d.readForm(w, r) {
		return
	}
	if d.config.ReadOnly {
		d.showMessage(w, http.StatusForbidden, readOnlyMessage)
		return
	}
	if r.PostForm.Get("do") == orderRevert && d.config.Reverter != nil {
		d.revert(w, r)
		return
	}
	q, problem := d.question(r.PostForm)
	if problem != nil {
		d.showMessage(w, problem.Status, *problem)
		return
	}
	if q.Reason == "" {
		q.Problem = sayWhy
		d.showForm(w, http.StatusUnprocessableEntity, q)
		return
	}
	d.ask(w, r, q)
}

// readForm reads what a person sends. It answers by itself, and returns false, if the form is not
// of a page of this dashboard.
func (d *Dashboard) readForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		d.showMessage(w, http.StatusBadRequest, message{Headline: "This cannot be read", Text: "The form was too long, or was broken."})
		return false
	}
	if !d.hasToken(r.PostForm.Get("token")) {
		d.showMessage(w, http.StatusForbidden, message{
			Headline: "Nothing was done",
			Text:     "The page that you have sent is not of this dashboard, or the dashboard was started again since. Go back, copy your reason, and load the page again.",
		})
		return false
	}
	return true
}

// answerTime is how long the safety net may take to answer: longer than its own timeout.
const answerTime = 6 * time.Minute

// ask sends what a person asks for to AWS.
func (d *Dashboard) ask(w http.ResponseWriter, r *http.Request, q question) {
	// Who closes the page does not take back what was asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTime)
	defer cancel()
	if _, refusal := d.order(ctx, q); refusal != nil {
		d.showMessage(w, refusal.Status, *refusal)
		return
	}
	http.Redirect(w, r, q.Card.Link(), http.StatusSeeOther)
}

// order sends what a person asks for to AWS, and returns what came of it, or why it was refused.
func (d *Dashboard) order(ctx context.Context, q question) (told string, refusal *message) {
	result, err := d.config.Control.Do(ctx, control.Request{
		Action: q.Action, Target: q.Of, DeploymentID: q.Card.ID, Step: q.Step, Reason: q.Reason,
	})
	d.poller.refresh(q.Card.ID)
	if err != nil {
		return "", &message{
			Status: http.StatusConflict, Headline: fmt.Sprintf("The deployment was not told to %s", q.Order), Text: shift.BoundText(err.Error(), maxShown), Back: q.Card.Link(),
		}
	}
	told = cmp.Or(result.Effect(q.Action), string(result.Outcome)+": "+result.Cause)
	told = fmt.Sprintf("Asked at %s to %s (%s): %s", d.config.Now().UTC().Format("15:04:05 UTC"), q.Order, q.Reason, shift.BoundText(told, maxShown))
	d.poller.tell(q.Card.ID, told)
	return told, nil
}

// tell records what came of what a person has asked for.
func (p *poller) tell(id, text string) {
	p.change(func() bool {
		d := p.find(id)
		d.told = text
		d.version++
		return true
	})
}

// refresh asks for a deployment's record and history at once.
func (p *poller) refresh(id string) {
	p.change(func() bool {
		d := p.find(id)
		d.recordRead, d.due, d.idle = time.Time{}, time.Time{}, 0
		return false
	})
	p.wake()
}

// question is what a person is about to ask for.
type question struct {
	operator.Action
	Card card
	Of   shift.Target
	// Step is the one that was shown to a person who answers; 0 for any other question.
	Step    int
	Reason  string
	Problem string
	Token   string
}

const sayWhy = "Say why: your reason is kept in the deployment's record."

// maxReason is how many characters of a reason are kept.
const maxReason = 256

func reasonOf(form url.Values) string {
	return strings.TrimSpace(shift.BoundText(form.Get("reason"), maxReason))
}

// question reads what a person is about to ask for, or why that is not possible.
func (d *Dashboard) question(form url.Values) (question, *message) {
	a, known := operator.FindAction(form.Get("do"))
	if !known {
		return question{}, &message{Status: http.StatusBadRequest, Headline: "Nothing was done", Text: "There is no such action."}
	}
	q := question{Action: a, Reason: reasonOf(form), Token: d.token}
	d.poller.view(func(now time.Time) {
		of, known := d.poller.deployments[form.Get("id")]
		if !known {
			return
		}
		q.Card = of.newCard(now, d.config)
		if moves := of.moves(); len(moves) > 0 {
			q.Of = moves[0].Target
		}
		q.Step = q.Card.stepFor(a)
		if shown, err := strconv.Atoi(form.Get("step")); err == nil && a.Answers() && shown > 0 {
			q.Step = shown // which may be answered by now: the safety net knows
		} else if !a.Applies(of.stand()) {
			q.Of = ""
		}
	})
	switch {
	case q.Card.ID == "":
		return q, &message{Status: http.StatusNotFound, Headline: "Nothing was done", Text: "There is no such deployment."}
	case q.Of == "":
		return q, &message{
			Status: http.StatusConflict, Headline: "Nothing was done", Back: q.Card.Link(),
			Text: fmt.Sprintf("It makes no sense to %s this deployment where it stands now: %s.", a.Order, q.Card.Headline()),
		}
	}
	return q, nil
}

// view calls a function with what is known, and the time in AWS.
func (p *poller) view(look func(now time.Time)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, _ := p.time()
	look(now)
}

// now returns the time in AWS, and how fast it passes.
func (p *poller) now() (now time.Time, speed float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.time()
}

var readOnlyMessage = message{
	Status: http.StatusForbidden, Headline: "Nothing was done", Text: "This dashboard only shows. Start it without --read-only to act from it, or use the sluice command.",
}
