package world

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// check refuses a scenario with hooks, functions for synthetic requests, functions, alarms or Targets that no deployment in it uses, because
// a mistyped name would silently have no effect. It returns a *ScenarioError that lists all of
// them.
func (s Scenario) check(releases []shift.Release) error {
	var problems strictjson.Problems
	targets := targetsOf(releases)
	s.checkHooks(releases, &problems)
	s.checkSynthetic(releases, &problems)
	s.checkFunctions(releases, &problems)
	for i, h := range s.Events {
		path := strictjson.Index("events", i)
		if h.Alarm != "" && !s.hasAlarm(h.Alarm, releases) {
			problems.Add(path+".alarm", "there is no alarm %q in this scenario, and no deployment names it", h.Alarm)
		}
		if h.Target != "" && !slices.Contains(targets, h.Target) {
			problems.Add(path+".target", "no deployment shifts %s; they shift %s", h.Target, listed(targets))
		}
	}
	s.checkAlarms(targets, &problems)
	s.checkFrontEnds(targets, &problems)
	if list := problems.List(); len(list) > 0 {
		return &ScenarioError{Problems: list}
	}
	return nil
}

func (s Scenario) checkAlarms(targets []shift.Target, problems *strictjson.Problems) {
	for i, a := range s.Alarms {
		path := strictjson.Index("alarms", i)
		switch {
		case a.Target != "" && !slices.Contains(targets, a.Target):
			problems.Add(path+".target", "no deployment shifts %s; they shift %s", a.Target, listed(targets))
		case a.Metric == "" || len(targets) == 0:
		case a.Target == "" && !slices.ContainsFunc(targets, a.Metric.isOf), a.Target != "" && !a.Metric.isOf(a.Target):
			problems.Add(path+".metric", "%s has no metric %s: functions have %s, %s, %s and %s, and distributions have %s and %s; an alarm without a metric changes by events alone",
				cmp.Or(string(a.Target), listed(targets)), a.Metric, Errors, Invocations, Duration, Throttles, ViewerRequests, Requests5xx)
		case a.Version != "" && a.watched(targets).Kind() == shift.KindCloudFront:
			problems.Add(path+".version", "CloudFront's metrics are those of the whole distribution: leave it out")
		}
	}
}

// checkFrontEnds refuses sites, names and switches that no deployment shifts. An open scenario may
// have some.
func (s Scenario) checkFrontEnds(targets []shift.Target, problems *strictjson.Problems) {
	check := func(path string, t shift.Target) {
		if !slices.Contains(targets, t) && !s.Open {
			problems.Add(path, "no deployment shifts it; they shift %s", listed(targets))
		}
	}
	for _, t := range sortedKeys(s.Targets) {
		check(strictjson.Member("targets", string(t)), t)
	}
	for _, distribution := range sortedKeys(s.Sites) {
		check(strictjson.Member("sites", distribution), flow.CloudFrontTarget(distribution))
	}
	for _, record := range sortedKeys(s.Names) {
		zone, name, _ := strings.Cut(record, "/")
		check(strictjson.Member("names", record), flow.Route53Target(zone, name))
	}
	for _, name := range sortedKeys(s.Switches) {
		check(strictjson.Member("switches", name), flow.SwitchTarget(name))
	}
}

func (s Scenario) checkHooks(releases []shift.Release, problems *strictjson.Problems) {
	named := map[string]bool{}
	for _, r := range releases {
		for _, p := range []shift.Point{shift.BeforeTraffic, shift.AfterTraffic} {
			for _, h := range r.Hooks.At(p) {
				named[bareName(h.Function)] = true
			}
		}
	}
	for _, name := range sortedKeys(s.Hooks) {
		if !named[name] {
			problems.Add("hooks."+name, "no deployment has this hook")
		}
	}
}

func (s Scenario) checkSynthetic(releases []shift.Release, problems *strictjson.Problems) {
	named := map[string]bool{}
	for _, r := range releases {
		if r.Judging.Synthetic.On() {
			named[bareName(r.Judging.Synthetic.Function)] = true
		}
	}
	for _, name := range sortedKeys(s.Synthetic) {
		if !named[name] {
			problems.Add("synthetic."+name, "no deployment asks this function for requests")
		}
	}
}

// checkFunctions refuses functions that no deployment names, neither as a target, nor as a hook,
// nor for synthetic requests. An open scenario may have some, for deployments that are started later.
func (s Scenario) checkFunctions(releases []shift.Release, problems *strictjson.Problems) {
	named := functionsOf(releases)
	names := strings.Join(sortedKeys(named), ", ")
	for _, name := range sortedKeys(s.Functions) {
		if !named[name] && !s.Open {
			problems.Add("functions."+name, "no deployment names this function; they name %s", names)
		}
	}
	for i, h := range s.Events {
		if _, made := s.Functions[h.Function]; h.Function != "" && !named[h.Function] && !made {
			problems.Add(strictjson.Index("events", i)+".function", "there is no function %q: no deployment names it; they name %s", h.Function, names)
		}
	}
}

// functionsOf returns the names of the functions that the releases name.
func functionsOf(releases []shift.Release) map[string]bool {
	named := map[string]bool{}
	for _, r := range releases {
		for _, a := range r.Arrivals {
			if function, _, err := flow.SplitLambdaTarget(a.Target); err == nil {
				named[function] = true
			}
		}
		for _, f := range append(r.Hooks.Functions(), r.Judging.Synthetic.Function) {
			named[bareName(f)] = true
		}
	}
	delete(named, "") // of a deployment that asks nobody for requests
	return named
}

func (s Scenario) hasAlarm(name string, releases []shift.Release) bool {
	if s.Alarms != nil {
		return slices.ContainsFunc(s.Alarms, func(a Alarm) bool { return a.Name == name })
	}
	return slices.ContainsFunc(releases, func(r shift.Release) bool { return slices.Contains(r.Alarms, name) })
}

func listed(targets []shift.Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
