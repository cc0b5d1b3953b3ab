package dashboard

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Reverter starts executions of Sluice's state machine.
type Reverter interface {
	Start(ctx context.Context, name string, input []byte) (operator.Execution, error)
}

// orderRevert is the name of the button that reverts. A revert is no order to a deployment that
// is open, but a deployment of its own.
const orderRevert = "revert"

// revertable reports whether a deployment can be reverted, as far as its own record tells.
// Whether something newer was promoted since is looked up when a person asks.
func (c Config) revertable(r shift.Record, now time.Time) bool {
	return c.Reverter != nil && !c.ReadOnly && r.CheckRevert(now, shift.DefaultRevertWindow) == nil
}

// revertPage says what a revert will do, and asks for the reason.
type revertPage struct {
	base
	Card           card
	Heading        string
	Order, Because string
	// Says has a line for each target.
	Says                   []string
	Until                  time.Time
	Reason, Problem, Token string
	// Step is 0: a revert answers nothing.
	Step int
}

func (d *Dashboard) showRevert(w http.ResponseWriter, r *http.Request) {
	if d.config.ReadOnly || d.config.Reverter == nil {
		d.showMessage(w, http.StatusForbidden, readOnlyMessage)
		return
	}
	id := r.URL.Query().Get("id")
	planned, refusal := d.planRevert(r, id)
	if refusal != nil {
		d.showMessage(w, refusal.Status, *refusal)
		return
	}
	d.showRevertForm(w, http.StatusOK, revertPage{Card: d.cardOf(id), Says: planned.Says(), Until: planned.Until})
}

func (d *Dashboard) showRevertForm(w http.ResponseWriter, status int, p revertPage) {
	p.base, p.Token, p.Order, p.Because = d.base(""), d.token, orderRevert, "customers call"
	p.Heading = "Revert " + strings.Join(p.Card.Titles, ", ") + "?"
	p.Title = p.Heading
	d.write(w, status, "revert", p)
}

// planRevert says what the revert of a deployment will do, or why there can be none.
func (d *Dashboard) planRevert(r *http.Request, id string) (operator.Revert, *message) {
	if !d.knows(r, id) {
		return operator.Revert{}, &message{Status: http.StatusNotFound, Headline: "Nothing was done", Text: "There is no such deployment."}
	}
	var now time.Time
	d.poller.view(func(at time.Time) { now = at })
	planned, err := operator.PlanRevert(r.Context(), d.config.Ledger, id, now)
	if err == nil {
		return planned, nil
	}
	m := message{Status: http.StatusBadGateway, Headline: "Nothing was done", Text: shift.BoundText(err.Error(), maxShown), Back: card{ID: id}.Link()}
	if errors.Is(err, shift.ErrRevertRefused) {
		m.Status = http.StatusConflict
	}
	return planned, &m
}

// revert starts the execution that reverts a deployment.
func (d *Dashboard) revert(w http.ResponseWriter, r *http.Request) {
	id := r.PostForm.Get("id")
	planned, refusal := d.planRevert(r, id)
	if refusal != nil {
		d.showMessage(w, refusal.Status, *refusal)
		return
	}
	p := revertPage{Card: d.cardOf(id), Says: planned.Says(), Until: planned.Until, Reason: reasonOf(r.PostForm)}
	if p.Reason == "" {
		p.Problem = sayWhy
		d.showRevertForm(w, http.StatusUnprocessableEntity, p)
		return
	}
	// Who closes the page does not take back what was asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTime)
	defer cancel()
	x, err := d.startRevert(ctx, planned, p.Reason)
	if err != nil {
		d.showMessage(w, http.StatusBadGateway, message{
			Headline: "Nothing was reverted", Text: shift.BoundText(err.Error(), maxShown), Back: p.Card.Link(),
		})
		return
	}
	d.poller.tell(id, fmt.Sprintf("Reverted by %s, asked for at %s (%s)", x.Name(), d.config.Now().UTC().Format("15:04:05 UTC"), p.Reason))
	d.poller.expect(x)
	http.Redirect(w, r, card{ID: string(x)}.Link(), http.StatusSeeOther)
}

func (d *Dashboard) startRevert(ctx context.Context, planned operator.Revert, reason string) (operator.Execution, error) {
	input, err := planned.Input(reason)
	if err != nil {
		return "", fmt.Errorf("write the input of the revert: %w", err)
	}
	return d.config.Reverter.Start(ctx, planned.Name(d.config.Now()), input)
}

// expect adds an execution that has just been started. Lists may not have it yet.
func (p *poller) expect(x operator.Execution) {
	p.change(func() bool {
		now, _ := p.time()
		d := p.find(string(x))
		d.execution = operator.Listed{Execution: x, Status: "RUNNING", Started: now}
		d.since = earliest(d.since, now)
		d.version++
		return true
	})
	p.refresh(string(x))
}

// cardOf returns what is shown of a deployment that is known.
func (d *Dashboard) cardOf(id string) (v card) {
	d.poller.view(func(now time.Time) {
		if of, known := d.poller.deployments[id]; known {
			v = of.newCard(now, d.config)
		}
	})
	return v
}

// hasToken reports whether a form is from one of this server's own pages.
func (d *Dashboard) hasToken(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(d.token)) == 1
}
