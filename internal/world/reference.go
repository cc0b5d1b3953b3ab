package world

import (
	"slices"
	"strings"

	"sluice/internal/shift"
	"sluice/internal/strictjson"
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
	for i, a := range s.Alarms {
		if a.Target != "" && !slices.Contains(targets, a.Target) {
			problems.Add(strictjson.Index("alarms", i)+".target", "no deployment shifts %s; they shift %s", a.Target, listed(targets))
		}
	}
	if list := problems.List(); len(list) > 0 {
		return &ScenarioError{Problems: list}
	}
	return nil
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
	named := map[string]bool{}
	for _, r := range releases {
		for _, a := range r.Arrivals {
			function, _, _ := strings.Cut(strings.TrimPrefix(string(a.Target), shift.KindLambda+":"), ":")
			named[function] = true
		}
		for _, f := range append(r.Hooks.Functions(), r.Judging.Synthetic.Function) {
			named[bareName(f)] = true
		}
	}
	delete(named, "") // of a deployment that asks nobody for requests
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
