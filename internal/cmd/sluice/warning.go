package main

import (
	"fmt"

	"sluice/internal/shift"
)

const (
	// pipelineTimeout is when CodePipeline's Step Functions action gives up by
	// default; the execution goes on (CodePipeline user guide, Step Functions
	// invoke action).
	pipelineTimeout shift.Seconds = 7 * 24 * 3600
	// metricLag is how old the newest traffic may be that an alarm on Lambda's
	// metrics has seen: they have a point a minute, which comes a minute late, and
	// alarms are evaluated each minute (Lambda developer guide, metrics;
	// CloudWatch user guide, alarms).
	metricLag shift.Seconds = 3 * 60
)

// warnings say what to beware of in a Plan.
func warnings(p shift.Plan, r shift.Release, deployed bool) []string {
	list := append([]string{}, watching(p)...)
	if deployed && len(r.Alarms) == 0 {
		list = append(list, "No alarm is named, so nothing judges the candidate: only an error or a hook can roll it back.")
	}
	if s, found := fastStep(p); found {
		list = append(list, fmt.Sprintf("Lambda's metrics come by the minute, and late: an alarm may speak of traffic up to %s ago, when the plan is already past the %s that step %d bakes.",
			metricLag, p.Step(s).Bake, s))
	}
	if longest := p.Duration() + r.Hooks.Timeouts(); longest > pipelineTimeout {
		list = append(list, fmt.Sprintf("A pipeline's Step Functions action gives up after %s unless its timeout is raised, and this may take %s. The deployment goes on without it.",
			days(pipelineTimeout), days(longest)))
	}
	if r.Options.CreateTarget {
		list = append(list, "An alias that does not exist yet has no traffic to divide: where it is created, it serves the candidate at once.")
	}
	return list
}

// watching warns of Steps that no alarm watches.
func watching(p shift.Plan) []string {
	switch {
	case p.Duration() == 0:
		return []string{"No step bakes, so no alarm is read after the traffic has moved: it is all at once."}
	case p.Step(p.Len()).Bake == 0:
		return []string{"Nothing watches the last step, which does not bake: an alarm that fires after the shift to 100% rolls nothing back. Steps as an object may end with a bake."}
	}
	return nil
}

// fastStep is the first Step, but the last, that ends before an alarm can have
// seen its traffic.
func fastStep(p shift.Plan) (number int, found bool) {
	for i, s := range p.Steps[:p.Len()-1] {
		if s.Bake > 0 && s.Bake < metricLag {
			return i + 1, true
		}
	}
	return 0, false
}
