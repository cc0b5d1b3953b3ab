package world

import (
	"net/http"
	"time"
)

// Outside returns an HTTP handler that serves the world's AWS to callers from outside. They
// may also invoke Sluice's Lambdas. Time passes only during Advance, and while a caller waits
// for a Lambda; no other call may run at the same time. In a Paced world time passes by
// itself.
func (w *World) Outside() (http.Handler, error) {
	return w.cloud, nil
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) error {
	until := w.clock.now.Add(d)
	reached := false
	w.clock.at(until, sluice, func() { reached = true })
	for !reached && w.problem == nil {
		w.clock.step()
	}
	w.traffic.advance(w.clock.now)
	return w.problem
}
