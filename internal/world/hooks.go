package world

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// hookKey is the key of a hook's mode. A function can be a hook of both Points with different
// modes.
func hookKey(p shift.Point, function string) string { return string(p) + " " + function }

// OnHook calls a function with the payload of every invocation of a hook.
func (w *World) OnHook(observe func(function string, payload []byte)) { w.onHook = observe }

// SetHook says what a hook does.
func (w *World) SetHook(function string, b HookBehaviour) { w.answers[function] = b }

// hook plays the Lambda of a user's hook.
func (w *World) hook(ctx context.Context, call localaws.Invocation) localaws.InvocationResult {
	if w.onHook != nil {
		w.onHook(call.Function, call.Payload)
	}
	b := w.hookBehaviour(call.Function)
	var e shift.LifecycleEvent
	if json.Unmarshal(call.Payload, &e) == nil && e.HookID != "" {
		return w.hookOfCodeDeploy(ctx, call, b, e)
	}
	var q shift.Question
	if err := json.Unmarshal(call.Payload, &q); err != nil {
		return crashed("the hook cannot decode its event: " + err.Error())
	}
	if b.Result != HookCrashes && w.modes[hookKey(q.Point, call.Function)] == shift.Callback {
		w.clock.after(b.After, sluice, func() { w.answer(call.Function, b, q.TaskToken) })
		return localaws.InvocationResult{Payload: []byte(`{"accepted":true}`)}
	}
	self := w.waiter(ctx, call.Actor)
	if self == nil {
		return crashed("only a Lambda can invoke a hook here")
	}
	if b.Result == HookHangs {
		self.forever()
	}
	self.sleep(b.After)
	switch b.Result {
	case HookFails:
		return failed("Refused", refusal(call.Function))
	case HookCrashes:
		return failed("Runtime.ExitError", fmt.Sprintf("%s crashed", call.Function))
	}
	return localaws.InvocationResult{Payload: []byte(`{}`)}
}

// hookBehaviour returns what a hook does. By default it succeeds.
func (w *World) hookBehaviour(function string) HookBehaviour {
	if given, known := w.answers[function]; known {
		return given
	}
	return HookBehaviour{Result: HookSucceeds}
}

func refusal(function string) string { return fmt.Sprintf("%s says no", function) }

// crashed is the result of a hook that breaks.
func crashed(message string) localaws.InvocationResult { return failed("Runtime.Unknown", message) }

func failed(kind, message string) localaws.InvocationResult {
	report, _ := json.Marshal(map[string]string{"errorMessage": message, "errorType": kind})
	return localaws.InvocationResult{Payload: report, FunctionError: "Unhandled"}
}

// answer answers for a callback hook with its task token. It ignores an error, which means that
// the answer was too late.
func (w *World) answer(function string, b HookBehaviour, token string) {
	switch b.Result {
	case HookSucceeds:
		_ = w.machine.SendTaskSuccess(token, json.RawMessage(`{}`))
	case HookFails:
		_ = w.machine.SendTaskFailure(token, flow.HookFailed, refusal(function))
	}
}
