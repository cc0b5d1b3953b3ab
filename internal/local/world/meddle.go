package world

import "sluice/internal/local/cloud"

// Moment is where the world may act: a call that one of Sluice's Lambdas makes,
// before it has its effect or after.
type Moment struct {
	Number int // of the call, from 1
	Actor  string
	Action string
	After  bool
}

// moment asks the meddler, on the goroutine of the Lambda that calls.
func (w *World) moment(c cloud.Call, after bool) error {
	if w.meddler == nil || w.current == nil {
		return nil
	}
	if _, ours := w.functions[c.Actor]; !ours {
		return nil
	}
	self := w.current
	if !after {
		w.moments++
		self.number = w.moments
	}
	err := w.meddler(Moment{Number: self.number, Actor: c.Actor, Action: c.Action(), After: after})
	if after && self.inFlight {
		self.inFlight = false
		self.die()
	}
	return err
}
