package world

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"sluice/internal/flow"
	"sluice/internal/local/asl"
	"sluice/internal/local/cloud"
)

// Outside opens the world's AWS to somebody from outside, over HTTP: who calls it
// may also invoke the safety net. Time stands still but for Advance, and what a
// Lambda takes that is waited for; a call must not come beside either.
func (w *World) Outside() (http.Handler, error) {
	w.cloud.SetInvoker(w.invoke)
	net := cloud.Function{Name: namePrefix + flow.SafetyNet, Content: flow.SafetyNet, Role: w.place.roleARN(flow.SafetyNet)}
	if err := w.cloud.AddFunction(net); err != nil {
		return nil, err
	}
	return w.cloud, nil
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) error {
	until := w.clock.now.Add(d)
	arrived := false
	w.clock.at(until, sluice, func() { arrived = true })
	for !arrived && w.problem == nil {
		w.clock.step()
	}
	w.traffic.advance(w.clock.now)
	return w.problem
}

// namePrefix is what the names of Sluice's Lambdas begin with where somebody from
// outside invokes them.
const namePrefix = machineName + "-"

// invoke plays whatever is invoked by its name: Sluice's own Lambdas, and the
// user's hooks.
func (w *World) invoke(ctx context.Context, call cloud.Invocation) cloud.InvocationResult {
	f, ours := w.functions[strings.TrimPrefix(call.Function, namePrefix)]
	if !ours || !strings.HasPrefix(call.Function, namePrefix) {
		return w.hook(ctx, call)
	}
	var result cloud.InvocationResult
	ended := false
	w.invocations[f.name]++
	w.start(f, call.Payload, func(output json.RawMessage, failure *asl.Failure) {
		ended, result.Payload = true, output
		if failure != nil {
			result = cloud.InvocationResult{Payload: []byte(failure.Cause), FunctionError: "Unhandled"}
		}
	})
	for !ended && w.clock.step() { // who invokes it waits, and with it the world
	}
	return result
}
