package task

import (
	"context"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Pause waits for a duration, or until the context ends.
type Pause func(ctx context.Context, d time.Duration)

// RulesReader returns the Rules of a Target's kind.
type RulesReader interface {
	Rules(shift.Target) (shift.Rules, error)
}

// paces limits the rate of one invocation's calls, with one pace for each kind of Target.
// nil does not limit it.
type paces struct {
	rules   RulesReader
	clock   Clock
	pause   Pause
	noBurst bool
	share   int // calls use one part in so many of what the platform takes; 0 is all of it

	mu     sync.Mutex
	byKind map[string]*pace
}

// newPaces returns paces on a clock. A nil Clock and a nil Pause are the real ones.
func newPaces(rules RulesReader, clock Clock, pause Pause) *paces {
	return &paces{rules: rules, clock: clock, pause: pause, byKind: map[string]*pace{}}
}

// withoutBurst makes every call wait for its turn, so that the burst is left to others.
func (p *paces) withoutBurst() *paces {
	p.noBurst = true
	return p
}

// sharing uses one part in so many of the calls per second.
func (p *paces) sharing(parts int) *paces {
	p.share = parts
	return p
}

// awaitRead waits for the turns of the calls that read a Target's Route.
func (p *paces) awaitRead(ctx context.Context, t shift.Target) {
	if p != nil {
		limit := p.paceOf(t)
		limit.awaitTurns(ctx, limit.rules().ReadCalls)
	}
}

// awaitWrite waits for the turns of the calls that write it. Without a turn for each, the first
// of them would succeed and the last be refused, again and again.
func (p *paces) awaitWrite(ctx context.Context, t shift.Target) {
	if p != nil {
		limit := p.paceOf(t)
		limit.awaitTurns(ctx, limit.rules().WriteCalls)
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
		fresh = newPace(p.clock, p.pause, rules)
		fresh.perCall *= time.Duration(max(p.share, 1))
		if p.noBurst {
			fresh = fresh.withoutBurst()
		}
	}
	p.byKind[kind] = fresh
	return fresh
}

// pace limits the rate of calls to what a platform accepts. Deployments and their Targets
// are restored together, so their calls could exceed that rate. Waiting for a turn is
// shorter than the wait after a refused call. It is an assumption that a whole second's
// calls may be made in one burst; a refused call is made again. nil does not limit the
// rate.
type pace struct {
	clock   Clock
	pause   Pause
	kind    shift.Rules
	perCall time.Duration
	burst   time.Duration // what is available when nobody has called for that long

	mu sync.Mutex
	// replenishedAt is when the whole burst is available again, if no more calls are made.
	replenishedAt time.Time
}

// newPace returns a pace on a clock. A nil Clock and a nil Pause are the real ones.
func newPace(clock Clock, pause Pause, kind shift.Rules) *pace {
	if pause == nil {
		pause = sleepFor
	}
	perCall := time.Second/time.Duration(kind.CallsPerSecond) + 1 // rounded up
	atOnce := max(kind.CallsPerSecond, kind.WriteCalls)           // a write that is alone does not wait
	return &pace{clock: clock, pause: pause, kind: kind, perCall: perCall, burst: time.Duration(atOnce) * perCall}
}

// rules are those of the pace's kind of Target.
func (p *pace) rules() shift.Rules {
	if p == nil {
		return shift.Rules{}
	}
	return p.kind
}

// withoutBurst uses up the burst, so that every call waits for its turn.
func (p *pace) withoutBurst() *pace {
	p.replenishedAt = p.clock.read().Add(p.burst - p.perCall)
	return p
}

// awaitTurns waits until it is the turn of all of some calls that follow each other; 0 means 1.
// Turns are given in the order of the calls.
func (p *pace) awaitTurns(ctx context.Context, calls int) {
	if p == nil {
		return
	}
	if wait := p.take(max(calls, 1)); wait > 0 {
		p.pause(ctx, wait)
	}
}

func (p *pace) take(calls int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.read()
	if p.replenishedAt.Before(now) {
		p.replenishedAt = now
	}
	p.replenishedAt = p.replenishedAt.Add(time.Duration(calls) * p.perCall)
	return p.replenishedAt.Sub(now) - p.burst
}
