package world

import (
	"context"
	"runtime"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// Actor is a running Lambda: real Go code on its own goroutine. Exactly one goroutine runs at a
// time. The baton goes from the clock to the actor and back over unbuffered channels, so that
// nothing depends on the scheduler.
type Actor struct {
	world  *World
	resume chan struct{} // the clock hands the baton over
	parked chan struct{} // the actor gives it back
	killed bool
	done   bool
	// parts are its parallel parts while it waits for them. parent is the actor that it is a
	// part of.
	parts   []*Actor
	parent  *Actor
	waiting bool
	// fail reports the Lambda's death to its invoker.
	fail func(*asl.Failure)
	// limit is the time from its start after which it is killed.
	limit time.Duration
	// number is the number of its current call. inFlight says that the call arrives even if
	// the actor is killed in the meantime.
	number   int
	inFlight bool
	// caller is the function that makes its current call.
	caller string
	// pace is how long each of its calls takes in addition to the scenario's latency.
	pace time.Duration
}

// root returns the Lambda that an actor is a part of, or the actor itself.
func (a *Actor) root() *Actor {
	for a.parent != nil {
		a = a.parent
	}
	return a
}

func (a *Actor) report(f *asl.Failure) {
	if a.fail != nil {
		a.fail(f)
	}
}

type actorKey struct{}

// actorOf returns the actor that a context belongs to, or nil if it belongs to none.
func actorOf(ctx context.Context) *Actor {
	a, _ := ctx.Value(actorKey{}).(*Actor)
	return a
}

// spawn runs a Lambda, or a part of one, until it first waits, or ends.
func (w *World) spawn(parent *Actor, limit time.Duration, run func(context.Context)) *Actor {
	a := &Actor{world: w, parent: parent, limit: limit, resume: make(chan struct{}), parked: make(chan struct{})}
	w.actors[a] = struct{}{}
	onStage(func() {
		<-a.resume
		defer func() { // also if it is killed
			a.done = true
			a.parked <- struct{}{}
		}()
		if !a.killed {
			run(context.WithValue(context.Background(), actorKey{}, a))
		}
	})
	a.run()
	return a
}

// run hands the baton to the actor until it waits or ends.
func (a *Actor) run() {
	before := a.world.current
	a.world.current = a
	a.resume <- struct{}{}
	<-a.parked
	a.world.current = before
	if a.done {
		delete(a.world.actors, a)
	}
}

// sleep lets virtual time pass. A killed actor never returns from it.
func (a *Actor) sleep(d time.Duration) {
	if d > 0 {
		a.world.clock.after(d, sluice, func() {
			if !a.done {
				a.run()
			}
		})
		a.park()
	}
}

// await lets the World run until woken is called. arrange must arrange for that call.
func (a *Actor) await(arrange func(woken func())) {
	awake, waits := false, false
	arrange(func() {
		awake = true
		if waits && !a.done {
			a.run()
		}
	})
	for !awake {
		waits = true
		a.park()
	}
}

// forever never returns: the actor waits until somebody kills it.
func (a *Actor) forever() {
	for {
		a.park()
	}
}

func (a *Actor) park() {
	a.parked <- struct{}{}
	<-a.resume
	a.die()
}

// die ends the goroutine of a killed actor, unless it has a call in flight.
func (a *Actor) die() {
	if a.killed && !a.inFlight {
		runtime.Goexit()
	}
}

// kill ends an actor where it waits, as Lambda does at a timeout. The rest of its code never
// runs.
func (a *Actor) kill() {
	if a.done {
		return
	}
	for _, part := range a.parts {
		part.kill()
	}
	a.killed = true
	if !a.inFlight {
		a.run()
	}
}

// resumeIfWaiting resumes an actor that waits for its parts.
func (a *Actor) resumeIfWaiting() {
	if a.waiting && !a.done {
		a.waiting = false
		a.run()
	}
}
