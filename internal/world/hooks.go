package world

import (
	"context"
	"encoding/json"
	"fmt"

	"sluice/internal/localaws"
	"sluice/internal/shift"
)

// hookKey tells apart the modes of a function that is a hook of both Points.
func hookKey(p shift.Point, function string) string { return string(p) + " " + function }

// OnHook tells what a hook's Lambda is invoked with, each time that one is.
func (w *World) OnHook(tell func(function string, payload []byte)) { w.onHook = tell }

// hook plays the Lambdas of the user's hooks.
func (w *World) hook(ctx context.Context, call localaws.Invocation) localaws.InvocationResult {
	if w.onHook != nil {
		w.onHook(call.Function, call.Payload)
	}
	var q shift.Question
	if err := json.Unmarshal(call.Payload, &q); err != nil {
		return crashed("the hook cannot read what it was asked: " + err.Error())
	}
	b := HookBehaviour{Result: HookSucceeds}
	if given, known := w.answers[call.Function]; known {
		b = given
	}
	if b.Result != HookCrashes && w.modes[hookKey(q.Point, call.Function)] == shift.Callback {
		w.clock.after(b.After, sluice, func() { w.answer(call.Function, b, q.TaskToken) })
		return localaws.InvocationResult{Payload: []byte(`{"accepted":true}`)}
	}
	self := w.waiter(ctx, call.Actor)
	if self == nil {
		return crashed("a hook is asked only by a Lambda")
	}
	if b.Result == HookHangs {
		self.forever()
	}
	self.sleep(b.After)
	if b.Result != HookSucceeds {
		return crashed(refusal(call.Function))
	}
	return localaws.InvocationResult{Payload: []byte(`{}`)}
}

func refusal(function string) string { return fmt.Sprintf("%s says no", function) }

func crashed(message string) localaws.InvocationResult {
	report, _ := json.Marshal(map[string]string{"errorMessage": message, "errorType": "Refused"})
	return localaws.InvocationResult{Payload: report, FunctionError: "Unhandled"}
}

// answer is a callback hook's answer by its token. One that comes too late is
// refused, which is the hook's own affair.
func (w *World) answer(function string, b HookBehaviour, token string) {
	switch b.Result {
	case HookSucceeds:
		_ = w.machine.SendTaskSuccess(token, json.RawMessage(`{}`))
	case HookFails:
		_ = w.machine.SendTaskFailure(token, "HookFailed", refusal(function))
	}
}
