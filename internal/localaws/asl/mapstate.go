package asl

import "slices"

// maxInlineConcurrency is how many iterations of an inline Map AWS runs at a time,
// unless MaxConcurrency is smaller (Step Functions developer guide, Map state
// processing modes).
const maxInlineConcurrency = 40

// mapState is the work of a Map state: it runs its states for each item of an array.
type mapState struct {
	items       *selection
	selector    *template
	states      *scope
	concurrency int
}

// mapRun is one attempt of a Map.
type mapRun struct {
	visit      *visit
	work       *mapState
	doc        Document // the Map's effective input
	iterations []*iteration
	started    int
	fault      fault // why the Map failed, if it did
}

func readMap(o *object, s *state) {
	o.readTransition(s)
	o.readInputOutput(s)
	s.resultSelector = o.template("ResultSelector")
	s.result = o.resultPath()
	o.readErrorHandling(s)
	m := &mapState{
		selector:    o.template("ItemSelector"),
		concurrency: int(o.integer("MaxConcurrency", 0, 99_999_999, 0)),
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
	processor, ok := o.parser.object(fieldPath(o.at, "ItemProcessor"), doc)
	if !ok {
		return
	}
	defer processor.close()
	processor.readComment()
	processor.checkInline()
	m.states = o.parser.scope(processor)
}

// checkInline checks that the Mode of a ProcessorConfig is INLINE.
func (o *object) checkInline() {
	doc, found := o.field("ProcessorConfig")
	if !found {
		return
	}
	config, ok := o.parser.object(fieldPath(o.at, "ProcessorConfig"), doc)
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
	array, ok := v.applySelection(m.items, doc)
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

// advance starts as many iterations as may run, after an event. It ends the Map when
// all iterations are done.
func (r *mapRun) advance(after int64) {
	limit, attempt := maxInlineConcurrency, r.visit.attempt
	if r.work.concurrency > 0 {
		limit = min(limit, r.work.concurrency)
	}
	active, done := r.count()
	if done == len(r.iterations) {
		r.succeed()
		return
	}
	for ; active < limit && r.started < len(r.iterations) && !attempt.ended; active++ {
		i := r.iterations[r.started]
		r.started++
		i.start(after)
	}
}

// count returns how many iterations are running, and how many are done.
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

// succeed ends the Map with the outputs of its iterations. MapStateSucceeded and
// MapStateExited follow the same event (as in LocalStack's snapshots).
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
	if v.walk.execution.isRunning() {
		v.walk.last, v.run = last, nil
		v.succeed(append(result, ']'))
	}
}

// abort aborts the running iterations.
func (r *mapRun) abort(after int64) {
	for _, i := range r.iterations {
		if i.walk != nil && !i.done && !i.closed {
			i.close(Event{Type: MapIterationAborted, MapIterationAborted: i.details()}, after)
		}
	}
}

// isResumable reports whether a redrive resumes the iterations. After
// States.DataLimitExceeded the whole Map runs again, including the iterations that
// succeeded (Step Functions developer guide, redrive).
func (r *mapRun) isResumable() bool {
	return r.fault.Error != errorDataLimit && !slices.ContainsFunc(r.iterations, func(i *iteration) bool {
		return i.walk != nil && i.walk.input == nil
	})
}

// resume resumes the iterations that did not succeed. An iteration that had already
// left its last state ends at once, which may end the Map.
func (r *mapRun) resume() {
	a := &attempt{visit: r.visit}
	r.fault, r.visit.attempt = fault{}, a
	for _, i := range r.iterations {
		if i.walk != nil && !i.done {
			i.closed = false
			i.walk.resume()
		}
	}
	if !a.ended {
		r.advance(r.visit.walk.last)
	}
}
