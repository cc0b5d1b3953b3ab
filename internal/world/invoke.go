package world

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// invoke plays a Lambda that somebody invokes through Lambda's API: one of Sluice's own, a
// hook, a function for synthetic requests, or the application.
func (w *World) invoke(ctx context.Context, call localaws.Invocation) localaws.InvocationResult {
	own, isOwn := w.own(call.Function, call.Version)
	async := call.Type == localaws.AsyncEvent
	switch {
	case isOwn && async:
		w.InvokeLater(own.name, call.Payload)
		return localaws.InvocationResult{}
	case async && w.isSynthetic(call.Function):
		w.synthetic(call)
		return localaws.InvocationResult{}
	case async:
		return localaws.InvocationResult{} // it has no effect in this world
	case isOwn:
		return w.invokeOwn(ctx, own, call)
	case visitorOf(ctx, call.Actor) == nil, w.isHook(call.Function):
		return w.hook(ctx, call)
	}
	return w.request(call)
}

// own returns Sluice's Lambda with this name and version in the account. An empty version is
// $LATEST.
func (w *World) own(name, version string) (function, bool) {
	folder, prefixed := strings.CutPrefix(name, FunctionPrefix)
	f, known := w.functions[folder]
	if version != "" && version != "$LATEST" {
		f, known = w.versions[folder+":"+version]
	}
	return f, known && prefixed
}

// invokeOwn runs one of Sluice's Lambdas for a caller from outside, who waits for its answer.
// An actor waits as it does for any call, and in a Paced world time passes by itself while a caller
// waits. Otherwise invokeOwn steps the clock.
func (w *World) invokeOwn(ctx context.Context, f function, call localaws.Invocation) localaws.InvocationResult {
	var result localaws.InvocationResult
	run := func(done func()) {
		w.invocations[f.name]++
		w.start(f, call.Payload, func(output json.RawMessage, failure *asl.Failure) {
			result.Payload = output
			if failure != nil {
				result = localaws.InvocationResult{Payload: []byte(failure.Cause), FunctionError: "Unhandled"}
			}
			done()
		})
	}
	if a := actorOf(ctx); a != nil {
		a.await(run)
		return result
	}
	if visit := visitorOf(ctx, call.Actor); visit != nil {
		visit.await(run)
		return result
	}
	ended := false
	run(func() { ended = true })
	for !ended && w.clock.step() {
	}
	return result
}

// isHook says whether a function is a hook.
func (w *World) isHook(function string) bool {
	if _, known := w.answers[function]; known {
		return true
	}
	for _, p := range []shift.Point{shift.BeforeTraffic, shift.AfterTraffic} {
		if _, known := w.modes[hookKey(p, function)]; known {
			return true
		}
	}
	return false
}

// request plays one request to the application. The answer names the version that served it.
func (w *World) request(call localaws.Invocation) localaws.InvocationResult {
	behaviour := w.behaviour(flow.LambdaTarget(call.Function, call.Qualifier), call.Version)
	now := w.Elapsed()
	rate := either(behaviour.errorRate(now), during(w.scenario.Incidents, now, now+1).ErrorRate)
	if w.traffic.server.main.random.Float64() < rate {
		return crashed(fmt.Sprintf("version %s of %s failed, as %.4g%% of its requests do", call.Version, call.Function, 100*rate))
	}
	answer, _ := json.Marshal(map[string]string{"function": call.Function, "version": call.Version}) // strings can always be encoded
	return localaws.InvocationResult{Payload: answer}
}

// learn remembers the functions that an input has invoked: the hooks and their modes, and the one
// for synthetic requests.
func (w *World) learn(input json.RawMessage) {
	if release, err := w.reader().Input(input); err == nil {
		w.learnFunctions(release)
	}
}

func (w *World) learnFunctions(r shift.Release) {
	for _, p := range []shift.Point{shift.BeforeTraffic, shift.AfterTraffic} {
		for _, h := range r.Hooks.At(p) {
			w.modes[hookKey(p, bareName(h.Function))] = h.Mode
		}
	}
	if s := r.Judging.Synthetic; s.On() {
		w.synthetics[bareName(s.Function)] = true
	}
}
