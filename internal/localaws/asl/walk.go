package asl

// walk goes through a scope, state by state: the execution's own, or that of
// one iteration of a Map.
type walk struct {
	execution *Execution
	scope     *scope
	input     Document
	iteration *iteration // nil: the execution's own
	visit     *visit     // where it is, or where it ended
	last      int64      // the event that the walk's next event follows
}

// record adds an event to the history, after the walk's last.
func (w *walk) record(e Event) int64 {
	e.PreviousEventID = w.last
	if id := w.execution.record(e); id != 0 {
		w.last = id
	}
	return w.last
}

// enter goes to a state of the walk's scope.
func (w *walk) enter(name string, input Document) {
	ex := w.execution
	v := &visit{walk: w, state: w.scope.states[name], input: input, entered: ex.machine.host.Now()}
	if w.iteration != nil {
		v.item = &w.iteration.item
	}
	w.visit = v
	v.event = w.record(Event{
		Type:         v.state.kind.entered(),
		StateEntered: &StateEnteredDetails{Name: name, Input: input},
	})
	if ex.running() {
		v.begin()
	}
}

// close gives up whatever goes on in the walk.
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

// finished ends the walk with its last state's output.
func (w *walk) finished(output Document) {
	if w.iteration != nil {
		w.iteration.succeeded(output)
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

// failed ends the walk with a fault that nothing took.
func (w *walk) failed(f fault) {
	if w.iteration != nil {
		w.iteration.failed(f)
		return
	}
	w.execution.fail(f.Failure, w.last)
}

// resume goes on where the walk ended, for a redrive: "continues the failed
// execution from the unsuccessful step and uses the same input", with retries
// counted anew (Step Functions developer guide, Restarting state machine
// executions with redrive). Events follow the state's entered event, and the
// state is not entered again, except for a Fail.
func (w *walk) resume() {
	v := w.visit
	if v == nil {
		w.enter(w.scope.startAt, w.input)
		return
	}
	if v.left != nil {
		v.left()
		return
	}
	w.last = v.event
	v.retries, v.attempts = 0, nil
	switch {
	case v.state.kind == kindFail:
		w.enter(v.state.name, v.input)
	case v.run != nil && v.run.resumable():
		v.run.resume()
	default:
		v.run = nil
		v.begin()
	}
}
