package asl

// iteration is the walk through a Map's states for one item.
type iteration struct {
	run    *mapRun
	item   item
	walk   *walk // nil: not started
	output Document
	done   bool
	closed bool // failed or aborted, and recorded as such
}

// item is what $$.Map.Item is about.
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
		if !attempt.over {
			i.walk.resume()
		}
	})
}

// input is the item, or what ItemSelector makes of the Map's input and it.
func (i *iteration) input() (Document, bool) {
	r := i.run
	if r.work.selector == nil {
		return i.item.value, true
	}
	around := *r.visit
	around.item = &i.item
	input, err := r.work.selector.render(&environment{doc: r.doc, visit: &around})
	switch {
	case err != nil:
		r.visit.crash(err.Error())
		return nil, false
	case len(input) > maxDocument:
		i.failed(r.visit.tooLarge())
		return nil, false
	}
	return input, true
}

func (i *iteration) details() *MapIterationDetails {
	return &MapIterationDetails{Name: i.run.visit.state.name, Index: i.item.index}
}

// succeeded ends the iteration. The next one's start follows the last event in
// this one, not its success (as LocalStack's snapshots have it).
func (i *iteration) succeeded(output Document) {
	ex, r, last := i.walk.execution, i.run, i.walk.last
	i.done, i.output = true, output
	id := ex.record(Event{Type: MapIterationSucceeded, PreviousEventID: last, MapIterationSucceeded: i.details()})
	r.visit.walk.last = id
	r.advance(last)
}

// failed fails the iteration and with it the Map: the others are given up. All
// their events follow the one that failed, and a state that takes time is
// recorded as aborted after its iteration (as LocalStack's snapshot of a timeout
// in a Map has it).
func (i *iteration) failed(f fault) {
	r, last := i.run, i.walk.last
	i.close(Event{Type: MapIterationFailed, MapIterationFailed: i.details()}, last)
	r.abort(last)
	r.visit.walk.last = last
	r.visit.fail(f)
}

// close gives up the iteration's walk, and records that and the state it was in.
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
	if aborted, ok := v.state.kind.aborted(); ok {
		ex.record(Event{Type: aborted, PreviousEventID: after})
	}
}
