package shift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Deployments that wait for their turn stand in one queue, in the order in which they came, but
// that those go first that put traffic back. None takes a Target for which somebody waits who goes
// before, so nobody is overtaken for ever. As that order is the same at every Target, no two of them
// wait for each other.

// Waiting is a Deployment that waits for its turn, as the Ledger keeps it.
type Waiting struct {
	ID       string
	Arrivals []Arrival
	// Since is when it came.
	Since time.Time
	// PutsBack says that it takes back what a stack's update has shifted. Nobody replaces it.
	PutsBack bool
}

// Concerns says whether it waits for the Target.
func (w Waiting) Concerns(t Target) bool {
	return slices.ContainsFunc(w.Arrivals, func(a Arrival) bool { return a.Target == t })
}

func (w Waiting) concernsOne(arrivals []Arrival) bool {
	return slices.ContainsFunc(arrivals, func(a Arrival) bool { return w.Concerns(a.Target) })
}

// Before compares by who goes first: who puts traffic back, and then who came first. It is the
// order of a queue.
func (w Waiting) Before(other Waiting) int {
	first := 0
	switch {
	case w.PutsBack && !other.PutsBack:
		first = -1
	case !w.PutsBack && other.PutsBack:
		first = 1
	}
	return cmp.Or(first, w.Since.Compare(other.Since), cmp.Compare(w.ID, other.ID))
}

// Ahead returns those in a queue who wait for a Target of this Deployment and go before it. Before
// one that is not in the queue go all, but before one that puts traffic back only its like. It says
// whether this one is in the queue.
func Ahead(queue []Waiting, own Waiting) (ahead []Waiting, queued bool) {
	queue = slices.SortedFunc(slices.Values(queue), Waiting.Before)
	for _, w := range queue {
		if w.ID == own.ID {
			return ahead, true
		}
		if w.concernsOne(own.Arrivals) && (w.PutsBack || !own.PutsBack) {
			ahead = append(ahead, w)
		}
	}
	return ahead, false
}

// Turn is where a Deployment stands that waits for its turn.
type Turn struct {
	// Wait is how long it waits before it looks again.
	Wait Seconds `json:"waitSeconds"`
	// Ahead is how many wait that have to go before it, and HeldBy the Deployment that holds one
	// of its Targets, if one does.
	Ahead  int    `json:"ahead"`
	HeldBy string `json:"heldBy,omitempty"`
	// KeptOut is why a Deployment replaces nobody yet that is to replace others: its first Step may
	// not be taken now.
	KeptOut string `json:"keptOut,omitempty"`
	// Looks is how often it has looked, and Waited how long it has slept between, until this
	// look. Retries are those of all these looks.
	Looks   int     `json:"looks"`
	Waited  Seconds `json:"waitedSeconds"`
	Retries int     `json:"retries,omitempty"`
}

const (
	// minTurn is the least time between two looks of a Deployment that is the next, and quickTurn
	// the longest for its first quickLooks, which last for more than a day of waiting. maxTurn is
	// the longest until manyLooks.
	minTurn    Seconds = 30
	quickTurn  Seconds = 15 * 60
	quickLooks         = 150
	maxTurn    Seconds = 6 * 3600
	// manyLooks is how often it looks before it looks only after each tenth of the time that it
	// has waited. Then some 80 more looks last for a year.
	manyLooks = 250
)

// Place is what a Deployment sees that looks whether its turn has come.
type Place struct {
	Ahead  int
	HeldBy string
	// HeldFor is for how long that one has held the Target.
	HeldFor Seconds
	// KeptOut is what keeps a Deployment from replacing others.
	KeptOut KeptOut
}

// Next returns the Turn after a look. The next in the queue looks again after a tenth of the time
// for which the holder has had the Target, and for a day at least every quarter of an hour, so that
// a free Target does not idle for long. The one behind it looks half as often, and so on: so a queue
// of twenty makes some four times the calls of one alone. Who is to replace others looks when its
// first Step may be taken, too. Next returns ErrTargetHeld when the longest Plan would have ended in
// the time that it has waited.
func (t Turn) Next(p Place, retries int) (Turn, error) {
	next := Turn{Ahead: p.Ahead, HeldBy: p.HeldBy, KeptOut: strings.Join(p.KeptOut.Why, "; "), Looks: t.Looks + 1, Waited: t.Waited + t.Wait, Retries: t.Retries + retries}
	if next.Waited >= MaxDuration {
		return next, fmt.Errorf("%w: it has waited for its turn for %s, as long as any deployment may take: see why %s does not end",
			ErrTargetHeld, next.Waited, cmp.Or(p.HeldBy, "the one before it"))
	}
	each := max(p.HeldFor/10, minTurn)
	if next.Looks <= quickLooks {
		each = min(each, quickTurn)
	}
	next.Wait = min(each*Seconds(1+p.Ahead), maxTurn)
	if next.Looks > manyLooks {
		next.Wait = max(next.Wait, next.Waited/10)
	}
	if p.KeptOut.Left > 0 {
		next.Wait = min(next.Wait, max(p.KeptOut.Left, minTurn))
	}
	return next, nil
}

// String says what is waited for.
func (t Turn) String() string {
	text := "waits for its turn"
	if t.HeldBy != "" {
		text += ", held up by " + MakerOf(t.HeldBy)
	}
	switch {
	case t.Ahead == 1:
		text += ", behind 1 other"
	case t.Ahead > 1:
		text += fmt.Sprintf(", behind %d others", t.Ahead)
	}
	if t.KeptOut != "" {
		text += ", and replaces nobody yet: " + t.KeptOut
	}
	return text
}

// events is how many history events the looks took whose turn had not come.
func (t *Turn) events() int {
	if t == nil {
		return 0
	}
	return EventsOfTurn*t.Looks + EventsOfRetry*t.Retries
}

// HeldError says which Deployment holds a Target. It is an ErrTargetHeld.
type HeldError struct {
	Target Target
	By     string
	Since  time.Time
}

// Error says who holds the Target, and what can be done.
func (e *HeldError) Error() string {
	return fmt.Sprintf(`%v: %s is held by %s; wait until it ends, or set "whenHeld": "wait", or "replace" to have it put back`, ErrTargetHeld, e.Target, e.By)
}

// Unwrap returns ErrTargetHeld.
func (e *HeldError) Unwrap() error { return ErrTargetHeld }

// SupersededBy says that a Deployment gives way to one that replaces it.
func SupersededBy(id string) Reason {
	return Reason{Name: Superseded, Subject: id, Text: fmt.Sprintf(`superseded by %s, which was started with "whenHeld": "replace"`, MakerOf(id))}
}
