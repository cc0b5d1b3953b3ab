package world

import (
	"context"
	"runtime"
	"time"
)

// actor is a Lambda that runs: real Go code on a goroutine of its own. Exactly
// one goroutine runs at a time; the baton goes from the clock to the actor and
// back over unbuffered channels, so that nothing depends on the scheduler.
type actor struct {
	world  *World
	resume chan struct{} // the clock hands the baton over
	parked chan struct{} // the actor gives it back
	killed bool
	done   bool
}

type actorKey struct{}

// actorOf finds the actor in whose name something is done; nil outside of one.
func actorOf(ctx context.Context) *actor {
	a, _ := ctx.Value(actorKey{}).(*actor)
	return a
}

// spawn runs a Lambda until it first waits, or ends.
func (w *World) spawn(run func(context.Context)) *actor {
	a := &actor{world: w, resume: make(chan struct{}), parked: make(chan struct{})}
	w.actors[a] = struct{}{}
	go func() {
		<-a.resume
		defer func() { // also when it is killed
			a.done = true
			a.parked <- struct{}{}
		}()
		if !a.killed {
			run(context.WithValue(context.Background(), actorKey{}, a))
		}
	}()
	a.run()
	return a
}

// run hands the baton to the actor until it waits or ends.
func (a *actor) run() {
	a.resume <- struct{}{}
	<-a.parked
	if a.done {
		delete(a.world.actors, a)
	}
}

// sleep lets virtual time pass. A killed actor never returns from it.
func (a *actor) sleep(d time.Duration) {
	if d > 0 {
		a.world.clock.after(d, sluice, func() {
			if !a.done {
				a.run()
			}
		})
		a.park()
	}
}

// forever never returns: the actor waits until somebody kills it.
func (a *actor) forever() {
	for {
		a.park()
	}
}

func (a *actor) park() {
	a.parked <- struct{}{}
	<-a.resume
	if a.killed {
		runtime.Goexit()
	}
}

// kill ends an actor where it waits, as Lambda does when its time is over: the
// rest of it never runs.
func (a *actor) kill() {
	if a.done {
		return
	}
	a.killed = true
	a.run()
}
