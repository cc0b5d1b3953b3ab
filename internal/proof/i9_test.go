package proof

import (
	"encoding/json"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// I9: an accepted Plan never outgrows the limit of an execution's history.

// history : I9. What the Progress says of the history is never less than what it
// has, but for the hooks' retries, for which room is kept; so the budget that it is
// held against keeps it below the limit.
func (r *run) history(x *asl.Execution, e asl.Event) {
	if e.ID > historyLimit {
		r.breaks("I9: the history of %s has come to its limit", x.Name())
	}
	r.transcript.history(x, e)
	r.awaited(x, e)
	r.answeredFor(x, e)
	if e.StateEntered == nil {
		return
	}
	if size := len(e.StateEntered.Input); size > largestDocument {
		r.breaks("a document of %d bytes entered %s of %s", size, e.StateEntered.Name, x.Name())
	}
	r.boundary(x)
	r.entered(x, e.StateEntered)
	if e.StateEntered.Name != "Next?" {
		return
	}
	var doc flow.Document
	if err := json.Unmarshal(e.StateEntered.Input, &doc); err != nil || doc.Progress == nil {
		r.breaks("I9: %s has no progress: %v", x.Name(), err)
		return
	}
	counted := doc.Progress.Events + shift.EventsOfRetry*shift.HookRetries*doc.Release.Hooks.Count()
	if x.RedriveCount() == 0 && int(e.ID) > counted {
		r.breaks("I9: the history of %s has %d events, and its progress counts %d", x.Name(), e.ID, counted)
	}
	r.judged(x, *doc.Progress)
}

// largestDocument is what a document may have grown to at the end of a
// deployment: what is checked at its start is 96 KiB, and a state takes 256.
const largestDocument = 128 << 10

// historyLimit is what an execution's history may come to at most: 25,000 events end
// it (Step Functions quotas), and what is left is for putting the traffic back.
const historyLimit = 24_900
