package operator

import (
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Action is something that a person can do about a deployment. Whoever offers one, such as the
// command or the dashboard, takes it from Actions, so that all of them say the same.
type Action struct {
	// Order is what the safety net is asked for. It is also the Action's name.
	shift.Order
	// Short says in a few words what the Action does.
	Short string
	// about says what will happen. TARGET stands for the target. Its lines are those of the
	// command's help.
	about string
	// Effect says what has become of a deployment that has not ended.
	Effect string
	// Because is a reason that a person may give.
	Because string
	// applies reports whether the Action makes sense where a deployment stands.
	applies func(Stand) bool
}

// Stand is where a deployment stands, as far as somebody who offers Actions knows it.
type Stand struct {
	shift.Record
	// Progress is the last one that is known. It is zero before the first Step, and where the
	// execution's history was not read.
	Progress shift.Progress
	// Queued says that the deployment waits for its turn. It has no Record then.
	Queued bool
}

var actions = []Action{
	{
		Order: shift.Abort, Short: "Put a deployment's traffic back at once",
		about: `Abort puts all traffic of the deployment that holds TARGET back on the stable
version at once, for every target of that deployment. One that waits for its
turn leaves the queue.`,
		Effect: "its traffic is being put back", Because: "customers call",
		applies: func(s Stand) bool { return s.isOpen() || s.Queued },
	},
	{
		Order: shift.Promote, Short: "Skip the rest of a deployment's plan",
		about: `Promote makes the deployment that holds TARGET skip the rest of its plan, at its
next poll. The alarms still count, and the hooks still run. A promotion passes
approvals and windows. A freeze it does not: end that first.`,
		Effect: "it goes to 100% at its next poll, unless an alarm fires or a freeze holds it", Because: "the fix is urgent",
		applies: func(s Stand) bool { return s.isOpen() && s.Deployment != nil && s.pending() != shift.Promote },
	},
	{
		Order: shift.Pause, Short: "Hold a deployment at its weight",
		about: `Pause keeps the deployment that holds TARGET at its weight, from its next poll
on. Its alarms are still watched. A pause ends by itself: see pauseLimitMinutes
and whenPauseEnds in the deployment's input.`,
		Effect: "it stays at its weight from its next poll on", Because: "wait for the load test",
		applies: func(s Stand) bool { return s.isOpen() && s.Deployment != nil && !s.paused() },
	},
	{
		Order: shift.Resume, Short: "End a deployment's pause",
		about:  `Resume ends the pause of the deployment that holds TARGET, at its next poll.`,
		Effect: "its pause ends at its next poll", Because: "the load test has passed",
		applies: func(s Stand) bool { return s.isOpen() && s.paused() },
	},
	{
		Order: shift.Approve, Short: "Let a deployment take the step that it asks about",
		about: `Approve lets the deployment that holds TARGET take the step that waits for a
person (approval, in the deployment's input), at its next poll: usually within 5
minutes, later where it waits for days. An answer is for that one step, and
counts once.`,
		Effect: "the step is taken at its next poll, unless something else keeps it waiting", Because: "the numbers look good",
		applies: Stand.asks,
	},
	{
		Order: shift.Reject, Short: "Answer a deployment's question with no, and put its traffic back",
		about: `Reject answers the question of the deployment that holds TARGET whether its next
step may be taken with no: all its traffic is put back at once, for every target
of that deployment.`,
		Effect: "its traffic is being put back", Because: "the numbers look wrong",
		applies: Stand.asks,
	},
}

// Actions returns all Actions, in the order in which people are shown them.
func Actions() []Action { return slices.Clone(actions) }

// FindAction returns the Action with a name.
func FindAction(name string) (Action, bool) {
	i := slices.IndexFunc(actions, func(a Action) bool { return string(a.Order) == name })
	if i < 0 {
		return Action{}, false
	}
	return actions[i], true
}

// ActionsFor returns the Actions that make sense where a deployment stands. Each may still be
// refused: the deployment goes on meanwhile.
func ActionsFor(s Stand) []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool { return !a.applies(s) })
}

// Applies reports whether the Action makes sense where a deployment stands.
func (a Action) Applies(s Stand) bool { return a.applies(s) }

// About says what the Action will do, in the lines of a command's help.
func (a Action) About() string { return a.about }

// Before says in one line what the Action will do to the deployment of a Target.
func (a Action) Before(t shift.Target) string {
	return strings.NewReplacer("TARGET", string(t), "\n", " ").Replace(a.about)
}

func (s Stand) isOpen() bool { return s.Status == shift.StatusOpen }

// asks reports whether people are asked about a Step, and nobody has answered yet.
func (s Stand) asks() bool { return s.Question() > 0 }

// pending returns the Order that the deployment is to obey, or has obeyed last.
func (s Stand) pending() shift.Order {
	if s.Command == nil {
		return ""
	}
	return s.Command.Order
}

// paused reports whether the deployment is paused, or will be at its next poll.
func (s Stand) paused() bool { return s.pending() == shift.Pause && !s.pauseIsOver() }

// pauseIsOver reports whether the last pause has ended by itself.
func (s Stand) pauseIsOver() bool {
	return slices.ContainsFunc(s.Progress.Waits, func(w shift.Waited) bool {
		return w.Name == shift.Paused && w.Over && !w.Since.Before(s.Command.At)
	})
}
