package main

import (
	"strings"
	"time"

	"sluice/internal/flow"
	"sluice/internal/local/asl"
)

// timeline follows the histories of executions, and keeps the moments in them
// that a person wants to see. What only directs the flow is left out: Choice,
// Wait and Pass.
type timeline struct {
	moments []moment
	visits  map[string]*visit // by execution
}

// visit is the state that an execution is in.
type visit struct {
	name     string
	hook     string // that is asked here; empty in most states
	failures int    // tries that failed
	last     flow.Failure
	failing  bool // the last try failed
	mapFell  bool // one of the Map's iterations failed
	isFail   bool // a Fail, which ends an execution, or an iteration
}

func newTimeline() *timeline { return &timeline{visits: map[string]*visit{}} }

// watch is told of an event as it happens.
func (t *timeline) watch(at time.Duration, x *asl.Execution, e asl.Event) {
	v := t.visits[x.Name()]
	if v == nil {
		v = &visit{}
		t.visits[x.Name()] = v
	}
	if m, worthIt := v.see(e); worthIt {
		m.At, m.Execution = at, x.Name()
		t.moments = append(t.moments, m)
	}
}

// see takes in an event, and says whether it makes a moment.
func (v *visit) see(e asl.Event) (moment, bool) {
	switch {
	case e.StateEntered != nil:
		return v.enter(e)
	case e.StateExited != nil:
		return v.exit(e)
	case e.LambdaFunctionFailed != nil:
		v.fail(*e.LambdaFunctionFailed)
	case e.LambdaFunctionTimedOut != nil:
		v.fail(*e.LambdaFunctionTimedOut)
	case e.TaskFailed != nil:
		v.fail(e.TaskFailed.FailureDetails)
	case e.TaskTimedOut != nil:
		v.fail(e.TaskTimedOut.FailureDetails)
	case e.LambdaFunctionSucceeded != nil, e.TaskSucceeded != nil:
		v.failing = false
	case e.MapIterationFailed != nil && v.failing:
		return v.failure(), true // nothing in the Map catches it, so it is not left
	case e.Type == asl.MapStateFailed:
		v.mapFell = true
	default:
		return v.interruption(e)
	}
	return moment{}, false
}

func (v *visit) fail(f asl.FailureDetails) {
	v.failures++
	v.failing, v.last = true, flow.Failure{Error: f.Error, Cause: f.Cause}
}

// enter makes a moment only of states that end a road: they do nothing more.
func (v *visit) enter(e asl.Event) (moment, bool) {
	*v = visit{name: e.StateEntered.Name, isFail: e.Type == "FailStateEntered"}
	switch {
	case strings.HasPrefix(string(e.Type), "Task"):
		v.hook = hookOf(e.StateEntered.Input)
	case v.isFail, e.Type == "SucceedStateEntered":
		return ending(v.name, decode(e.StateEntered.Input)), true
	}
	return moment{}, false
}

func (v *visit) exit(e asl.Event) (moment, bool) {
	switch {
	case strings.HasPrefix(string(e.Type), "Map"):
		if v.mapFell {
			return moment{}, false // the iteration has said all
		}
		*v = visit{name: e.StateExited.Name}
	case !strings.HasPrefix(string(e.Type), "Task"):
		return moment{}, false
	case v.failing:
		return v.failure(), true
	}
	m := describe(v, decode(e.StateExited.Output))
	if v.failures > 0 {
		m.note("after %s, the last with %s", counted(v.failures, "failed try", "failed tries"), v.last.Error)
	}
	return m, true
}

// failure is the moment when the last try of a state has failed.
func (v *visit) failure() moment {
	m := moment{State: v.name}
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
func (v *visit) interruption(e asl.Event) (moment, bool) {
	m := moment{State: string(e.Type)}
	switch {
	case e.ExecutionFailed != nil && !v.isFail:
		m.note("%s", told(flow.Failure{Error: e.ExecutionFailed.Error, Cause: e.ExecutionFailed.Cause}))
	case e.ExecutionAborted != nil, e.ExecutionTimedOut != nil:
		m.note("in %s", v.name)
	case e.ExecutionRedriven != nil:
		*v = visit{}
	default:
		return moment{}, false
	}
	return m, true
}
