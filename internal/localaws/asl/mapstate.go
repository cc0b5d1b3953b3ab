package asl

import "slices"

// inlineConcurrency is how many iterations of an inline Map AWS runs at a time
// where MaxConcurrency does not say less (Step Functions developer guide, Map
// state processing modes).
const inlineConcurrency = 40

// mapState is the work of a Map: its states for each item of an array.
type mapState struct {
	items       *selection
	selector    *template
	states      *scope
	concurrency int
}

// mapRun is one try of a Map's work.
type mapRun struct {
	visit      *visit
	work       *mapState
	doc        Document // the Map's effective input
	iterations []*iteration
	started    int
	fault      fault // why the Map failed, if it did
}

func readMap(o *object, s *state) {
	o.transition(s)
	o.inputOutput(s)
	s.resultSelector = o.template("ResultSelector")
	s.result = o.resultPath()
	o.errorHandling(s)
	m := &mapState{
		selector:    o.template("ItemSelector"),
		concurrency: int(o.whole("MaxConcurrency", 0, 99_999_999, 0)),
	}
	s.work = m
	if p := o.path("ItemsPath"); p != nil {
		m.items = &selection{path: *p}
	}
	doc, found := o.field("ItemProcessor")
	if !found {
		o.parser.problem(o.at, "needs ItemProcessor")
		return
	}
	processor, ok := o.parser.object(below(o.at, "ItemProcessor"), doc)
	if !ok {
		return
	}
	defer processor.close()
	processor.comment()
	processor.inline()
	m.states = o.parser.scope(processor)
}

// inline checks that ProcessorConfig, where it is there, says INLINE.
func (o *object) inline() {
	doc, found := o.field("ProcessorConfig")
	if !found {
		return
	}
	config, ok := o.parser.object(below(o.at, "ProcessorConfig"), doc)
	if !ok {
		return
	}
	if mode, found := config.string("Mode"); found && mode != "INLINE" {
		config.problem("Mode", "must be INLINE")
	}
	config.close()
}

func (m *mapState) start(v *visit) {
	doc, ok := v.effectiveInput()
	if !ok {
		return
	}
	array, ok := v.selected("ItemsPath", m.items, doc)
	if !ok {
		return
	}
	if !array.isArray() {
		v.crash("The items of a Map must be an array, not " + string(array))
		return
	}
	v.run = &mapRun{visit: v, work: m, doc: doc}
	for value := range array.elements() {
		v.run.iterations = append(v.run.iterations, &iteration{
			run:  v.run,
			item: item{index: len(v.run.iterations), value: value},
		})
	}
	v.walk.record(Event{Type: MapStateStarted, MapStateStarted: &MapStartedDetails{Length: len(v.run.iterations)}})
	v.run.advance(v.walk.last)
}

// advance starts as many iterations as may run, after an event, or ends the Map
// when none is left.
func (r *mapRun) advance(after int64) {
	limit, attempt := inlineConcurrency, r.visit.attempt
	if r.work.concurrency > 0 {
		limit = min(limit, r.work.concurrency)
	}
	active, done := r.count()
	if done == len(r.iterations) {
		r.succeed()
		return
	}
	for ; active < limit && r.started < len(r.iterations) && !attempt.over; active++ {
		i := r.iterations[r.started]
		r.started++
		i.start(after)
	}
}

// count is how many iterations are on their way, and how many are done.
func (r *mapRun) count() (active, done int) {
	for _, i := range r.iterations {
		switch {
		case i.done:
			done++
		case i.walk != nil:
			active++
		}
	}
	return active, done
}

// succeed ends the Map with its iterations' outputs. MapStateSucceeded and
// MapStateExited follow the same event (as LocalStack's snapshots have it).
func (r *mapRun) succeed() {
	v := r.visit
	result := Document{'['}
	for n, i := range r.iterations {
		if n > 0 {
			result = append(result, ',')
		}
		result = append(result, i.output...)
	}
	last := v.walk.last
	v.walk.record(Event{Type: MapStateSucceeded})
	if v.walk.execution.running() {
		v.walk.last, v.run = last, nil
		v.succeed(append(result, ']'))
	}
}

// abort gives up the iterations that are on their way.
func (r *mapRun) abort(after int64) {
	for _, i := range r.iterations {
		if i.walk != nil && !i.done && !i.closed {
			i.close(Event{Type: MapIterationAborted, MapIterationAborted: i.details()}, after)
		}
	}
}

// resumable says whether a redrive takes the iterations up again. After
// States.DataLimitExceeded the whole Map runs again, those that succeeded
// included (Step Functions developer guide, redrive).
func (r *mapRun) resumable() bool {
	return r.fault.Error != errorDataLimit && !slices.ContainsFunc(r.iterations, func(i *iteration) bool {
		return i.walk != nil && i.walk.input == nil
	})
}

// resume takes up the iterations that did not succeed. One that had left its
// last state already ends at once, and may end the Map with it.
func (r *mapRun) resume() {
	a := &attempt{visit: r.visit}
	r.fault, r.visit.attempt = fault{}, a
	for _, i := range r.iterations {
		if i.walk != nil && !i.done {
			i.closed = false
			i.walk.resume()
		}
	}
	if !a.over {
		r.advance(r.visit.walk.last)
	}
}
