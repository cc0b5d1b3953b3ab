package forecast

import "github.com/sluice-aws/sluice/internal/shift"

// What a common kind of state machine uses that polls at short intervals instead of baking.
// Each poll takes a Wait, a task that reads the alarms, and a Choice. Each Step takes a
// task and a Choice. About eight more tasks plan, lock, publish, wait for the version, ask
// the hooks, unlock and notify.
const (
	pollingTransitions = 10
	pollingInvocations = 5
	pollingEvents      = 44
)

// PollEvery is how often such a state machine polls.
const PollEvery shift.Seconds = 10

// MaxEvents is how long the history of an execution can be (Step Functions quotas).
const MaxEvents = 25_000

// Polling predicts the Course of the Plan on a state machine that polls every PollEvery. If
// it has more Events than MaxEvents, the execution cannot finish.
func Polling(p shift.Plan) Course {
	polls, steps := 0, p.Len()
	for _, s := range p.Steps {
		polls += int((s.Bake + PollEvery - 1) / PollEvery)
	}
	return Course{
		Transitions: pollingTransitions + 2*steps + 3*polls,
		Events:      pollingEvents + shift.EventsOfStep*steps + shift.EventsOfPoll*polls,
		Polls:       polls,
		Invocations: pollingInvocations + steps + polls,
		Duration:    p.Duration(),
	}
}
