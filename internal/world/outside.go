package world

import (
	"net/http"
	"time"
)

// Outside opens the world's AWS to somebody from outside, over HTTP: who calls it
// may also invoke Sluice's Lambdas. Time stands still but for Advance, and what a
// Lambda takes that is waited for; a call must not come beside either. A Paced world
// goes on by itself.
func (w *World) Outside() (http.Handler, error) {
	return w.cloud, nil
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) error {
	until := w.clock.now.Add(d)
	arrived := false
	w.clock.at(until, sluice, func() { arrived = true })
	for !arrived && w.problem == nil {
		w.clock.step()
	}
	w.traffic.advance(w.clock.now)
	return w.problem
}
