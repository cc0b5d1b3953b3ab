package proof

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// What persons have asked for, and whether it is obeyed.

// commands are what persons have asked for, as seen from outside: an abort is for the
// Deployment that held the Target when it was given, and a later command stands.
type commands struct {
	// aborted are the Deployments that somebody wants back, and aborts when.
	aborted map[string]bool
	aborts  []time.Time
	// sent is when each Lambda has sent its last call.
	sent map[*world.Actor]time.Time
	// begun is when each Deployment has taken its locks, meant since when a command may
	// mean it: its call for them may take a while. said is what it was told last.
	begun, meant map[string]time.Time
	said         map[string]shift.Command
}

func newCommands() commands {
	return commands{
		aborted: map[string]bool{}, sent: map[*world.Actor]time.Time{}, begun: map[string]time.Time{},
		meant: map[string]time.Time{}, said: map[string]shift.Command{},
	}
}

// commanded is told of every event that begins its way to the safety net.
func (r *run) commanded(p world.Parcel) {
	if p.Kind != flow.CommandDetailType || p.Detail["command"] != shift.Abort {
		return
	}
	r.aborts = append(r.aborts, r.w.Now().Truncate(time.Second))
	if d := r.holder(p.Detail["target"].(shift.Target)); d != nil {
		r.aborted[d.id] = true
	}
}

// obeys is told of every write of a record.
func (r *run) obeys(was standing, d *standing, record dynamodb.Item) {
	if was.status == "" {
		r.begun[d.id], r.meant[d.id] = r.w.Now(), r.w.Now()
		if r.w.Current() != nil {
			r.meant[d.id] = r.sent[r.w.Current()]
		}
	}
	var told shift.Command
	_ = json.Unmarshal([]byte(text(record, "command")), &told)
	if before := r.said[d.id]; told.At.Before(before.At) {
		r.breaks("command: %s was told to %s at %s, and then what had been asked before, to %s", nameOf(d.id), before.Order, before.At, told.Order)
	}
	r.said[d.id] = told
	if d.finished() && strings.HasPrefix(d.cause, "superseded by") && !slices.ContainsFunc(r.w.Executions(), func(x *asl.Execution) bool { return r.isReplacing(x.ARN()) }) {
		r.breaks("command: %s was superseded, and nobody has asked for that: %s", nameOf(d.id), d.cause)
	}
	if d.finished() && was.status != shift.StatusClosed && strings.HasPrefix(d.cause, "Aborted") && !r.mayBeAborted(d.id) {
		r.breaks("command: %s was aborted, and nobody has asked for that: %s", nameOf(d.id), d.cause)
	}
}

// mayBeAborted says whether somebody wants a Deployment back, or cannot be told from
// somebody who does: events have whole seconds.
func (r *run) mayBeAborted(id string) bool {
	for _, given := range r.aborts {
		if !r.meant[id].Truncate(time.Second).After(given) {
			return true
		}
	}
	return r.aborted[id] || r.stackIsTakenBack()
}
