package task

import (
	"context"
	"sync"
	"time"

	"sluice/internal/shift"
)

// Pause lets a time pass, or less when the context ends.
type Pause func(ctx context.Context, d time.Duration)

// RulesReader tells the Rules of a Target's kind.
type RulesReader interface {
	Rules(shift.Target) (shift.Rules, error)
}

// paces spread the calls of one invocation over what each platform takes, one pace for
// each kind of Target. nil spreads nothing.
type paces struct {
	rules   RulesReader
	clock   Clock
	pause   Pause
	noBurst bool

	mu     sync.Mutex
	byKind map[string]*pace
}

// newPaces are on a clock; nil is the real one.
func newPaces(rules RulesReader, clock Clock, pause Pause) *paces {
	return &paces{rules: rules, clock: clock, pause: pause, byKind: map[string]*pace{}}
}

// withoutBurst leaves what is there at first to others: calls come no faster than they are given.
func (p *paces) withoutBurst() *paces {
	p.noBurst = true
	return p
}

// awaitTurn waits for the turn of a call about a Target.
func (p *paces) awaitTurn(ctx context.Context, t shift.Target) {
	if p != nil {
		p.paceOf(t).awaitTurn(ctx)
	}
}

// awaitTurnsOfRotate waits for the turns of the calls that a Rotate makes.
func (p *paces) awaitTurnsOfRotate(ctx context.Context, t shift.Target) {
	if p == nil {
		return
	}
	rules, _ := p.rules.Rules(t) // of a kind that nobody routes nothing is called
	for range max(rules.CallsOfRotate, 1) {
		p.awaitTurn(ctx, t)
	}
}

func (p *paces) paceOf(t shift.Target) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	kind := t.Kind()
	if known, exists := p.byKind[kind]; exists {
		return known
	}
	rules, _ := p.rules.Rules(t)
	var fresh *pace
	if rules.CallsPerSecond > 0 {
		fresh = newPace(p.clock, p.pause, rules.CallsPerSecond)
		if p.noBurst {
			fresh = fresh.withoutBurst()
		}
	}
	p.byKind[kind] = fresh
	return fresh
}

// pace spreads calls over the requests that a platform takes: where Deployments are
// restored together, and the Targets of each together, more than that would be refused,
// and each wait for being refused is longer than the one for a turn. That as many calls as
// are taken in a second may come at once is an assumption: one that is refused is made
// again. nil spreads nothing.
type pace struct {
	clock   Clock
	pause   Pause
	perCall time.Duration
	burst   time.Duration // what is there when nobody has called for that long

	mu sync.Mutex
	// whole is when all requests are there again, if no more are made.
	replenishedAt time.Time
}

// newPace is a pace on a clock; nil is the real one.
func newPace(clock Clock, pause Pause, perSecond int) *pace {
	if pause == nil {
		pause = sleepFor
	}
	perCall := time.Second/time.Duration(perSecond) + 1 // and not less, by rounding
	return &pace{clock: clock, pause: pause, perCall: perCall, burst: time.Duration(perSecond) * perCall}
}

// withoutBurst leaves what is there at first to others: calls come no faster than requests
// are given.
func (p *pace) withoutBurst() *pace {
	p.replenishedAt = p.clock.read().Add(p.burst - p.perCall)
	return p
}

// awaitTurn waits for a call's turn. Turns are given in the order in which they are asked for.
func (p *pace) awaitTurn(ctx context.Context) {
	if p == nil {
		return
	}
	if wait := p.take(); wait > 0 {
		p.pause(ctx, wait)
	}
}

func (p *pace) take() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.read()
	if p.replenishedAt.Before(now) {
		p.replenishedAt = now
	}
	p.replenishedAt = p.replenishedAt.Add(p.perCall)
	return p.replenishedAt.Sub(now) - p.burst
}
