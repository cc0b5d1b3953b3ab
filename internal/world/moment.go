package world

import (
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// Moment is a point at which tests may interfere: before or after the effect of a call that
// one of Sluice's Lambdas makes.
type Moment struct {
	Number int // of the call, from 1
	Actor  string
	Action string
	// Resource is the ARN that the call concerns.
	Resource string
	After    bool
	// Refused is the code of the error in AWS's answer. It is empty for success.
	Refused string
}

// Parcel is an event on its way to the safety net, or to another of Sluice's functions.
type Parcel struct {
	To       string // the function
	Number   int    // counts the events that the scenario does not lose, from 1
	Kind     string
	Detail   map[string]any
	Delivery Delivery
	// Arrive invokes the function with the event.
	Arrive func(after time.Duration)
}

// moment calls the functions of OnMoment, on the goroutine of the Lambda that makes the call.
func (w *World) moment(c localaws.Call, after bool) error {
	if len(w.onMoment) == 0 || w.current == nil {
		return nil
	}
	self, actor := w.current, c.Actor
	if len(c.Permissions()) == 0 { // a presigned URL: nobody signs the call
		actor = self.caller
	}
	if _, ours := w.functions[actor]; !ours {
		return nil
	}
	if !after {
		w.moments++
		self.number = w.moments
	}
	m := Moment{Number: self.number, Actor: actor, Action: c.Action(), Resource: c.Resource, After: after, Refused: c.ErrorCode}
	var err error
	for _, do := range w.onMoment {
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
