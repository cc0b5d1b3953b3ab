package forecast

import "sluice/internal/shift"

// What a state machine takes that asks at short intervals instead of baking, as they
// are commonly built: a Wait, a task that reads the alarms and a Choice for each
// poll, a task and a Choice for each Step, and around them eight tasks or so that
// plan, lock, publish, wait for the version, ask the hooks, unlock and notify.
const (
	pollingTransitions = 10
	pollingInvocations = 5
	pollingEvents      = 44
)

// PollEvery is how often such a state machine asks.
const PollEvery shift.Seconds = 10

// MaxEvents is how long the history of an execution can be (Step Functions quotas).
const MaxEvents = 25_000

// Polling is what the Plan would take on a state machine that asks every ten seconds.
// It may have more Events than an execution can: then it does not end.
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
