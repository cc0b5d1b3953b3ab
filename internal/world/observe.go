package world

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
)

// These methods show the state of a World, and run code in it.

// Cloud returns the AWS account.
func (w *World) Cloud() *localaws.Cloud { return w.cloud }

// Tables returns the account's database. Sluice's only table in it is LedgerTable.
func (w *World) Tables() *dynamodb.Database { return w.tables }

// StateMachine returns the ARN of Sluice's state machine.
func (w *World) StateMachine() string { return w.place.machineARN() }

// Machine returns Sluice's state machine.
func (w *World) Machine() *asl.Machine { return w.machine }

// Executions returns all executions in the order in which they were started.
func (w *World) Executions() []*asl.Execution { return w.executed }

// Scenario returns the Scenario of the World.
func (w *World) Scenario() Scenario { return w.scenario }

// Began returns when the World began.
func (w *World) Began() time.Time { return w.began }

// Targets returns the Targets that the deployments shift.
func (w *World) Targets() []shift.Target { return slices.Sorted(maps.Keys(w.traffic.byTarget)) }

// KeyValueStore returns the ARN of the store that the sites' functions read; "" without a site.
func (w *World) KeyValueStore() string { return w.fronts.store }

// Routes returns all changes of traffic so far.
func (w *World) Routes() []Routed { return w.routes.list }

// Announcements returns Sluice's announcements so far, in order.
func (w *World) Announcements() []shift.Announcement { return w.announcements }

// DeadLetters returns how many events the safety net has failed to handle for good.
func (w *World) DeadLetters() int { return w.deadLetters }

// Invocations returns how often one of Sluice's Lambdas was invoked.
func (w *World) Invocations(function string) int { return w.invocations[function] }

// Calls returns the number of AWS calls of Sluice's Lambdas, by action.
func (w *World) Calls() map[string]int { return w.calls }

// Problem returns an error if the scenario asked for something impossible.
func (w *World) Problem() error { return w.problem }

// IsSluice reports whether an actor is one of Sluice's Lambdas.
func (w *World) IsSluice(actor string) bool {
	_, is := w.functions[actor]
	return is
}

// IsRunning reports whether an execution is still running.
func (w *World) IsRunning(id string) bool {
	x, known := w.machine.Execution(id)
	return known && x.Status() == asl.Running
}

// AnyRunning reports whether any execution is still running.
func (w *World) AnyRunning() bool {
	return slices.ContainsFunc(w.executed, func(x *asl.Execution) bool { return x.Status() == asl.Running })
}

// IsKnown reports whether DescribeExecution already knows an execution.
func (w *World) IsKnown(x *asl.Execution) bool { return w.isShown(x, w.lag.Known) }

// ListedFrom returns from when on ListExecutions shows an execution that runs.
func (w *World) ListedFrom(x *asl.Execution) time.Time { return lastStart(x).Add(w.lag.Listed) }

// Current returns the Lambda that runs, or nil when none does.
func (w *World) Current() *Actor {
	if w.current == nil {
		return nil
	}
	return w.current.root()
}

// Of returns the World of the Lambda that a context belongs to, or nil if it belongs to none.
func Of(ctx context.Context) *World {
	if a := actorOf(ctx); a != nil {
		return a.world
	}
	return nil
}

// Pace returns how long each of the Lambda's calls takes in addition to the scenario's
// latency.
func (a *Actor) Pace() time.Duration { return a.pace }

// IsKilled reports whether the Lambda was killed.
func (a *Actor) IsKilled() bool { return a.killed }

// OnHistory calls a function with every event of the executions' histories as it happens.
func (w *World) OnHistory(observe func(x *asl.Execution, e asl.Event)) {
	w.watch = func(_ time.Duration, x *asl.Execution, e asl.Event) { observe(x, e) }
}

// HooksOf returns the hooks that an input names. It is empty for an input that cannot be read.
func (w *World) HooksOf(input string) shift.Hooks {
	release, _ := w.reader().Input(json.RawMessage(input)) // empty with an error
	return release.Hooks
}

// OnStep calls a function after every step of the clock.
func (w *World) OnStep(observe func()) { w.clock.onStep = observe }

// Step runs the next event. It returns false when there is none.
func (w *World) Step() bool { return w.clock.step() }

// Next returns the time of the next event.
func (w *World) Next() (time.Time, bool) { return w.clock.next() }

// IsIdle reports whether no execution runs, no event is on its way to a Lambda or being handled,
// and every Outcome is announced.
func (w *World) IsIdle() bool {
	return !w.AnyRunning() && w.netting == 0 && w.underway == 0 && !w.hasUnannounced()
}

// At schedules do at a time, after the application's events of that time.
func (w *World) At(t time.Time, do func()) { w.clock.at(t, sluice, do) }

// HappenAfter schedules an event of the application after a duration.
func (w *World) HappenAfter(d time.Duration, do func()) { w.clock.after(d, nature, do) }

// Lambdas returns the names of Sluice's Lambdas.
func (w *World) Lambdas() []string { return sortedKeys(w.functions) }

// Lambda returns one of Sluice's Lambdas, to be run directly.
func (w *World) Lambda(name string) flow.Lambda { return w.functions[name].run }

// InvokeLambda runs one of Sluice's Lambdas. The Lambda is killed at its timeout.
func (w *World) InvokeLambda(name string, payload []byte, done func(json.RawMessage, *asl.Failure)) {
	w.start(w.functions[name], payload, done)
}

// WrapLambdas replaces every Lambda of Sluice with a wrapper around it.
func (w *World) WrapLambdas(wrap func(flow.Lambda) flow.Lambda) {
	for _, all := range []map[string]function{w.functions, w.versions} {
		for name, f := range all {
			f.run = wrap(f.run)
			all[name] = f
		}
	}
}
