package world

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// The disturbances below affect a running Lambda, in addition to a Scenario's faults, which
// affect its calls. Tests use them from a Moment.

// OnMoment calls a function at each Moment of a run. An error that it returns becomes the
// error of the call. If there are several functions, the first error counts.
func (w *World) OnMoment(do func(Moment) error) { w.onMoment = append(w.onMoment, do) }

// OnParcel hands every event for the safety net or for stack-shift to a courier, including the
// events that the scenario loses. If the courier returns true, it delivers the event itself.
func (w *World) OnParcel(courier func(Parcel) bool) { w.courier = courier }

// OnInvocation calls a function for each asynchronous invocation of one of Sluice's functions.
func (w *World) OnInvocation(do func(function string, event []byte)) { w.onInvocation = do }

// Intercept hands every call of the SDK clients to a function, which may change the request or
// answer it itself.
func (w *World) Intercept(call func(w *World, actor string, r *http.Request) (*http.Response, error)) {
	w.intercept = call
}

// Kill ends the running Lambda at this point. The rest of its code never runs.
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

// MaxInFlight bounds how long a call can be in flight after the Lambda that made it was
// killed. AWS gives no figure; its own clients give up after a minute.
const MaxInFlight = 30 * time.Second

// Forsake makes Step Functions lose the connection to the running Lambda. Step Functions sees a
// failure and retries, while the Lambda keeps running. Each of its calls then takes pace.
func (w *World) Forsake(pace time.Duration) {
	root := w.current.root()
	root.pace = pace
	root.report(&asl.Failure{Error: "Lambda.SdkClientException", Cause: "the connection to the function was lost"})
}

// Hang makes the next call take longer than the Lambda's timeout, so that the Lambda is
// killed. If arrives is true, the call is in flight by then and arrives late. Otherwise it
// never arrives.
func (w *World) Hang(arrives bool) {
	self := w.current
	self.inFlight = arrives
	self.sleep(self.root().limit + MaxInFlight)
}

// Slow makes every further call of the running Lambda take this much longer.
func (w *World) Slow(by time.Duration) { w.current.root().pace = by }

// Stall makes the running Lambda wait once.
func (w *World) Stall(d time.Duration) { w.current.sleep(d) }

// Sweep invokes the safety net for a sweep at once.
func (w *World) Sweep() {
	w.Deliver(Delivery{}, flow.OwnSource, flow.SweepDetailType, map[string]any{})
}

// StartSoon starts one more execution, as a separate event of the clock.
func (w *World) StartSoon(name string, input json.RawMessage) {
	w.clock.after(0, nature, func() {
		if _, err := w.Start(name, input); err != nil {
			w.problem = err
		}
	})
}

// Lag is how long after its start or redrive Step Functions does not show a running
// execution: Listed for the list of executions, Known for DescribeExecution. An execution that
// has ended is shown at once, because how soon a sweep sees that has its own bound.
type Lag struct{ Listed, Known time.Duration }

// SetLag makes Step Functions show executions late from now on.
func (w *World) SetLag(l Lag) { w.lag = l }
