package world

import (
	"time"

	"sluice/internal/localaws"
)

// Moment is where the world may act: a call that one of Sluice's Lambdas makes,
// before it has its effect or after.
type Moment struct {
	Number int // of the call, from 1
	Actor  string
	Action string
	// Resource is the ARN of what the call is about.
	Resource string
	After    bool
	// Refused names the error that AWS answers after it; empty for success.
	Refused string
}

// Parcel is an event on its way to the safety net.
type Parcel struct {
	Number   int // of those that are not lost by the scenario, from 1
	Kind     string
	Detail   map[string]any
	Delivery Delivery
	// Arrive wakes the safety net with it.
	Arrive func(after time.Duration)
}

// moment asks the meddler, on the goroutine of the Lambda that calls.
func (w *World) moment(c localaws.Call, after bool) error {
	if len(w.meddlers) == 0 || w.current == nil {
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
	m := Moment{Number: self.number, Actor: c.Actor, Action: c.Action(), Resource: c.Resource, After: after, Refused: c.ErrorCode}
	var err error
	for _, do := range w.meddlers {
		if failed := do(m); err == nil {
			err = failed
		}
	}
	if after && self.inFlight {
		self.inFlight = false
		self.die()
	}
	return err
}
