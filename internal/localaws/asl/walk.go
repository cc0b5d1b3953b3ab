package asl

// walk runs through the states of a scope: that of the execution, or that of one
// iteration of a Map.
type walk struct {
	execution *Execution
	scope     *scope
	input     Document
	iteration *iteration // nil for the execution's own walk
	visit     *visit     // the current or last visit
	last      int64      // the event that the walk's next event follows
}

// record adds an event to the history. It follows the walk's last event.
func (w *walk) record(e Event) int64 {
	e.PreviousEventID = w.last
	if id := w.execution.record(e); id != 0 {
		w.last = id
	}
	return w.last
}

// enter enters a state of the walk's scope.
func (w *walk) enter(name string, input Document) {
	ex := w.execution
	v := &visit{walk: w, state: w.scope.states[name], input: input, entered: ex.machine.host.Now()}
	if w.iteration != nil {
		v.item = &w.iteration.item
	}
	w.visit = v
	v.event = w.record(Event{
		Type:         v.state.kind.enteredEvent(),
		StateEntered: &StateEnteredDetails{Name: name, Input: input},
	})
	if ex.isRunning() {
		v.begin()
	}
}

// close cancels everything that is going on in the walk.
func (w *walk) close() {
	if w.visit == nil {
		return
	}
	if w.visit.attempt != nil {
		w.visit.attempt.close()
	}
	if w.visit.run != nil {
		for _, i := range w.visit.run.iterations {
			if i.walk != nil {
				i.walk.close()
			}
		}
	}
}

// finish ends the walk with the output of its last state.
func (w *walk) finish(output Document) {
	if w.iteration != nil {
		w.iteration.succeed(output)
		return
	}
	ex := w.execution
	ex.output = output
	ex.end(Succeeded, Event{
		Type:               ExecutionSucceeded,
		PreviousEventID:    w.last,
		ExecutionSucceeded: &OutputDetails{Output: output},
	})
}

// fail ends the walk with an unhandled fault.
func (w *walk) fail(f fault) {
	if w.iteration != nil {
		w.iteration.fail(f)
		return
	}
	w.execution.fail(f.Failure, w.last)
}

// resume continues the walk where it ended, for a redrive: "continues the failed
// execution from the unsuccessful step and uses the same input", with new counts of
// retries (Step Functions developer guide, Restarting state machine executions with
// redrive). The next events follow the state's entered event. The state is not entered
// again, except for a Fail.
func (w *walk) resume() {
	v := w.visit
	if v == nil {
		w.enter(w.scope.startAt, w.input)
		return
	}
	if v.proceed != nil {
		v.proceed()
		return
	}
	w.last = v.event
	v.retries, v.attempts = 0, nil
	switch {
	case v.state.kind == kindFail:
		w.enter(v.state.name, v.input)
	case v.run != nil && v.run.isResumable():
		v.run.resume()
	default:
		v.run = nil
		v.begin()
	}
}
