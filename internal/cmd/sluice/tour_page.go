package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/sluice-aws/sluice/internal/dashboard"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// serve gives the tour on a page of this machine until the context ends. Unless it must, it does
// so only if a browser can be opened; served says whether it did.
func (r tourOptions) serve(ctx context.Context, stdout, stderr io.Writer, must bool) (served bool, err error) {
	scenario, err := tourScenario(tourSteps, false)
	if err != nil {
		return false, err
	}
	guide := &tourGuide{speed: r.speed, changed: make(chan struct{}, 1)}
	account := localAccount{flags: localFlags{speed: r.speed, functions: inProcess}, stderr: stderr, tell: guide.hear}
	var others []json.RawMessage
	for _, s := range tourSteps[1:] {
		others = append(others, json.RawMessage(s.deployment))
	}
	if err := account.create(inputs{scenario: scenario, deployment: []byte(tourSteps[0].deployment)}, others...); err != nil {
		return false, err
	}
	defer account.close()
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false, fmt.Errorf("find a free port: %w", err)
	}
	defer api.Close()
	page, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		return false, fmt.Errorf("port %d of this machine cannot be used: choose another with --port, or any free one with --port 0 (%w)", r.port, err)
	}
	defer page.Close()
	account.endpoint, account.page = "http://"+api.Addr().String(), "http://"+page.Addr().String()+"/"
	if err := account.deploy(); err != nil {
		return false, err
	}
	machines := stepfunctions.FromConfig(account.config("tour"))
	guide.start = func(ctx context.Context, s tourStep) error {
		_, err := machines.Start(ctx, account.world.StateMachine(), s.name, []byte(s.deployment))
		return err
	}
	c := account.dashboard()
	c.Place, c.Guide = "tour", guide
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err = account.run(ctx, api, page, c, func() error {
		opened := r.browse != nil && r.browse(account.page)
		if served = opened || must; !served {
			stop()
			return nil
		}
		return writeText(stdout, func(to io.Writer) {
			if opened {
				fmt.Fprintln(to, "The tour opens in your browser.")
			}
			fmt.Fprintf(to, "The tour is on %s\nCtrl-C ends it, and nothing is kept. 'sluice tour --terminal' tells it here.\n", account.page)
		})
	})
	return served, err
}

// tourGuide leads a person through the tour on the dashboard. It implements dashboard.Guide.
type tourGuide struct {
	speed   float64
	start   func(context.Context, tourStep) error
	changed chan struct{}

	mu      sync.Mutex
	begun   int           // how many steps have been started
	outcome shift.Outcome // of the last one; empty until it has ended
}

// Changed implements dashboard.Guide.
func (g *tourGuide) Changed() <-chan struct{} { return g.changed }

// Now implements dashboard.Guide.
func (g *tourGuide) Now() dashboard.GuideText {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text()
}

func (g *tourGuide) text() dashboard.GuideText {
	t := dashboard.GuideText{Key: fmt.Sprintf("%d%s", g.begun, g.outcome)}
	switch {
	case g.begun == 0:
		t.Title = "Tour: Four deployments in three minutes"
		t.Paragraphs = append(t.Paragraphs, tourWelcome...)
		t.Paragraphs = append(t.Paragraphs, fmt.Sprintf("On this page time passes %g times as fast: 5 minutes take %.2g seconds.", g.speed, 5*60/g.speed))
	case g.outcome == "":
		s := tourSteps[g.begun-1]
		t.Title, t.Paragraphs, t.Look = tourTitle(g.begun-1), s.during, s.look
		return t
	default:
		t.Title = tourTitle(g.begun - 1)
		t.Paragraphs = []string{tourSteps[g.begun-1].result(g.outcome)}
	}
	if g.begun == len(tourSteps) {
		t.Paragraphs = append(t.Paragraphs, "Open any of the deployments below to see its plots and what it decided when. "+tourReading, tourEnd[0])
		t.Commands = tourNext
		return t
	}
	next := tourSteps[g.begun]
	t.Paragraphs = append(append(t.Paragraphs, next.before...), tourDeployment)
	t.Commands, t.Button = []string{next.deployment}, next.button
	return t
}

// Next implements dashboard.Guide.
func (g *tourGuide) Next(ctx context.Context, key string) error {
	g.mu.Lock()
	if t := g.text(); t.Key != key || t.Button == "" { // it was pressed before
		g.mu.Unlock()
		return nil
	}
	step, before := g.begun, g.outcome
	g.begun, g.outcome = step+1, ""
	g.mu.Unlock()
	err := g.start(ctx, tourSteps[step])
	if err != nil {
		g.mu.Lock()
		g.begun, g.outcome = step, before
		g.mu.Unlock()
	}
	g.tellPage()
	return err
}

// tellPage tells the page that the text has changed.
func (g *tourGuide) tellPage() {
	select {
	case g.changed <- struct{}{}:
	default: // it has not taken the last change yet
	}
}

// hear hears what happens in the account. The account waits meanwhile.
func (g *tourGuide) hear(n world.News) {
	a := n.Announcement
	if a == nil || !isOutcome(a.State) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.begun > 0 && a.Name == tourSteps[g.begun-1].name {
		g.outcome = shift.Outcome(a.State)
		g.tellPage()
	}
}

func isOutcome(s shift.Announced) bool {
	switch shift.Outcome(s) {
	case shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded:
		return true
	}
	return false
}
