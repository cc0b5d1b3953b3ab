package asl

import "time"

// Definition is a parsed state machine. It is immutable, and any number of Machines may
// run it.
type Definition struct {
	comment string
	timeout time.Duration // 0: none
	states  *scope
}

// Comment returns the definition's Comment.
func (d *Definition) Comment() string { return d.comment }

// scope is a set of states that can lead to each other: those of a state machine, or
// those of a Map's ItemProcessor.
type scope struct {
	startAt string
	states  map[string]*state
}

// state is a state. It has the fields that more than one type of state allows; work has
// the others.
type state struct {
	name string
	kind kind
	work work

	next string // empty: the state ends its scope

	input          *selection
	output         *selection
	parameters     *template
	resultSelector *template
	result         resultPath
	retry          []retrier
	catch          []catcher
}

// kind is a state's Type.
type kind string

const (
	kindTask    kind = "Task"
	kindChoice  kind = "Choice"
	kindWait    kind = "Wait"
	kindMap     kind = "Map"
	kindPass    kind = "Pass"
	kindSucceed kind = "Succeed"
	kindFail    kind = "Fail"
)

func (k kind) enteredEvent() EventType { return EventType(k + "StateEntered") }
func (k kind) exitedEvent() EventType  { return EventType(k + "StateExited") }

// abortedEvent returns the event that closes a state when its iteration is aborted. AWS
// has such an event only for states that take time.
func (k kind) abortedEvent() (EventType, bool) {
	switch k {
	case kindTask, kindWait, kindMap:
		return EventType(k + "StateAborted"), true
	default:
		return "", false
	}
}

// work is what a type of state does between entering and leaving the state.
type work interface {
	// start begins an attempt. The attempt ends with a call of visit.succeed,
	// visit.leave, visit.fail or visit.crash, during start or later.
	start(v *visit)
}

// selection is an InputPath or OutputPath: a path, or null for an empty object.
type selection struct {
	path path
	none bool
}

// resultPath says where in a state's raw input the result is stored.
type resultPath struct {
	path    path
	discard bool // ResultPath null: the output is the raw input
}
