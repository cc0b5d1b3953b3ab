package world

import (
	"context"
	"time"
)

// waiter is a caller that can wait for virtual time to pass: an actor or a visitor.
type waiter interface {
	sleep(d time.Duration)
	// forever returns only when the caller has gone, if at all.
	forever()
}

// waiter returns the caller, or nil if the caller cannot wait.
func (w *World) waiter(ctx context.Context, name string) waiter {
	if a := actorOf(ctx); a != nil {
		return a
	}
	if v := visitorOf(ctx, name); v != nil {
		return v
	}
	return nil
}

// visitorOf returns the visitor of a call from outside, or nil for a call from inside.
func visitorOf(ctx context.Context, name string) *visitor {
	v, ok := ctx.Value(visitorKey{}).(*visitor)
	if !ok {
		return nil
	}
	v.flight = v.paced.flightOf(name)
	return v
}

type visitorKey struct{}

// visitor is a call from outside. Its goroutine holds the World's lock except while it waits.
type visitor struct {
	paced *Paced
	gone  <-chan struct{} // closed when the caller has gone
	// flight is the invocation that makes the call. It is nil for a person's call.
	flight *flight
}

// sleep implements waiter.
func (v *visitor) sleep(d time.Duration) {
	if d > 0 {
		v.await(func(woken func()) { v.paced.world.clock.after(d, sluice, woken) })
	}
}

// forever implements waiter.
func (v *visitor) forever() { v.await(func(func()) {}) }

// await lets the World run until woken is called. arrange must arrange for that call. await
// returns false if the caller has gone before.
func (v *visitor) await(arrange func(woken func())) bool {
	awake, over := make(chan struct{}), false
	v.flight.startWaiting()
	wake := func() {
		if !over {
			over = true
			v.flight.stopWaiting() // at once, so that the clock slows down before it moves on
			close(awake)
		}
	}
	arrange(wake)
	v.paced.repace()
	v.paced.mu.Unlock()
	v.paced.poke()
	called := false
	select {
	case <-awake:
		called = true
	case <-v.gone:
	case <-v.paced.life.Done():
	}
	v.paced.mu.Lock()
	wake()
	return called
}
