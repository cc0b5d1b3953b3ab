package asl

import (
	"fmt"
	"time"
)

// visit is one pass through a state, from entering to leaving, with all its retries.
type visit struct {
	walk     *walk
	state    *state
	input    Document // raw, before InputPath
	item     *item    // of the innermost enclosing Map; nil outside of Maps
	entered  time.Time
	event    int64 // the entered event
	retries  int
	attempts []int64 // retries by retrier; nil: none yet
	attempt  *attempt
	run      *mapRun // of a Map state
	proceed  func()  // goes to the next state or ends the scope; nil until the state is left
}

// begin starts the work as a separate step, so that a long chain of states does not
// become a deep call stack.
func (v *visit) begin() {
	a := &attempt{visit: v}
	v.attempt = a
	v.walk.execution.do(func() {
		if !a.ended {
			v.state.work.start(v)
		}
	})
}

// effectiveInput returns the state's input after InputPath.
func (v *visit) effectiveInput() (Document, bool) {
	return v.applySelection(v.state.input, v.input)
}

// effectiveOutput returns a document after OutputPath.
func (v *visit) effectiveOutput(doc Document) (Document, bool) {
	return v.applySelection(v.state.output, doc)
}

// applySelection returns the node of a document that InputPath, OutputPath or ItemsPath
// names.
func (v *visit) applySelection(s *selection, doc Document) (Document, bool) {
	switch {
	case s == nil:
		return doc, true
	case s.none:
		return Document("{}"), true
	}
	env := &environment{doc: doc, visit: v}
	value, found := env.resolve(s.path)
	if !found {
		v.crash(s.path.noResults(doc))
	}
	return value, found
}

// taskInput returns the input after InputPath and Parameters.
func (v *visit) taskInput() (Document, bool) {
	doc, ok := v.effectiveInput()
	if !ok {
		return nil, false
	}
	return v.render(v.state.parameters, doc)
}

// render applies a template to a document. Without a template it returns the document.
func (v *visit) render(t *template, doc Document) (Document, bool) {
	if t == nil {
		return doc, true
	}
	rendered, err := t.render(&environment{doc: doc, visit: v})
	if err != nil {
		v.crash(err.Error())
		return nil, false
	}
	if len(rendered) > maxDocumentBytes {
		v.fail(v.tooLarge())
		return nil, false
	}
	return rendered, true
}

// succeed applies ResultSelector, ResultPath and OutputPath to the work's result, and
// leaves for the next state.
func (v *visit) succeed(result Document) {
	result, ok := v.render(v.state.resultSelector, result)
	if !ok {
		return
	}
	doc, err := v.state.result.apply(v.input, result)
	if err != nil {
		v.fail(fault{Failure: Failure{Error: errorResultPath, Cause: v.withLocation(err.Error())}})
		return
	}
	if output, ok := v.effectiveOutput(doc); ok {
		v.exit(output, v.state.next)
	}
}

// apply stores a result in a state's raw input.
func (r resultPath) apply(input, result Document) (Document, error) {
	if r.discard {
		return input, nil
	}
	return r.path.put(input, result)
}

// exit leaves the state, or fails it if the output is too large.
func (v *visit) exit(output Document, next string) {
	if len(output) > maxDocumentBytes {
		v.fail(v.tooLarge())
		return
	}
	v.leave(output, next)
}

// leave leaves the state for the next one, or ends the scope.
func (v *visit) leave(output Document, next string) {
	ex := v.walk.execution
	if !ex.isRunning() {
		return // a listener ended it while its events were recorded
	}
	v.attempt.close()
	v.run = nil
	v.proceed = func() {
		if next == "" {
			v.walk.finish(output)
			return
		}
		v.walk.enter(next, output)
	}
	v.walk.record(Event{
		Type:        v.state.kind.exitedEvent(),
		StateExited: &StateExitedDetails{Name: v.state.name, Output: output},
	})
	if ex.isRunning() {
		v.proceed()
	}
}

// fail ends an attempt with a fault. Retry or Catch may handle it; otherwise it fails
// the scope.
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
	c, ok := v.catcherFor(f)
	if !ok {
		v.walk.fail(f)
		return
	}
	v.catch(f, c)
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

// catch leaves for a catcher's state. A missing Error or Cause becomes an empty string
// in the error output, or null if it is that of SendTaskFailure. OutputPath does not apply
// (as in LocalStack's snapshots).
func (v *visit) catch(f fault, c catcher) {
	text := append(Document(`{"Error":`), f.member(f.Error)...)
	text = append(append(append(text, `,"Cause":`...), f.member(f.Cause)...), '}')
	output, err := c.result.apply(v.input, text)
	switch {
	case err != nil:
		v.walk.fail(fault{Failure: Failure{Error: errorResultPath, Cause: v.withLocation(err.Error())}})
	case len(output) > maxDocumentBytes:
		v.walk.fail(v.tooLarge())
	default:
		v.leave(output, c.next)
	}
}

// crash fails the whole execution with States.Runtime, which no Retry or Catch handles.
// The event follows the last one (LocalStack's snapshots test_invalid_jsonpath).
func (v *visit) crash(cause string) {
	v.walk.execution.fail(Failure{Error: errorRuntime, Cause: v.withLocation(cause)}, v.walk.last)
}

// withLocation adds AWS's text that says in which state an error occurred.
func (v *visit) withLocation(cause string) string {
	return fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", v.state.name, v.event, cause)
}

// tooLarge returns the fault of an input, output or result over the quota. The text is
// AWS's, as recorded by LocalStack.
func (v *visit) tooLarge() fault {
	return dataLimit(v.state.name)
}

func dataLimit(of string) fault {
	cause := fmt.Sprintf("The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", of)
	return fault{Failure: Failure{Error: errorDataLimit, Cause: cause}}
}
