package shift

// What a state adds to an execution's history, as recorded: 2 events for entering and
// leaving; a task adds scheduled, started and succeeded; a task with a token adds submitted
// as well; a Map, and each of its iterations, adds started and succeeded. A retry adds
// scheduled, started and failed.
const (
	eventsOfTask  = 5
	eventsOfLogic = 2 // Choice, Wait, Pass, Succeed
	eventsOfMap   = 4
	eventsOfHook  = 8
	EventsOfRetry = 3

	EventsOfStep = eventsOfTask + eventsOfLogic                 // SetWeight, Next?
	EventsOfPoll = eventsOfLogic + eventsOfTask + eventsOfLogic // Bake, CheckAlarms, Next?
	EventsOfTurn = eventsOfLogic + eventsOfLogic + eventsOfTask // Changed?, AwaitTurn, Open
	eventsOfOpen = 1 + 2*eventsOfTask + eventsOfLogic           // ExecutionStarted, Publish, Open, Changed?
	eventsOfEnd  = eventsOfTask + eventsOfLogic + 1             // Close, Promoted, ExecutionSucceeded
)

const (
	// HealthyEvents is the limit for the events of an accepted Plan that runs without
	// trouble. An execution fails at 25,000; the rest is for retries, holds and pauses.
	HealthyEvents = 15_000
	// HistoryBudget is how many events may be used before the Deployment is rolled back,
	// while there is still room to do so.
	HistoryBudget = 23_000
)

// Events is how many history events a healthy Deployment with this Plan and those
// Hooks takes.
func (p Plan) Events(hooks Hooks) int {
	return eventsOfOpen + 2*eventsOfMap + eventsOfHook*hooks.Count() +
		EventsOfStep*p.Len() + EventsOfPoll*p.Polls() + eventsOfEnd
}

// eventsAfter is how many of them the Steps after a number take, with the polls of that one.
func (p Plan) eventsAfter(number int) int {
	events := EventsOfPoll * p.Step(number).polls()
	for _, s := range p.Steps[number:] {
		events += EventsOfStep + EventsOfPoll*s.polls()
	}
	return events
}

// Polls is how often the Candidate is judged when the Plan runs without trouble.
func (p Plan) Polls() int {
	polls := 0
	for _, s := range p.Steps {
		polls += s.polls()
	}
	return polls
}

// RouteReads is how often a poll reads the Routes when the Plan runs without trouble.
func (p Plan) RouteReads() int {
	reads, total := 0, Seconds(0)
	for _, s := range p.Steps {
		for baked := Seconds(0); baked < s.Bake; baked += s.Poll {
			slept := min(s.Poll, s.Bake-baked)
			if routesDue(total, slept) {
				reads++
			}
			total += slept
		}
	}
	return reads
}

// EventsAtStart is what the history holds when the first Step is taken, after
// the BeforeTraffic hooks and a number of retries.
func EventsAtStart(hooks Hooks, retries int) int {
	return eventsOfOpen + eventsOfMap + eventsOfHook*len(hooks.BeforeTraffic) + EventsOfRetry*retries
}

// HookRetries is how often a hook is invoked again whose invocation could not be started.
const HookRetries = 20

// eventsReserved is how many events the end of a Deployment needs after its last Step. It
// includes the retries of hooks, past and future, because nobody counts them.
func eventsReserved(hooks Hooks) int {
	return eventsOfMap + eventsOfHook*len(hooks.AfterTraffic) + eventsOfEnd + EventsOfRetry*HookRetries*hooks.Count()
}
