package asl

import "time"

// attempt is one try of a state's work, or the pause before the next one. After it has
// ended, results of what it started are ignored.
type attempt struct {
	visit     *visit
	ended     bool
	cancels   []func()
	*callback // nil unless a Task waits for a token
}

// after schedules do to be called when the Host's clock has advanced by d, unless the
// attempt has ended by then.
func (a *attempt) after(d time.Duration, do func()) (cancel func()) {
	ex := a.visit.walk.execution
	if a.ended || !ex.isRunning() {
		return func() {} // a listener ended it while its events were recorded
	}
	cancel = ex.machine.host.After(d, func() {
		ex.do(func() {
			if !a.ended {
				do()
			}
		})
	})
	a.cancels = append(a.cancels, cancel)
	return cancel
}

// close ends the attempt and its timers.
func (a *attempt) close() {
	if a.ended {
		return
	}
	a.ended = true
	a.stopTimers()
}

func (a *attempt) stopTimers() {
	for _, cancel := range a.cancels {
		cancel()
	}
	a.cancels = nil
}
