package picture

import (
	"time"

	"sluice/internal/flow"
	"sluice/internal/operator"
)

// timeline follows the histories of executions, and makes of their events the
// moments that a person wants to see. What only directs the flow makes none:
// Choice, Wait and Pass.
type timeline struct {
	visits map[string]*visit // by execution
	// learn is told of each document that an execution has made.
	learn func(execution string, at time.Duration, state string, d document)
}

// visit is the state that an execution is in.
type visit struct {
	name     string
	hook     string // that is asked here; empty in most states
	failures int    // tries that failed
	last     flow.Failure
	learn    func(document)
	failing  bool // the last try failed
	mapFell  bool // one of the Map's iterations failed
	isFail   bool // a Fail, which ends an execution, or an iteration
}

// see takes in an event of an execution, and says whether it makes a moment. at is
// how long the story has been told of by then.
func (t *timeline) see(execution string, at time.Duration, e operator.Event) (Moment, bool) {
	v := t.visits[execution]
	if v == nil {
		v = &visit{}
		t.visits[execution] = v
	}
	v.learn = func(d document) { t.learn(execution, at, v.name, d) }
	m, worthIt := v.see(e)
	m.At, m.Execution = at, execution
	return m, worthIt
}

func (v *visit) see(e operator.Event) (Moment, bool) {
	switch {
	case e.Enters() != "":
		return v.enter(e)
	case e.Leaves() != "":
		return v.exit(e)
	case e.TryFails():
		v.failures++
		v.failing, v.last = true, e.Failure
	case e.TrySucceeds():
		v.failing = false
	case e.Type == operator.IterationFailed && v.failing:
		return v.failure(), true // nothing in the Map catches it, so it is not left
	case e.Type == operator.MapFailed:
		v.mapFell = true
	default:
		return v.interruption(e)
	}
	return Moment{}, false
}

// enter makes a moment only of states that end a road: they do nothing more.
func (v *visit) enter(e operator.Event) (Moment, bool) {
	kind := e.Enters()
	*v = visit{name: e.State, isFail: kind == "Fail", learn: v.learn}
	switch {
	case kind == "Task":
		v.hook = hookOf(e.Data)
	case v.isFail, kind == "Succeed":
		return ending(v.name, v.isFail, decode(e.Data)), true
	}
	return Moment{}, false
}

func (v *visit) exit(e operator.Event) (Moment, bool) {
	switch kind := e.Leaves(); {
	case kind == "Map":
		if v.mapFell {
			return Moment{}, false // the iteration has said all
		}
		*v = visit{name: e.State, learn: v.learn}
	case kind != "Task":
		return Moment{}, false
	case v.failing:
		return v.failure(), true
	}
	d := decode(e.Data)
	v.learn(d)
	m := describe(v, d)
	if v.failures > 0 {
		m.note("after %s, the last with %s", Counted(v.failures, "failed try", "failed tries"), v.last.Error)
	}
	return m, true
}

// failure is the moment when the last try of a state has failed.
func (v *visit) failure() Moment {
	m := Moment{State: v.name, Failed: true}
	if v.hook != "" {
		m.note("asked %s", v.hook)
	}
	if v.failures > 1 {
		m.note("failed %d times, at last with %s", v.failures, told(v.last))
	} else {
		m.note("%s", told(v.last))
	}
	return m
}

// interruption is an end that no state leads to, or a new beginning after one.
func (v *visit) interruption(e operator.Event) (Moment, bool) {
	m := Moment{State: e.Type, Failed: e.Ends()}
	switch {
	case e.Type == operator.Failed && !v.isFail:
		m.note("%s", told(e.Failure))
	case e.Type == operator.Aborted, e.Type == operator.TimedOut:
		m.note("in %s", v.name)
	case e.Type == operator.Redriven:
		*v = visit{}
	default:
		return Moment{}, false
	}
	return m, true
}
