package world

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/localaws/dynamodb"
	"sluice/internal/shift"
)

// What can be seen of a World from outside, and when something may be done in it.

// Cloud is the AWS account.
func (w *World) Cloud() *localaws.Cloud { return w.cloud }

// Tables is the account's database; LedgerTable is the one table of Sluice in it.
func (w *World) Tables() *dynamodb.Database { return w.tables }

// StateMachine is the ARN of Sluice's state machine.
func (w *World) StateMachine() string { return w.place.machineARN() }

// Machine is Sluice's state machine.
func (w *World) Machine() *asl.Machine { return w.machine }

// Executions are those that were started, in their order.
func (w *World) Executions() []*asl.Execution { return w.executed }

// Scenario is what happens in the World.
func (w *World) Scenario() Scenario { return w.scenario }

// Began is when the World began.
func (w *World) Began() time.Time { return w.began }

// Targets are those that the deployments shift.
func (w *World) Targets() []shift.Target { return slices.Sorted(maps.Keys(w.traffic.byTarget)) }

// Routes are all changes so far of where traffic goes.
func (w *World) Routes() []Routed { return w.routes.list }

// Announcements are what Sluice has announced so far, in order.
func (w *World) Announcements() []shift.Announcement { return w.announcements }

// DeadLetters counts the events that the safety net has failed to act on for good.
func (w *World) DeadLetters() int { return w.deadLetters }

// Invocations counts how often one of Sluice's Lambdas was invoked.
func (w *World) Invocations(function string) int { return w.invocations[function] }

// Calls counts the AWS calls of Sluice's Lambdas, by their actions.
func (w *World) Calls() map[string]int { return w.calls }

// Problem is what the scenario asked for and cannot be; nil for nothing.
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

// IsKnown reports whether DescribeExecution knows an execution by now.
func (w *World) IsKnown(x *asl.Execution) bool { return w.shows(x, w.lag.Known) }

// Current is the Lambda that runs; nil when none does.
func (w *World) Current() *Actor {
	if w.current == nil {
		return nil
	}
	return w.current.root()
}

// Of is the World of the Lambda in whose name something is done; nil outside of one.
func Of(ctx context.Context) *World {
	if a := actorOf(ctx); a != nil {
		return a.world
	}
	return nil
}

// Pace is how long each of the Lambda's calls takes, beside the scenario's latency.
func (a *Actor) Pace() time.Duration { return a.pace }

// IsKilled reports whether the Lambda was killed.
func (a *Actor) IsKilled() bool { return a.killed }

// OnHistory tells of every event of the executions' histories as it happens.
func (w *World) OnHistory(tell func(x *asl.Execution, e asl.Event)) {
	w.watch = func(_ time.Duration, x *asl.Execution, e asl.Event) { tell(x, e) }
}

// OnStep tells of every step of the clock that was made.
func (w *World) OnStep(tell func()) { w.clock.stepped = tell }

// Step lets what is due next happen. It returns false when nothing is.
func (w *World) Step() bool { return w.clock.step() }

// At does something at a time, after what happens to the application then.
func (w *World) At(t time.Time, do func()) { w.clock.at(t, sluice, do) }

// HappenAfter lets something happen to the application after a while.
func (w *World) HappenAfter(d time.Duration, do func()) { w.clock.after(d, nature, do) }

// Lambdas are the names of Sluice's Lambdas.
func (w *World) Lambdas() []string { return sortedKeys(w.functions) }

// Lambda is one of Sluice's Lambdas, to be run directly.
func (w *World) Lambda(name string) flow.Lambda { return w.functions[name].run }

// InvokeLambda runs one of Sluice's Lambdas, which is killed when its time is over.
func (w *World) InvokeLambda(name string, payload []byte, done func(json.RawMessage, *asl.Failure)) {
	w.start(w.functions[name], payload, done)
}

// WrapLambdas puts something around every Lambda of Sluice.
func (w *World) WrapLambdas(wrap func(flow.Lambda) flow.Lambda) {
	for _, all := range []map[string]function{w.functions, w.versions} {
		for name, f := range all {
			f.run = wrap(f.run)
			all[name] = f
		}
	}
}
