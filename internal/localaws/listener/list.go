// Package listener lets the services of the local AWS tell others of a change.
package listener

import "sync"

// List holds functions that want to know of changes. Several goroutines may use it at once.
type List[Change any] struct {
	mu    sync.Mutex
	funcs []func(Change)
}

// Add adds a listener.
func (l *List[Change]) Add(listener func(Change)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.funcs = append(l.funcs, listener)
}

// Tell calls the listeners, in the order in which they were added. A listener may call the
// service that tells it, so the service must not hold its lock.
func (l *List[Change]) Tell(change Change) {
	l.mu.Lock()
	funcs := l.funcs
	l.mu.Unlock()
	for _, listener := range funcs {
		listener(change)
	}
}
