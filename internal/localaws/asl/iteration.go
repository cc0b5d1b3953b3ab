package asl

// iteration is the walk through a Map's states for one item.
type iteration struct {
	run    *mapRun
	item   item
	walk   *walk // nil: not started
	output Document
	done   bool
	closed bool // failed or aborted, and recorded in the history
}

// item is the item in $$.Map.Item.
type item struct {
	index int
	value Document
}

// start begins the iteration's walk.
func (i *iteration) start(after int64) {
	r, ex := i.run, i.run.visit.walk.execution
	i.walk = &walk{execution: ex, scope: r.work.states, iteration: i, last: after}
	i.walk.record(Event{Type: MapIterationStarted, MapIterationStarted: i.details()})
	input, ok := i.input()
	if !ok {
		return
	}
	i.walk.input = input
	attempt := r.visit.attempt
	ex.do(func() {
		if !attempt.ended {
			i.walk.resume()
		}
	})
}

// input returns the iteration's input: the item, or the result of ItemSelector.
func (i *iteration) input() (Document, bool) {
	r := i.run
	if r.work.selector == nil {
		return i.item.value, true
	}
	visit := *r.visit
	visit.item = &i.item
	input, err := r.work.selector.render(&environment{doc: r.doc, visit: &visit})
	switch {
	case err != nil:
		r.visit.crash(err.Error())
		return nil, false
	case len(input) > maxDocumentBytes:
		i.fail(r.visit.tooLarge())
		return nil, false
	}
	return input, true
}

func (i *iteration) details() *MapIterationDetails {
	return &MapIterationDetails{Name: i.run.visit.state.name, Index: i.item.index}
}

// succeed ends the iteration. The start of the next iteration follows the last event
// inside this one, not its success event (as in LocalStack's snapshots).
func (i *iteration) succeed(output Document) {
	ex, r, last := i.walk.execution, i.run, i.walk.last
	i.done, i.output = true, output
	id := ex.record(Event{Type: MapIterationSucceeded, PreviousEventID: last, MapIterationSucceeded: i.details()})
	r.visit.walk.last = id
	r.advance(last)
}

// fail fails the iteration and the Map, and aborts the other iterations. All their
// events follow the last event of the failed iteration. A state that takes time is
// recorded as aborted after its iteration (as in LocalStack's snapshot of a timeout in
// a Map).
func (i *iteration) fail(f fault) {
	r, last := i.run, i.walk.last
	i.close(Event{Type: MapIterationFailed, MapIterationFailed: i.details()}, last)
	r.abort(last)
	r.visit.walk.last = last
	r.visit.fail(f)
}

// close ends the iteration's walk. It records e, and then that the iteration's current
// state was aborted.
func (i *iteration) close(e Event, after int64) {
	i.closed = true
	i.walk.close()
	e.PreviousEventID = after
	ex, v := i.walk.execution, i.walk.visit
	ex.record(e)
	if v == nil {
		return
	}
	if v.run != nil {
		v.run.abort(after)
	}
	if aborted, ok := v.state.kind.abortedEvent(); ok {
		ex.record(Event{Type: aborted, PreviousEventID: after})
	}
}
