package world

import (
	"encoding/json"
	"net/http"
	"time"

	"sluice/internal/flow"
	"sluice/internal/localaws/asl"
)

// Disturbances: what can go wrong with a Lambda that runs, beside what a Scenario's
// faults do to its calls. Whoever attacks the world uses them from a Moment.

// OnMoment lets something happen at the moments of a run. An error that it returns
// becomes the call's. Of several, the first error counts.
func (w *World) OnMoment(do func(Moment) error) { w.meddlers = append(w.meddlers, do) }

// OnParcel hands every event for the safety net to a courier, also those that the
// scenario loses. If it returns true, it sees to the delivery itself.
func (w *World) OnParcel(courier func(Parcel) bool) { w.courier = courier }

// Intercept hands every call of the SDK clients to a function, which may change it on
// its way or answer it itself.
func (w *World) Intercept(call func(w *World, actor string, r *http.Request) (*http.Response, error)) {
	w.weaken = call
}

// Kill ends the Lambda that runs where it stands: the rest of it never runs.
func (w *World) Kill() {
	self, root := w.current, w.current.root()
	w.clock.after(0, nature, func() {
		if !root.done {
			root.kill()
			root.report(&asl.Failure{Error: "Runtime.ExitError", Cause: `{"errorType":"Runtime.ExitError","errorMessage":"Error: Runtime exited"}`})
		}
	})
	self.forever()
}

// MaxInFlight is how long a call can be on its way after the Lambda that made it was
// killed. AWS gives no figure; its own clients give up after a minute.
const MaxInFlight = 30 * time.Second

// Forsake lets Step Functions lose the Lambda that runs: it hears of a failure, and
// the Lambda goes on beside its own retry, with every call taking a while.
func (w *World) Forsake(pace time.Duration) {
	root := w.current.root()
	root.pace = pace
	root.report(&asl.Failure{Error: "Lambda.SdkClientException", Cause: "the connection to the function was lost"})
}

// Hang lets the call that is about to be made take longer than the Lambda may: the
// Lambda is killed for it. If arrives is true, the call is on its way by then and
// arrives late; otherwise it never does.
func (w *World) Hang(arrives bool) {
	self := w.current
	self.inFlight = arrives
	self.sleep(self.root().limit + MaxInFlight)
}

// Slow makes every further call of the Lambda that runs take a while.
func (w *World) Slow(by time.Duration) { w.current.root().pace = by }

// Stall makes the Lambda that runs wait, once.
func (w *World) Stall(d time.Duration) { w.current.sleep(d) }

// Sweep wakes the safety net for a sweep at once.
func (w *World) Sweep() {
	w.Deliver(Delivery{}, flow.OwnSource, flow.SweepDetailType, map[string]any{})
}

// StartSoon starts one more execution, as an event of its own.
func (w *World) StartSoon(name string, input json.RawMessage) {
	w.clock.after(0, nature, func() {
		if _, err := w.Start(name, input); err != nil {
			w.problem = err
		}
	})
}

// Lag is how long after its start, or after a redrive, Step Functions does not show an
// execution that runs: in its list, and to DescribeExecution. One that has ended is
// shown at once: how soon a sweep sees that has a bound of its own.
type Lag struct{ Listed, Known time.Duration }

// SetLag lets Step Functions show executions late from now on.
func (w *World) SetLag(l Lag) { w.lag = l }
