package world

import "time"

// Now implements asl.Host.
func (w *World) Now() time.Time { return w.clock.now }

// After implements asl.Host.
func (w *World) After(d time.Duration, do func()) (cancel func()) {
	a := w.clock.after(d, sluice, do)
	return func() { a.cancelled = true }
}

// Float64 implements asl.Host. It is used for the jitter of retries.
func (w *World) Float64() float64 { return w.jitter.Float64() }
