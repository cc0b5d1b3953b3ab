package world

import (
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// News is something that happened in a Paced World. Of Event, Alarm, Route and Announcement,
// one is set.
type News struct {
	At time.Duration // since the World began
	// Event is an event in the history of Execution.
	Execution string // the name
	Event     *asl.Event
	Alarm     *AlarmChange
	// Route is a change of a Target's traffic, whoever made it.
	Route *Routed
	// Announcement is one of Sluice's.
	Announcement *shift.Announcement
}

// tellAll passes on everything that happens from now on.
func (w *World) tellAll(tell func(News)) {
	w.tell = func(n News) {
		n.At = w.Elapsed()
		tell(n)
	}
	w.routes.tell = func(r Routed) { w.tell(News{Route: &r}) }
	w.watch = func(_ time.Duration, x *asl.Execution, e asl.Event) { w.tell(News{Execution: x.Name(), Event: &e}) }
}
