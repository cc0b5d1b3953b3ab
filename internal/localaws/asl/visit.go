package asl

import (
	"fmt"
	"time"
)

// visit is one stay in a state, with all its retries.
type visit struct {
	walk     *walk
	state    *state
	input    Document // raw, before InputPath
	item     *item    // of the innermost Map around
	entered  time.Time
	event    int64 // the entered event
	retries  int
	attempts []int64 // retries by retrier; nil: none yet
	attempt  *attempt
	run      *mapRun // of a Map
	left     func()  // goes where the visit led; nil: the state has not been left
}

// begin starts the work, as a step of its own, so that a long chain of states
// is no deep stack of calls.
func (v *visit) begin() {
	a := &attempt{visit: v}
	v.attempt = a
	v.walk.execution.do(func() {
		if !a.over {
			v.state.work.start(v)
		}
	})
}

// effectiveInput is the state's input after InputPath.
func (v *visit) effectiveInput() (Document, bool) {
	return v.selected("InputPath", v.state.input, v.input)
}

// effectiveOutput is a document after OutputPath.
func (v *visit) effectiveOutput(doc Document) (Document, bool) {
	return v.selected("OutputPath", v.state.output, doc)
}

func (v *visit) selected(field string, s *selection, doc Document) (Document, bool) {
	switch {
	case s == nil:
		return doc, true
	case s.none:
		return Document("{}"), true
	}
	env := &environment{doc: doc, visit: v}
	value, found := env.resolve(s.path)
	if !found {
		v.crash((&missing{field: field, path: s.path.text, doc: doc}).Error())
	}
	return value, found
}

// taskInput is the input after InputPath and Parameters.
func (v *visit) taskInput() (Document, bool) {
	doc, ok := v.effectiveInput()
	if !ok {
		return nil, false
	}
	return v.rendered(v.state.parameters, doc)
}

// rendered is what a template makes of a document, or the document.
func (v *visit) rendered(t *template, doc Document) (Document, bool) {
	if t == nil {
		return doc, true
	}
	rendered, err := t.render(&environment{doc: doc, visit: v})
	if err != nil {
		v.crash(err.Error())
		return nil, false
	}
	if len(rendered) > maxDocument {
		v.fail(v.tooLarge())
		return nil, false
	}
	return rendered, true
}

// succeed takes the work's result through ResultSelector, ResultPath and
// OutputPath, and leaves for the next state.
func (v *visit) succeed(result Document) {
	result, ok := v.rendered(v.state.resultSelector, result)
	if !ok {
		return
	}
	doc, err := v.state.result.apply(v.input, result)
	if err != nil {
		v.fail(fault{Failure: Failure{Error: errorResultPath, Cause: v.located(err.Error())}})
		return
	}
	if output, ok := v.effectiveOutput(doc); ok {
		v.exit(output, v.state.next)
	}
}

// apply puts a result into a state's raw input.
func (r resultPath) apply(input, result Document) (Document, error) {
	if r.discard {
		return input, nil
	}
	return r.path.put(input, result)
}

// exit leaves the state.
func (v *visit) exit(output Document, next string) {
	if len(output) > maxDocument {
		v.fail(v.tooLarge())
		return
	}
	v.leave(output, next)
}

// leave goes on to the next state, or out of the scope.
func (v *visit) leave(output Document, next string) {
	ex := v.walk.execution
	if !ex.running() {
		return // ended from within the recording of its events
	}
	v.attempt.close()
	v.run = nil
	v.left = func() {
		if next == "" {
			v.walk.finished(output)
			return
		}
		v.walk.enter(next, output)
	}
	v.walk.record(Event{
		Type:        v.state.kind.exited(),
		StateExited: &StateExitedDetails{Name: v.state.name, Output: output},
	})
	if ex.running() {
		v.left()
	}
}

// fail ends an attempt with a fault: Retry takes it, or Catch, or nothing.
func (v *visit) fail(f fault) {
	v.attempt.close()
	if delay, ok := v.retryAfter(f); ok {
		v.pause(delay)
		return
	}
	if v.state.kind == kindMap && v.run != nil {
		v.run.fault = f
		v.walk.record(Event{Type: MapStateFailed})
	}
	c, ok := v.caughtBy(f)
	if !ok {
		v.walk.failed(f)
		return
	}
	v.caught(f, c)
}

// pause waits before a retry, which AWS bills as a transition.
func (v *visit) pause(delay time.Duration) {
	v.attempt = &attempt{visit: v}
	v.attempt.after(delay, func() {
		v.retries++
		v.walk.execution.transitions++
		v.begin()
	})
}

// caught leaves for a catcher's state. A missing Error or Cause is an empty
// string there; OutputPath does not apply (both as LocalStack's snapshots have
// it).
func (v *visit) caught(f fault, c catcher) {
	text := append(Document(`{"Error":`), quote(f.Error)...)
	text = append(append(append(text, `,"Cause":`...), quote(f.Cause)...), '}')
	output, err := c.result.apply(v.input, text)
	switch {
	case err != nil:
		v.walk.failed(fault{Failure: Failure{Error: errorResultPath, Cause: v.located(err.Error())}})
	case len(output) > maxDocument:
		v.walk.failed(v.tooLarge())
	default:
		v.leave(output, c.next)
	}
}

// crash fails the whole execution with States.Runtime, which no Retry and no
// Catch takes. The event follows none (seen in AWS).
func (v *visit) crash(cause string) {
	v.walk.execution.fail(Failure{Error: errorRuntime, Cause: v.located(cause)}, 0)
}

// located says in which state something happened, in AWS's words.
func (v *visit) located(cause string) string {
	return fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", v.state.name, v.event, cause)
}

// tooLarge is the fault of an input, output or result over the quota. The text
// is AWS's, as recorded by LocalStack.
func (v *visit) tooLarge() fault {
	return dataLimit(v.state.name)
}

func dataLimit(of string) fault {
	cause := fmt.Sprintf("The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", of)
	return fault{Failure: Failure{Error: errorDataLimit, Cause: cause}}
}
