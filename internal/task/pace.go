package task

import (
	"context"
	"sync"
	"time"
)

// Lambda's control plane gives 15 requests a second to an account, for all calls but a
// few (Lambda quotas). That as many may come at once is an assumption: one that is
// refused is made again.
const (
	aSecond = 15
	perCall = time.Second/aSecond + 1 // and not less, by rounding
	atFirst = aSecond * perCall       // what is there when nobody has called for that long
)

// Pause lets a time pass, or less when the context ends.
type Pause func(ctx context.Context, d time.Duration)

// pace spreads the calls of one invocation over the requests that the control plane
// gives: where Deployments are restored together, and the Targets of each together,
// more than that would be refused, and each wait for being refused is longer than the
// one for a turn. nil spreads nothing.
type pace struct {
	clock Clock
	pause Pause

	mu sync.Mutex
	// whole is when all requests are there again, if no more are made.
	whole time.Time
}

// newPace is a pace on a clock; nil is the real one.
func newPace(clock Clock, pause Pause) *pace {
	if pause == nil {
		pause = rest
	}
	return &pace{clock: clock, pause: pause}
}

// steady leaves what is there at first to others: calls come no faster than requests
// are given.
func (p *pace) steady() *pace {
	p.whole = p.clock.read().Add(atFirst - perCall)
	return p
}

// turn waits for a call's turn. Turns are given in the order in which they are asked for.
func (p *pace) turn(ctx context.Context) {
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
	if p.whole.Before(now) {
		p.whole = now
	}
	p.whole = p.whole.Add(perCall)
	return p.whole.Sub(now) - atFirst
}
