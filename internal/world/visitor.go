package world

import (
	"context"
	"time"
)

// waiter is who calls the World and may wait in it for virtual time to pass: an
// actor, or somebody from outside.
type waiter interface {
	sleep(d time.Duration)
	// forever does not return, or returns when the caller has gone.
	forever()
}

// waiter finds who calls, and by what name; nil for nobody who could wait.
func (w *World) waiter(ctx context.Context, name string) waiter {
	if a := actorOf(ctx); a != nil {
		return a
	}
	if v := visitorOf(ctx, name); v != nil {
		return v
	}
	return nil
}

// visitorOf finds the call from outside; nil for a call from inside.
func visitorOf(ctx context.Context, name string) *visitor {
	v, ok := ctx.Value(visitorKey{}).(*visitor)
	if !ok {
		return nil
	}
	v.flight = v.paced.flightOf(name)
	return v
}

type visitorKey struct{}

// visitor is a call from outside. Its goroutine holds the World's lock, but for
// while it waits.
type visitor struct {
	paced *Paced
	gone  <-chan struct{} // closed when the caller has
	// flight is the invocation in whose course it calls; nil for a person's call.
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

// await lets the World go on until woken is called, which arrange sees to. It
// returns false when the caller has gone before.
func (v *visitor) await(arrange func(woken func())) bool {
	awake, over := make(chan struct{}), false
	v.flight.wait()
	wake := func() {
		if !over {
			over = true
			v.flight.goOn() // at once: the clock is not to run away from it
			close(awake)
		}
	}
	arrange(wake)
	v.paced.repace()
	v.paced.mu.Unlock()
	v.paced.poke()
	come := false
	select {
	case <-awake:
		come = true
	case <-v.gone:
	case <-v.paced.life.Done():
	}
	v.paced.mu.Lock()
	wake()
	return come
}
