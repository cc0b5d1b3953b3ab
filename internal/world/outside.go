package world

import (
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
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

// Send sends requests to a Target in addition to those of the scenario, at once, such as those of
// a user's function that makes load. It does nothing for a Target that no deployment shifts.
func (w *World) Send(target shift.Target, requests int64) {
	if s, known := w.traffic.byTarget[target]; known {
		w.traffic.sendMore(s, w.clock.now, requests)
	}
}
