package asl

import "time"

// attempt is one try of a state's work, or the pause before the next one. When
// it is over, nothing that it started is listened to any more.
type attempt struct {
	visit     *visit
	over      bool
	cancels   []func()
	*callback // of a Task that waits for a token
}

// after has do called when the Host's clock has moved on by d, unless the
// attempt is over by then.
func (a *attempt) after(d time.Duration, do func()) (cancel func()) {
	ex := a.visit.walk.execution
	if a.over || !ex.running() {
		return func() {} // ended from within the recording of its events
	}
	cancel = ex.machine.host.After(d, func() {
		ex.do(func() {
			if !a.over {
				do()
			}
		})
	})
	a.cancels = append(a.cancels, cancel)
	return cancel
}

// close ends the attempt and its timers.
func (a *attempt) close() {
	if a.over {
		return
	}
	a.over = true
	a.stopTimers()
}

func (a *attempt) stopTimers() {
	for _, cancel := range a.cancels {
		cancel()
	}
	a.cancels = nil
}
