package forecast

import "github.com/sluice-aws/sluice/internal/shift"

// Course is what a Deployment uses if nothing goes wrong.
type Course struct {
	Transitions int           // states entered, as AWS bills them
	Events      int           // of the execution's history
	Polls       int           // how often the alarms are read
	Invocations int           // of Sluice's own Lambdas
	Duration    shift.Seconds // all bakes together; hooks come on top
}

// Healthy predicts the Course of a Deployment with this Plan and those Hooks.
func Healthy(p shift.Plan, hooks shift.Hooks) Course {
	steps, polls := p.Len(), p.Polls()
	return Course{
		Transitions: 3 + 1 + hooks.Count() + 2*steps + 3*polls + 1 + 2,
		Events:      p.Events(hooks),
		Polls:       polls,
		Invocations: 3 + hooks.Count() + steps + polls,
		Duration:    p.Duration(),
	}
}
