package forecast

import (
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Taken returns when each Step of a Plan is taken at the earliest, if the Deployment gets to its
// first Step at that time: each bakes, and the next one then waits for its Window. People are
// taken to answer at once. The rest is missing after a Step whose Window does not open.
func Taken(p shift.Plan, start time.Time) []time.Time {
	var taken []time.Time
	at := start
	for _, s := range p.Steps {
		opens, known := s.Window.Opens(at)
		if !known {
			return taken
		}
		taken = append(taken, opens)
		at = opens.Add(s.Bake.Duration())
	}
	return taken
}

// PersonPolls is how often a Deployment polls at most while it waits for people.
func PersonPolls(p shift.Plan) (polls int) {
	for _, s := range p.Steps {
		polls += s.EntryPolls()
	}
	return polls
}
