package asl_test

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

const (
	machineARN   = "arn:aws:states:eu-west-1:123456789012:stateMachine:deploy"
	executionARN = "arn:aws:states:eu-west-1:123456789012:execution:deploy:run"
	functionARN  = "arn:aws:lambda:eu-west-1:123456789012:function:"
)

var midnight = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

// world is a Host whose clock advances from timer to timer, and whose Lambda functions
// are defined by the test.
type world struct {
	now       time.Time
	timers    timers
	set       int
	functions map[string]function
	calls     []asl.Invocation
	callTimes []time.Duration // the time of each call, since midnight
	random    func() float64
	machine   *asl.Machine
	ended     []asl.Status
}

// function is a Lambda function: it calls done with its result, at once or later.
type function func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure))

type timer struct {
	at        time.Time
	number    int
	do        func()
	cancelled bool
}

type timers []*timer

func (t timers) Len() int      { return len(t) }
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t timers) Less(i, j int) bool {
	if t[i].at.Equal(t[j].at) {
		return t[i].number < t[j].number
	}
	return t[i].at.Before(t[j].at)
}
func (t *timers) Push(x any) { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (w *world) Now() time.Time   { return w.now }
func (w *world) Float64() float64 { return w.random() }

func (w *world) After(d time.Duration, do func()) func() {
	w.set++
	t := &timer{at: w.now.Add(d), number: w.set, do: do}
	heap.Push(&w.timers, t)
	return func() { t.cancelled = true }
}

func (w *world) Invoke(call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
	w.calls = append(w.calls, call)
	w.callTimes = append(w.callTimes, w.now.Sub(midnight))
	answer, found := w.functions[call.FunctionARN]
	if !found {
		done(nil, &asl.Failure{Error: "Lambda.ResourceNotFoundException", Cause: "Function not found: " + call.FunctionARN})
		return
	}
	answer(w, call, done)
}

// advance moves the clock by d and runs the timers that become due.
func (w *world) advance(d time.Duration) {
	end := w.now.Add(d)
	for len(w.timers) > 0 && !w.timers[0].at.After(end) {
		next := heap.Pop(&w.timers).(*timer)
		if !next.cancelled {
			w.now = next.at
			next.do()
		}
	}
	w.now = end
}

// pending returns the number of timers that have neither run nor been cancelled.
func (w *world) pending() int {
	n := 0
	for _, t := range w.timers {
		if !t.cancelled {
			n++
		}
	}
	return n
}

// settle runs all timers of the next year.
func (w *world) settle() {
	for w.pending() > 0 {
		next := heap.Pop(&w.timers).(*timer)
		if !next.cancelled {
			w.now = next.at
			next.do()
		}
	}
}

// returning returns a function that succeeds at once.
func returning(output string) function {
	return func(_ *world, _ asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		done(json.RawMessage(output), nil)
	}
}

// failing returns a function that fails at once.
func failing(name, cause string) function {
	return func(_ *world, _ asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		done(nil, &asl.Failure{Error: name, Cause: cause})
	}
}

// slow returns a function that waits for d before then.
func slow(d time.Duration, then function) function {
	return func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		w.After(d, func() { then(w, call, done) })
	}
}

// hanging never calls done.
func hanging(*world, asl.Invocation, func(json.RawMessage, *asl.Failure)) {}

// echo returns its payload at once.
func echo(_ *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
	done(call.Payload, nil)
}

// inSequence returns a function that behaves like the next of each at every call, and
// then always like the last.
func inSequence(each ...function) function {
	turn := 0
	return func(w *world, call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		now := each[min(turn, len(each)-1)]
		turn++
		now(w, call, done)
	}
}

// newWorld returns a world with a machine. FUNCTION in the definition stands for the
// prefix of a Lambda function's ARN.
func newWorld(t testing.TB, definition string, functions map[string]function) *world {
	t.Helper()
	d, err := asl.Parse([]byte(definition))
	require.NoError(t, err)
	w := &world{now: midnight, functions: map[string]function{}, random: func() float64 { return 0.5 }}
	for name, f := range functions {
		w.functions[functionARN+name] = f
	}
	w.machine = asl.NewMachine(d, w, asl.Options{
		ARN:     machineARN,
		RoleARN: "arn:aws:iam::123456789012:role/deploy",
		OnEnd:   func(ex *asl.Execution) { w.ended = append(w.ended, ex.Status()) },
	})
	return w
}

// start starts an execution named run.
func (w *world) start(t testing.TB, input string) *asl.Execution {
	t.Helper()
	ex, err := w.machine.Start("run", json.RawMessage(input))
	require.NoError(t, err)
	return ex
}

// run starts an execution of a definition and runs it to its end.
func run(t testing.TB, definition, input string, functions map[string]function) (*asl.Execution, *world) {
	t.Helper()
	w := newWorld(t, definition, functions)
	ex := w.start(t, input)
	w.settle()
	return ex, w
}

// eventLinks formats each event of a history as "1 ExecutionStarted <0".
func eventLinks(ex *asl.Execution) []string {
	lines := make([]string, len(ex.History()))
	for i, e := range ex.History() {
		lines[i] = fmt.Sprintf("%d %s <%d", e.ID, e.Type, e.PreviousEventID)
	}
	return lines
}

// lastEvent returns the last event of a history.
func lastEvent(ex *asl.Execution) asl.Event {
	return ex.History()[len(ex.History())-1]
}
