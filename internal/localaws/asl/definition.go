package asl

import "time"

// Definition is a state machine that Parse accepted. It does not change, and
// any number of Machines may run it.
type Definition struct {
	comment string
	timeout time.Duration // 0: none
	states  *scope
}

// Comment is the definition's Comment.
func (d *Definition) Comment() string { return d.comment }

// scope is a set of states that lead to each other: a state machine's, or those
// of a Map's ItemProcessor.
type scope struct {
	startAt string
	states  map[string]*state
}

// state is one state with the fields that AWS allows on more than one type.
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

func (k kind) entered() EventType { return EventType(k + "StateEntered") }
func (k kind) exited() EventType  { return EventType(k + "StateExited") }

// aborted is the event that closes a state whose iteration is given up. AWS has
// one only for states that take time.
func (k kind) aborted() (EventType, bool) {
	switch k {
	case kindTask, kindWait, kindMap:
		return EventType(k + "StateAborted"), true
	default:
		return "", false
	}
}

// work is what a state's type does between its entering and its leaving.
type work interface {
	// start begins an attempt. It ends in visit.succeed, visit.leave,
	// visit.fail or visit.crash, now or later.
	start(v *visit)
}

// selection is an InputPath or OutputPath: a path, or null for an empty object.
type selection struct {
	path path
	none bool
}

// resultPath says where a result goes into a state's raw input.
type resultPath struct {
	path    path
	discard bool // ResultPath null: the output is the raw input
}
