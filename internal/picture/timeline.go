package picture

import (
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
)

// timeline follows the histories of executions and turns their events into Moments.
// States that only direct the flow (Choice, Wait and Pass) make none.
type timeline struct {
	visits map[string]*visit // by execution
	// learn receives each document that a state of an execution returns.
	learn func(execution string, at time.Duration, state string, d document)
}

// visit is an execution's stay in its current state.
type visit struct {
	name      string
	hook      string // the hook that the state invokes; empty in most states
	failures  int    // failed tries
	last      flow.Failure
	learn     func(document)
	failing   bool // the last try failed
	mapFailed bool // an iteration of the Map failed
	isFail    bool // it is a Fail state, which ends an execution or an iteration
}

// add processes an event of an execution. ok says whether the event makes a Moment. at
// is the time since the start.
func (t *timeline) add(execution string, at time.Duration, e operator.Event) (Moment, bool) {
	v := t.visits[execution]
	if v == nil {
		v = &visit{}
		t.visits[execution] = v
	}
	v.learn = func(d document) { t.learn(execution, at, v.name, d) }
	m, ok := v.add(e)
	m.At, m.Execution = at, execution
	return m, ok
}

func (v *visit) add(e operator.Event) (Moment, bool) {
	switch {
	case e.EnteredType() != "":
		return v.enter(e)
	case e.ExitedType() != "":
		return v.exit(e)
	case e.TryFails():
		v.failures++
		v.failing, v.last = true, e.Failure
	case e.TrySucceeds():
		v.failing = false
	case e.Type == operator.IterationFailed && v.failing:
		return v.failure(), true // no catcher in the Map: the state has no exit event
	case e.Type == operator.MapFailed:
		v.mapFailed = true
	default:
		return v.interruption(e)
	}
	return Moment{}, false
}

// enter returns a Moment only for a Succeed or Fail state: such a state has no exit
// that matters.
func (v *visit) enter(e operator.Event) (Moment, bool) {
	kind := e.EnteredType()
	*v = visit{name: e.State, isFail: kind == "Fail", learn: v.learn}
	switch {
	case kind == "Task":
		v.hook = hookOf(e.Data)
	case v.isFail, kind == "Succeed":
		d := decode(e.Data)
		return finalMoment(v.name, v.isFail, d), d.Hook == nil // a hook's failure has its own Moment
	}
	return Moment{}, false
}

func (v *visit) exit(e operator.Event) (Moment, bool) {
	switch kind := e.ExitedType(); {
	case kind == "Map":
		if v.mapFailed {
			return Moment{}, false // the iteration's failure has its own Moment
		}
		*v = visit{name: e.State, learn: v.learn}
	case kind != "Task", v.name == flow.NoteBeforeHook.State, v.name == flow.NoteAfterHook.State:
		return Moment{}, false
	case v.failing:
		return v.failure(), true
	}
	d := decode(e.Data)
	v.learn(d)
	m := describe(v, d)
	if v.failures > 0 {
		m.note("after %s, the last with %s", Quantity(v.failures, "failed try", "failed tries"), v.last.Error)
	}
	return m, true
}

// failure returns the Moment of a state whose last try has failed.
func (v *visit) failure() Moment {
	m := Moment{State: v.name, Failed: true}
	if v.hook != "" {
		m.note("asked %s", v.hook)
	}
	if v.failures > 1 {
		m.note("failed %d times, at last with %s", v.failures, failureText(v.last))
	} else {
		m.note("%s", failureText(v.last))
	}
	return m
}

// interruption returns the Moment of an execution that ended in the middle of a state,
// or was redriven.
func (v *visit) interruption(e operator.Event) (Moment, bool) {
	m := Moment{State: e.Type, Failed: e.Ends()}
	switch {
	case e.Type == operator.Failed && !v.isFail:
		m.note("%s", failureText(e.Failure))
	case e.Type == operator.Aborted, e.Type == operator.TimedOut:
		m.note("in %s", v.name)
	case e.Type == operator.Redriven:
		*v = visit{}
	default:
		return Moment{}, false
	}
	return m, true
}
