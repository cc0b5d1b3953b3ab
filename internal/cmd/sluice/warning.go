package main

import (
	"fmt"
	"slices"

	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	// pipelineTimeout is the default timeout of CodePipeline's Step Functions action.
	// The execution goes on after it (CodePipeline user guide, Step Functions invoke
	// action).
	pipelineTimeout shift.Seconds = 7 * 24 * 3600
	// metricLag is how far an alarm on Lambda's metrics may be behind the traffic.
	// The metrics have one data point a minute, which arrives a minute late, and
	// alarms are evaluated every minute (Lambda developer guide, metrics; CloudWatch
	// user guide, alarms).
	metricLag shift.Seconds = 3 * 60
)

// warnings returns what a person should know about the risks of a Plan.
func warnings(p shift.Plan, r shift.Release, deployed bool) []string {
	list := append([]string{}, unwatchedSteps(p, r.Steps)...)
	if deployed && len(r.Alarms) == 0 && !r.Judging.Enforces() {
		list = append(list, "The deployment names no alarm, so nothing judges the candidate: only an error or a hook can roll it back.")
	}
	if s, found := fastStep(p); found && !onlyFrontEnds(r) {
		list = append(list, fmt.Sprintf("Lambda's metrics arrive late: an alarm may show traffic of up to %s ago, but step %d bakes for only %s.",
			metricLag, s, p.Step(s).Bake))
	}
	if s := r.Judging.Synthetic; s.On() && !comparesWhileItBakes(p) {
		list = append(list, fmt.Sprintf("No step bakes with less than all traffic, so there is nothing to compare, and %s is never asked for synthetic requests.", s.Function))
	}
	if longest := p.Duration() + r.Hooks.Timeouts(); longest > pipelineTimeout {
		list = append(list, fmt.Sprintf("This may take %s, but a pipeline's Step Functions action gives up after %s unless you raise its timeout. The deployment would go on without the pipeline.",
			daysText(longest), daysText(pipelineTimeout)))
	}
	if r.Options.CreateTarget {
		list = append(list, "An alias that does not exist yet has no traffic to shift: if Sluice creates it, it sends all traffic to the candidate at once.")
	}
	frontEnds := newFrontEnds(r)
	return append(list, frontEnds.warnings(len(r.Arrivals)-len(frontEnds))...)
}

// onlyFrontEnds says whether a deployment shifts no function.
func onlyFrontEnds(r shift.Release) bool {
	return len(r.Arrivals) > 0 && len(newFrontEnds(r)) == len(r.Arrivals)
}

// unwatchedSteps warns about Steps that no alarm watches, of a Plan that was made of the Steps of
// an input.
func unwatchedSteps(p shift.Plan, input []shift.Step) []string {
	switch {
	case p.Duration() == 0:
		return []string{"No step bakes: all traffic moves at once, and no alarm is read after that."}
	case p.Len() > len(input): // the last bake is at less than 100%, to keep a control on stable
		return nil
	case p.Step(p.Len()).Bake == 0:
		return []string{"The last step does not bake, so nothing watches it: an alarm that fires after the shift to 100% rolls nothing back. If you give the strategy as steps, the last one may bake."}
	}
	return nil
}

// comparesWhileItBakes says whether both versions serve while a Step bakes.
func comparesWhileItBakes(p shift.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s shift.Step) bool { return s.Bake > 0 && s.Weight < shift.All })
}

// fastStep returns the first Step that ends before an alarm can have seen its traffic.
// The last Step does not count.
func fastStep(p shift.Plan) (number int, found bool) {
	for i, s := range p.Steps[:p.Len()-1] {
		if s.Bake > 0 && s.Bake < metricLag {
			return i + 1, true
		}
	}
	return 0, false
}
