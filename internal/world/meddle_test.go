package world

import (
	"encoding/json"
	"time"

	"sluice/internal/flow"
	"sluice/internal/localaws/asl"
)

// meddle lets something happen at the moments of a run. An error that it returns
// becomes the call's.
func (w *World) meddle(with func(Moment) error) { w.meddler = with }

// kill ends the Lambda that runs where it stands: the rest of it never runs.
func (w *World) kill() {
	self, root := w.current, w.current.root()
	w.clock.after(0, nature, func() {
		if !root.done {
			root.kill()
			root.report(&asl.Failure{Error: "Runtime.ExitError", Cause: `{"errorType":"Runtime.ExitError","errorMessage":"Error: Runtime exited"}`})
		}
	})
	self.forever()
}

// inFlight is how long a call can be on its way after the Lambda that made it was
// killed. AWS gives no figure; its own clients give up after a minute.
const inFlight = 30 * time.Second

// forsake lets Step Functions lose the Lambda that runs: it hears of a failure, and
// the Lambda goes on beside its own retry, with every call taking a while.
func (w *World) forsake(pace time.Duration) {
	root := w.current.root()
	root.pace = pace
	root.report(&asl.Failure{Error: "Lambda.SdkClientException", Cause: "the connection to the function was lost"})
}

// hang lets the call that is about to be made take longer than the Lambda may:
// the Lambda is killed for it. With its effect the call is on its way by then,
// and arrives late; otherwise it never does.
func (w *World) hang(effect bool) {
	self := w.current
	self.inFlight = effect
	self.sleep(self.root().limit + inFlight)
}

// slow makes every further call of the Lambda that runs take a while.
func (w *World) slow(by time.Duration) { w.current.root().pace = by }

// sweepNow wakes the safety net without an event.
func (w *World) sweepNow() {
	w.deliver(Delivery{}, "sluice", flow.SweepDetailType, map[string]any{})
}

// another starts one more execution.
func (w *World) another(name string, input json.RawMessage) {
	w.clock.after(0, nature, func() {
		if _, err := w.Start(name, input); err != nil {
			w.problem = err
		}
	})
}
