package lambda

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// asyncRetries are the delays before the retries of an asynchronous invocation (Lambda Developer
// Guide, asynchronous invocation: two retries, after one and two minutes).
var asyncRetries = []time.Duration{time.Minute, 2 * time.Minute}

// EventQueue is Lambda's queue of asynchronous invocations. Its Invoke is an Invoker that keeps
// them until a test delivers them, in any order, more than once or never. It invokes others at
// once.
type EventQueue struct {
	run Invoker
	now func() time.Time

	mu     sync.Mutex
	queued []queuedEvent
	issued int
}

// QueuedEvent is an asynchronous invocation that waits.
type QueuedEvent struct {
	ID       int
	Function string
	Due      time.Time
	Attempt  int // 1 for the first
}

type queuedEvent struct {
	QueuedEvent
	invocation Invocation
}

// NewEventQueue returns an empty queue. run runs the functions.
func NewEventQueue(run Invoker, now func() time.Time) *EventQueue {
	return &EventQueue{run: run, now: now}
}

// Invoke is an Invoker.
func (q *EventQueue) Invoke(ctx context.Context, in Invocation) InvocationResult {
	if in.Type != AsyncEvent {
		return q.run(ctx, in)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.issued++
	q.queued = append(q.queued, queuedEvent{QueuedEvent{ID: q.issued, Function: in.Function, Due: q.now(), Attempt: 1}, in})
	return InvocationResult{}
}

// Queued returns the invocations that wait, oldest first. One whose Due is later is a retry that
// Lambda does not make yet.
func (q *EventQueue) Queued() []QueuedEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	var events []QueuedEvent
	for _, e := range q.queued {
		events = append(events, e.QueuedEvent)
	}
	return events
}

// Wakes returns when Lambda makes the next attempt that it does not make yet.
func (q *EventQueue) Wakes() (time.Time, bool) {
	now := q.now()
	var next time.Time
	for _, e := range q.Queued() {
		if e.Due.After(now) && (next.IsZero() || e.Due.Before(next)) {
			next = e.Due
		}
	}
	return next, !next.IsZero()
}

// Deliver runs the function of a queued invocation. If it fails, Lambda tries it again after one
// minute, and after two more; then it is lost.
func (q *EventQueue) Deliver(ctx context.Context, id int) (InvocationResult, error) {
	e, found := q.take(id)
	if !found {
		return InvocationResult{}, fmt.Errorf("deliver invocation %d: it does not wait", id)
	}
	result := q.run(ctx, e.invocation)
	if result.FunctionError != "" && e.Attempt <= len(asyncRetries) {
		e.Due = q.now().Add(asyncRetries[e.Attempt-1])
		e.Attempt++
		q.mu.Lock()
		q.queued = append(q.queued, e)
		q.mu.Unlock()
	}
	return result, nil
}

// Repeat queues an invocation that waits a second time: "the function might receive the same
// event multiple times" (Lambda Developer Guide, asynchronous invocation).
func (q *EventQueue) Repeat(id int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.queued {
		if e.ID == id {
			q.issued++
			e.ID = q.issued
			q.queued = append(q.queued, e)
			return nil
		}
	}
	return fmt.Errorf("repeat invocation %d: it does not wait", id)
}

// Drop loses an invocation that waits.
func (q *EventQueue) Drop(id int) error {
	if _, found := q.take(id); !found {
		return fmt.Errorf("drop invocation %d: it does not wait", id)
	}
	return nil
}

func (q *EventQueue) take(id int) (queuedEvent, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, e := range q.queued {
		if e.ID == id {
			q.queued = append(q.queued[:i:i], q.queued[i+1:]...)
			return e, true
		}
	}
	return queuedEvent{}, false
}
